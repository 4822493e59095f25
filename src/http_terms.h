#ifndef AWSB_HTTP_TERMS_H
#define AWSB_HTTP_TERMS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

#pragma GCC visibility push(hidden)

/* What most exchanges have in common; one that has all of it can be carried out as the last was. */
struct awsb_exchange_terms {
    const char *proxy;           /* URL of scheme and host; empty: none */
    const char *proxy_user_info; /* "user:password", percent-encoded; NULL: none */
    unsigned proxy_port;
    bool proxy_has_tls;
    const char *ca_file; /* one of the two; both NULL: the system's */
    const char *ca_directory;
    size_t max_response_bytes;
    bool keeps_alive;     /* TCP probes on the connection that it opens */
    bool verifies_tls;
    bool sends_length;    /* of the body, though it be empty */
    bool expects_no_body; /* the answer is a head, whatever length it claims */
};

bool awsb_terms_same(const struct awsb_exchange_terms *a, const struct awsb_exchange_terms *b);

/* The texts of the copy lie in an empty buffer, which must stay as it is; false without memory. */
bool awsb_terms_copy(struct awsb_exchange_terms *copy, struct awsb_buf *texts,
                     const struct awsb_exchange_terms *terms);

#pragma GCC visibility pop

#endif
