#ifndef AWSB_HTTP_H
#define AWSB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "head.h"
#include "http_kind.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * HTTP/1.1 over libcurl: an engine that moves any number of transfers on, in one thread, without a
 * callback to whoever uses it. Knows nothing of Lua or AWS. Not for two threads at once.
 *
 * Ownership: both objects are the caller's to free, in any order. A transfer holds the engine's
 * memory, so that freeing the engine first ends the transfers ("closed") but takes nothing from
 * under them. All that is given to a transfer is copied; request headers and body are wiped when
 * freed.
 *
 * After a fork the child must not touch the parent's sockets: there every call on the parent's
 * objects answers AWSB_HTTP_CLOSED, and freeing them leaks what belongs to libcurl, on purpose:
 * cleaning it up would write TLS alerts into connections that the parent still uses.
 */

/* Once in every Lua state, before anything else; counted by libcurl and never undone, for others in
 * the process use it, too. False if libcurl is too old or out of memory. */
bool awsb_http_global_init(void);

const char *awsb_http_version(void);
const char *awsb_http_ssl_version(void);

struct awsb_engine;
struct awsb_transfer;

/* A proxy that speaks HTTP, in parts, so that no two readers of its URL can disagree. */
struct awsb_http_proxy {
    struct awsb_view host; /* a name, or an address, of IPv6 in brackets; empty: there is none,
                              whatever the environment says */
    struct awsb_view user; /* it and the password: as they are, not encoded; both empty: none */
    struct awsb_view password;
    unsigned port;
    bool has_tls; /* on the way to the proxy itself */
};

struct awsb_http_request {
    struct awsb_view method;
    struct awsb_view url;  /* escaped; goes on the wire byte for byte */
    struct awsb_view body; /* empty: none; POST, PUT and PATCH then say Content-Length: 0 */
    struct awsb_view ca_bundle; /* file or directory; empty: the system's */
    struct awsb_http_proxy proxy;
    int64_t connect_timeout_ms; /* name lookup, connection and TLS; 0: libcurl's 300 s */
    int64_t read_timeout_ms;    /* without a byte in either direction, once connected; 0: none */
    int64_t timeout_ms;         /* all in all, waiting for a free connection included; 0: none */
    size_t max_response_bytes;
    size_t max_header_bytes;
    bool insecure; /* do not verify certificates */
    bool tcp_keepalive; /* probe the connection that this request opens while it is silent */
};

/* NULL without memory. */
struct awsb_engine *awsb_engine_new(size_t max_connections);

/* Ends what runs, closes the connections. May be called twice. */
void awsb_engine_close(struct awsb_engine *engine);

/* Closes it and gives up the caller's hold. */
void awsb_engine_free(struct awsb_engine *engine);

/* False once closed, and in a process that did not make it. */
bool awsb_engine_usable(const struct awsb_engine *engine);

/* A transfer to be described and started; NULL without memory. */
struct awsb_transfer *awsb_transfer_new(struct awsb_engine *engine);

/* Before start, once for each header. False: the transfer is over, with a kind and a failure. */
bool awsb_transfer_add_header(struct awsb_transfer *transfer, struct awsb_view name,
                              struct awsb_view value);

/* Queues the transfer; the network is for step. False: it is over, with a kind and a failure. */
bool awsb_transfer_start(struct awsb_transfer *transfer, const struct awsb_http_request *request);

/* Waits at most that long for the sockets, moves all transfers on, and tells how many still run.
 * False if the engine is not usable. */
bool awsb_engine_step(struct awsb_engine *engine, int64_t timeout_ms, size_t *running);

/* The next transfer that has ended, by whatever means, since it was started, and was not told of
 * yet; NULL if there is none. */
struct awsb_transfer *awsb_engine_next_ended(struct awsb_engine *engine);

/* For a caller who waits in a loop of its own and steps without waiting: a descriptor that can be
 * read while there is something to do, the engine's to close, the same all the time; -1 if the
 * system has none to give, or the engine is not usable. */
int awsb_engine_descriptor(struct awsb_engine *engine);
/* How long until a step has something to do anyway; -1: no time in sight. */
int64_t awsb_engine_wait_ms(const struct awsb_engine *engine);
/* Whether transfers wait for others to end: all connections that may be are in use. */
bool awsb_engine_is_full(const struct awsb_engine *engine);

/* AWSB_HTTP_RUNNING, AWSB_HTTP_OK, or why it failed. */
enum awsb_http_kind awsb_transfer_kind(const struct awsb_transfer *transfer);

/* Why a transfer has failed, beyond its kind: facts, of which sentences are made elsewhere. Valid as
 * long as the transfer. */
struct awsb_failure {
    const char *reason;  /* a word; static */
    const char *detail;  /* what the reason is about: a name, or what the library said; may be empty */
    const char *meaning; /* what the library says of failures such as this one; NULL: nothing */
    int code;            /* the library's; 0: none */
    int os_error;        /* errno, as the library met it; 0: none */
    int connect_status;  /* of the proxy's answer to CONNECT; 0: none */
    size_t lacking;      /* bytes of a body that was cut */
    bool at_proxy;       /* on the way to it, or there */
    bool may_pass;       /* of AWSB_HTTP_TLS and AWSB_HTTP_PROXY, whether it may be over soon: a handshake
                            may break or want trust, a proxy may be away or refuse */
};
struct awsb_failure awsb_transfer_failure(const struct awsb_transfer *transfer);

/* Of a transfer that is AWSB_HTTP_OK; views valid as long as the transfer. */
int awsb_transfer_status(const struct awsb_transfer *transfer);
const struct awsb_head *awsb_transfer_head(const struct awsb_transfer *transfer);
struct awsb_view awsb_transfer_body(const struct awsb_transfer *transfer);

/* Ends it if it still runs. */
void awsb_transfer_cancel(struct awsb_transfer *transfer);
void awsb_transfer_free(struct awsb_transfer *transfer);

#pragma GCC visibility pop

#endif
