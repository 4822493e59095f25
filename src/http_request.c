#define _POSIX_C_SOURCE 200809L

#include "http_engine.h"

#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include "header.h"
#include "http_lines.h"
#include "text.h"
#include "uri.h"

/* What a request may be, stricter than the library below: what was signed is what must be sent. */

#define USUAL_HEADER_BYTES 1024
#define TEXT_COUNT 5 /* of a plan, each with a NUL behind it */
#define MAX_PORT 65535

static bool begins_with(struct awsb_view text, const char *prefix)
{
    size_t size = strlen(prefix);

    return text.size >= size &&
           awsb_same_ignoring_case(awsb_view(text.data, size), awsb_view(prefix, size));
}

/* Headers. */

static bool refuse_header(struct awsb_transfer *transfer, const char *before,
                          struct awsb_view name, const char *after)
{
    char shown[AWSB_HTTP_NAME_SIZE];

    awsb_copy_cut(shown, AWSB_HTTP_NAME_SIZE, name);
    return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL, "%sheader %s%s", before, shown, after);
}

bool awsb_transfer_add_header(struct awsb_transfer *transfer, struct awsb_view name,
                              struct awsb_view value)
{
    switch (awsb_header_check(name, value)) {
    case AWSB_HEADER_FINE:
        break;
    case AWSB_HEADER_NAME:
        return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL,
                                  "a header name is empty or holds a byte that no name may hold");
    case AWSB_HEADER_VALUE:
        return refuse_header(transfer, "the value of ", name, " holds a CR, LF or NUL byte");
    case AWSB_HEADER_FRAMING:
        return refuse_header(transfer, "", name, " can't be given: the body is sent in one piece");
    }
    value = awsb_trim(value);
    if (awsb_is_named(name, "content-length")) { /* written below; start compares it with the body */
        awsb_copy_cut(transfer->content_length, AWSB_CONTENT_LENGTH_SIZE, value);
        return true;
    }
    if (transfer->headers.size == 0)
        awsb_buf_reserve(&transfer->headers, USUAL_HEADER_BYTES); /* a secret is dear to move */
    awsb_lines_add(&transfer->headers, name, value);
    return transfer->headers.err == AWSB_OK || awsb_transfer_fail_set_up(transfer);
}

static bool check_content_length(struct awsb_transfer *transfer, size_t body_size)
{
    char expected[AWSB_CONTENT_LENGTH_SIZE];

    if (transfer->content_length[0] == '\0')
        return true;
    snprintf(expected, sizeof expected, "%zu", body_size);
    if (strcmp(transfer->content_length, expected) == 0)
        return true;
    return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL,
                              "header content-length does not agree with the body of %s bytes",
                              expected);
}

/* Texts of the plan. */

static bool reserve_texts(struct awsb_buf *texts, const struct awsb_http_request *request)
{
    const struct awsb_http_proxy *proxy = &request->proxy;

    awsb_buf_reserve(texts, request->method.size + request->url.size + request->ca_bundle.size +
                                strlen("https://") + proxy->host.size + 1 +
                                AWSB_URI_GROWTH * (proxy->user.size + proxy->password.size) +
                                TEXT_COUNT);
    return texts->err == AWSB_OK;
}

/* With a NUL behind it; the room is reserved, so what was kept before stays where it is. */
static const char *keep_text(struct awsb_buf *texts, struct awsb_view text)
{
    size_t start = texts->size;

    awsb_buf_add(texts, text);
    awsb_buf_add_byte(texts, '\0');
    return texts->data + start;
}

/* Target. */

static bool has_url_bytes_alone(struct awsb_view url)
{
    size_t i;

    for (i = 0; i < url.size; i++) {
        unsigned char byte = (unsigned char)url.data[i];

        if (byte <= 0x20 || byte >= 0x7f || byte == '#')
            return false;
    }
    return true;
}

static bool has_web_scheme(struct awsb_view url)
{
    return begins_with(url, "http://") || begins_with(url, "https://");
}

/* What stands between the scheme and the path or query of a URL whose scheme is checked. */
static struct awsb_view authority_of(struct awsb_view url)
{
    size_t start = begins_with(url, "http://") ? strlen("http://") : strlen("https://");
    size_t end = start;

