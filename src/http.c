#include "http_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "mem.h"
#include "process.h"

#define NEVER INT64_MAX
#define OLDEST_CURL 0x074400 /* 7.68.0 */

static const char *const kind_names[] = {
    "ok",    "running", "dns",   "connect",   "connect_timeout", "read_timeout",
    "timeout", "tls",   "proxy", "reset",     "too_large",       "protocol",
    "memory", "cancelled", "closed", "url",
};

const char *awsb_http_kind_name(enum awsb_http_kind kind)
{
    return kind_names[kind];
}

bool awsb_http_global_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK &&
           curl_version_info(CURLVERSION_NOW)->version_num >= OLDEST_CURL;
}

const char *awsb_http_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

const char *awsb_http_ssl_version(void)
{
    const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;

    return version != NULL ? version : "none";
}

/* The list of the unfinished. */

static void link_transfer(struct awsb_engine *engine, struct awsb_transfer *transfer)
{
    transfer->previous = engine->last;
    transfer->next = NULL;
    if (engine->last != NULL)
        engine->last->next = transfer;
    else
        engine->first = transfer;
    engine->last = transfer;
    engine->unfinished++;
}

static void unlink_transfer(struct awsb_transfer *transfer)
{
    struct awsb_engine *engine = transfer->engine;

    if (transfer->previous != NULL)
        transfer->previous->next = transfer->next;
    else
        engine->first = transfer->next;
    if (transfer->next != NULL)
        transfer->next->previous = transfer->previous;
    else
        engine->last = transfer->previous;
    engine->unfinished--;
}

/* Callbacks of the multi handle: they note, and call nothing. */

static struct awsb_transfer *find_by_easy(const struct awsb_engine *engine, const CURL *easy)
{
    struct awsb_transfer *transfer = engine->first;

    while (transfer != NULL && transfer->easy != easy)
        transfer = transfer->next;
    return transfer; /* NULL for a handle of libcurl's own */
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *unused)
{
    struct awsb_engine *engine = context;
    int events = 0;

    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        awsb_watches_remove(&engine->watches, socket);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= POLLIN;
    if (what & CURL_POLL_OUT)
        events |= POLLOUT;
    if (!awsb_watches_set(&engine->watches, socket, (short)events, find_by_easy(engine, easy)))
        engine->out_of_memory = true;
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct awsb_engine *engine = context;

    (void)multi;
    engine->timer_ms = timeout_ms < 0 ? -1 : awsb_monotonic_ms() + timeout_ms;
    return 0;
}

static bool set_up_multi(struct awsb_engine *engine)
{
    CURLM *multi = curl_multi_init();

    engine->multi = multi;
    return multi != NULL &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, engine) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, engine) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)engine->max_connections) ==
               CURLM_OK;
}

struct awsb_engine *awsb_engine_new(size_t max_connections)
{
    struct awsb_engine *engine = awsb_realloc(NULL, sizeof *engine);

    if (engine == NULL)
        return NULL;
    memset(engine, 0, sizeof *engine);
    engine->holds = 1;
    engine->process_id = awsb_process_id();
    engine->max_connections = max_connections;
    engine->timer_ms = -1;
    if (!set_up_multi(engine)) {
        awsb_engine_free(engine);
        return NULL;
    }
    return engine;
}

static bool is_foreign(const struct awsb_engine *engine)
{
    return engine->process_id != awsb_process_id();
}

bool awsb_engine_usable(const struct awsb_engine *engine)
{
    return engine->multi != NULL && !is_foreign(engine);
}

static void drop_hold(struct awsb_engine *engine)
{
    engine->holds--;
    if (engine->holds > 0)
        return;
    awsb_watches_clear(&engine->watches);
    awsb_free(engine);
}

/* Takes an unfinished transfer out; kind and message are set already. */
static void retire(struct awsb_transfer *transfer)
{
    struct awsb_engine *engine = transfer->engine;

    if (transfer->state == AWSB_TRANSFER_ACTIVE) {
        curl_multi_remove_handle(engine->multi, transfer->easy);
        awsb_watches_forget(&engine->watches, transfer);
        engine->active--;
    }
    unlink_transfer(transfer);
    awsb_easy_release(transfer);
    transfer->state = AWSB_TRANSFER_DONE;
}

