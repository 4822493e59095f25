#ifndef AWSB_VIEW_H
#define AWSB_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * Bytes that belong to somebody else: a pointer and a length, passed by value. Never relies on a
 * terminating NUL and may hold NULs. Valid as long as its owner says.
 */
struct awsb_view {
    const char *data;
    size_t size;
};

static inline struct awsb_view awsb_view(const char *data, size_t size)
{
    struct awsb_view view = {data, size};
    return view;
}

static inline struct awsb_view awsb_view_of(const char *text)
{
    return awsb_view(text, strlen(text));
}

/* Equal bytes; not in constant time, so not for secrets (hash.h has awsb_equal). */
static inline bool awsb_view_same(struct awsb_view a, struct awsb_view b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Order by bytes, a prefix before what it begins. */
static inline int awsb_view_compare(struct awsb_view a, struct awsb_view b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

static inline bool awsb_view_has(struct awsb_view view, char byte)
{
    return view.size > 0 && memchr(view.data, byte, view.size) != NULL;
}

#endif
