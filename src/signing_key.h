#ifndef AWSB_SIGNING_KEY_H
#define AWSB_SIGNING_KEY_H

#include <stdbool.h>

#include "buf.h"
#include "err.h"
#include "hash.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * The key that a day's signatures for one region and service are made with, kept until another is
 * asked for. Secret, as is what it was derived from: wiped when replaced and when cleared.
 */

#define AWSB_SIGNING_TERMINATOR "aws4_request"
#define AWSB_MAX_SECRET_SIZE 4096 /* bytes; real ones have 40 */

struct awsb_signing_key {
    struct awsb_buf identity; /* what it was derived from: date, region, service, secret */
    size_t region_size;
    size_t service_size;
    struct awsb_hmac_key hmac;
    bool valid;
};

/* Of the caller. */
struct awsb_signing_scope {
    struct awsb_view date; /* YYYYMMDD */
    struct awsb_view region;
    struct awsb_view service;
    struct awsb_view secret;
};

void awsb_signing_key_init(struct awsb_signing_key *key);
void awsb_signing_key_clear(struct awsb_signing_key *key);

/* Whether it is the key of the scope. */
bool awsb_signing_key_serves(const struct awsb_signing_key *key,
                             const struct awsb_signing_scope *scope);

/* Derives the key of the scope; the one before is wiped. The hasher serves this key alone. */
enum awsb_err awsb_signing_key_derive(struct awsb_signing_key *key, struct awsb_hasher *hasher,
                                      const struct awsb_signing_scope *scope);

#pragma GCC visibility pop

#endif
