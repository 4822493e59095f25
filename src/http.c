#define _POSIX_C_SOURCE 200809L

#include "http_exchange.h"

#include <string.h>

#include <curl/curl.h>
#include <fcntl.h>
#include <unistd.h>

#include "clock.h"
#include "http_lines.h"
#include "mem.h"
#include "sockets.h"
#include "text.h"

/*
 * http_exchange.h over libcurl, which no other file includes: a pool is a multi handle, an exchange
 * an easy handle. libcurl's callbacks note what they are told and call nothing.
 */

#define OLDEST_LIBCURL 0x074400 /* 7.68.0 */
#define CONNECT_MARGIN_MS 500 /* libcurl's limit strikes after ours, which has the better message */
#define IDLE_LIMIT_S 60L /* firewalls drop an idle connection silently: better not to reuse it */
#define FIRST_LINE_CAPACITY 16
#define PROBE_INTERVAL_S 60L /* well below the 350 s after which load balancers of AWS do so */

struct awsb_pool {
    CURLM *multi;
    struct awsb_waits *waits;
    struct awsb_sockets sockets; /* of all connections */
    struct awsb_exchange *idle; /* kept for the next of their terms, the last used first */
    size_t idle_count;
    size_t most_idle;
    bool out_of_memory; /* noticed in a callback */
};

/* The easy handle stays set up for its terms; what differs is set for each exchange. */
struct awsb_exchange {
    CURL *easy;
    struct awsb_pool *pool;
    struct awsb_exchange *next; /* if it is idle */
    struct awsb_exchange_terms terms;
    struct awsb_buf texts;    /* of the terms */
    struct curl_slist *lines; /* an array: the header lines of the request, in place */
    size_t line_capacity;
    struct awsb_receiver *receiver; /* NULL if it is idle */
    bool ended_well;
    char said[CURL_ERROR_SIZE];
};

bool awsb_http_global_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK &&
           curl_version_info(CURLVERSION_NOW)->version_num >= OLDEST_LIBCURL;
}

const char *awsb_http_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

const char *awsb_http_ssl_version(void)
{
    const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;

    return version != NULL ? version : "none";
}

/* An exchange: the plan as options of an easy handle. */

/* The answer, of which something comes. */
static struct awsb_answer *stirred(const struct awsb_exchange *exchange)
{
    exchange->receiver->stir_ms = *exchange->receiver->now_ms;
    return &exchange->receiver->answer;
}

/* A count short of what there is ends the exchange. */

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct awsb_exchange *exchange = context;
    struct awsb_view line = awsb_view(data, size * count);

    return awsb_answer_take_line(stirred(exchange), line) ? line.size : 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct awsb_exchange *exchange = context;
    struct awsb_view part = awsb_view(data, size * count);

    return awsb_answer_take_body(stirred(exchange), part) ? part.size : 0;
}

/* Programs that the host starts must not inherit a connection; a failure there would be no reason to
 * give up the request. Where an idle connection turned out to be dead, libcurl goes on with a new
 * one, but of two sentences it keeps the first: no sentence is better than that. */
static int on_new_socket(void *context, curl_socket_t socket, curlsocktype purpose)
{
    struct awsb_exchange *exchange = context;

    (void)purpose;
    exchange->said[0] = '\0';
    (void)fcntl(socket, F_SETFD, FD_CLOEXEC);
    if (awsb_sockets_add(&exchange->pool->sockets, socket))
        return CURL_SOCKOPT_OK;
    exchange->pool->out_of_memory = true;
    return CURL_SOCKOPT_ERROR;
}

/* Connections outlive the exchanges that open them, so this one knows the pool alone. */
static int on_close(void *context, curl_socket_t socket)
{
    struct awsb_pool *pool = context;

    awsb_sockets_remove(&pool->sockets, socket);
    return close(socket);
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
#if LIBCURL_VERSION_NUM < 0x075500
    {CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS},
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    {CURLOPT_QUICK_EXIT, 1}, /* a name lookup that hangs must not hang whoever gave up on it */
#endif
};

static bool set_number(struct awsb_exchange *exchange, CURLoption option, long value)
{
    return curl_easy_setopt(exchange->easy, option, value) == CURLE_OK;
}

static bool set_size(struct awsb_exchange *exchange, CURLoption option, size_t size)
{
    return curl_easy_setopt(exchange->easy, option, (curl_off_t)size) == CURLE_OK;
}

