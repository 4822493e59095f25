#ifndef AWSB_HTTP_ENGINE_H
#define AWSB_HTTP_ENGINE_H

#include "buf.h"
#include "err.h"
#include "fork_mark.h"
#include "http.h"
#include "http_exchange.h"
#include "http_message.h"

#pragma GCC visibility push(hidden)

/*
 * What the parts of the engine share.
 *   http_engine.c   engines and transfers: what owns what, and how it ends
 *   http_loop.c     one step: admission, sockets, deadlines
 *   http_request.c  a request, checked, and the plan made of it
 *   http_outcome.c  what came of it
 *   http.c          what carries it out (http_exchange.h)
 *   http_terms.c    what one exchange shares with the next
 *   http_lines.c    header lines, as it wants them
 */

#define AWSB_NEVER INT64_MAX

enum awsb_transfer_state {
    AWSB_TRANSFER_NEW,
    AWSB_TRANSFER_QUEUED,     /* waits until one of max_connections is free */
    AWSB_TRANSFER_CONNECTING, /* in the pool */
    AWSB_TRANSFER_CONNECTED,  /* in the pool as well */
    AWSB_TRANSFER_DONE
};

/* A list that owns nothing. */
struct awsb_transfers {
    struct awsb_transfer *first;
    struct awsb_transfer *last;
};

struct awsb_engine {
    struct awsb_pool *pool; /* NULL once closed */
    struct awsb_waits waits;
    size_t holds; /* the caller's, and one of each transfer */
    struct awsb_fork_mark mark;
    size_t max_connections;
    size_t active;
    size_t unfinished;   /* active and queued */
    int64_t now_ms;      /* when the step that is under way found its sockets ready */
    int64_t deadline_ms; /* no unfinished transfer runs out of a limit before */
    struct awsb_transfers queued;
    struct awsb_transfers connecting;
    struct awsb_transfers connected;
    struct awsb_transfers ended; /* those that nobody was told of yet, in order of end */
};

struct awsb_transfer {
    struct awsb_engine *engine;
    struct awsb_transfers *list; /* the one it is in; NULL: none */
    struct awsb_transfer *next;
    struct awsb_transfer *previous;
    enum awsb_transfer_state state;
    enum awsb_http_kind kind;
    struct awsb_failure failure;
    char *detail; /* of the failure; NULL: none, or there was no memory for it */

    struct awsb_message message; /* writes the headers */
    struct awsb_buf headers;     /* as in the plan */
    struct awsb_buf body;
    bool has_proxy;
    bool tunnels; /* through the proxy, if there is one: the URL is https */

    int64_t connect_timeout_ms;
    int64_t read_timeout_ms;
    int64_t timeout_ms;
    int64_t start_ms; /* handed to the engine */
    int64_t begin_ms; /* handed to the pool */

    struct awsb_exchange *exchange; /* while unfinished */
    struct awsb_receiver receiver;
};

/* Ends a transfer that is not in the pool, or no longer: kind, reason, which is a static word, and a
 * text that the reason is about, which is copied. Always false. */
bool awsb_transfer_fail(struct awsb_transfer *transfer, enum awsb_http_kind kind,
                        const char *reason, struct awsb_view detail);

/* The same for a request that could not be set up. */
bool awsb_transfer_fail_set_up(struct awsb_transfer *transfer);

/* Into this list, at its end, out of whichever it is in. */
void awsb_transfer_move(struct awsb_transfer *transfer, struct awsb_transfers *list);

/* Has the deadlines looked at in time for this transfer's. */
void awsb_transfer_watch_clock(const struct awsb_transfer *transfer);

/* Takes an unfinished transfer out, its kind and failure set already. */
void awsb_transfer_retire(struct awsb_transfer *transfer);
void awsb_engine_retire_all(struct awsb_engine *engine, enum awsb_http_kind kind,
                            const char *reason, const char *detail);

/* Checks a request and copies it: the body into the transfer, the rest into `texts`, which the
 * plan then points into. False: the transfer has failed. */
bool awsb_transfer_plan(struct awsb_transfer *transfer, const struct awsb_http_request *request,
                        struct awsb_buf *texts, struct awsb_exchange_plan *plan);

/* Sets kind and failure. */
void awsb_transfer_conclude(struct awsb_transfer *transfer, const struct awsb_end *end);
void awsb_transfer_conclude_late(struct awsb_transfer *transfer, enum awsb_http_kind limit);

#pragma GCC visibility pop

#endif