    while (end < url.size && url.data[end] != '/' && url.data[end] != '?')
        end++;
    return awsb_view(url.data + start, end - start);
}

/* Reads the host of a URL of which these bytes at its beginning decide about it. */
static enum awsb_err read_host(struct awsb_origin *last, struct awsb_view deciding,
                               const char *url, char host[AWSB_HTTP_NAME_SIZE])
{
    enum awsb_err err = AWSB_OK;

    if (last->url.size == 0 || !awsb_view_same(awsb_buf_view(&last->url), deciding)) {
        awsb_buf_reset(&last->url);
        err = awsb_url_host(url, last->host);
        if (err == AWSB_OK)
            awsb_buf_add(&last->url, deciding); /* or, without memory, it is read again */
    }
    if (err == AWSB_OK)
        memcpy(host, last->host, AWSB_HTTP_NAME_SIZE);
    return err;
}

static bool plan_target(struct awsb_transfer *transfer, struct awsb_view url,
                        struct awsb_buf *texts, struct awsb_exchange_plan *plan)
{
    struct awsb_view authority, origin;
    enum awsb_err err;

    if (!has_url_bytes_alone(url) || !has_web_scheme(url))
        return awsb_transfer_fail(transfer, AWSB_HTTP_URL,
                                  "a URL must begin with http:// or https://, be percent-encoded "
                                  "and have no fragment");
    authority = authority_of(url);
    if (awsb_view_has(authority, '@'))
        return awsb_transfer_fail(transfer, AWSB_HTTP_URL, "a URL with a user name is not taken");
    plan->url = keep_text(texts, url);
    origin = awsb_view(url.data, (size_t)(authority.data - url.data) + authority.size);
    err = authority.size > 0
              ? read_host(&transfer->engine->target, origin, plan->url, transfer->host)
              : AWSB_REFUSED;
    if (err == AWSB_NO_MEMORY)
        return awsb_transfer_fail_set_up(transfer);
    if (err != AWSB_OK)
        return awsb_transfer_fail(transfer, AWSB_HTTP_URL,
                                  "the URL names no host, or an impossible port");
    transfer->tunnels = begins_with(url, "https://");
    return true;
}

/* Proxy. */

static bool is_host_byte(char c, bool bracketed)
{
    return awsb_is_alnum(c) || c == '.' || c == (bracketed ? ':' : '-') || (!bracketed && c == '_');
}

/* A name or an address in which no reader of URLs sees anything else. */
static bool is_plain_host(struct awsb_view host)
{
    bool bracketed =
        host.size > 2 && host.data[0] == '[' && host.data[host.size - 1] == ']';
    size_t i;

    if (bracketed)
        host = awsb_view(host.data + 1, host.size - 2);
    for (i = 0; i < host.size; i++)
        if (!is_host_byte(host.data[i], bracketed))
            return false;
    return true;
}

/* Basic authentication (RFC 7617) ends the user name at the first colon. */
static bool is_usable_proxy(const struct awsb_http_proxy *proxy)
{
    return is_plain_host(proxy->host) && proxy->port >= 1 && proxy->port <= MAX_PORT &&
           !awsb_has_control(proxy->user) && !awsb_view_has(proxy->user, ':') &&
           !awsb_has_control(proxy->password);
}

/* With the room reserved as for all texts. */
static const char *keep_proxy(struct awsb_buf *texts, const struct awsb_http_proxy *proxy)
{
    size_t start = texts->size;

    awsb_buf_add_text(texts, proxy->has_tls ? "https://" : "http://");
    keep_text(texts, proxy->host);
    return texts->data + start;
}

static const char *keep_user_info(struct awsb_buf *texts, const struct awsb_http_proxy *proxy)
{
    size_t start = texts->size;

    if (proxy->user.size == 0 && proxy->password.size == 0)
        return NULL;
    awsb_uri_encode(texts, proxy->user);
    awsb_buf_add_byte(texts, ':');
    awsb_uri_encode(texts, proxy->password);
    awsb_buf_add_byte(texts, '\0');
    return texts->data + start;
}