static void retire_all(struct awsb_engine *engine, enum awsb_http_kind kind, const char *message)
{
    while (engine->first != NULL) {
        awsb_transfer_fail(engine->first, kind, "%s", message);
        retire(engine->first);
    }
}

void awsb_engine_close(struct awsb_engine *engine)
{
    struct awsb_sigpipe sigpipe;

    if (engine->multi == NULL)
        return;
    if (is_foreign(engine))
        return;
    awsb_sigpipe_block(&sigpipe); /* closing TLS writes */
    retire_all(engine, AWSB_HTTP_CLOSED, "the engine was closed while the request was under way");
    curl_multi_cleanup(engine->multi);
    awsb_sigpipe_restore(&sigpipe);
    engine->multi = NULL;
}

void awsb_engine_free(struct awsb_engine *engine)
{
    if (engine == NULL)
        return;
    awsb_engine_close(engine);
    drop_hold(engine);
}

/* Transfers. */

bool awsb_transfer_fail(struct awsb_transfer *transfer, enum awsb_http_kind kind,
                        const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(transfer->message, sizeof transfer->message, format, arguments);
    va_end(arguments);
    transfer->kind = kind;
    return false;
}

struct awsb_transfer *awsb_transfer_new(struct awsb_engine *engine)
{
    struct awsb_transfer *transfer = awsb_realloc(NULL, sizeof *transfer);

    if (transfer == NULL)
        return NULL;
    memset(transfer, 0, sizeof *transfer);
    transfer->kind = AWSB_HTTP_RUNNING;
    transfer->engine = engine;
    engine->holds++;
    awsb_buf_init(&transfer->content_length, AWSB_HTTP_NAME_SIZE);
    awsb_buf_init_wiping(&transfer->body, SIZE_MAX / 2);
    awsb_buf_init_wiping(&transfer->scratch, SIZE_MAX / 2);
    return transfer;
}

bool awsb_transfer_start(struct awsb_transfer *transfer, const struct awsb_http_request *request)
{
    struct awsb_engine *engine = transfer->engine;

    if (!awsb_engine_usable(engine))
        awsb_transfer_fail(transfer, AWSB_HTTP_CLOSED, "the engine is closed%s",
                           is_foreign(engine) ? ": it belongs to the process before a fork" : "");
    else if (transfer->kind == AWSB_HTTP_RUNNING)
        awsb_easy_prepare(transfer, request);
    if (transfer->kind != AWSB_HTTP_RUNNING) {
        awsb_easy_release(transfer);
        transfer->state = AWSB_TRANSFER_DONE;
        return false;
    }
    transfer->start_ms = awsb_monotonic_ms();
    transfer->state = AWSB_TRANSFER_QUEUED;
    link_transfer(engine, transfer);
    return true;
}

/* Hands queued transfers to libcurl while connections are free. libcurl has a queue, too, but there
 * the wait would count as time to connect. */
static void admit_queued(struct awsb_engine *engine)
{
    struct awsb_transfer *transfer = engine->first;

    while (transfer != NULL && engine->active < engine->max_connections) {
        struct awsb_transfer *next = transfer->next;

        if (transfer->state == AWSB_TRANSFER_QUEUED) {
            if (curl_multi_add_handle(engine->multi, transfer->easy) == CURLM_OK) {
                transfer->state = AWSB_TRANSFER_ACTIVE;
                transfer->begin_ms = awsb_monotonic_ms();
                engine->active++;
            } else {
                awsb_transfer_fail(transfer, AWSB_HTTP_MEMORY, "not enough memory");
                retire(transfer);
            }
        }
        transfer = next;
    }
}

/* The clock counts whole milliseconds and rounds down: one more, so that no limit strikes early. */
static int64_t expiry(int64_t from_ms, int64_t limit_ms)
{
    return limit_ms > 0 ? from_ms + limit_ms + 1 : NEVER;
}

