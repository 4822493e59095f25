#define _POSIX_C_SOURCE 200809L /* sigset_t in process.h */

#include "http_engine.h"

#include <limits.h>

#include "clock.h"
#include "process.h"

/* One step of an engine: wait, let the pool work, collect what is finished, enforce the limits. */

static bool can_admit(const struct awsb_engine *engine)
{
    return engine->active < engine->max_connections && engine->queued.first != NULL;
}

/* Lets queued transfers begin while connections are free. The pool has a queue, too, but there the
 * wait would count as time to connect. */
static void admit_queued(struct awsb_engine *engine)
{
    if (can_admit(engine))
        awsb_pool_check_idle(engine->pool);
    while (can_admit(engine)) {
        struct awsb_transfer *transfer = engine->queued.first;

        if (!awsb_pool_add(engine->pool, transfer->exchange)) {
            awsb_transfer_fail_set_up(transfer);
            awsb_transfer_retire(transfer);
            continue;
        }
        transfer->state = AWSB_TRANSFER_CONNECTING;
        transfer->begin_ms = awsb_monotonic_ms();
        awsb_transfer_move(transfer, &engine->connecting);
        awsb_transfer_watch_clock(transfer);
        engine->active++;
    }
}

/* The clock counts whole milliseconds and rounds down: one more, so that no limit strikes early. */
static int64_t expiry(int64_t from_ms, int64_t limit_ms)
{
    return limit_ms > 0 ? from_ms + limit_ms + 1 : AWSB_NEVER;
}

/* When the transfer runs out of its nearest limit, and of which. */
static int64_t deadline_of(const struct awsb_transfer *transfer, enum awsb_http_kind *limit)
{
    int64_t whole = expiry(transfer->start_ms, transfer->timeout_ms);
    int64_t phase = AWSB_NEVER;

    *limit = AWSB_HTTP_TIMEOUT;
    if (transfer->state == AWSB_TRANSFER_CONNECTED)
        phase = expiry(transfer->receiver.stir_ms, transfer->read_timeout_ms);
    else if (transfer->state == AWSB_TRANSFER_CONNECTING)
        phase = expiry(transfer->begin_ms, transfer->connect_timeout_ms);
    if (whole <= phase)
        return whole;
    *limit = transfer->state == AWSB_TRANSFER_CONNECTED ? AWSB_HTTP_READ_TIMEOUT
                                                        : AWSB_HTTP_CONNECT_TIMEOUT;
    return phase;
}

void awsb_transfer_watch_clock(const struct awsb_transfer *transfer)
{
    struct awsb_engine *engine = transfer->engine;
    enum awsb_http_kind limit;
    int64_t deadline_ms = deadline_of(transfer, &limit);

    if (deadline_ms < engine->deadline_ms)
        engine->deadline_ms = deadline_ms;
}

static void notice_connected(struct awsb_engine *engine)
{
    struct awsb_transfer *transfer = engine->connecting.first;

    while (transfer != NULL) {
        struct awsb_transfer *next = transfer->next;

        if (awsb_exchange_is_connected(transfer->exchange)) {
            transfer->state = AWSB_TRANSFER_CONNECTED;
            transfer->receiver.stir_ms = engine->now_ms;
            awsb_transfer_move(transfer, &engine->connected);
            awsb_transfer_watch_clock(transfer);
        }
        transfer = next;
    }
}

static void enforce_on(const struct awsb_transfers *list, int64_t now_ms)
{
    struct awsb_transfer *transfer = list->first;

    while (transfer != NULL) {
        struct awsb_transfer *next = transfer->next;
        enum awsb_http_kind limit;

        if (deadline_of(transfer, &limit) <= now_ms) {
            awsb_transfer_conclude_late(transfer, limit);
            awsb_transfer_retire(transfer);
        } else {
            awsb_transfer_watch_clock(transfer);
        }
        transfer = next;
    }
}

