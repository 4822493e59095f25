#include "buf.h"

#include <string.h>

#include "hash.h"
#include "mem.h"
#include "text.h"

#define SMALLEST_CAPACITY 64

void awsb_buf_init(struct awsb_buf *buf, size_t max_size)
{
    memset(buf, 0, sizeof *buf);
    buf->max_size = max_size;
}

void awsb_buf_init_wiping(struct awsb_buf *buf, size_t max_size)
{
    awsb_buf_init(buf, max_size);
    buf->wiping = true;
}

void awsb_buf_reset(struct awsb_buf *buf)
{
    awsb_buf_truncate(buf, 0);
    buf->err = AWSB_OK;
}

void awsb_buf_clear(struct awsb_buf *buf)
{
    awsb_buf_reset(buf);
    awsb_free(buf->data);
    buf->data = NULL;
    buf->capacity = 0;
}

/* realloc may leave a copy of the old bytes behind, so a secret is moved by hand. */
static char *move_secret(const struct awsb_buf *buf, size_t capacity)
{
    char *moved = awsb_realloc(NULL, capacity);

    if (moved != NULL && buf->data != NULL) {
        memcpy(moved, buf->data, buf->size);
        awsb_wipe(buf->data, buf->size);
        awsb_free(buf->data);
    }
    return moved;
}

static size_t next_capacity(const struct awsb_buf *buf, size_t needed)
{
    size_t capacity = buf->capacity > SMALLEST_CAPACITY ? buf->capacity : SMALLEST_CAPACITY;

    while (capacity < needed)
        capacity = capacity > buf->max_size / 2 ? buf->max_size : capacity * 2;
    return capacity;
}

void awsb_buf_reserve(struct awsb_buf *buf, size_t extra)
{
    size_t capacity;
    char *moved;

    if (buf->err != AWSB_OK)
        return;
    if (extra > buf->max_size - buf->size) {
        buf->err = AWSB_TOO_LARGE;
        return;
    }
    if (extra <= buf->capacity - buf->size)
        return;
    capacity = next_capacity(buf, buf->size + extra);
    moved = buf->wiping ? move_secret(buf, capacity) : awsb_realloc(buf->data, capacity);
    if (moved == NULL) {
        buf->err = AWSB_NO_MEMORY;
        return;
    }
    buf->data = moved;
    buf->capacity = capacity;
}

char *awsb_buf_extend(struct awsb_buf *buf, size_t extra)
{
    awsb_buf_reserve(buf, extra);
    if (buf->err != AWSB_OK)
        return NULL;
    buf->size += extra;
    return buf->data + buf->size - extra;
}

void awsb_buf_add(struct awsb_buf *buf, struct awsb_view bytes)
{
    char *place = bytes.size > 0 ? awsb_buf_extend(buf, bytes.size) : NULL;

    if (place != NULL)
        memcpy(place, bytes.data, bytes.size);
}

void awsb_buf_add_text(struct awsb_buf *buf, const char *text)
{
    awsb_buf_add(buf, awsb_view_of(text));
}

void awsb_buf_add_byte(struct awsb_buf *buf, char byte)
{
    awsb_buf_add(buf, awsb_view(&byte, 1));
}

void awsb_buf_add_lower(struct awsb_buf *buf, struct awsb_view name)
{
    char *place = awsb_buf_extend(buf, name.size);
    size_t i;

    for (i = 0; place != NULL && i < name.size; i++)
        place[i] = awsb_lower(name.data[i]);
}

void awsb_buf_truncate(struct awsb_buf *buf, size_t size)
{
    if (size >= buf->size)
        return;
    if (buf->wiping)
        awsb_wipe(buf->data + size, buf->size - size);
    buf->size = size;
}

struct awsb_view awsb_buf_view(const struct awsb_buf *buf)
{
    return awsb_view(buf->size > 0 ? buf->data : "", buf->size);
}
