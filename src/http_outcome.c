#include "http_engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* What came of a transfer: a kind of http.h, and a sentence that says what to do about it. */

#define PLACE_SIZE (2 * AWSB_HTTP_NAME_SIZE + 32)
#define PROXY_AUTHENTICATION_REQUIRED 407

/* What is wrong with an answer, by its fault. */
static const char *const faults[] = {
    "",
    "the answer has no status line of HTTP/1.1",
    "the answer has a change to another protocol, though none was asked for",
    "the answer has a header line that is none",
    "the answer has a Content-Length that makes no sense",
    "the answer has both a Content-Length and a Transfer-Encoding",
    "the answer has a Content-Encoding, though none was asked for",
    "the answer has a Transfer-Encoding, though none was asked for",
    "the answer has a chunk size that is none",
    "the answer has a chunk without an end",
    "",
    "",
    "it ended before its status line",
    "it ended within the headers",
    "it ended within the body",
    "it ended within the body",
};

/* Whether it failed on the way to the proxy, or there; for https: before its tunnel stood. */
static bool failed_at_proxy(const struct awsb_transfer *transfer, const struct awsb_end *end)
{
    if (transfer->proxy_host[0] == '\0')
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

/* The sentence about this failure, if there is one. */
static const char *detail_of(const struct awsb_end *end)
{
    return end->said[0] == '\0' ? end->meaning : end->said;
}

static void explain_tls(struct awsb_transfer *transfer, const char *peer,
                        const struct awsb_end *end)
{
    char trusted[AWSB_HTTP_NAME_SIZE];

    awsb_copy_cut(trusted, AWSB_HTTP_NAME_SIZE,
                  awsb_view_of(end->trusted != NULL ? end->trusted : "the system's"));
    awsb_transfer_fail(transfer, AWSB_HTTP_TLS,
                       "TLS with %s failed: %s (certificates trusted: %s; ca_bundle or "
                       "AWS_CA_BUNDLE names others)", peer, detail_of(end), trusted);
}

/* The host, and what stands before it. */
static void name_place(const struct awsb_transfer *transfer, char place[PLACE_SIZE])
{
    if (transfer->proxy_host[0] == '\0')
        snprintf(place, PLACE_SIZE, "%s", transfer->host);
    else
        snprintf(place, PLACE_SIZE, "%s, through the proxy %s,", transfer->host,
                 transfer->proxy_host);
}

static void explain(struct awsb_transfer *transfer, enum awsb_http_kind kind, const char *detail)
{
    char place[PLACE_SIZE];

    name_place(transfer, place);
    switch (kind) {
    case AWSB_HTTP_DNS:
        awsb_transfer_fail(transfer, kind,
                           "%s: %s; check the network and the region: not every region has every "
                           "kind of endpoint (FIPS, dual stack)", transfer->host, detail);
        break;
    case AWSB_HTTP_CONNECT:
        awsb_transfer_fail(transfer, kind, "%s: %s; check network, proxy and firewall",
                           transfer->host, detail);
        break;
    case AWSB_HTTP_CONNECT_TIMEOUT:
        awsb_transfer_fail(transfer, kind,
                           "%s: %s; check network, proxy and firewall, or raise connect_timeout",
                           transfer->host, detail);
        break;
    case AWSB_HTTP_PROXY:
        awsb_transfer_fail(transfer, kind, "proxy %s, on the way to %s: %s", transfer->proxy_host,
                           transfer->host, detail);
        break;
    case AWSB_HTTP_TOO_LARGE:
        awsb_transfer_fail(transfer, kind,
                           "the answer of %s has larger headers or a larger body than is taken "
                           "(max_header_bytes, max_response_bytes)", transfer->host);
        break;
    case AWSB_HTTP_MEMORY:
        awsb_transfer_fail(transfer, kind, "not enough memory for the answer of %s",
                           transfer->host);
        break;
    case AWSB_HTTP_RESET:
        awsb_transfer_fail(transfer, kind, "%s closed the connection before the answer was "
                           "complete: %s", place, detail);
        break;
    default:
        awsb_transfer_fail(transfer, kind, "%s: %s", transfer->host, detail);
        break;
    }
}

static bool may_pass(enum awsb_http_kind kind, const struct awsb_end *end)
{
    if (kind == AWSB_HTTP_PROXY) /* it was not reached, or is in trouble itself */
        return end->connect_status == 0 || end->connect_status >= 500;
    return kind == AWSB_HTTP_TLS && !end->wants_trust;
}

static void conclude_failed(struct awsb_transfer *transfer, const struct awsb_end *end)
{
    bool at_proxy = failed_at_proxy(transfer, end);
    enum awsb_http_kind kind = blamed(end, at_proxy);

    transfer->may_pass = may_pass(kind, end);
    if (kind == AWSB_HTTP_TLS)
        explain_tls(transfer, at_proxy ? transfer->proxy_host : transfer->host, end);
    else
        explain(transfer, kind, detail_of(end));
}

static void conclude_answered(struct awsb_transfer *transfer)
{
    bool is_forwarded = transfer->proxy_host[0] != '\0' && !transfer->tunnels;
    int status = transfer->receiver.answer.status;

    if (is_forwarded && status == PROXY_AUTHENTICATION_REQUIRED)
        explain(transfer, AWSB_HTTP_PROXY, "it wants a user name and password, or other ones");
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
        explain(transfer, awsb_answer_kind(answer), faults[answer->fault]);
    else if (end->kind != AWSB_HTTP_OK)
        conclude_failed(transfer, end);
    else
        conclude_answered(transfer);
}

void awsb_transfer_conclude_late(struct awsb_transfer *transfer, enum awsb_http_kind limit)
{
    char place[PLACE_SIZE];

    name_place(transfer, place);
    if (limit == AWSB_HTTP_CONNECT_TIMEOUT)
        awsb_transfer_fail(transfer, limit, "no connection to %s within %" PRId64
                           " ms; check network, proxy and firewall, or raise connect_timeout",
                           place, transfer->connect_timeout_ms);
    else if (limit == AWSB_HTTP_READ_TIMEOUT)
        awsb_transfer_fail(transfer, limit, "%s sent nothing for %" PRId64
                           " ms; raise read_timeout if it needs longer", place,
                           transfer->read_timeout_ms);
    else
        awsb_transfer_fail(transfer, limit, "no complete answer from %s within %" PRId64
                           " ms; raise timeout if it needs longer", place,
                           transfer->timeout_ms);
}
