#define _POSIX_C_SOURCE 200809L /* sigset_t in process.h */

#include "http_engine.h"

#include <string.h>

#include "clock.h"
#include "mem.h"
#include "process.h"
#include "text.h"

/* Engines and transfers: what owns what, and how it ends. */

static bool is_foreign(const struct awsb_engine *engine)
{
    return !awsb_fork_mark_is_mine(&engine->mark);
}

bool awsb_engine_usable(const struct awsb_engine *engine)
{
    return engine->pool != NULL && !is_foreign(engine);
}

struct awsb_engine *awsb_engine_new(size_t max_connections)
{
    struct awsb_engine *engine = awsb_realloc(NULL, sizeof *engine);

    if (engine == NULL)
        return NULL;
    memset(engine, 0, sizeof *engine);
    engine->holds = 1;
    awsb_fork_mark_set(&engine->mark);
    engine->max_connections = max_connections;
    engine->deadline_ms = AWSB_NEVER;
    engine->pool = awsb_pool_new(max_connections, &engine->waits);
    if (engine->pool == NULL) {
        awsb_engine_free(engine);
        return NULL;
    }
    return engine;
}

static void drop_hold(struct awsb_engine *engine)
{
    engine->holds--;
    if (engine->holds > 0)
        return;
    awsb_pool_abandon(engine->pool); /* there still in a forked child alone, see http.h */
    awsb_watches_clear(&engine->waits.watches);
    awsb_fork_mark_clear(&engine->mark);
    awsb_free(engine);
}

void awsb_engine_close(struct awsb_engine *engine)
{
    struct awsb_sigpipe sigpipe;

    if (!awsb_engine_usable(engine))
        return;
    awsb_sigpipe_block(&sigpipe); /* closing TLS writes */
    awsb_engine_retire_all(engine, AWSB_HTTP_CLOSED,
                           "closed_under_way", "");
    awsb_pool_free(engine->pool);
    awsb_sigpipe_restore(&sigpipe);
    engine->pool = NULL;
}

void awsb_engine_free(struct awsb_engine *engine)
{
    if (engine == NULL)
        return;
    awsb_engine_close(engine);
    drop_hold(engine);
}

/* The lists. */

static void put_into(struct awsb_transfers *list, struct awsb_transfer *transfer)
{
    transfer->list = list;
    transfer->previous = list->last;
    transfer->next = NULL;
    if (list->last != NULL)
        list->last->next = transfer;
    else
        list->first = transfer;
    list->last = transfer;
}

static void take_out(struct awsb_transfer *transfer)
{
    struct awsb_transfers *list = transfer->list;

    if (list == NULL)
        return;
    if (transfer->previous != NULL)
        transfer->previous->next = transfer->next;
    else
        list->first = transfer->next;
    if (transfer->next != NULL)
        transfer->next->previous = transfer->previous;
    else
        list->last = transfer->previous;
    transfer->list = NULL;
}

void awsb_transfer_move(struct awsb_transfer *transfer, struct awsb_transfers *list)
{
    take_out(transfer);
    put_into(list, transfer);
}

static bool is_active(const struct awsb_transfer *transfer)
{
    return transfer->state == AWSB_TRANSFER_CONNECTING ||
           transfer->state == AWSB_TRANSFER_CONNECTED;
}

static bool is_unfinished(const struct awsb_transfer *transfer)
{
    return transfer->state == AWSB_TRANSFER_QUEUED || is_active(transfer);
}

/* Transfers. */

struct awsb_transfer *awsb_transfer_new(struct awsb_engine *engine)
{
    struct awsb_transfer *transfer = awsb_realloc(NULL, sizeof *transfer);

    if (transfer == NULL)
        return NULL;
    memset(transfer, 0, sizeof *transfer);
    transfer->kind = AWSB_HTTP_RUNNING;
    transfer->engine = engine;
    engine->holds++;
    awsb_buf_init_wiping(&transfer->headers, SIZE_MAX / 2);
    awsb_buf_init_wiping(&transfer->body, SIZE_MAX / 2);
    awsb_message_init(&transfer->message, AWSB_MESSAGE_FOR_LIBCURL, &transfer->headers);
    return transfer;
}

/* The request and what carries it, out of the pool; the answer stays. */
static void drop_request(struct awsb_transfer *transfer)
{
    awsb_exchange_release(transfer->exchange); /* before the texts, which it reads in place */
    transfer->exchange = NULL;
    awsb_buf_clear(&transfer->headers);
    awsb_buf_clear(&transfer->body);
}

static char *copy_text(struct awsb_view text)
{
    char *copy = text.size > 0 ? awsb_realloc(NULL, text.size + 1) : NULL;

    if (copy != NULL)
        awsb_copy_cut(copy, text.size + 1, text);
    return copy;
}

bool awsb_transfer_fail(struct awsb_transfer *transfer, enum awsb_http_kind kind,
                        const char *reason, struct awsb_view detail)
{
    awsb_free(transfer->detail);
    transfer->detail = copy_text(detail);
    transfer->failure.reason = reason;
    transfer->kind = kind;
    return false;
}

bool awsb_transfer_fail_set_up(struct awsb_transfer *transfer)
{
    return awsb_transfer_fail(transfer, AWSB_HTTP_MEMORY, "set_up", awsb_view("", 0));
}

