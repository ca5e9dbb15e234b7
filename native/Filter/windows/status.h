/* The filter's account of itself, in memory that the edge reads: docs/spec/handover.md, "Filter status". It holds numbers only. */
#ifndef PASSWORDSYNC_STATUS_H
#define PASSWORDSYNC_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/* In the order in which they stand in the memory; never reordered, only added to. */
enum status_value {
    STATUS_STARTED_AT,
    STATUS_PROCESS,
    STATUS_STATE,
    STATUS_FILE_FAULT,
    STATUS_FILE_LINE,
    STATUS_FILES_TAKEN,
    STATUS_WAITING,
    STATUS_HEARD,
    STATUS_SKIPPED,
    STATUS_NOTHING,
    STATUS_CAPTURED,
    STATUS_DELIVERED,
    STATUS_DROPPED,
    STATUS_MISSES,
    STATUS_STUCK,
    STATUS_WRONG_SERVER,
    STATUS_LOST_NO_SETTINGS,
    STATUS_LOST_NAME,
    STATUS_LOST_PASSWORD,
    STATUS_LOST_CRYPTOGRAPHY,
    STATUS_LOST_QUEUE_FULL,
    STATUS_LOST_FAULT,
    /* How often LSA's thread began to wait for the edge. */
    STATUS_WAITS,
    /* How often one of the filter's own threads faulted; it lost nothing by that. */
    STATUS_THREAD_FAULTS,
    /* How long LSA's thread waits for the edge now, in milliseconds. */
    STATUS_WAIT_MS,
    STATUS_VALUES
};

enum filter_state {
    STATE_ARMED,
    STATE_DISABLED,
    STATE_NOT_INSTALLED,
    STATE_NOT_A_DC,
    STATE_RESTORE_MODE,
    STATE_READ_ONLY_DC,
    STATE_NOT_STARTED
};

/* Faults of the capture file beyond those of enum ps_capture_file_fault. */
enum {
    FILE_FAULT_UNREADABLE = 100,
    FILE_FAULT_BAD_PIPE = 101,
    FILE_FAULT_BAD_DROP = 102,
    /* Not even looked for yet. */
    FILE_FAULT_NONE_YET = 103,
    FILE_FAULT_FOREIGN_WRITER = 104,
    FILE_FAULT_FOREIGN_OWNER = 105,
    FILE_FAULT_RIGHTS_UNKNOWN = 106
};

/* Makes the memory visible. Without it, or if somebody else made it before, the numbers are kept where nobody sees them. */
void status_open(void);

void status_count(enum status_value counter);

void status_set(enum status_value value, int64_t number);

#endif
