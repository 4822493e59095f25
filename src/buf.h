#ifndef AWSB_BUF_H
#define AWSB_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * Growable bytes with a mandatory maximum.
 *
 * The first failure sticks: later additions do nothing, so a writer adds all its pieces and looks
 * at `err` once. What had been added stays until reset. A wiping buffer overwrites its bytes before
 * it lets go of them, when it grows too. The owner calls clear; the members are for reading.
 */
struct awsb_buf {
    char *data;
    size_t size;
    size_t capacity;
    size_t max_size;
    bool wiping;
    enum awsb_err err;
};

/* Neither allocates nor fails. */
void awsb_buf_init(struct awsb_buf *buf, size_t max_size);
void awsb_buf_init_wiping(struct awsb_buf *buf, size_t max_size);

/* Empties it and forgets its failure; keeps the memory for the next use. */
void awsb_buf_reset(struct awsb_buf *buf);

/* Frees the memory; the buffer is empty and usable again. Safe to call twice. */
void awsb_buf_clear(struct awsb_buf *buf);

/* Makes room: the next `extra` bytes are added without a move, so views into it stay valid. */
void awsb_buf_reserve(struct awsb_buf *buf, size_t extra);

void awsb_buf_add(struct awsb_buf *buf, struct awsb_view bytes);
void awsb_buf_add_text(struct awsb_buf *buf, const char *text);
void awsb_buf_add_byte(struct awsb_buf *buf, char byte);
void awsb_buf_add_lower(struct awsb_buf *buf, struct awsb_view name); /* ASCII letters */
/* Adds so many bytes for the caller to write at once; NULL after a failure. */
char *awsb_buf_extend(struct awsb_buf *buf, size_t extra);

/* Drops what comes after the first `size` bytes. */
void awsb_buf_truncate(struct awsb_buf *buf, size_t size);

/* Valid until the next change. */
struct awsb_view awsb_buf_view(const struct awsb_buf *buf);

#pragma GCC visibility pop

#endif
