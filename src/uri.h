#ifndef AWSB_URI_H
#define AWSB_URI_H

#include <stdbool.h>

#include "buf.h"
#include "pairs.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * Percent-encoding, and paths and queries in the form that Signature Version 4 hashes ("Create a
 * canonical request" of the AWS general reference). All of them add to `out`, whose `err` tells of
 * failure.
 */

#define AWSB_URI_GROWTH 3 /* how many bytes one may become: %XX */

/* Every byte but A-Z a-z 0-9 - . _ ~ becomes %XX with upper-case digits. */
void awsb_uri_encode(struct awsb_buf *out, struct awsb_view text);

/*
 * path       as on the request line, escaped already; empty means "/"
 * normalize  resolve "." and "..", merge repeated slashes, keep a slash at the end
 * encode     escape once more, so that %3A becomes %253A; slashes stay
 * Only S3 does without the two.
 */
void awsb_uri_canonical_path(struct awsb_buf *out, struct awsb_view path, bool normalize,
                             bool encode);

/*
 * query            as on the request line, without the question mark
 * scratch, params  are overwritten; kept by the caller so that their memory is used again
 *
 * Names and values are decoded and encoded again, then sorted. A plus sign is a plus sign, a "%"
 * that begins no escape is a percent sign; a name without "=" has the empty value; empty pieces
 * vanish.
 */
void awsb_uri_canonical_query(struct awsb_buf *out, struct awsb_view query,
                              struct awsb_buf *scratch, struct awsb_pairs *params);

#pragma GCC visibility pop

#endif
