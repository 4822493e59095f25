#include "uri.h"

#include <string.h>

#include "text.h"

static bool is_unreserved(char c)
{
    return awsb_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void add_encoded_byte(struct awsb_buf *out, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;
    char escape[AWSB_URI_GROWTH];

    if (is_unreserved(c)) {
        awsb_buf_add_byte(out, c);
        return;
    }
    escape[0] = '%';
    escape[1] = digits[byte >> 4];
    escape[2] = digits[byte & 15];
    awsb_buf_add(out, awsb_view(escape, AWSB_URI_GROWTH));
}

void awsb_uri_encode(struct awsb_buf *out, struct awsb_view text)
{
    size_t i = 0;

    while (i < text.size) {
        size_t start = i;

        while (i < text.size && is_unreserved(text.data[i]))
            i++;
        awsb_buf_add(out, awsb_view(text.data + start, i - start));
        if (i < text.size)
            add_encoded_byte(out, text.data[i++]);
    }
}

/* The text up to the next `end`, or all of it; what follows `end` stays in `rest`. */
static struct awsb_view cut(struct awsb_view *rest, char end)
{
    const char *found = rest->size > 0 ? memchr(rest->data, end, rest->size) : NULL;
    struct awsb_view piece = *rest;

    if (found == NULL) {
        rest->size = 0;
        return piece;
    }
    piece.size = (size_t)(found - rest->data);
    *rest = awsb_view(found + 1, rest->size - piece.size - 1);
    return piece;
}

static void add_segment(struct awsb_buf *out, struct awsb_view segment, bool encode)
{
    if (encode)
        awsb_uri_encode(out, segment);
    else
        awsb_buf_add(out, segment);
}

/* Drops the last segment and its slash, but nothing before `start`. */
static void drop_segment(struct awsb_buf *out, size_t start)
{
    size_t size = out->size;

    while (size > start && out->data[size - 1] != '/')
        size--;
    awsb_buf_truncate(out, size > start ? size - 1 : start);
}

static void add_normalized(struct awsb_buf *out, struct awsb_view path, bool encode)
{
    size_t start = out->size;
    bool slash_at_end = path.size > 0 && path.data[path.size - 1] == '/';

    while (path.size > 0) {
        struct awsb_view segment = cut(&path, '/');

        if (segment.size == 0 || awsb_view_same(segment, awsb_view_of(".")))
            continue;
        if (awsb_view_same(segment, awsb_view_of(".."))) {
            drop_segment(out, start);
            continue;
        }
        awsb_buf_add_byte(out, '/');
        add_segment(out, segment, encode);
    }
    if (slash_at_end || out->size == start)
        awsb_buf_add_byte(out, '/');
}

static void add_as_is(struct awsb_buf *out, struct awsb_view path, bool encode)
{
    bool more = true;

    if (path.size > 0 && path.data[0] == '/')
        cut(&path, '/');
    while (more) {
        more = awsb_view_has(path, '/');
        awsb_buf_add_byte(out, '/');
        add_segment(out, cut(&path, '/'), encode);
    }
}

void awsb_uri_canonical_path(struct awsb_buf *out, struct awsb_view path, bool normalize,
                             bool encode)
{
    if (normalize)
        add_normalized(out, path, encode);
    else
        add_as_is(out, path, encode);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Adds the text in the strict form, whatever form it came in. */
static struct awsb_view recode(struct awsb_buf *out, struct awsb_view text)
{
    size_t start = out->size;
    size_t i = 0;

    while (i < text.size) {
        int high = i + 2 < text.size && text.data[i] == '%' ? hex_value(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.data[i + 2]) : -1;

        if (low >= 0) {
            add_encoded_byte(out, (char)(high * 16 + low));
            i += AWSB_URI_GROWTH;
        } else {
            add_encoded_byte(out, text.data[i]);
            i++;
        }
    }
    return awsb_view(out->data + start, out->size - start);
}

static void add_params(struct awsb_buf *out, const struct awsb_pairs *params)
{
    size_t i;

    for (i = 0; i < params->count; i++) {
        if (i > 0)
            awsb_buf_add_byte(out, '&');
        awsb_buf_add(out, params->items[i].name);
        awsb_buf_add_byte(out, '=');
        awsb_buf_add(out, params->items[i].value);
    }
}

void awsb_uri_canonical_query(struct awsb_buf *out, struct awsb_view query,
                              struct awsb_buf *scratch, struct awsb_pairs *params)
{
    awsb_pairs_reset(params);
    awsb_buf_reset(scratch);
    if (query.size > out->max_size)
        out->err = AWSB_TOO_LARGE;
    else
        awsb_buf_reserve(scratch, query.size * AWSB_URI_GROWTH); /* the views below must not move */
    if (out->err == AWSB_OK)
        out->err = scratch->err;
    while (query.size > 0 && out->err == AWSB_OK) {
        struct awsb_view value = cut(&query, '&');
        struct awsb_view name, encoded;

        if (value.size == 0)
            continue;
        name = cut(&value, '=');
        encoded = recode(scratch, name);
        if (!awsb_pairs_add(params, encoded, recode(scratch, value)))
            out->err = AWSB_NO_MEMORY;
    }
    awsb_pairs_sort_by_value(params);
    add_params(out, params);
}
