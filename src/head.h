#ifndef AWSB_HEAD_H
#define AWSB_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/* The headers of an answer as one text, collected line by line. */
struct awsb_head {
    struct awsb_buf text; /* "name:value\n" ..., names in lower case, values trimmed */
    size_t count;         /* of headers, repeated ones included */
};

void awsb_head_init(struct awsb_head *head, size_t max_bytes);

/* Empties it for the next head. */
void awsb_head_reset(struct awsb_head *head);
void awsb_head_clear(struct awsb_head *head);

/* A line without its end, which is CRLF or LF alone (RFC 9112, 2.2). */
struct awsb_view awsb_head_line(struct awsb_view line);

/* Takes such a line apart, the value without the blanks around it; false if it is no header. */
bool awsb_head_split(struct awsb_view line, struct awsb_view *name, struct awsb_view *value);

/* Adds a line without its end, and not the empty one. AWSB_TOO_LARGE, AWSB_NO_MEMORY, or
 * AWSB_REFUSED for a line that is no header. */
enum awsb_err awsb_head_add_line(struct awsb_head *head, struct awsb_view line);

/* Walks over the headers: start with *position = 0; false at the end. */
bool awsb_head_next(const struct awsb_head *head, size_t *position, struct awsb_view *name,
                    struct awsb_view *value);

#pragma GCC visibility pop

#endif
