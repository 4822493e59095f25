#include "http_engine.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

/* What came of a transfer: a kind of http.h, and a sentence that says what to do about it. */

static const char *const kind_names[] = {
    "ok",      "running",   "dns",    "connect", "connect_timeout", "read_timeout",
    "timeout", "tls",       "proxy",  "reset",   "too_large",       "protocol",
    "memory",  "cancelled", "closed", "url",
};

const char *awsb_http_kind_name(enum awsb_http_kind kind)
{
    return kind_names[kind];
}

/* A proxy that refuses a CONNECT or can't be reached shows as a plain network error below. */
static bool blames_proxy(const struct awsb_transfer *transfer, const struct awsb_end *end)
{
    if (transfer->proxy_host[0] == '\0')
        return false;
    return end->connect_status >= 300 ||
           (end->kind == AWSB_HTTP_CONNECT && strstr(end->said, transfer->host) == NULL);
}

/* The sentence about this failure, unless it could quote a proxy's URL with its password. */
static const char *detail_of(const struct awsb_transfer *transfer, const struct awsb_end *end)
{
    bool may_quote_password =
        transfer->proxy_host[0] != '\0' && strchr(end->said, '@') != NULL;

    return end->said[0] == '\0' || may_quote_password ? end->meaning : end->said;
}

/* Why the answer was not taken to its end; AWSB_HTTP_OK if it was. */
static enum awsb_http_kind stopped_by(const struct awsb_transfer *transfer)
{
    switch (transfer->answer.err) {
    case AWSB_OK:
        return AWSB_HTTP_OK;
    case AWSB_TOO_LARGE:
        return AWSB_HTTP_TOO_LARGE;
    case AWSB_NO_MEMORY:
        return AWSB_HTTP_MEMORY;
    case AWSB_CRYPTO:
    case AWSB_REFUSED:
        break;
    }
    return AWSB_HTTP_PROTOCOL;
}

static void explain_tls(struct awsb_transfer *transfer, const char *detail)
{
    awsb_transfer_fail(transfer, AWSB_HTTP_TLS,
                       "TLS with %s failed: %s (certificates trusted: %s; ca_bundle or "
                       "AWS_CA_BUNDLE names others)", transfer->host, detail,
                       transfer->ca_bundle[0] != '\0' ? transfer->ca_bundle : "the system's");
}

static void explain(struct awsb_transfer *transfer, enum awsb_http_kind kind, const char *detail)
{
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
    case AWSB_HTTP_TLS:
        explain_tls(transfer, detail);
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
                           "complete: %s", transfer->host, detail);
        break;
    default:
        awsb_transfer_fail(transfer, kind, "%s: %s", transfer->host, detail);
        break;
    }
}

/* None was asked for, so the body would be something else than it seems. */
static bool has_encoded_body(const struct awsb_transfer *transfer)
{
    struct awsb_view name, value;
    size_t position = 0;

    while (awsb_head_next(&transfer->answer.head, &position, &name, &value))
        if (awsb_view_same(name, awsb_view_of("content-encoding")) && value.size > 0 &&
            !awsb_same_ignoring_case(value, awsb_view_of("identity")))
            return true;
    return false;
}

void awsb_transfer_conclude(struct awsb_transfer *transfer, const struct awsb_end *end)
{
    enum awsb_http_kind stopped = stopped_by(transfer);

    transfer->status = end->status;
    if (stopped != AWSB_HTTP_OK)
        explain(transfer, stopped, "the answer has a header line that is none");
    else if (end->kind != AWSB_HTTP_OK)
        explain(transfer, blames_proxy(transfer, end) ? AWSB_HTTP_PROXY : end->kind,
                detail_of(transfer, end));
    else if (transfer->status == 0)
        explain(transfer, AWSB_HTTP_PROTOCOL, "the answer has no status");
    else if (has_encoded_body(transfer))
        explain(transfer, AWSB_HTTP_PROTOCOL,
                "the answer has a Content-Encoding, though none was asked for");
    else
        transfer->kind = AWSB_HTTP_OK;
}

void awsb_transfer_conclude_late(struct awsb_transfer *transfer, enum awsb_http_kind limit)
{
    if (limit == AWSB_HTTP_CONNECT_TIMEOUT)
        awsb_transfer_fail(transfer, limit, "no connection to %s within %" PRId64
                           " ms; check network, proxy and firewall, or raise connect_timeout",
                           transfer->proxy_host[0] != '\0' ? transfer->proxy_host : transfer->host,
                           transfer->connect_timeout_ms);
    else if (limit == AWSB_HTTP_READ_TIMEOUT)
        awsb_transfer_fail(transfer, limit, "%s sent nothing for %" PRId64
                           " ms; raise read_timeout if it needs longer", transfer->host,
                           transfer->read_timeout_ms);
    else
        awsb_transfer_fail(transfer, limit, "no complete answer from %s within %" PRId64
                           " ms; raise timeout if it needs longer", transfer->host,
                           transfer->timeout_ms);
}