/* libcurl copies texts, but for CURLOPT_POSTFIELDS. */
static bool set_text(struct awsb_exchange *exchange, CURLoption option, const char *text)
{
    return curl_easy_setopt(exchange->easy, option, text) == CURLE_OK;
}

static bool set_fixed_options(struct awsb_exchange *exchange)
{
    size_t i;

    for (i = 0; i < sizeof fixed_options / sizeof fixed_options[0]; i++)
        if (!set_number(exchange, fixed_options[i].option, fixed_options[i].value))
            return false;
#if LIBCURL_VERSION_NUM >= 0x075500
    return set_text(exchange, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return true;
#endif
}

static bool set_callbacks(struct awsb_exchange *exchange)
{
    CURL *easy = exchange->easy;

    return curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->said) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_new_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, exchange->pool) == CURLE_OK;
}

/* Header lines. libcurl takes them in a list of its own kind and reads that in place. */

static bool list_line(struct awsb_exchange *exchange, size_t count, char *line)
{
    if (count == exchange->line_capacity) {
        size_t capacity = count > 0 ? count * 2 : FIRST_LINE_CAPACITY;
        struct curl_slist *lines = awsb_realloc(exchange->lines, capacity * sizeof *lines);

        if (lines == NULL)
            return false;
        exchange->lines = lines;
        exchange->line_capacity = capacity;
    }
    exchange->lines[count].data = line;
    return true;
}

static bool set_headers(struct awsb_exchange *exchange, struct awsb_buf *headers)
{
    size_t position = 0, count = 0, i;
    char *line;

    if (!awsb_lines_complete(headers)) /* from now on they stay where they are */
        return false;
    while ((line = awsb_lines_next(headers, &position)) != NULL)
        if (!list_line(exchange, count++, line))
            return false;
    for (i = 0; i < count; i++)
        exchange->lines[i].next = i + 1 < count ? &exchange->lines[i + 1] : NULL;
    return curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->lines) == CURLE_OK;
}

/* Terms. */

/* User and password apart from the host: of a URL with some that it can't decode libcurl drops all,
 * and goes without a proxy. Of its options for them only this one is decoded by every version, and
 * once. */
static bool set_proxy_parts(struct awsb_exchange *exchange,
                            const struct awsb_exchange_terms *terms)
{
    return set_number(exchange, CURLOPT_PROXYPORT, (long)terms->proxy_port) &&
           set_number(exchange, CURLOPT_PROXYTYPE,
                      terms->proxy_has_tls ? (long)CURLPROXY_HTTPS : (long)CURLPROXY_HTTP) &&
           set_text(exchange, CURLOPT_PROXYUSERPWD, terms->proxy_user_info);
}

/* The first two in every case: without a value libcurl would look into the environment. */
static bool set_proxy(struct awsb_exchange *exchange, const struct awsb_exchange_terms *terms)
{
    return set_text(exchange, CURLOPT_PROXY, terms->proxy) &&
           set_text(exchange, CURLOPT_NOPROXY, "") &&
           (terms->proxy[0] == '\0' || set_proxy_parts(exchange, terms));
}

static bool set_keepalive(struct awsb_exchange *exchange, const struct awsb_exchange_terms *terms)
{
    return !terms->keeps_alive || (set_number(exchange, CURLOPT_TCP_KEEPALIVE, 1) &&
                                  set_number(exchange, CURLOPT_TCP_KEEPIDLE, PROBE_INTERVAL_S) &&
                                  set_number(exchange, CURLOPT_TCP_KEEPINTVL, PROBE_INTERVAL_S));
}

/* Sets one of file and directory and unsets the other, or the system's would be trusted as well. */
static bool set_trust(struct awsb_exchange *exchange, const struct awsb_exchange_terms *terms)
{
    if (terms->ca_file == NULL && terms->ca_directory == NULL)
        return true;
    return set_text(exchange, CURLOPT_CAINFO, terms->ca_file) &&
           set_text(exchange, CURLOPT_CAPATH, terms->ca_directory) &&
           set_text(exchange, CURLOPT_PROXY_CAINFO, terms->ca_file) &&
           set_text(exchange, CURLOPT_PROXY_CAPATH, terms->ca_directory);
}

static bool set_tls(struct awsb_exchange *exchange, const struct awsb_exchange_terms *terms)
{
    return set_number(exchange, CURLOPT_SSL_VERIFYPEER, terms->verifies_tls) &&
           set_number(exchange, CURLOPT_SSL_VERIFYHOST, terms->verifies_tls ? 2 : 0) &&
           set_trust(exchange, terms);
}