/* When the transfer runs out of its nearest limit, and of which. */
static int64_t deadline_of(const struct awsb_transfer *transfer, enum awsb_http_kind *kind)
{
    int64_t whole = expiry(transfer->start_ms, transfer->timeout_ms);
    int64_t phase = NEVER;

    *kind = AWSB_HTTP_TIMEOUT;
    if (transfer->state != AWSB_TRANSFER_ACTIVE)
        return whole;
    if (transfer->connected)
        phase = expiry(transfer->stir_ms, transfer->read_timeout_ms);
    else
        phase = expiry(transfer->begin_ms, transfer->connect_timeout_ms);
    if (whole <= phase)
        return whole;
    *kind = transfer->connected ? AWSB_HTTP_READ_TIMEOUT : AWSB_HTTP_CONNECT_TIMEOUT;
    return phase;
}

static void fail_for_time(struct awsb_transfer *transfer, enum awsb_http_kind kind)
{
    if (kind == AWSB_HTTP_CONNECT_TIMEOUT)
        awsb_transfer_fail(transfer, kind, "no connection to %s within %" PRId64
                           " ms; check network, proxy and firewall, or raise connect_timeout",
                           transfer->proxy_host[0] != '\0' ? transfer->proxy_host : transfer->host,
                           transfer->connect_timeout_ms);
    else if (kind == AWSB_HTTP_READ_TIMEOUT)
        awsb_transfer_fail(transfer, kind, "%s sent nothing for %" PRId64
                           " ms; raise read_timeout if it needs longer", transfer->host,
                           transfer->read_timeout_ms);
    else
        awsb_transfer_fail(transfer, kind, "no complete answer from %s within %" PRId64
                           " ms; raise timeout if it needs longer", transfer->host,
                           transfer->timeout_ms);
}

/* Notes signs of life, and ends what ran out of time. */
static void enforce_deadlines(struct awsb_engine *engine)
{
    int64_t now_ms = awsb_monotonic_ms();
    struct awsb_transfer *transfer = engine->first;

    while (transfer != NULL) {
        struct awsb_transfer *next = transfer->next;
        enum awsb_http_kind kind;

        if (transfer->state == AWSB_TRANSFER_ACTIVE && !transfer->connected)
            transfer->connected = transfer->stirred = awsb_easy_is_connected(transfer);
        if (transfer->stirred)
            transfer->stir_ms = now_ms;
        transfer->stirred = false;
        if (deadline_of(transfer, &kind) <= now_ms) {
            fail_for_time(transfer, kind);
            retire(transfer);
        }
        transfer = next;
    }
}

static int wait_ms(const struct awsb_engine *engine, int64_t timeout_ms)
{
    int64_t now_ms = awsb_monotonic_ms();
    int64_t until_ms = timeout_ms < NEVER - now_ms ? now_ms + timeout_ms : NEVER;
    const struct awsb_transfer *transfer;

    if (engine->timer_ms >= 0 && engine->timer_ms < until_ms)
        until_ms = engine->timer_ms;
    for (transfer = engine->first; transfer != NULL; transfer = transfer->next) {
        enum awsb_http_kind kind;
        int64_t deadline = deadline_of(transfer, &kind);

        if (deadline < until_ms)
            until_ms = deadline;
    }
    if (until_ms <= now_ms)
        return 0;
    return until_ms - now_ms < INT_MAX ? (int)(until_ms - now_ms) : INT_MAX;
}

