#ifndef AWSB_BASE64_H
#define AWSB_BASE64_H

#include "buf.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/* RFC 4648, 4, with its padding; `err` of `out` tells of failure. */
void awsb_base64_encode(struct awsb_buf *out, struct awsb_view bytes);

#pragma GCC visibility pop

#endif