static bool set_answer_kind(struct awsb_exchange *exchange,
                            const struct awsb_exchange_terms *terms)
{
    if (terms->expects_no_body)
        return set_number(exchange, CURLOPT_NOBODY, 1);
    return set_size(exchange, CURLOPT_MAXFILESIZE_LARGE, terms->max_response_bytes) &&
           (!terms->sends_length || set_number(exchange, CURLOPT_POST, 1));
}

/* Handles. */

static void destroy(struct awsb_exchange *exchange)
{
    curl_easy_cleanup(exchange->easy);
    awsb_exchange_abandon(exchange);
}

static struct awsb_exchange *new_handle(struct awsb_pool *pool,
                                    const struct awsb_exchange_terms *terms)
{
    struct awsb_exchange *exchange = awsb_realloc(NULL, sizeof *exchange);

    if (exchange == NULL)
        return NULL;
    memset(exchange, 0, sizeof *exchange);
    exchange->pool = pool;
    awsb_buf_init_wiping(&exchange->texts, SIZE_MAX / 2); /* a proxy may have a password */
    exchange->easy = curl_easy_init();
    if (exchange->easy != NULL && awsb_terms_copy(&exchange->terms, &exchange->texts, terms) && set_fixed_options(exchange) &&
        set_callbacks(exchange) && set_proxy(exchange, terms) && set_keepalive(exchange, terms) &&
        set_tls(exchange, terms) && set_answer_kind(exchange, terms))
        return exchange;
    destroy(exchange);
    return NULL;
}

void awsb_exchange_abandon(struct awsb_exchange *exchange)
{
    if (exchange == NULL)
        return;
    awsb_buf_clear(&exchange->texts);
    awsb_free(exchange->lines);
    awsb_free(exchange);
}

static bool set_body(struct awsb_exchange *exchange, struct awsb_view body)
{
    return set_size(exchange, CURLOPT_POSTFIELDSIZE_LARGE, body.size) &&
           set_text(exchange, CURLOPT_POSTFIELDS, body.data);
}

static bool set_request(struct awsb_exchange *exchange, const struct awsb_exchange_plan *plan)
{
    long connect_ms =
        plan->connect_timeout_ms > 0 ? (long)plan->connect_timeout_ms + CONNECT_MARGIN_MS : 0;

    return set_text(exchange, CURLOPT_URL, plan->url) && set_headers(exchange, plan->headers) &&
           set_number(exchange, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) &&
           (!plan->terms.sends_length || set_body(exchange, plan->body)) &&
           (plan->terms.expects_no_body ||
            set_text(exchange, CURLOPT_CUSTOMREQUEST, plan->method));
}

static bool unset_request(struct awsb_exchange *exchange)
{
    exchange->receiver = NULL;
    exchange->ended_well = false;
    return curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, NULL) == CURLE_OK &&
           (!exchange->terms.sends_length || set_text(exchange, CURLOPT_POSTFIELDS, NULL));
}

/* Exchanges: those that ended well are kept for the next ones on the same terms. */

static struct awsb_exchange *take_idle(struct awsb_pool *pool,
                                       const struct awsb_exchange_terms *terms)
{
    struct awsb_exchange **place = &pool->idle;
    struct awsb_exchange *exchange;

    while (*place != NULL && !awsb_terms_same(&(*place)->terms, terms))
        place = &(*place)->next;
    exchange = *place;
    if (exchange == NULL)
        return NULL;
    *place = exchange->next;
    pool->idle_count--;
    return exchange;
}

static void destroy_last_idle(struct awsb_pool *pool)
{
    struct awsb_exchange **place = &pool->idle;

    while ((*place)->next != NULL)
        place = &(*place)->next;
    destroy(*place);
    *place = NULL;
    pool->idle_count--;
}

static void keep(struct awsb_exchange *exchange)
{
    struct awsb_pool *pool = exchange->pool;

    exchange->next = pool->idle;
    pool->idle = exchange;
    pool->idle_count++;
    if (pool->idle_count > pool->most_idle)
        destroy_last_idle(pool);
}

struct awsb_exchange *awsb_exchange_new(struct awsb_pool *pool,
                                        const struct awsb_exchange_plan *plan,
                                        struct awsb_receiver *receiver)
{
    struct awsb_exchange *exchange = take_idle(pool, &plan->terms);

