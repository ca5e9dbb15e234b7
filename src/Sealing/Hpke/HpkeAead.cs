namespace PasswordSync.Sealing.Hpke;

/// <summary>The authenticated ciphers of RFC 9180, section 7.3, that are offered here. The value is the registered identifier.</summary>
internal enum HpkeAead : ushort
{
    /// <summary>AES-128-GCM: the cipher of the RFC's own vectors. Not used by the product.</summary>
    Aes128Gcm = 0x0001,

    /// <summary>AES-256-GCM: the cipher of envelopes.</summary>
    Aes256Gcm = 0x0002,
}

internal static class HpkeAeadSizes
{
    /// <summary>Nn of RFC 9180, in bytes, the same for both ciphers.</summary>
    public const int Nonce = 12;

    /// <summary>Nt of RFC 9180, in bytes, the same for both ciphers.</summary>
    public const int Tag = 16;

    /// <summary>The greatest <see cref="KeySize"/>, in bytes.</summary>
    public const int KeyMax = 32;

    /// <summary>Nk of RFC 9180, in bytes.</summary>
    public static int KeySize(this HpkeAead aead) => aead switch
    {
        HpkeAead.Aes128Gcm => 16,
        HpkeAead.Aes256Gcm => 32,
        _ => throw new ArgumentOutOfRangeException(nameof(aead), aead, "Not an AEAD of this implementation."),
    };
}
