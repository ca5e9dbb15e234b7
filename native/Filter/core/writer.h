/* Writes fields one behind the other into a buffer of fixed size. What does not fit is not written but remembered, so that
   a caller checks once, at the end. */
#ifndef PASSWORDSYNC_WRITER_H
#define PASSWORDSYNC_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text.h"

struct ps_writer {
    uint8_t *bytes;
    size_t capacity;
    size_t length;
    bool overflow;
};

static inline struct ps_writer ps_writer_over(uint8_t *bytes, size_t capacity)
{
    struct ps_writer writer = {bytes, capacity, 0, false};
    return writer;
}

static inline void ps_write(struct ps_writer *writer, const void *bytes, size_t length)
{
    if (writer->overflow || length > writer->capacity - writer->length) {
        writer->overflow = true;
        return;
    }
    if (length > 0)
        memcpy(writer->bytes + writer->length, bytes, length);
    writer->length += length;
}

static inline void ps_write_text(struct ps_writer *writer, struct ps_text text)
{
    ps_write(writer, text.bytes, text.length);
}

/* The lowest `size` bytes of the value (1 to 8), the lowest first. */
static inline void ps_write_little_endian(struct ps_writer *writer, uint64_t value, size_t size)
{
    uint8_t bytes[8];

    for (size_t index = 0; index < sizeof bytes; index++)
        bytes[index] = (uint8_t)(value >> (8 * index));
    ps_write(writer, bytes, size);
}

/* RFC 8017's I2OSP(value, 2), which RFC 9180 builds on: the higher byte first. */
static inline void ps_write_big_endian_16(struct ps_writer *writer, unsigned value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    ps_write(writer, bytes, sizeof bytes);
}

#endif
