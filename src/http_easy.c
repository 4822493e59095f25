#define _POSIX_C_SOURCE 200809L

#include "http_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"
#include "text.h"

#define CONNECT_MARGIN_MS 500 /* libcurl's own limit strikes after ours, which has the better message */
#define IDLE_LIMIT_S 60L /* firewalls drop an idle connection silently: better not to reuse it */

/* Callbacks: copy bytes, count, return. A short count stops the transfer; the reason waits in
 * it. */

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct awsb_transfer *transfer = context;

    transfer->stirred = true;
    transfer->head_err = awsb_head_add_line(&transfer->head, awsb_view(data, size * count));
    return transfer->head_err == AWSB_OK ? size * count : 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct awsb_transfer *transfer = context;

    transfer->stirred = true;
    awsb_buf_add(&transfer->answer, awsb_view(data, size * count));
    transfer->answer_err = transfer->answer.err;
    return transfer->answer_err == AWSB_OK ? size * count : 0;
}

/* Programs that the host starts must not inherit a connection; a failure here would be no reason to
 * give up the request. */
static int on_new_socket(void *unused, curl_socket_t socket, curlsocktype purpose)
{
    (void)unused;
    (void)purpose;
    (void)fcntl(socket, F_SETFD, FD_CLOEXEC);
    return CURL_SOCKOPT_OK;
}

/* What is the same for every request. libcurl's defaults are repeated where much hangs on them. */
static const struct {
    CURLoption option;
    long value;
} fixed_options[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_PATH_AS_IS, 1},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_HTTP_CONTENT_DECODING, 0},
    {CURLOPT_TCP_NODELAY, 1},
    {CURLOPT_MAXAGE_CONN, IDLE_LIMIT_S},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE}, /* the signature is none of the proxy's business */
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
#if LIBCURL_VERSION_NUM >= 0x075500
#else
    {CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS},
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    {CURLOPT_QUICK_EXIT, 1}, /* a name lookup that hangs must not hang whoever gave up on it */
#endif
};

static bool out_of_memory(struct awsb_transfer *transfer)
{
    return awsb_transfer_fail(transfer, AWSB_HTTP_MEMORY, "not enough memory for the request");
}

/* The text with a NUL behind it, as libcurl wants it, until the next call; NULL without memory. */
static const char *terminated(struct awsb_transfer *transfer, struct awsb_view text)
{
    struct awsb_buf *scratch = &transfer->scratch;

    awsb_buf_reset(scratch);
    awsb_buf_add(scratch, text);
    awsb_buf_add_byte(scratch, '\0');
    return scratch->err == AWSB_OK ? scratch->data : NULL;
}

static bool set_text(struct awsb_transfer *transfer, CURLoption option, struct awsb_view text)
{
    const char *copy = terminated(transfer, text);

    return copy != NULL && curl_easy_setopt(transfer->easy, option, copy) == CURLE_OK;
}

static bool set_number(struct awsb_transfer *transfer, CURLoption option, long value)
{
    return curl_easy_setopt(transfer->easy, option, value) == CURLE_OK;
}

static void keep_name(char out[AWSB_HTTP_NAME_SIZE], struct awsb_view name)
{
    size_t size = name.size < AWSB_HTTP_NAME_SIZE ? name.size : AWSB_HTTP_NAME_SIZE - 1;

    memcpy(out, name.data, size);
    out[size] = '\0';
}

static bool begins_with(struct awsb_view text, const char *prefix)
{
    size_t size = strlen(prefix);

    return text.size >= size &&
           awsb_same_ignoring_case(awsb_view(text.data, size), awsb_view(prefix, size));
}

/* Headers. */

static bool append_header(struct awsb_transfer *transfer, const char *line)
{
    struct curl_slist *longer = line != NULL ? curl_slist_append(transfer->headers, line) : NULL;

    if (longer == NULL)
        return out_of_memory(transfer); /* the list so far is still ours */
    transfer->headers = longer;
    return true;
}

/* "name: value"; "name;" is how libcurl is told to send an empty value. */
static const char *header_line(struct awsb_transfer *transfer, struct awsb_view name,
                               struct awsb_view value)
{
    struct awsb_buf *line = &transfer->scratch;

