#ifndef AWSB_HTTP_EXCHANGE_H
#define AWSB_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "http.h"
#include "http_answer.h"
#include "http_terms.h"
#include "view.h"
#include "watch.h"

#pragma GCC visibility push(hidden)

/*
 * What the engine needs of the HTTP library, in words that do not depend on it: a pool of
 * connections, and the exchanges (one request, one answer) that use them. http.c implements it
 * over libcurl's multi and easy handles; no other file knows libcurl. It feeds an
 * answer (http_answer.h) with what comes back, to be judged.
 *
 * Whoever makes a pool frees it, after all its exchanges were released. Neither calls back: they
 * write into the waits and receivers that they were given, which must stay in place as long as they.
 */

/* What the library wants to wait for. */
struct awsb_waits {
    struct awsb_watches watches; /* owned by a receiver, or nobody */
    int64_t timer_ms;            /* when it wants to work anyway; -1: never */
};

/* Where an exchange puts what comes back. */
struct awsb_receiver {
    struct awsb_answer answer;
    const int64_t *now_ms; /* the clock of whoever it is for */
    int64_t stir_ms;       /* last sign of life, by that clock */
    void *owner;           /* whoever it is for */
};

/* A request whose every part has been checked. Headers and body must stay in place, unchanged, as
 * long as the exchange; all else is copied. */
struct awsb_exchange_plan {
    struct awsb_exchange_terms terms;
    const char *method;
    const char *url;
    struct awsb_buf *headers; /* of http_lines.h; the library adds its own */
    struct awsb_view body;
    int64_t connect_timeout_ms; /* 0: the library's own */
};

struct awsb_exchange;
struct awsb_pool;

/* How an exchange has ended; the texts are valid as long as it. */
struct awsb_end {
    struct awsb_exchange *exchange;
    struct awsb_receiver *receiver;
    enum awsb_http_kind kind; /* AWSB_HTTP_OK, or what kind of failure it looks like */
    const char *said;         /* about this very failure; may be empty, may quote a URL */
    const char *meaning;      /* of failures such as this one */
    int code;                 /* the library's */
    int os_error;             /* errno, as it met it; 0: none */
    long connect_status;      /* of the proxy's answer to CONNECT; 0: none */
    bool wants_trust;         /* of AWSB_HTTP_TLS: nothing but other settings will help */
};

/* NULL without memory. */
struct awsb_pool *awsb_pool_new(size_t max_connections, struct awsb_waits *waits);

/* Closes the connections. */
void awsb_pool_free(struct awsb_pool *pool);

/* Frees without touching a socket: for a forked child, where they are the parent's. */
void awsb_pool_abandon(struct awsb_pool *pool);

/* To be called before exchanges begin: gives up the idle connections on which something has come.
 * The library would take it for the next answer. */
void awsb_pool_check_idle(struct awsb_pool *pool);

/* Lets an exchange begin; false without memory. */
bool awsb_pool_add(struct awsb_pool *pool, struct awsb_exchange *exchange);
void awsb_pool_remove(struct awsb_pool *pool, struct awsb_exchange *exchange);

/* Does what the ready sockets and the timer ask for, without waiting. AWSB_HTTP_OK, or the kind of
 * failure that nothing in the pool survives, with a static sentence. */
enum awsb_http_kind awsb_pool_work(struct awsb_pool *pool, const char **message);

/* The next exchange that has ended and not been told of; it is still in the pool. */
bool awsb_pool_next_end(struct awsb_pool *pool, struct awsb_end *end);

/* NULL without memory, or if the library was built without what the plan needs. */
struct awsb_exchange *awsb_exchange_new(struct awsb_pool *pool,
                                        const struct awsb_exchange_plan *plan,
                                        struct awsb_receiver *receiver);

/* Frees it, removed from the pool; the pool may keep what carried it, with nothing left of the
 * request, for the next one on the same terms. NULL is fine. */
void awsb_exchange_release(struct awsb_exchange *exchange);

/* As awsb_pool_abandon. */
void awsb_exchange_abandon(struct awsb_exchange *exchange);

/* Whether the connection is made, TLS included. */
bool awsb_exchange_is_connected(const struct awsb_exchange *exchange);

#pragma GCC visibility pop

#endif
