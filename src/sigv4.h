#ifndef AWSB_SIGV4_H
#define AWSB_SIGV4_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "pairs.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * AWS Signature Version 4 in headers. Pure: no clock, no environment, no Lua, no network.
 *
 * A signer keeps its buffers and the last signing key between calls, so that a client signing with
 * the same credentials and date allocates nothing and derives nothing; and of what it authorizes
 * with that key some skeletons (skeleton.h), so that a request like one before is neither checked
 * nor laid out again. What it keeps it wipes: the key when it is replaced, skeletons with it or with
 * their session token, the rest with awsb_signer_forget, all of it with awsb_signer_free. Not for
 * two threads at once.
 */

struct awsb_signer;

struct awsb_sigv4_request {
    struct awsb_view method;
    struct awsb_view path;  /* escaped, as on the request line */
    struct awsb_view query; /* escaped, without the question mark; empty if there is none */
    struct awsb_view body;
    const struct awsb_pair *headers; /* in order, names in any case, duplicates allowed */
    size_t header_count;
};

struct awsb_sigv4_scope {
    struct awsb_view access_key_id;
    struct awsb_view secret_access_key;
    struct awsb_view region;
    struct awsb_view service;
    struct awsb_view timestamp; /* YYYYMMDDTHHMMSSZ */
};

/* All zero is what every service but S3 wants of a client. */
struct awsb_sigv4_options {
    bool raw_path;      /* sign dot segments and repeated slashes as they stand */
    bool encode_once;   /* sign the path without escaping it once more */
    bool multiline;     /* take CR and LF in values as blanks (obsolete line folding) */
    bool exact_headers; /* sign signed_headers, no more and no less: what a verifier needs */
    const struct awsb_pair *signed_headers; /* lower-case names; the values are not looked at */
    size_t signed_header_count;
    struct awsb_view payload_hash; /* empty: the body is hashed */
};

/* Views into the signer, valid until its next call. */
struct awsb_sigv4_result {
    struct awsb_view canonical_request;
    struct awsb_view string_to_sign;
    struct awsb_view signature;      /* 64 hex digits */
    struct awsb_view signed_headers; /* names joined by ";" */
    struct awsb_view authorization;  /* value of the header */
};

/* NULL without memory. */
struct awsb_signer *awsb_signer_new(void);
void awsb_signer_free(struct awsb_signer *signer);

/*
 * Without exact_headers, all headers are signed but those that proxies and HTTP libraries change;
 * Host and X-Amz-Date must be there, and the date must be the scope's.
 * On failure `result` is untouched and awsb_signer_message says which rule was broken.
 */
enum awsb_err awsb_signer_sign(struct awsb_signer *signer, const struct awsb_sigv4_request *request,
                               const struct awsb_sigv4_scope *scope,
                               const struct awsb_sigv4_options *options,
                               struct awsb_sigv4_result *result);

/*
 * The header Authorization of the same without options, as a call needs it: one result for the same
 * request, whatever was signed before. `authorization` is valid until the next call; nothing else of
 * the request is left to be forgotten.
 */
enum awsb_err awsb_signer_authorize(struct awsb_signer *signer,
                                    const struct awsb_sigv4_request *request,
                                    const struct awsb_sigv4_scope *scope,
                                    struct awsb_view *authorization);

/* One line without a secret; valid until the next call. */
const char *awsb_signer_message(const struct awsb_signer *signer);

/* Wipes everything about the last request (a session token is among its headers); the key stays, and
 * so do the skeletons that belong to it. */
void awsb_signer_forget(struct awsb_signer *signer);

#pragma GCC visibility pop

#endif
