/* Every bound of docs/spec/envelope.md and docs/spec/handover.md that this side keeps, in bytes unless the name says otherwise. */
#ifndef PASSWORDSYNC_LIMITS_H
#define PASSWORDSYNC_LIMITS_H

enum {
    PS_CAPTURE_ID_SIZE = 16,
    PS_KEY_ID_SIZE = 16,
    PS_PUBLIC_KEY_SIZE = 65,
    PS_CLUSTER_MAX = 64,
    PS_SOURCE_MAX = 63,
    PS_HOST_MAX = 255,
    PS_ACCOUNT_MAX = 1024,
    PS_HEADER_SIZE = 20,
    /* Its fixed fields and length bytes, then the longest texts. */
    PS_DESCRIPTION_MAX = PS_CAPTURE_ID_SIZE + 8 + 4 + (1 + PS_CLUSTER_MAX) + (1 + PS_SOURCE_MAX) + (1 + PS_HOST_MAX) + (2 + PS_ACCOUNT_MAX),
    PS_PASSWORD_MAX = 1021,
    PS_PLAINTEXT_SIZE = 1024,
    PS_GCM_TAG_SIZE = 16,
    PS_CIPHERTEXT_SIZE = PS_PLAINTEXT_SIZE + PS_GCM_TAG_SIZE,
    PS_ENVELOPE_MAX = PS_HEADER_SIZE + PS_DESCRIPTION_MAX + PS_PUBLIC_KEY_SIZE + PS_CIPHERTEXT_SIZE,

    PS_CAPTURE_FILE_MAX = 8192,
    PS_SOCKET_PATH_MAX = 107,
    PS_DROP_PATH_MAX = 1023,
    PS_WAIT_MS_MIN = 1,
    PS_WAIT_MS_MAX = 5000,
    PS_WAIT_MS_DEFAULT = 200,
    PS_MIN_LENGTH_MAX_CHARACTERS = 128,
    PS_MIN_LENGTH_DEFAULT_CHARACTERS = 7,
    PS_FRAME_PREFIX_SIZE = 4
};

#endif
