/* The functions of the C library that the core uses and that a compiler may call by itself: the filter has no C runtime. */
#include <stddef.h>

#if defined(_MSC_VER) && !defined(__clang__)
#pragma function(memcpy, memmove, memset, memcmp, memchr, strlen)
#endif

void *memcpy(void *restrict target, const void *restrict source, size_t length);
void *memmove(void *target, const void *source, size_t length);
void *memset(void *target, int value, size_t length);
int memcmp(const void *left, const void *right, size_t length);
void *memchr(const void *bytes, int value, size_t length);
size_t strlen(const char *text);

void *memcpy(void *restrict target, const void *restrict source, size_t length)
{
    unsigned char *to = target;
    const unsigned char *from = source;

    while (length-- > 0)
        *to++ = *from++;
    return target;
}

void *memmove(void *target, const void *source, size_t length)
{
    unsigned char *to = target;
    const unsigned char *from = source;

    if (to < from) {
        for (size_t index = 0; index < length; index++)
            to[index] = from[index];
    } else {
        while (length-- > 0)
            to[length] = from[length];
    }
    return target;
}

void *memset(void *target, int value, size_t length)
{
    unsigned char *to = target;

    while (length-- > 0)
        *to++ = (unsigned char)value;
    return target;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const unsigned char *one = left;
    const unsigned char *other = right;

    for (; length > 0; length--, one++, other++)
        if (*one != *other)
            return *one < *other ? -1 : 1;
    return 0;
}

void *memchr(const void *bytes, int value, size_t length)
{
    const unsigned char *position = bytes;

    for (; length > 0; length--, position++)
        if (*position == (unsigned char)value)
            return (void *)position;
    return NULL;
}

size_t strlen(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    return length;
}