/* Signs of life put deadlines off without a word, so the nearest one may prove to be past. */
static void enforce_deadlines(struct awsb_engine *engine)
{
    int64_t now_ms = awsb_monotonic_ms();

    if (now_ms < engine->deadline_ms)
        return;
    engine->deadline_ms = AWSB_NEVER;
    enforce_on(&engine->connected, now_ms);
    enforce_on(&engine->connecting, now_ms);
    enforce_on(&engine->queued, now_ms);
}

/* When the pool or a limit wants a step, whatever the sockets do. */
static int64_t next_due_ms(const struct awsb_engine *engine)
{
    int64_t timer_ms = engine->waits.timer_ms >= 0 ? engine->waits.timer_ms : AWSB_NEVER;

    return timer_ms < engine->deadline_ms ? timer_ms : engine->deadline_ms;
}

static int wait_ms(const struct awsb_engine *engine, int64_t timeout_ms)
{
    int64_t now_ms = awsb_monotonic_ms();
    int64_t until_ms = timeout_ms < AWSB_NEVER - now_ms ? now_ms + timeout_ms : AWSB_NEVER;
    int64_t due_ms = next_due_ms(engine);

    if (due_ms < until_ms)
        until_ms = due_ms;
    if (until_ms <= now_ms)
        return 0;
    return until_ms - now_ms < INT_MAX ? (int)(until_ms - now_ms) : INT_MAX;
}

bool awsb_engine_is_full(const struct awsb_engine *engine)
{
    return awsb_engine_usable(engine) && engine->queued.first != NULL && !can_admit(engine);
}

int64_t awsb_engine_wait_ms(const struct awsb_engine *engine)
{
    int64_t now_ms = awsb_monotonic_ms();
    int64_t due_ms;

    if (!awsb_engine_usable(engine) || engine->unfinished == 0)
        return -1;
    if (can_admit(engine))
        return 0;
    due_ms = next_due_ms(engine);
    if (due_ms == AWSB_NEVER)
        return -1;
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

int awsb_engine_descriptor(struct awsb_engine *engine)
{
    return awsb_engine_usable(engine) ? awsb_watches_mirror(&engine->waits.watches) : -1;
}

/* A byte in, or room for one out, is a sign of life, even if the pool waits for a whole line. */
static void stir_ready(const struct awsb_engine *engine)
{
    const struct awsb_watches *watches = &engine->waits.watches;
    size_t i;

    for (i = 0; i < watches->ready_count; i++) {
        struct awsb_receiver *receiver = watches->ready[i].owner;

        if (receiver != NULL)
            receiver->stir_ms = engine->now_ms;
    }
}

static void collect_finished(struct awsb_engine *engine)
{
    struct awsb_end end;

    while (awsb_pool_next_end(engine->pool, &end)) {
        struct awsb_transfer *transfer = end.receiver->owner;

        awsb_transfer_conclude(transfer, &end);
        awsb_transfer_retire(transfer);
    }
}

static void move_on(struct awsb_engine *engine, int64_t timeout_ms)
{
    enum awsb_http_kind kind = AWSB_HTTP_MEMORY;
    const char *message = "";

    admit_queued(engine);
    if (awsb_watches_wait(&engine->waits.watches, wait_ms(engine, timeout_ms))) {
        engine->now_ms = awsb_monotonic_ms();
        stir_ready(engine);
        kind = awsb_pool_work(engine->pool, &message);
    }
    collect_finished(engine);
    if (kind != AWSB_HTTP_OK)
        awsb_engine_retire_all(engine, kind, kind == AWSB_HTTP_MEMORY ? "no_memory" : "library",
                               message);
    notice_connected(engine);
    enforce_deadlines(engine);
    admit_queued(engine);
}

bool awsb_engine_step(struct awsb_engine *engine, int64_t timeout_ms, size_t *running)
{
    struct awsb_sigpipe sigpipe;

    if (!awsb_engine_usable(engine))
        return false;
    if (engine->unfinished > 0) {
        awsb_sigpipe_block(&sigpipe);
        move_on(engine, timeout_ms);
        awsb_sigpipe_restore(&sigpipe);
    }
    *running = engine->unfinished;
    return true;
}