static int curl_events(short events)
{
    int mask = 0;

    if (events & POLLIN)
        mask |= CURL_CSELECT_IN;
    if (events & POLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (events & (POLLERR | POLLHUP | POLLNVAL))
        mask |= CURL_CSELECT_ERR;
    return mask;
}

static CURLMcode dispatch(struct awsb_engine *engine)
{
    struct awsb_watches *watches = &engine->watches;
    CURLMcode code = CURLM_OK;
    int running;
    size_t i;

    /* A byte in or room for a byte out is a sign of life, even if libcurl waits for a whole
     * line. */
    for (i = 0; i < watches->ready_count; i++) {
        struct awsb_transfer *owner = watches->ready[i].owner;

        if (owner != NULL)
            owner->stirred = true;
    }
    for (i = 0; i < watches->ready_count && code == CURLM_OK; i++)
        code = curl_multi_socket_action(engine->multi, watches->ready[i].descriptor,
                                        curl_events(watches->ready[i].events), &running);
    if (code == CURLM_OK && engine->timer_ms >= 0 && engine->timer_ms <= awsb_monotonic_ms()) {
        engine->timer_ms = -1; /* libcurl sets it again if it needs to */
        code = curl_multi_socket_action(engine->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    return code;
}

static void collect_finished(struct awsb_engine *engine)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
        CURLcode code = message->data.result; /* the message goes with the handle */
        struct awsb_transfer *transfer = find_by_easy(engine, message->easy_handle);

        if (message->msg != CURLMSG_DONE || transfer == NULL)
            continue;
        awsb_easy_conclude(transfer, code);
        retire(transfer);
    }
}

static void move_on(struct awsb_engine *engine, int64_t timeout_ms)
{
    CURLMcode code = CURLM_OK;

    admit_queued(engine);
    if (awsb_watches_wait(&engine->watches, wait_ms(engine, timeout_ms)))
        code = dispatch(engine);
    else
        engine->out_of_memory = true;
    collect_finished(engine);
    if (engine->out_of_memory || code == CURLM_OUT_OF_MEMORY)
        retire_all(engine, AWSB_HTTP_MEMORY, "not enough memory");
    else if (code != CURLM_OK)
        retire_all(engine, AWSB_HTTP_PROTOCOL, curl_multi_strerror(code));
    engine->out_of_memory = false;
    enforce_deadlines(engine);
    admit_queued(engine);
}

bool awsb_engine_step(struct awsb_engine *engine, int64_t timeout_ms, size_t *running)
{
    struct awsb_sigpipe sigpipe;

    if (!awsb_engine_usable(engine))
        return false;
    if (engine->first != NULL) {
        awsb_sigpipe_block(&sigpipe);
        move_on(engine, timeout_ms);
        awsb_sigpipe_restore(&sigpipe);
    }
    *running = engine->unfinished;
    return true;
}

static bool is_unfinished(const struct awsb_transfer *transfer)
{
    return transfer->state == AWSB_TRANSFER_QUEUED || transfer->state == AWSB_TRANSFER_ACTIVE;
}

enum awsb_http_kind awsb_transfer_kind(const struct awsb_transfer *transfer)
{
    if (is_unfinished(transfer) && is_foreign(transfer->engine))
        return AWSB_HTTP_CLOSED;
    return transfer->kind;
}

const char *awsb_transfer_message(const struct awsb_transfer *transfer)
{
    if (is_unfinished(transfer) && is_foreign(transfer->engine))
        return "the request was begun by the process before a fork; only that one gets the answer";
    return transfer->message;
}

long awsb_transfer_status(const struct awsb_transfer *transfer)
{
    return transfer->status;
}

struct awsb_view awsb_transfer_body(const struct awsb_transfer *transfer)
{
    return awsb_buf_view(&transfer->answer);
}

bool awsb_transfer_next_header(const struct awsb_transfer *transfer, size_t *position,
                               struct awsb_view *name, struct awsb_view *value)
{
    return awsb_head_next(&transfer->head, position, name, value);
}

void awsb_transfer_cancel(struct awsb_transfer *transfer)
{
    struct awsb_sigpipe sigpipe;

    if (!is_unfinished(transfer) || is_foreign(transfer->engine))
        return;
    awsb_sigpipe_block(&sigpipe);
    awsb_transfer_fail(transfer, AWSB_HTTP_CANCELLED, "the request was cancelled");
    retire(transfer);
    awsb_sigpipe_restore(&sigpipe);
}

void awsb_transfer_free(struct awsb_transfer *transfer)
{
    if (transfer == NULL)
        return;
    awsb_transfer_cancel(transfer);
    if (is_unfinished(transfer)) { /* in a forked child: the easy handle stays, see http.h */
        unlink_transfer(transfer);
        awsb_easy_wipe_request(transfer);
    } else {
        awsb_easy_release(transfer);
    }
    awsb_head_clear(&transfer->head);
    awsb_buf_clear(&transfer->answer);
    awsb_buf_clear(&transfer->content_length);
    drop_hold(transfer->engine);
    awsb_free(transfer);
}