    awsb_buf_reset(line);
    awsb_buf_add(line, name);
    awsb_buf_add_text(line, value.size > 0 ? ": " : ";");
    awsb_buf_add(line, value);
    awsb_buf_add_byte(line, '\0');
    return line->err == AWSB_OK ? line->data : NULL;
}

bool awsb_transfer_add_header(struct awsb_transfer *transfer, struct awsb_view name,
                              struct awsb_view value)
{
    char shown[AWSB_HTTP_NAME_SIZE];

    if (!awsb_is_token(name))
        return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL,
                                  "a header name is empty or holds a byte that no name may hold");
    keep_name(shown, name);
    if (!awsb_is_one_line(value))
        return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL,
                                  "the value of header %s holds a CR, LF or NUL byte", shown);
    value = awsb_trim(value);
    if (awsb_same_ignoring_case(name, awsb_view_of("transfer-encoding")) ||
        awsb_same_ignoring_case(name, awsb_view_of("expect")))
        return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL,
                                  "header %s can't be given: the body is sent in one piece", shown);
    if (awsb_same_ignoring_case(name, awsb_view_of("content-length"))) {
        awsb_buf_reset(&transfer->content_length);
        awsb_buf_add(&transfer->content_length, value);
        return true; /* libcurl writes it; compared with the body in start */
    }
    if (awsb_same_ignoring_case(name, awsb_view_of("accept")))
        transfer->has_accept = true;
    if (awsb_same_ignoring_case(name, awsb_view_of("content-type")))
        transfer->has_content_type = true;
    return append_header(transfer, header_line(transfer, name, value));
}

/* A name without a value keeps libcurl from sending a header of its own. */
static bool suppress_headers(struct awsb_transfer *transfer)
{
    return append_header(transfer, "Expect:") &&
           (transfer->has_accept || append_header(transfer, "Accept:")) &&
           (transfer->has_content_type || append_header(transfer, "Content-Type:"));
}

static bool check_content_length(struct awsb_transfer *transfer, size_t body_size)
{
    char expected[32];

    snprintf(expected, sizeof expected, "%zu", body_size);
    if (transfer->content_length.size == 0 ||
        awsb_view_same(awsb_buf_view(&transfer->content_length), awsb_view_of(expected)))
        return true;
    return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL,
                              "header content-length does not agree with the body of %s bytes",
                              expected);
}

/* Target and proxy. */

/* One part of a parsed URL into `out`; false if it has none. */
static bool get_part(CURLU *parts, CURLUPart part, char out[AWSB_HTTP_NAME_SIZE])
{
    char *text = NULL;
    bool found = curl_url_get(parts, part, &text, 0) == CURLUE_OK && text != NULL;

    if (found)
        keep_name(out, awsb_view_of(text));
    curl_free(text);
    return found;
}

/* Stricter than libcurl, which forgives blanks and a third slash: what was signed is what is
 * sent. */
static bool check_url_bytes(struct awsb_view url)
{
    size_t scheme_size = begins_with(url, "http://") ? strlen("http://") : strlen("https://");
    size_t i;

    for (i = 0; i < url.size; i++) {
        unsigned char byte = (unsigned char)url.data[i];

        if (byte <= 0x20 || byte >= 0x7f || byte == '#')
            return false;
    }
    return (begins_with(url, "http://") || begins_with(url, "https://")) &&
           url.size > scheme_size && url.data[scheme_size] != '/';
}

static bool read_target(struct awsb_transfer *transfer, struct awsb_view url)
{
    CURLU *parts;
    char user[AWSB_HTTP_NAME_SIZE];
    const char *text;

    if (!check_url_bytes(url))
        return awsb_transfer_fail(transfer, AWSB_HTTP_URL,
                                  "a URL must begin with http:// or https://, be percent-encoded "
                                  "and have no fragment");
    parts = curl_url();
    text = terminated(transfer, url);
    if (parts == NULL || text == NULL)
        out_of_memory(transfer);
    else if (curl_url_set(parts, CURLUPART_URL, text, CURLU_PATH_AS_IS) != CURLUE_OK ||
             !get_part(parts, CURLUPART_HOST, transfer->host))
        awsb_transfer_fail(transfer, AWSB_HTTP_URL, "the URL names no host, or an impossible port");
    else if (get_part(parts, CURLUPART_USER, user) || get_part(parts, CURLUPART_PASSWORD, user))
        awsb_transfer_fail(transfer, AWSB_HTTP_URL, "a URL with user name or password is not taken");
    curl_url_cleanup(parts);
    return transfer->kind == AWSB_HTTP_RUNNING;
}