    if (exchange == NULL)
        exchange = new_handle(pool, &plan->terms);
    if (exchange == NULL)
        return NULL;
    exchange->receiver = receiver;
    exchange->said[0] = '\0';
    if (set_request(exchange, plan))
        return exchange;
    destroy(exchange);
    return NULL;
}

void awsb_exchange_release(struct awsb_exchange *exchange)
{
    if (exchange == NULL)
        return;
    if (exchange->ended_well && unset_request(exchange))
        keep(exchange);
    else
        destroy(exchange);
}

bool awsb_exchange_is_connected(const struct awsb_exchange *exchange)
{
    curl_off_t microseconds = 0;

    return curl_easy_getinfo(exchange->easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds) ==
               CURLE_OK &&
           microseconds > 0;
}

/* The end of an exchange: a CURLcode in the words of http.h. */

static const struct {
    CURLcode code;
    enum awsb_http_kind kind;
} kinds[] = {
    {CURLE_OK, AWSB_HTTP_OK},
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

/* A connection cut during the handshake is a TLS error to libcurl; only its sentence tells the two
 * apart, and a cut is worth another attempt where a bad certificate is not. */
static bool was_cut_in_handshake(const char *said)
{
    return strstr(said, "SSL_ERROR_SYSCALL") != NULL ||
           strstr(said, "SSL_ERROR_ZERO_RETURN") != NULL ||
           strstr(said, "Connection reset") != NULL || strstr(said, "unexpected eof") != NULL;
}

/* What it can't make sense of between two chunks is a failure to receive to libcurl; the connection
 * is as good as before. */
static bool had_bad_chunk(const char *said)
{
    return strstr(said, "chunk") != NULL;
}

/* Up to 8.5 libcurl calls a header line beyond its own bound (100 KiB) a lack of memory. */
static bool had_long_header(const struct awsb_exchange *exchange)
{
    return awsb_exchange_is_connected(exchange) &&
           exchange->receiver->answer.stage <= AWSB_ANSWER_HEADERS;
}

static enum awsb_http_kind kind_of(const struct awsb_exchange *exchange, CURLcode code)
{
    size_t i;

    if (code == CURLE_SSL_CONNECT_ERROR && was_cut_in_handshake(exchange->said))
        return AWSB_HTTP_RESET;
    if (code == CURLE_RECV_ERROR && had_bad_chunk(exchange->said))
        return AWSB_HTTP_PROTOCOL;
    if (code == CURLE_OUT_OF_MEMORY && had_long_header(exchange))
        return AWSB_HTTP_TOO_LARGE;
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].code == code)
            return kinds[i].kind;
    return AWSB_HTTP_PROTOCOL;
}

static void describe_end(struct awsb_exchange *exchange, CURLcode code, struct awsb_end *end)
{
    long os_error = 0;

    exchange->said[strcspn(exchange->said, "\r\n")] = '\0'; /* older ones end some with a newline */
    exchange->ended_well = code == CURLE_OK;
    end->exchange = exchange;
    end->receiver = exchange->receiver;
    end->kind = kind_of(exchange, code);
    end->said = exchange->said;
    end->meaning = curl_easy_strerror(code);
    end->code = (int)code;
    end->connect_status = 0;
    end->wants_trust = code != CURLE_SSL_CONNECT_ERROR;
    curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &end->connect_status);
    curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &os_error);
    end->os_error = (int)os_error;
}

/* The pool. */

/* NULL for a handle of libcurl's own. */
static struct awsb_exchange *exchange_of(CURL *easy)
{
    char *exchange = NULL; /* so typed by libcurl */

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
    return (void *)exchange;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *unused)
{
    struct awsb_pool *pool = context;
    struct awsb_exchange *exchange = exchange_of(easy);
    int events = 0;

    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        awsb_watches_remove(&pool->waits->watches, socket);
        awsb_sockets_rest(&pool->sockets, socket);
        return 0;
    }
    awsb_sockets_use(&pool->sockets, socket);
    if (what & CURL_POLL_IN)
        events |= POLLIN;
    if (what & CURL_POLL_OUT)
        events |= POLLOUT;
    if (!awsb_watches_set(&pool->waits->watches, socket, (short)events,
                          exchange != NULL ? exchange->receiver : NULL))
        pool->out_of_memory = true;
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct awsb_pool *pool = context;

    (void)multi;
    pool->waits->timer_ms = timeout_ms < 0 ? -1 : awsb_monotonic_ms() + timeout_ms;
    return 0;
}

