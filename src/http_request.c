#define _POSIX_C_SOURCE 200809L

#include "http_engine.h"

#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include "text.h"
#include "uri.h"

/* A request, checked and laid out for what carries it out. */

#define USUAL_HEADER_BYTES 1024
#define TEXT_COUNT 5 /* of a plan, each with a NUL behind it */
#define MAX_PORT 65535

/* Of the request that the message is part of; `about`: the name of a header that is at fault. */
static bool fail_message(struct awsb_transfer *transfer, struct awsb_view about)
{
    enum awsb_message_fault fault = transfer->message.fault;
    enum awsb_http_kind kind = AWSB_HTTP_PROTOCOL;

    if (fault == AWSB_MESSAGE_FOUND_NO_MEMORY)
        return awsb_transfer_fail_set_up(transfer);
    if (fault == AWSB_MESSAGE_HAS_BAD_URL || fault == AWSB_MESSAGE_HAS_USER_IN_URL ||
        fault == AWSB_MESSAGE_HAS_NO_HOST_IN_URL)
        kind = AWSB_HTTP_URL;
    return awsb_transfer_fail(transfer, kind, awsb_message_fault_name(fault), about);
}

bool awsb_transfer_add_header(struct awsb_transfer *transfer, struct awsb_view name,
                              struct awsb_view value)
{
    if (transfer->headers.size == 0)
        awsb_buf_reserve(&transfer->headers, USUAL_HEADER_BYTES); /* a secret is dear to move */
    return awsb_message_add_header(&transfer->message, name, value) ||
           fail_message(transfer, name);
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

static bool plan_target(struct awsb_transfer *transfer, struct awsb_view url,
                        struct awsb_buf *texts, struct awsb_exchange_plan *plan)
{
    struct awsb_view origin;

    if (!awsb_message_check_url(&transfer->message, url, &origin))
        return fail_message(transfer, awsb_view("", 0));
    plan->url = keep_text(texts, url);
    transfer->tunnels = awsb_is_https(url);
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
        return awsb_transfer_fail(transfer, AWSB_HTTP_PROXY, "proxy_parts", awsb_view("", 0));
    plan->terms.proxy = keep_proxy(texts, proxy);
    plan->terms.proxy_user_info = keep_user_info(texts, proxy);
    plan->terms.proxy_port = proxy->port;
    plan->terms.proxy_has_tls = proxy->has_tls;
    transfer->has_proxy = true;
    return true;
}

/* TLS. */

static bool plan_ca_bundle(struct awsb_transfer *transfer, struct awsb_view bundle,
                           struct awsb_buf *texts, struct awsb_exchange_plan *plan)
{
    const char *path = keep_text(texts, bundle);
    struct stat about;

    if (awsb_has_control(bundle))
        return awsb_transfer_fail(transfer, AWSB_HTTP_TLS, "ca_control", awsb_view("", 0));
    if (stat(path, &about) == -1 || access(path, R_OK) == -1)
        return awsb_transfer_fail(transfer, AWSB_HTTP_TLS, "ca_unreadable", bundle);
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

static bool plan_body(struct awsb_transfer *transfer, const struct awsb_http_request *request,
                      struct awsb_buf *texts, struct awsb_exchange_plan *plan)
{
    if (!awsb_message_check_body(&transfer->message, request->method, request->body.size))
        return fail_message(transfer, awsb_view_of("content-length"));
    plan->method = keep_text(texts, request->method);
    plan->terms.expects_no_body = transfer->receiver.answer.bounds.expects_no_body;
    plan->terms.sends_length = awsb_message_tells_length(request->method, request->body.size);
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
           plan_proxy(transfer, &request->proxy, texts, plan) &&
           plan_tls(transfer, request, texts, plan) &&
           plan_body(transfer, request, texts, plan);
}