static bool is_proxy_scheme(const char *scheme)
{
    static const char *const known[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
    size_t i;

    for (i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], scheme) == 0)
            return true;
    return false;
}

/* The proxy may hold a password: no message shows it. Leaves it, with a scheme, in `scratch`. */
static bool read_proxy(struct awsb_transfer *transfer, struct awsb_view proxy)
{
    struct awsb_buf *text = &transfer->scratch;
    char scheme[AWSB_HTTP_NAME_SIZE];
    CURLU *parts = curl_url();
    bool good;

    awsb_buf_reset(text);
    awsb_buf_add(text, proxy);
    awsb_buf_add_byte(text, '\0');
    if (text->err == AWSB_OK && strstr(text->data, "://") == NULL) {
        awsb_buf_reset(text);
        awsb_buf_add_text(text, "http://");
        awsb_buf_add(text, proxy);
        awsb_buf_add_byte(text, '\0');
    }
    if (parts == NULL || text->err != AWSB_OK) {
        curl_url_cleanup(parts);
        return out_of_memory(transfer);
    }
    good = !awsb_has_control(proxy) &&
           curl_url_set(parts, CURLUPART_URL, text->data, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
           get_part(parts, CURLUPART_SCHEME, scheme) && is_proxy_scheme(scheme) &&
           get_part(parts, CURLUPART_HOST, transfer->proxy_host);
    curl_url_cleanup(parts);
    if (good)
        return true;
    return awsb_transfer_fail(transfer, AWSB_HTTP_PROXY,
                              "the proxy must be a URL such as http://host:3128 "
                              "(schemes http, https, socks4, socks4a, socks5, socks5h)");
}

/* Set in every case: without a value libcurl would look into the environment. */
static bool set_proxy(struct awsb_transfer *transfer, const struct awsb_http_request *request)
{
    CURL *easy = transfer->easy;

    if (request->proxy.size == 0)
        return (curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK) ||
               out_of_memory(transfer);
    if (!read_proxy(transfer, request->proxy))
        return false;
    if (curl_easy_setopt(easy, CURLOPT_PROXY, transfer->scratch.data) == CURLE_OK &&
        set_text(transfer, CURLOPT_NOPROXY, request->no_proxy))
        return true;
    return out_of_memory(transfer);
}

/* TLS. */

/* Exactly one of file and directory is set, so that the system's certificates do not count as
 * well. */
static bool set_ca_bundle(struct awsb_transfer *transfer, struct awsb_view bundle)
{
    const char *path;
    struct stat about;
    bool is_directory;

    keep_name(transfer->ca_bundle, bundle);
    path = terminated(transfer, bundle);
    if (path == NULL)
        return out_of_memory(transfer);
    if (stat(path, &about) == -1 || access(path, R_OK) == -1)
        return awsb_transfer_fail(transfer, AWSB_HTTP_TLS,
                                  "CA bundle %s can't be read; ca_bundle (AWS_CA_BUNDLE) must name "
                                  "a file or directory of PEM certificates", transfer->ca_bundle);
    is_directory = S_ISDIR(about.st_mode);
    if (curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, is_directory ? NULL : path) != CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_CAPATH, is_directory ? path : NULL) != CURLE_OK)
        return out_of_memory(transfer);
    return true;
}

static bool set_tls(struct awsb_transfer *transfer, const struct awsb_http_request *request)
{
    bool verify = !request->insecure;

    if (!set_number(transfer, CURLOPT_SSL_VERIFYPEER, verify) ||
        !set_number(transfer, CURLOPT_SSL_VERIFYHOST, verify ? 2 : 0))
        return out_of_memory(transfer);
    if (!verify || request->ca_bundle.size == 0 || !begins_with(request->url, "https://"))
        return true;
    return set_ca_bundle(transfer, request->ca_bundle);
}