static bool set_up_multi(struct awsb_pool *pool, size_t max_connections)
{
    CURLM *multi = curl_multi_init();

    pool->multi = multi;
    return multi != NULL &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)max_connections) == CURLM_OK;
}

struct awsb_pool *awsb_pool_new(size_t max_connections, struct awsb_waits *waits)
{
    struct awsb_pool *pool = awsb_realloc(NULL, sizeof *pool);

    if (pool == NULL)
        return NULL;
    memset(pool, 0, sizeof *pool);
    pool->waits = waits;
    pool->most_idle = max_connections;
    waits->timer_ms = -1;
    if (!set_up_multi(pool, max_connections)) {
        awsb_pool_free(pool);
        return NULL;
    }
    return pool;
}

void awsb_pool_free(struct awsb_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->idle != NULL)
        destroy_last_idle(pool);
    curl_multi_cleanup(pool->multi);
    awsb_sockets_clear(&pool->sockets);
    awsb_free(pool);
}

void awsb_pool_abandon(struct awsb_pool *pool)
{
    struct awsb_exchange *exchange, *next;

    if (pool == NULL)
        return;
    for (exchange = pool->idle; exchange != NULL; exchange = next) {
        next = exchange->next;
        awsb_exchange_abandon(exchange);
    }
    awsb_sockets_clear(&pool->sockets);
    awsb_free(pool);
}

void awsb_pool_check_idle(struct awsb_pool *pool)
{
    awsb_sockets_shut_stirred(&pool->sockets);
}

bool awsb_pool_add(struct awsb_pool *pool, struct awsb_exchange *exchange)
{
    return curl_multi_add_handle(pool->multi, exchange->easy) == CURLM_OK;
}

void awsb_pool_remove(struct awsb_pool *pool, struct awsb_exchange *exchange)
{
    curl_multi_remove_handle(pool->multi, exchange->easy);
    awsb_watches_forget(&pool->waits->watches, exchange->receiver); /* sockets may stay a while */
}

static int select_mask(short events)
{
    int mask = 0;

    if (events & POLLIN)
        mask |= CURL_CSELECT_IN;
    if (events & POLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (events & (POLLERR | POLLHUP | POLLNVAL))
        mask |= CURL_CSELECT_ERR;
    return mask;
}

/* libcurl does not tell the same time twice, even if it was called a moment too early. */
static void ask_for_timer(struct awsb_pool *pool)
{
    long timeout_ms = -1;

    if (curl_multi_timeout(pool->multi, &timeout_ms) == CURLM_OK && timeout_ms >= 0)
        pool->waits->timer_ms = awsb_monotonic_ms() + timeout_ms + 1;
}

static CURLMcode work(struct awsb_pool *pool)
{
    struct awsb_waits *waits = pool->waits;
    CURLMcode code = CURLM_OK;
    int running;
    size_t i;

    for (i = 0; i < waits->watches.ready_count && code == CURLM_OK; i++)
        code = curl_multi_socket_action(pool->multi, waits->watches.ready[i].descriptor,
                                        select_mask(waits->watches.ready[i].events), &running);
    if (code == CURLM_OK && waits->timer_ms >= 0 && waits->timer_ms <= awsb_monotonic_ms()) {
        waits->timer_ms = -1; /* libcurl sets it again if it needs to */
        code = curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        if (waits->timer_ms == -1)
            ask_for_timer(pool);
    }
    return code;
}

enum awsb_http_kind awsb_pool_work(struct awsb_pool *pool, const char **message)
{
    CURLMcode code = work(pool);
    bool out_of_memory = pool->out_of_memory || code == CURLM_OUT_OF_MEMORY;

    pool->out_of_memory = false;
    *message = out_of_memory ? "not enough memory" : curl_multi_strerror(code);
    if (out_of_memory)
        return AWSB_HTTP_MEMORY;
    return code == CURLM_OK ? AWSB_HTTP_OK : AWSB_HTTP_PROTOCOL;
}

bool awsb_pool_next_end(struct awsb_pool *pool, struct awsb_end *end)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
        struct awsb_exchange *exchange = exchange_of(message->easy_handle);

        if (message->msg == CURLMSG_DONE && exchange != NULL) {
            describe_end(exchange, message->data.result, end);
            return true;
        }
    }
    return false;
}
