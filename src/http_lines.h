#ifndef AWSB_HTTP_LINES_H
#define AWSB_HTTP_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * The header lines of a request in one buffer, each with a NUL behind it and in the form in which
 * libcurl takes them: "name: value", "name;" for an empty value, "name:" to keep libcurl from
 * sending a header of its own.
 */

/* A name and a value that were checked; a failure sticks to the buffer. */
void awsb_lines_add(struct awsb_buf *lines, struct awsb_view name, struct awsb_view value);

/* Adds the lines that keep libcurl's own headers out, where none was given; false without memory. */
bool awsb_lines_complete(struct awsb_buf *lines);

/* Walks over them: start with *position = 0; NULL at the end. */
char *awsb_lines_next(const struct awsb_buf *lines, size_t *position);

#pragma GCC visibility pop

#endif
