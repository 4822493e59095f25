#ifndef AWSB_HTTP_EXCHANGE_H
#define AWSB_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "head.h"
#include "http.h"
#include "view.h"
#include "watch.h"

#pragma GCC visibility push(hidden)

/*
 * What the engine needs of the HTTP library, in words that do not depend on it: a pool of
 * connections, and the exchanges (one request, one answer) that use them. http.c implements it
 * over libcurl's multi and easy handles; no other file knows libcurl. It tells http_answer.c what
 * comes back, to be judged.
 *
 * Whoever makes a pool or an exchange frees it, exchanges first and out of the pool. Neither calls
 * back: they write into the waits and answers that they were given, which must stay in place as
 * long as they.
 */

#define AWSB_HTTP_NAME_SIZE 256 /* of a host or a file in a message; longer ones are cut */

/* What the library wants to wait for. */
struct awsb_waits {
    struct awsb_watches watches; /* owned by an answer, or nobody */
    int64_t timer_ms;            /* when it wants to work anyway; -1: never */
};

/* What has come back so far. */
struct awsb_answer {
    struct awsb_head head;
    struct awsb_buf body;
    enum awsb_err err; /* why no more was taken */
    const char *fault; /* what was wrong, if it was refused; static */
    bool stirred;      /* a sign of life since this was last unset */
};

/* Each takes what has come; false: no more of this answer, see err. */
bool awsb_answer_take_line(struct awsb_answer *answer, struct awsb_view line);
bool awsb_answer_take_body(struct awsb_answer *answer, struct awsb_view part);

/* A request whose every part has been checked. What it points to is copied, but for the body. */
struct awsb_exchange_plan {
    const char *method;
    const char *url;
    struct awsb_view headers; /* name, NUL, value, NUL, next name ... */
    struct awsb_view body;    /* must stay in place as long as the exchange */
    bool sends_length;        /* of the body, though it be empty */
    bool expects_no_body;     /* the answer is a head, whatever length it claims */
    size_t max_response_bytes;
    const char *proxy;        /* URL; empty: none */
    bool keeps_alive; /* TCP probes on the connection that it opens */
    bool verifies_tls;
    const char *ca_file;      /* one of the two; both NULL: the system's */
    const char *ca_directory;
    int64_t connect_timeout_ms; /* 0: the library's own */
};

struct awsb_exchange;
struct awsb_pool;

/* How an exchange has ended; the texts are valid as long as it. */
struct awsb_end {
    struct awsb_exchange *exchange;
    enum awsb_http_kind kind; /* AWSB_HTTP_OK, or what kind of failure it looks like */
    const char *said;         /* about this very failure; may be empty, may quote a URL */
    const char *meaning;      /* of failures such as this one */
    long status;              /* of the answer; 0: none */
    long connect_status;      /* of the proxy's answer to CONNECT; 0: none */
    bool wants_trust;         /* of AWSB_HTTP_TLS: nothing but other settings will help */
};

/* NULL without memory. */
struct awsb_pool *awsb_pool_new(size_t max_connections, struct awsb_waits *waits);

/* Closes the connections. */
void awsb_pool_free(struct awsb_pool *pool);

/* Frees without touching a socket: for a forked child, where they are the parent's. */
void awsb_pool_abandon(struct awsb_pool *pool);

/* Lets an exchange begin; false without memory. */
bool awsb_pool_add(struct awsb_pool *pool, struct awsb_exchange *exchange);
void awsb_pool_remove(struct awsb_pool *pool, struct awsb_exchange *exchange);

/* Does what the ready sockets and the timer ask for, without waiting. AWSB_HTTP_OK, or the kind of
 * failure that nothing in the pool survives, with a static sentence. */
enum awsb_http_kind awsb_pool_work(struct awsb_pool *pool, const char **message);

/* The next exchange that has ended and not been told of; it is still in the pool. */
bool awsb_pool_next_end(struct awsb_pool *pool, struct awsb_end *end);

/* NULL without memory, or if the library was built without what the plan needs. */
struct awsb_exchange *awsb_exchange_new(const struct awsb_exchange_plan *plan,
                                        struct awsb_answer *answer);

/* Wipes its copies of the request; NULL is fine. */
void awsb_exchange_free(struct awsb_exchange *exchange);

/* As awsb_pool_abandon. */
void awsb_exchange_abandon(struct awsb_exchange *exchange);

/* Whether the connection is made, TLS included. */
bool awsb_exchange_is_connected(const struct awsb_exchange *exchange);

/* A URL as the library will understand it; AWSB_REFUSED if it has no host, or no sense. */
struct awsb_url_parts {
    char scheme[AWSB_HTTP_NAME_SIZE];
    char host[AWSB_HTTP_NAME_SIZE];
};
enum awsb_err awsb_url_read(const char *url, struct awsb_url_parts *parts);

#pragma GCC visibility pop

#endif
