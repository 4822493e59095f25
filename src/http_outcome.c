#include "http_internal.h"

#include <string.h>

#include "text.h"

/* What came of a transfer: libcurl's codes in the words of http.h, with what to do about them. */

static const struct {
    CURLcode code;
    enum awsb_http_kind kind;
} kinds[] = {
    {CURLE_COULDNT_RESOLVE_HOST, AWSB_HTTP_DNS},
    {CURLE_COULDNT_RESOLVE_PROXY, AWSB_HTTP_PROXY},
    {CURLE_COULDNT_CONNECT, AWSB_HTTP_CONNECT},
    {CURLE_INTERFACE_FAILED, AWSB_HTTP_CONNECT},
    /* Only the connection phase is timed by libcurl, and a connect() that the system gave up. */
    {CURLE_OPERATION_TIMEDOUT, AWSB_HTTP_CONNECT_TIMEOUT},
    {CURLE_SSL_CONNECT_ERROR, AWSB_HTTP_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, AWSB_HTTP_TLS},
    {CURLE_SSL_CACERT_BADFILE, AWSB_HTTP_TLS},
    {CURLE_SSL_CERTPROBLEM, AWSB_HTTP_TLS},
    {CURLE_SSL_CIPHER, AWSB_HTTP_TLS},
    {CURLE_SSL_ISSUER_ERROR, AWSB_HTTP_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, AWSB_HTTP_TLS},
    {CURLE_SSL_CRL_BADFILE, AWSB_HTTP_TLS},
    {CURLE_SSL_SHUTDOWN_FAILED, AWSB_HTTP_TLS},
    {CURLE_SSL_ENGINE_NOTFOUND, AWSB_HTTP_TLS},
    {CURLE_SSL_ENGINE_SETFAILED, AWSB_HTTP_TLS},
    {CURLE_SSL_ENGINE_INITFAILED, AWSB_HTTP_TLS},
    {CURLE_USE_SSL_FAILED, AWSB_HTTP_TLS},
    {CURLE_NOT_BUILT_IN, AWSB_HTTP_TLS},
    {CURLE_GOT_NOTHING, AWSB_HTTP_RESET},
    {CURLE_SEND_ERROR, AWSB_HTTP_RESET},
    {CURLE_RECV_ERROR, AWSB_HTTP_RESET},
    {CURLE_PARTIAL_FILE, AWSB_HTTP_RESET},
    {CURLE_SEND_FAIL_REWIND, AWSB_HTTP_RESET},
    {CURLE_FILESIZE_EXCEEDED, AWSB_HTTP_TOO_LARGE},
    {CURLE_OUT_OF_MEMORY, AWSB_HTTP_MEMORY},
    {CURLE_URL_MALFORMAT, AWSB_HTTP_URL},
#if LIBCURL_VERSION_NUM >= 0x074900
    {CURLE_PROXY, AWSB_HTTP_PROXY},
#endif
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, AWSB_HTTP_TOO_LARGE},
#endif
};

static enum awsb_http_kind kind_of(CURLcode code)
{
    size_t i;

    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].code == code)
            return kinds[i].kind;
    return AWSB_HTTP_PROTOCOL;
}

/* libcurl's sentence, unless it could quote a proxy's URL with its password. */
static const char *detail_of(const struct awsb_transfer *transfer, CURLcode code)
{
    const char *said = transfer->curl_message;

    if (said[0] == '\0' || (transfer->proxy_host[0] != '\0' && strchr(said, '@') != NULL))
        return curl_easy_strerror(code);
    return said;
}

/* A proxy that refuses a CONNECT or can't be reached shows as a plain network error in libcurl. */
static bool blames_proxy(const struct awsb_transfer *transfer, CURLcode code)
{
    long connect_status = 0;

    if (transfer->proxy_host[0] == '\0')
        return false;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (connect_status >= 300)
        return true;
    return code == CURLE_COULDNT_CONNECT &&
           strstr(transfer->curl_message, transfer->host) == NULL;
}

/* A connection cut during the handshake is a TLS error to libcurl; only its sentence tells the two
 * apart, and a cut is worth another attempt where a bad certificate is not. */
static bool was_cut_in_handshake(const struct awsb_transfer *transfer)
{
    return strstr(transfer->curl_message, "SSL_ERROR_SYSCALL") != NULL ||
           strstr(transfer->curl_message, "SSL_ERROR_ZERO_RETURN") != NULL ||
           strstr(transfer->curl_message, "Connection reset") != NULL ||
           strstr(transfer->curl_message, "unexpected eof") != NULL;
}

/* Up to 8.5 libcurl calls a header line beyond its own bound (100 KiB) a lack of memory. */
static bool had_long_header(const struct awsb_transfer *transfer)
{
    return transfer->connected && (transfer->head.open || transfer->head.received == 0);
}

static enum awsb_http_kind refine(const struct awsb_transfer *transfer, CURLcode code)
{
    enum awsb_http_kind kind = kind_of(code);

    if (blames_proxy(transfer, code))
        return AWSB_HTTP_PROXY;
    if (code == CURLE_SSL_CONNECT_ERROR && was_cut_in_handshake(transfer))
        return AWSB_HTTP_RESET;
    if (code == CURLE_OUT_OF_MEMORY && had_long_header(transfer))
        return AWSB_HTTP_TOO_LARGE;
    return kind;
}

/* The reason that a callback left behind; AWSB_HTTP_OK if none did. */
static enum awsb_http_kind stopped_by(const struct awsb_transfer *transfer)
{
    enum awsb_err err = transfer->head_err != AWSB_OK ? transfer->head_err : transfer->answer_err;

    switch (err) {
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
    case AWSB_HTTP_CONNECT_TIMEOUT:
        awsb_transfer_fail(transfer, kind, "%s: %s; check network, firewall and proxy settings",
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

    while (awsb_head_next(&transfer->head, &position, &name, &value))
        if (awsb_view_same(name, awsb_view_of("content-encoding")) && value.size > 0 &&
            !awsb_same_ignoring_case(value, awsb_view_of("identity")))
            return true;
    return false;
}

void awsb_easy_conclude(struct awsb_transfer *transfer, CURLcode code)
{
    enum awsb_http_kind stopped = stopped_by(transfer);

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->status);
    if (stopped != AWSB_HTTP_OK)
        explain(transfer, stopped, "the answer has a header line that is none");
    else if (code != CURLE_OK)
        explain(transfer, refine(transfer, code), detail_of(transfer, code));
    else if (transfer->status == 0)
        explain(transfer, AWSB_HTTP_PROTOCOL, "the answer has no status");
    else if (has_encoded_body(transfer))
        explain(transfer, AWSB_HTTP_PROTOCOL,
                "the answer has a Content-Encoding, though none was asked for");
    else
        transfer->kind = AWSB_HTTP_OK;
}