static void prepare_receiver(struct awsb_transfer *transfer,
                             const struct awsb_http_request *request)
{
    struct awsb_answer_bounds bounds = {request->max_header_bytes, request->max_response_bytes,
                                        awsb_view_same(request->method, awsb_view_of("HEAD"))};

    awsb_answer_init(&transfer->receiver.answer, &bounds);
    transfer->receiver.now_ms = &transfer->engine->now_ms;
    transfer->receiver.owner = transfer;
}

static bool set_up(struct awsb_transfer *transfer, const struct awsb_http_request *request)
{
    struct awsb_exchange_plan plan = {0};
    struct awsb_buf texts;
    bool good;

    transfer->connect_timeout_ms = request->connect_timeout_ms;
    transfer->read_timeout_ms = request->read_timeout_ms;
    transfer->timeout_ms = request->timeout_ms;
    prepare_receiver(transfer, request);
    awsb_buf_init_wiping(&texts, SIZE_MAX / 2);
    good = awsb_transfer_plan(transfer, request, &texts, &plan);
    if (good) {
        transfer->exchange = awsb_exchange_new(transfer->engine->pool, &plan, &transfer->receiver);
        good = transfer->exchange != NULL || awsb_transfer_fail_set_up(transfer);
    }
    awsb_buf_clear(&texts);
    return good;
}

bool awsb_transfer_start(struct awsb_transfer *transfer, const struct awsb_http_request *request)
{
    struct awsb_engine *engine = transfer->engine;
    bool good = transfer->kind == AWSB_HTTP_RUNNING; /* no header was refused */

    if (!awsb_engine_usable(engine))
        good = awsb_transfer_fail(transfer, AWSB_HTTP_CLOSED,
                                  is_foreign(engine) ? "forked" : "closed", awsb_view("", 0));
    if (!good || !set_up(transfer, request)) {
        drop_request(transfer);
        transfer->state = AWSB_TRANSFER_DONE;
        return false;
    }
    transfer->start_ms = awsb_monotonic_ms();
    transfer->state = AWSB_TRANSFER_QUEUED;
    put_into(&engine->queued, transfer);
    engine->unfinished++;
    awsb_transfer_watch_clock(transfer);
    return true;
}

void awsb_transfer_retire(struct awsb_transfer *transfer)
{
    struct awsb_engine *engine = transfer->engine;

    if (is_active(transfer)) {
        awsb_pool_remove(engine->pool, transfer->exchange);
        engine->active--;
    }
    engine->unfinished--;
    drop_request(transfer);
    transfer->state = AWSB_TRANSFER_DONE;
    awsb_transfer_move(transfer, &engine->ended);
}

static void retire_list(const struct awsb_transfers *list, enum awsb_http_kind kind,
                        const char *reason, const char *detail)
{
    while (list->first != NULL) {
        awsb_transfer_fail(list->first, kind, reason, awsb_view_of(detail));
        awsb_transfer_retire(list->first);
    }
}

void awsb_engine_retire_all(struct awsb_engine *engine, enum awsb_http_kind kind,
                            const char *reason, const char *detail)
{
    retire_list(&engine->connected, kind, reason, detail);
    retire_list(&engine->connecting, kind, reason, detail);
    retire_list(&engine->queued, kind, reason, detail);
}

struct awsb_transfer *awsb_engine_next_ended(struct awsb_engine *engine)
{
    struct awsb_transfer *transfer = engine->ended.first;

    if (transfer != NULL)
        take_out(transfer);
    return transfer;
}

enum awsb_http_kind awsb_transfer_kind(const struct awsb_transfer *transfer)
{
    if (is_unfinished(transfer) && is_foreign(transfer->engine))
        return AWSB_HTTP_CLOSED;
    return transfer->kind;
}

struct awsb_failure awsb_transfer_failure(const struct awsb_transfer *transfer)
{
    static const struct awsb_failure forked = {"forked_under_way", "", NULL, 0, 0, 0, 0, false,
                                               false};
    struct awsb_failure failure = transfer->failure;

    if (is_unfinished(transfer) && is_foreign(transfer->engine))
        return forked;
    failure.detail = transfer->detail != NULL ? transfer->detail : "";
    return failure;
}

int awsb_transfer_status(const struct awsb_transfer *transfer)
{
    return transfer->receiver.answer.status;
}

const struct awsb_head *awsb_transfer_head(const struct awsb_transfer *transfer)
{
    return &transfer->receiver.answer.head;
}

struct awsb_view awsb_transfer_body(const struct awsb_transfer *transfer)
{
    return awsb_buf_view(&transfer->receiver.answer.body);
}

void awsb_transfer_cancel(struct awsb_transfer *transfer)
{
    struct awsb_sigpipe sigpipe;

    if (!is_unfinished(transfer) || is_foreign(transfer->engine))
        return;
    awsb_sigpipe_block(&sigpipe);
    awsb_transfer_fail(transfer, AWSB_HTTP_CANCELLED, "cancelled", awsb_view("", 0));
    awsb_transfer_retire(transfer);
    awsb_sigpipe_restore(&sigpipe);
}

void awsb_transfer_free(struct awsb_transfer *transfer)
{
    if (transfer == NULL)
        return;
    awsb_transfer_cancel(transfer);
    if (is_unfinished(transfer)) { /* in a forked child, see http.h */
        awsb_exchange_abandon(transfer->exchange);
        transfer->exchange = NULL;
    }
    take_out(transfer);
    drop_request(transfer);
    awsb_answer_clear(&transfer->receiver.answer);
    awsb_free(transfer->detail);
    drop_hold(transfer->engine);
    awsb_free(transfer);
}
