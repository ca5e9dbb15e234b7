#include "access.h"

#include <stdbool.h>
#include <string.h>

enum {
    DESCRIPTOR_HEADER = 20,
    LIST_HEADER = 8,
    ENTRY_HEADER = 8,
    IDENTIFIER_HEADER = 8,
    OWNER_OFFSET_AT = 4,
    LIST_OFFSET_AT = 16,

    CONTROL_LIST_PRESENT = 0x0004,
    CONTROL_SELF_RELATIVE = 0x8000,

    ENTRY_ALLOWED = 0,
    ENTRY_DENIED = 1,
    ENTRY_INHERIT_ONLY = 0x08
};

/* Writing, appending, attributes, a child's removal, DELETE, WRITE_DAC, WRITE_OWNER, and what is not mapped yet: generic writing and everything. */
static const uint32_t changing = 0x00000002 | 0x00000004 | 0x00000010 | 0x00000040 | 0x00000100 | 0x00010000 | 0x00040000 | 0x00080000 | 0x10000000 | 0x40000000;

struct identifier {
    const uint8_t *bytes;
    size_t length;
};

static uint32_t number_at(const uint8_t *bytes, size_t length)
{
    uint32_t number = 0;

    while (length-- > 0)
        number = number << 8 | bytes[length];
    return number;
}

/* The identifier at an offset, if all of it lies within the bytes. */
static bool identifier_at(const uint8_t *bytes, size_t length, size_t offset, struct identifier *identifier)
{
    if (offset > length || length - offset < IDENTIFIER_HEADER || bytes[offset] != 1)
        return false;
    identifier->bytes = bytes + offset;
    identifier->length = IDENTIFIER_HEADER + 4 * (size_t)bytes[offset + 1];
    return identifier->length <= PS_IDENTIFIER_MAX && identifier->length <= length - offset;
}

static bool same(const struct identifier *identifier, const uint8_t *other, size_t length)
{
    return identifier->length == length && memcmp(identifier->bytes, other, length) == 0;
}

static bool is_trusted(const struct identifier *identifier, const uint8_t *own, size_t own_length)
{
    static const uint8_t system[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    static const uint8_t administrators[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};

    return same(identifier, system, sizeof system) || same(identifier, administrators, sizeof administrators)
        || (own_length > 0 && same(identifier, own, own_length));
}

/* Entries that deny take nothing from the danger of one that allows, so they are not weighed. */
static enum ps_access judge_entry(const uint8_t *entry, size_t size, const uint8_t *own, size_t own_length)
{
    struct identifier account;

    if (entry[0] == ENTRY_DENIED || (entry[1] & ENTRY_INHERIT_ONLY) != 0)
        return PS_ACCESS_GUARDED;
    if (entry[0] != ENTRY_ALLOWED || !identifier_at(entry, size, ENTRY_HEADER, &account))
        return PS_ACCESS_UNKNOWN;
    return (number_at(entry + 4, 4) & changing) == 0 || is_trusted(&account, own, own_length) ? PS_ACCESS_GUARDED : PS_ACCESS_FOREIGN_WRITER;
}

static enum ps_access judge_list(const uint8_t *list, size_t available, const uint8_t *own, size_t own_length)
{
    if (available < LIST_HEADER)
        return PS_ACCESS_UNKNOWN;
    size_t size = number_at(list + 2, 2);
    size_t offset = LIST_HEADER;
    if (size > available)
        return PS_ACCESS_UNKNOWN;
    for (uint32_t left = number_at(list + 4, 2); left > 0; left--) {
        if (offset > size || size - offset < ENTRY_HEADER)
            return PS_ACCESS_UNKNOWN;
        size_t entry_size = number_at(list + offset + 2, 2);
        if (entry_size < ENTRY_HEADER || entry_size > size - offset)
            return PS_ACCESS_UNKNOWN;
        enum ps_access access = judge_entry(list + offset, entry_size, own, own_length);
        if (access != PS_ACCESS_GUARDED)
            return access;
        offset += entry_size;
    }
    return PS_ACCESS_GUARDED;
}

enum ps_access ps_access_judge(const uint8_t *descriptor, size_t length, const uint8_t *own, size_t own_length)
{
    struct identifier owner;

    if (length < DESCRIPTOR_HEADER || descriptor[0] != 1 || (number_at(descriptor + 2, 2) & CONTROL_SELF_RELATIVE) == 0)
        return PS_ACCESS_UNKNOWN;
    if (!identifier_at(descriptor, length, number_at(descriptor + OWNER_OFFSET_AT, 4), &owner))
        return PS_ACCESS_UNKNOWN;
    if (!is_trusted(&owner, own, own_length))
        return PS_ACCESS_FOREIGN_OWNER;
    size_t list = number_at(descriptor + LIST_OFFSET_AT, 4);
    if ((number_at(descriptor + 2, 2) & CONTROL_LIST_PRESENT) == 0 || list == 0)
        return PS_ACCESS_FOREIGN_WRITER;
    return list > length ? PS_ACCESS_UNKNOWN : judge_list(descriptor + list, length - list, own, own_length);
}
