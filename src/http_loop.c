#define _POSIX_C_SOURCE 200809L /* sigset_t in process.h */

#include "http_engine.h"

#include <limits.h>

#include "clock.h"
#include "process.h"

/* One step of an engine: wait, let the pool work, collect what is finished, enforce the limits. */

#define NEVER INT64_MAX

static const char no_memory[] = "not enough memory";

/* Lets queued transfers begin while connections are free. The pool has a queue, too, but there the
 * wait would count as time to connect. */
static void admit_queued(struct awsb_engine *engine)
{
    struct awsb_transfer *transfer = engine->running.first;

    while (transfer != NULL && engine->active < engine->max_connections) {
        struct awsb_transfer *next = transfer->next;

        if (transfer->state == AWSB_TRANSFER_QUEUED) {
            if (awsb_pool_add(engine->pool, transfer->exchange)) {
                transfer->state = AWSB_TRANSFER_ACTIVE;
                transfer->begin_ms = awsb_monotonic_ms();
                engine->active++;
            } else {
                awsb_transfer_fail(transfer, AWSB_HTTP_MEMORY, no_memory);
                awsb_transfer_retire(transfer);
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
static int64_t deadline_of(const struct awsb_transfer *transfer, enum awsb_http_kind *limit)
{
    int64_t whole = expiry(transfer->start_ms, transfer->timeout_ms);
    int64_t phase = NEVER;

    *limit = AWSB_HTTP_TIMEOUT;
    if (transfer->state != AWSB_TRANSFER_ACTIVE)
        return whole;
    if (transfer->connected)
        phase = expiry(transfer->stir_ms, transfer->read_timeout_ms);
    else
        phase = expiry(transfer->begin_ms, transfer->connect_timeout_ms);
    if (whole <= phase)
        return whole;
    *limit = transfer->connected ? AWSB_HTTP_READ_TIMEOUT : AWSB_HTTP_CONNECT_TIMEOUT;
    return phase;
}

static void look_for_life(struct awsb_transfer *transfer, int64_t now_ms)
{
    bool *stirred = &transfer->answer.stirred;

    if (transfer->state == AWSB_TRANSFER_ACTIVE && !transfer->connected)
        transfer->connected = *stirred = awsb_exchange_is_connected(transfer->exchange);
    if (*stirred)
        transfer->stir_ms = now_ms;
    *stirred = false;
}

static void enforce_deadlines(struct awsb_engine *engine)
{
    int64_t now_ms = awsb_monotonic_ms();
    struct awsb_transfer *transfer = engine->running.first;

    while (transfer != NULL) {
        struct awsb_transfer *next = transfer->next;
        enum awsb_http_kind limit;

        look_for_life(transfer, now_ms);
        if (deadline_of(transfer, &limit) <= now_ms) {
            awsb_transfer_conclude_late(transfer, limit);
            awsb_transfer_retire(transfer);
        }
        transfer = next;
    }
}

/* When the pool or a limit wants a step, whatever the sockets do. */
static int64_t next_due_ms(const struct awsb_engine *engine)
{
    int64_t due_ms = engine->waits.timer_ms >= 0 ? engine->waits.timer_ms : NEVER;
    const struct awsb_transfer *transfer;

    for (transfer = engine->running.first; transfer != NULL; transfer = transfer->next) {
        enum awsb_http_kind limit;
        int64_t deadline = deadline_of(transfer, &limit);

        if (deadline < due_ms)
            due_ms = deadline;
    }
    return due_ms;
}

static int wait_ms(const struct awsb_engine *engine, int64_t timeout_ms)
{
    int64_t now_ms = awsb_monotonic_ms();
    int64_t until_ms = timeout_ms < NEVER - now_ms ? now_ms + timeout_ms : NEVER;
    int64_t due_ms = next_due_ms(engine);

    if (due_ms < until_ms)
        until_ms = due_ms;
    if (until_ms <= now_ms)
        return 0;
    return until_ms - now_ms < INT_MAX ? (int)(until_ms - now_ms) : INT_MAX;
}

static bool can_admit(const struct awsb_engine *engine)
{
    return engine->active < engine->max_connections && engine->active < engine->unfinished;
}

int64_t awsb_engine_wait_ms(const struct awsb_engine *engine)
{
    int64_t now_ms = awsb_monotonic_ms();
    int64_t due_ms;

    if (!awsb_engine_usable(engine) || engine->running.first == NULL)
        return -1;
    if (can_admit(engine))
        return 0;
    due_ms = next_due_ms(engine);
    if (due_ms == NEVER)
        return -1;
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

int awsb_engine_descriptor(struct awsb_engine *engine)
{
    return awsb_engine_usable(engine) ? awsb_watches_mirror(&engine->waits.watches) : -1;
}

/* A byte in, or room for one out, is a sign of life, even if the pool waits for a whole line. */
static void stir_ready(const struct awsb_watches *watches)
{
    size_t i;

    for (i = 0; i < watches->ready_count; i++) {
        struct awsb_answer *answer = watches->ready[i].owner;

        if (answer != NULL)
            answer->stirred = true;
    }
}

static struct awsb_transfer *find_transfer(const struct awsb_engine *engine,
                                           const struct awsb_exchange *exchange)
{
    struct awsb_transfer *transfer = engine->running.first;

    while (transfer != NULL && transfer->exchange != exchange)
        transfer = transfer->next;
    return transfer;
}

static void collect_finished(struct awsb_engine *engine)
{
    struct awsb_end end;

    while (awsb_pool_next_end(engine->pool, &end)) {
        struct awsb_transfer *transfer = find_transfer(engine, end.exchange);

        if (transfer == NULL)
            continue;
        awsb_transfer_conclude(transfer, &end);
        awsb_transfer_retire(transfer);
    }
}

static void move_on(struct awsb_engine *engine, int64_t timeout_ms)
{
    struct awsb_watches *watches = &engine->waits.watches;
    enum awsb_http_kind kind = AWSB_HTTP_MEMORY;
    const char *message = no_memory;

    admit_queued(engine);
    if (awsb_watches_wait(watches, wait_ms(engine, timeout_ms))) {
        stir_ready(watches);
        kind = awsb_pool_work(engine->pool, &message);
    }
    collect_finished(engine);
    if (kind != AWSB_HTTP_OK)
        awsb_engine_retire_all(engine, kind, message);
    enforce_deadlines(engine);
    admit_queued(engine);
}

bool awsb_engine_step(struct awsb_engine *engine, int64_t timeout_ms, size_t *running)
{
    struct awsb_sigpipe sigpipe;

    if (!awsb_engine_usable(engine))
        return false;
    if (engine->running.first != NULL) {
        awsb_sigpipe_block(&sigpipe);
        move_on(engine, timeout_ms);
        awsb_sigpipe_restore(&sigpipe);
    }
    *running = engine->unfinished;
    return true;
}
