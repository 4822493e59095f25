#ifndef AWSB_TEXT_H
#define AWSB_TEXT_H

#include <stdint.h>

#include "view.h"

/*
 * Byte classes of HTTP and URLs, free of the locale (isalpha and tolower follow it), and the limits
 * on what may become part of a header.
 */

static inline bool awsb_is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static inline bool awsb_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline bool awsb_is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static inline char awsb_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A method or header name: RFC 9110, 5.6.2, "token". */
static inline bool awsb_is_token(struct awsb_view text)
{
    size_t i;

    for (i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (awsb_is_alnum(c) || c == '-')
            continue;
        if (c == '\0' || strchr("!#$%&'*+.^_`|~", c) == NULL)
            return false;
    }
    return text.size > 0;
}

#define AWSB_EACH_BYTE(value) (UINT64_MAX / 0xff * (value))

/* False if none of the bytes is below 0x20; else they have to be looked at one by one. */
static inline bool awsb_may_have_control(struct awsb_view text)
{
    uint64_t word, found = 0;
    size_t i;

    for (i = 0; text.size - i >= sizeof word; i += sizeof word) {
        memcpy(&word, text.data + i, sizeof word);
        found |= (word - AWSB_EACH_BYTE(0x20)) & ~word & AWSB_EACH_BYTE(0x80);
    }
    for (; i < text.size; i++)
        found |= (unsigned char)text.data[i] < 0x20;
    return found != 0;
}

/* Whether a header could carry it: CR and LF end a header, NUL is refused by RFC 9110, 5.5. */
static inline bool awsb_is_one_line(struct awsb_view text)
{
    return !awsb_may_have_control(text) ||
           (!awsb_view_has(text, '\r') && !awsb_view_has(text, '\n') &&
            !awsb_view_has(text, '\0'));
}

static inline bool awsb_has_control(struct awsb_view text)
{
    size_t i;

    for (i = 0; i < text.size; i++)
        if (awsb_is_control(text.data[i]))
            return true;
    return false;
}

static inline bool awsb_same_ignoring_case(struct awsb_view a, struct awsb_view b)
{
    size_t i;

    if (a.size != b.size)
        return false;
    for (i = 0; i < a.size; i++)
        if (awsb_lower(a.data[i]) != awsb_lower(b.data[i]))
            return false;
    return true;
}

/* As much as fits of a text, and a NUL behind it. */
static inline void awsb_copy_cut(char *out, size_t size, struct awsb_view text)
{
    size_t kept = text.size < size ? text.size : size - 1;

    if (kept > 0)
        memcpy(out, text.data, kept);
    out[kept] = '\0';
}

static inline struct awsb_view awsb_trim(struct awsb_view text)
{
    while (text.size > 0 && awsb_is_blank(text.data[0]))
        text = awsb_view(text.data + 1, text.size - 1);
    while (text.size > 0 && awsb_is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

#endif
