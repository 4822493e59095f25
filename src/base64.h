#ifndef AWSB_BASE64_H
#define AWSB_BASE64_H

#include <stdbool.h>

#include "buf.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/* RFC 4648, 4, with its padding; `err` of `out` tells of failure. */
void awsb_base64_encode(struct awsb_buf *out, struct awsb_view bytes);

/* Adds the bytes of a text; false, with nothing added, if it is no Base64. */
bool awsb_base64_decode(struct awsb_buf *out, struct awsb_view text);

#pragma GCC visibility pop

#endif
