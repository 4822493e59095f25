#ifndef AWSB_SKELETON_H
#define AWSB_SKELETON_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"
#include "hash.h"
#include "pairs.h"
#include "sigv4.h"
#include "signing_key.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * What one signature leaves for the next of its kind: canonical request, string to sign and
 * authorization, laid out once, with holes for the time, the hashes and the signature. A request
 * that fits needs neither checks nor sorting; of its path and query, which go by the name of labels
 * here, the front of the canonical request is written anew when they are others. Through the second
 * the hashes of what stands before the holes are kept, too.
 *
 * It belongs to the key that it was laid out with, which its owner sees to. A session token and
 * states of the key are in there: it is wiped when freed.
 */
struct awsb_skeleton;

/* NULL without memory, or if the request is none that a skeleton could be compared with. `sorted`:
 * its signed headers, names in lower case; `head_size`: of method, path and query in the canonical
 * request of `result`. */
struct awsb_skeleton *awsb_skeleton_new(const struct awsb_sigv4_request *request,
                                        const struct awsb_sigv4_scope *scope,
                                        const struct awsb_pairs *sorted, size_t head_size,
                                        const struct awsb_sigv4_result *result);
void awsb_skeleton_free(struct awsb_skeleton *skeleton);

/* Whether it is the request's, whatever the labels and the time: by all bytes of the rest. */
bool awsb_skeleton_fits(const struct awsb_skeleton *skeleton,
                        const struct awsb_sigv4_request *request,
                        const struct awsb_sigv4_scope *scope);

bool awsb_skeleton_has_labels(const struct awsb_skeleton *skeleton,
                              const struct awsb_sigv4_request *request);
/* `head`: method, path and query as the canonical request begins; what was there is in it after
 * that, for the caller to wipe. After a failure the skeleton is to be freed. */
enum awsb_err awsb_skeleton_relabel(struct awsb_skeleton *skeleton,
                                    const struct awsb_sigv4_request *request,
                                    struct awsb_buf *head);

bool awsb_skeleton_has_time(const struct awsb_skeleton *skeleton, struct awsb_view timestamp);
void awsb_skeleton_set_time(struct awsb_skeleton *skeleton, struct awsb_view timestamp);

/* The value of the header Authorization; valid until the skeleton is used again or freed. */
enum awsb_err awsb_skeleton_sign(struct awsb_skeleton *skeleton, struct awsb_hasher *hasher,
                                 struct awsb_signing_key *key, struct awsb_view body,
                                 struct awsb_view *authorization);

/* The session token in there; empty if there is none. */
struct awsb_view awsb_skeleton_token(const struct awsb_skeleton *skeleton);

#pragma GCC visibility pop

#endif
