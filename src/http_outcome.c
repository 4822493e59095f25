#include "http_engine.h"

#include "text.h"

/* What came of a transfer: a kind of http_kind.h, and the facts about a failure. */

#define PROXY_AUTHENTICATION_REQUIRED 407

/* Whether it failed on the way to the proxy, or there; for https: before its tunnel stood. */
static bool failed_at_proxy(const struct awsb_transfer *transfer, const struct awsb_end *end)
{
    if (!transfer->has_proxy)
        return false;
    if (transfer->tunnels)
        return (end->connect_status < 200 || end->connect_status > 299) &&
               !awsb_exchange_is_connected(end->exchange);
    return end->kind == AWSB_HTTP_CONNECT || end->kind == AWSB_HTTP_TLS;
}

/* What it looks like to the library, unless it is the proxy that refuses or can't be reached. */
static enum awsb_http_kind blamed(const struct awsb_end *end, bool at_proxy)
{
    bool may_be_proxy = end->kind == AWSB_HTTP_CONNECT || end->kind == AWSB_HTTP_RESET ||
                        end->kind == AWSB_HTTP_PROTOCOL;

    return at_proxy && may_be_proxy ? AWSB_HTTP_PROXY : end->kind;
}

static bool may_pass(enum awsb_http_kind kind, const struct awsb_end *end)
{
    if (kind == AWSB_HTTP_PROXY) /* it was not reached, or is in trouble itself */
        return end->connect_status == 0 || end->connect_status >= 500;
    return kind == AWSB_HTTP_TLS && !end->wants_trust;
}

static void conclude_failed(struct awsb_transfer *transfer, const struct awsb_end *end)
{
    struct awsb_failure *failure = &transfer->failure;
    bool at_proxy = failed_at_proxy(transfer, end);
    enum awsb_http_kind kind = blamed(end, at_proxy);

    awsb_transfer_fail(transfer, kind, "library", awsb_view_of(end->said));
    failure->meaning = end->meaning;
    failure->code = end->code;
    failure->os_error = end->os_error;
    failure->connect_status = (int)end->connect_status;
    failure->at_proxy = at_proxy;
    failure->may_pass = may_pass(kind, end);
}

static void conclude_refused(struct awsb_transfer *transfer)
{
    const struct awsb_answer *answer = &transfer->receiver.answer;

    awsb_transfer_fail(transfer, awsb_answer_kind(answer), awsb_answer_fault_name(answer->fault),
                       awsb_view("", 0));
    transfer->failure.lacking = answer->left;
}

static void conclude_answered(struct awsb_transfer *transfer)
{
    bool is_forwarded = transfer->has_proxy && !transfer->tunnels;

    if (is_forwarded && transfer->receiver.answer.status == PROXY_AUTHENTICATION_REQUIRED)
        awsb_transfer_fail(transfer, AWSB_HTTP_PROXY, "proxy_credentials", awsb_view("", 0));
    else
        transfer->kind = AWSB_HTTP_OK;
}

/* To the library the end of the connection ends headers, too. */
static bool ended_in_head(const struct awsb_transfer *transfer, const struct awsb_end *end)
{
    return end->kind == AWSB_HTTP_OK &&
           transfer->receiver.answer.stage <= AWSB_ANSWER_HEADERS;
}

void awsb_transfer_conclude(struct awsb_transfer *transfer, const struct awsb_end *end)
{
    struct awsb_answer *answer = &transfer->receiver.answer;

    if (ended_in_head(transfer, end))
        awsb_answer_take_end(answer);
    if (answer->fault != AWSB_ANSWER_FINE)
        conclude_refused(transfer);
    else if (end->kind != AWSB_HTTP_OK)
        conclude_failed(transfer, end);
    else
        conclude_answered(transfer);
}

void awsb_transfer_conclude_late(struct awsb_transfer *transfer, enum awsb_http_kind limit)
{
    awsb_transfer_fail(transfer, limit, "late", awsb_view("", 0));
}