/* The proxy may have a password: no message shows it. */
static bool plan_proxy(struct awsb_transfer *transfer, const struct awsb_http_proxy *proxy,
                       struct awsb_buf *texts, struct awsb_exchange_plan *plan)
{
    plan->terms.proxy = "";
    if (proxy->host.size == 0)
        return true;
    if (!is_usable_proxy(proxy))
        return awsb_transfer_fail(transfer, AWSB_HTTP_PROXY,
                                  "the proxy must have a host name or an address, a port from 1 "
                                  "to 65535, no control character in user name and password, and "
                                  "no colon in the user name");
    plan->terms.proxy = keep_proxy(texts, proxy);
    plan->terms.proxy_user_info = keep_user_info(texts, proxy);
    plan->terms.proxy_port = proxy->port;
    plan->terms.proxy_has_tls = proxy->has_tls;
    awsb_copy_cut(transfer->proxy_host, AWSB_HTTP_NAME_SIZE, proxy->host);
    return true;
}

/* TLS. */

static bool plan_ca_bundle(struct awsb_transfer *transfer, struct awsb_view bundle,
                           struct awsb_buf *texts, struct awsb_exchange_plan *plan)
{
    const char *path = keep_text(texts, bundle);
    char shown[AWSB_HTTP_NAME_SIZE];
    struct stat about;

    if (awsb_has_control(bundle))
        return awsb_transfer_fail(transfer, AWSB_HTTP_TLS,
                                  "ca_bundle (AWS_CA_BUNDLE) holds a control character");
    awsb_copy_cut(shown, AWSB_HTTP_NAME_SIZE, bundle);
    if (stat(path, &about) == -1 || access(path, R_OK) == -1)
        return awsb_transfer_fail(transfer, AWSB_HTTP_TLS,
                                  "CA bundle %s can't be read; ca_bundle (AWS_CA_BUNDLE) must name "
                                  "a file or directory of PEM certificates", shown);
    if (S_ISDIR(about.st_mode))
        plan->terms.ca_directory = path;
    else
        plan->terms.ca_file = path;
    return true;
}

static bool plan_tls(struct awsb_transfer *transfer, const struct awsb_http_request *request,
                     struct awsb_buf *texts, struct awsb_exchange_plan *plan)
{
    bool uses_tls = transfer->tunnels || (request->proxy.host.size > 0 && request->proxy.has_tls);

    plan->terms.verifies_tls = !request->insecure;
    if (request->insecure || !uses_tls || request->ca_bundle.size == 0)
        return true;
    return plan_ca_bundle(transfer, request->ca_bundle, texts, plan);
}

/* Method and body. */

static bool wants_length(struct awsb_view method)
{
    return awsb_view_same(method, awsb_view_of("POST")) ||
           awsb_view_same(method, awsb_view_of("PUT")) ||
           awsb_view_same(method, awsb_view_of("PATCH"));
}

static bool plan_method(struct awsb_transfer *transfer, const struct awsb_http_request *request,
                        struct awsb_buf *texts, struct awsb_exchange_plan *plan)
{
    if (!awsb_is_token(request->method))
        return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL,
                                  "the method must be an HTTP method such as GET");
    plan->terms.expects_no_body = awsb_view_same(request->method, awsb_view_of("HEAD"));
    if (plan->terms.expects_no_body && request->body.size > 0)
        return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL, "HEAD takes no body");
    plan->method = keep_text(texts, request->method);
    plan->terms.sends_length = request->body.size > 0 || wants_length(request->method);
    awsb_buf_add(&transfer->body, request->body);
    plan->body = awsb_buf_view(&transfer->body);
    return transfer->body.err == AWSB_OK || awsb_transfer_fail_set_up(transfer);
}

bool awsb_transfer_plan(struct awsb_transfer *transfer, const struct awsb_http_request *request,
                        struct awsb_buf *texts, struct awsb_exchange_plan *plan)
{
    if (!reserve_texts(texts, request))
        return awsb_transfer_fail_set_up(transfer);
    plan->headers = &transfer->headers;
    plan->connect_timeout_ms = request->connect_timeout_ms;
    plan->terms.max_response_bytes = request->max_response_bytes;
    plan->terms.keeps_alive = request->tcp_keepalive;
    return plan_target(transfer, request->url, texts, plan) &&
           check_content_length(transfer, request->body.size) &&
           plan_proxy(transfer, &request->proxy, texts, plan) &&
           plan_tls(transfer, request, texts, plan) &&
           plan_method(transfer, request, texts, plan);
}
