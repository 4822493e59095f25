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
    struct awsb_buf identity; /* what the bytes were derived from */
    struct awsb_buf wanted;   /* what the call in progress asks for */
    unsigned char bytes[AWSB_SHA256_SIZE];
    bool valid;
    bool loaded; /* it is the key of the hasher's last HMAC */
};

/* Date, region and service hold no control character. */
struct awsb_signing_scope {
    struct awsb_view date; /* YYYYMMDD */
    struct awsb_view region;
    struct awsb_view service;
    struct awsb_view secret;
};

void awsb_signing_key_init(struct awsb_signing_key *key);
void awsb_signing_key_clear(struct awsb_signing_key *key);

/* Derives the key of the scope unless it is there already. The hasher serves this key alone. */
enum awsb_err awsb_signing_key_prepare(struct awsb_signing_key *key, struct awsb_hasher *hasher,
                                       const struct awsb_signing_scope *scope);

/* HMAC-SHA256 with a key that was prepared with the same hasher. */
enum awsb_err awsb_signing_key_mac(struct awsb_signing_key *key, struct awsb_hasher *hasher,
                                   struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE]);

#pragma GCC visibility pop

#endif
