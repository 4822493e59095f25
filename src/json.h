#ifndef AWSB_JSON_H
#define AWSB_JSON_H

#include <stddef.h>

#include "buf.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * The inside of a JSON string. Control bytes (DEL among them), quotes and backslashes are escaped;
 * every other byte stays as it is, so whether the text is UTF-8 is for others to say.
 */

#define AWSB_JSON_ESCAPE_SIZE 6 /* "\u001f" */

/* How many bytes from the beginning on need no escape. */
size_t awsb_json_plain_size(struct awsb_view text);

/* Writes the escape of a byte that needs one, and returns how long it is. */
size_t awsb_json_escape(char byte, char escape[AWSB_JSON_ESCAPE_SIZE]);

/* Adds the text in quotes; `err` of `out` tells of failure. */
void awsb_json_quote(struct awsb_buf *out, struct awsb_view text);

#pragma GCC visibility pop

#endif