/* Method and body. */

static bool wants_length(struct awsb_view method)
{
    return awsb_view_same(method, awsb_view_of("POST")) ||
           awsb_view_same(method, awsb_view_of("PUT")) ||
           awsb_view_same(method, awsb_view_of("PATCH"));
}

static bool set_body(struct awsb_transfer *transfer, struct awsb_view body)
{
    awsb_buf_add(&transfer->body, body);
    awsb_buf_add_byte(&transfer->body, '\0'); /* never an empty buffer */
    return transfer->body.err == AWSB_OK && set_number(transfer, CURLOPT_POST, 1) &&
           curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size) ==
               CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, transfer->body.data) == CURLE_OK;
}

static bool set_method(struct awsb_transfer *transfer, const struct awsb_http_request *request)
{
    bool done;

    if (!awsb_is_token(request->method))
        return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL,
                                  "the method must be an HTTP method such as GET");
    if (awsb_view_same(request->method, awsb_view_of("HEAD"))) {
        if (request->body.size > 0)
            return awsb_transfer_fail(transfer, AWSB_HTTP_PROTOCOL, "HEAD takes no body");
        return set_number(transfer, CURLOPT_NOBODY, 1) || out_of_memory(transfer);
    }
    done = curl_easy_setopt(transfer->easy, CURLOPT_MAXFILESIZE_LARGE,
                            (curl_off_t)request->max_response_bytes) == CURLE_OK;
    if (request->body.size > 0 || wants_length(request->method))
        done = done && set_body(transfer, request->body);
    return (done && set_text(transfer, CURLOPT_CUSTOMREQUEST, request->method)) ||
           out_of_memory(transfer);
}

static bool set_connect_timeout(struct awsb_transfer *transfer, int64_t ms)
{
    return ms == 0 || set_number(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long)ms + CONNECT_MARGIN_MS);
}

static bool set_fixed_options(struct awsb_transfer *transfer)
{
    CURL *easy = transfer->easy;
    size_t i;

    for (i = 0; i < sizeof fixed_options / sizeof fixed_options[0]; i++)
        if (!set_number(transfer, fixed_options[i].option, fixed_options[i].value))
            return out_of_memory(transfer);
#if LIBCURL_VERSION_NUM >= 0x075500
    if (curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK)
        return out_of_memory(transfer);
#endif
    if (curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_message) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_new_socket) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) != CURLE_OK)
        return out_of_memory(transfer);
    return true;
}

bool awsb_easy_prepare(struct awsb_transfer *transfer, const struct awsb_http_request *request)
{
    transfer->connect_timeout_ms = request->connect_timeout_ms;
    transfer->read_timeout_ms = request->read_timeout_ms;
    transfer->timeout_ms = request->timeout_ms;
    awsb_head_init(&transfer->head, request->max_header_bytes);
    awsb_buf_init(&transfer->answer, request->max_response_bytes);
    if (!read_target(transfer, request->url) ||
        !check_content_length(transfer, request->body.size) || !suppress_headers(transfer))
        return false;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !set_text(transfer, CURLOPT_URL, request->url) ||
        !set_connect_timeout(transfer, request->connect_timeout_ms))
        return out_of_memory(transfer);
    return set_fixed_options(transfer) && set_proxy(transfer, request) &&
           set_tls(transfer, request) && set_method(transfer, request);
}

bool awsb_easy_is_connected(struct awsb_transfer *transfer)
{
    curl_off_t microseconds = 0;

    return curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds) ==
               CURLE_OK &&
           microseconds > 0;
}

void awsb_easy_wipe_request(struct awsb_transfer *transfer)
{
    struct curl_slist *header;

    for (header = transfer->headers; header != NULL; header = header->next)
        awsb_wipe(header->data, strlen(header->data));
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    awsb_buf_clear(&transfer->body);
    awsb_buf_clear(&transfer->scratch);
}

void awsb_easy_release(struct awsb_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    awsb_easy_wipe_request(transfer);
}
