#ifndef AWSB_HASH_H
#define AWSB_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * SHA-256 and its relatives, and signing with P-256. The only part that knows OpenSSL (1.1.1 or
 * newer).
 *
 * A hasher hashes by OpenSSL's plain functions for SHA-256, whose states can be kept and gone on
 * from. Where they are missing or FIPS forbids them it uses EVP and keeps its contexts between
 * uses, so that a call fetches no algorithm. The key of the last HMAC stays in those until the next
 * one or the end of the hasher; then OpenSSL wipes it.
 */

#define AWSB_SHA256_SIZE 32
#define AWSB_SHA256_HEX_SIZE 64
#define AWSB_SHA256_BLOCK_SIZE 64

struct awsb_hasher;

/* NULL without memory, or if OpenSSL offers no SHA-256 or no HMAC. */
struct awsb_hasher *awsb_hasher_new(void);
void awsb_hasher_free(struct awsb_hasher *hasher);

enum awsb_err awsb_sha256(struct awsb_hasher *hasher, struct awsb_view data,
                          unsigned char out[AWSB_SHA256_SIZE]);

/* RFC 2104; `out` may be the very bytes that `key` or `data` views. */
enum awsb_err awsb_hmac_sha256(struct awsb_hasher *hasher, struct awsb_view key,
                               struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE]);

/*
 * What the whole blocks at the front of a text leave of its hash: texts that begin alike are hashed
 * from there. As secret as the text or key it was made of. All zero it is the front of any text.
 */
struct awsb_sha256_front {
    uint32_t words[AWSB_SHA256_SIZE / 4];
    size_t size; /* bytes of the text that are done; 0 where EVP hashes, whose states cost too much */
};

void awsb_sha256_begin(const struct awsb_hasher *hasher, struct awsb_view start,
                       struct awsb_sha256_front *front);
/* Of the whole text, which begins with what the front was made of. */
enum awsb_err awsb_sha256_end(struct awsb_hasher *hasher, const struct awsb_sha256_front *front,
                              struct awsb_view text, unsigned char out[AWSB_SHA256_SIZE]);

/* A key whose HMACs are many: what depends on it alone is done once. Its owner wipes it. */
struct awsb_hmac_key {
    unsigned char bytes[AWSB_SHA256_SIZE];
    struct awsb_sha256_front inner, outer;
    bool loaded; /* it is the key of the hasher's last HMAC by EVP */
};

/* Makes ready a key whose bytes are there. The hasher serves this key alone from now on. */
void awsb_hmac_prepare(const struct awsb_hasher *hasher, struct awsb_hmac_key *key);
/* The same two for HMAC. */
void awsb_hmac_begin(const struct awsb_hasher *hasher, const struct awsb_hmac_key *key,
                     struct awsb_view start, struct awsb_sha256_front *front);
enum awsb_err awsb_hmac_end(struct awsb_hasher *hasher, struct awsb_hmac_key *key,
                            const struct awsb_sha256_front *front, struct awsb_view text,
                            unsigned char out[AWSB_SHA256_SIZE]);

/* For the names of files that other programs named by it; broken as a seal since 2017. */
#define AWSB_SHA1_SIZE 20
enum awsb_err awsb_sha1(struct awsb_view data, unsigned char out[AWSB_SHA1_SIZE]);

/*
 * Private keys of the curve P-256 as PEM, PKCS #8 or SEC 1, without a passphrase. Both return NULL,
 * or why not: a static sentence.
 */
#define AWSB_P256_SIZE 32
#define AWSB_ES256_SIZE (2 * AWSB_P256_SIZE)

/* ECDSA with SHA-256 in the form of RFC 7518, 3.4: r and s, each filled up with zeros in front. */
const char *awsb_es256_sign(struct awsb_view pem, struct awsb_view message,
                            unsigned char out[AWSB_ES256_SIZE]);

/* The coordinates of the public point, most significant byte first. */
const char *awsb_p256_public_key(struct awsb_view pem, unsigned char x[AWSB_P256_SIZE],
                                 unsigned char y[AWSB_P256_SIZE]);

/* Writes 2 * size lower-case digits, no NUL. */
void awsb_hex(const unsigned char *bytes, size_t size, char *out);

/* From OpenSSL's CSPRNG, which notices a fork by itself. */
enum awsb_err awsb_random(unsigned char *out, size_t size);

/* Takes a time that depends on the lengths alone. */
bool awsb_equal(struct awsb_view a, struct awsb_view b);

/* Overwrites in a way that no optimiser removes. */
void awsb_wipe(void *bytes, size_t size);

/* Of the library that runs, not of the headers; static. */
const char *awsb_hash_version(void);

#pragma GCC visibility pop

#endif
