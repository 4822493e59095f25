#include "http_easy.h"

#include <string.h>

#include <fcntl.h>

#include "mem.h"
#include "text.h"

/* An exchange: the plan as options of an easy handle. */

#define CONNECT_MARGIN_MS 500 /* libcurl's limit strikes after ours, which has the better message */
#define IDLE_LIMIT_S 60L /* firewalls drop an idle connection silently: better not to reuse it */
#define FIRST_LINE_CAPACITY 16
#define PROBE_INTERVAL_S 60L /* well below the 350 s after which load balancers of AWS do so */

/* A count short of what there is ends the exchange. */

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct awsb_exchange *exchange = context;
    struct awsb_view line = awsb_view(data, size * count);

    return awsb_answer_take_line(exchange->answer, line) ? line.size : 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct awsb_exchange *exchange = context;
    struct awsb_view part = awsb_view(data, size * count);

    return awsb_answer_take_body(exchange->answer, part) ? part.size : 0;
}

/* Programs that the host starts must not inherit a connection; a failure here would be no reason to
 * give up the request. Where an idle connection turned out to be dead, libcurl goes on with a new
 * one, but of two sentences it keeps the first: no sentence is better than that. */
static int on_new_socket(void *context, curl_socket_t socket, curlsocktype purpose)
{
    struct awsb_exchange *exchange = context;

    (void)purpose;
    exchange->said[0] = '\0';
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
           curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, exchange) == CURLE_OK;
}

/* Header lines. libcurl takes them in a list of its own kind and reads that in place. */

void awsb_exchange_add_header(struct awsb_buf *headers, struct awsb_view name,
                              struct awsb_view value)
{
    const char *between = value.size > 0 ? ": " : ";"; /* the latter sends an empty value */
    size_t gap = strlen(between);
    char *line = awsb_buf_extend(headers, name.size + gap + value.size + 1);

    if (line == NULL)
        return;
    memcpy(line, name.data, name.size);
    memcpy(line + name.size, between, gap);
    memcpy(line + name.size + gap, value.data, value.size);
    line[name.size + gap + value.size] = '\0';
}

/* "name:" keeps libcurl from sending a header of its own. */
static const struct own_line {
    struct awsb_view name;
    struct awsb_view line; /* with the NUL */
} own_lines[] = {
    {{"expect", 6}, {"Expect:", sizeof "Expect:"}},
    {{"accept", 6}, {"Accept:", sizeof "Accept:"}},
    {{"content-type", 12}, {"Content-Type:", sizeof "Content-Type:"}},
};

#define OWN_LINES (sizeof own_lines / sizeof own_lines[0])
#define OWN_LINE_BYTES 32 /* at least what all of them take */

static void note_given(struct awsb_view line, bool given[OWN_LINES])
{
    size_t i;

    for (i = 0; i < OWN_LINES; i++) {
        struct awsb_view name = own_lines[i].name;

        if (line.size > name.size && (line.data[name.size] == ':' || line.data[name.size] == ';') &&
            awsb_same_ignoring_case(awsb_view(line.data, name.size), name))
            given[i] = true;
    }
}

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
    bool given[OWN_LINES] = {false}, good = true;
    size_t position = 0, count = 0, i;

    awsb_buf_reserve(headers, OWN_LINE_BYTES); /* the lines stay where they are from now on */
    if (headers->err != AWSB_OK)
        return false;
    while (good && position < headers->size) {
        char *line = headers->data + position;
        struct awsb_view bytes = awsb_view_of(line);

        note_given(bytes, given);
        good = list_line(exchange, count++, line);
        position += bytes.size + 1;
    }
    for (i = 0; good && i < OWN_LINES; i++) {
        if (given[i])
            continue;
        awsb_buf_add(headers, own_lines[i].line);
        good = list_line(exchange, count++, headers->data + headers->size - own_lines[i].line.size);
    }
    for (i = 0; good && i < count; i++)
        exchange->lines[i].next = i + 1 < count ? &exchange->lines[i + 1] : NULL;
    return good &&
           curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->lines) == CURLE_OK;
}

/* Terms. */

/* Both set in every case: without a value libcurl would look into the environment. */
static bool set_proxy(struct awsb_exchange *exchange, const struct awsb_exchange_terms *terms)
{
    return set_text(exchange, CURLOPT_PROXY, terms->proxy) &&
           set_text(exchange, CURLOPT_NOPROXY, "");
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

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool awsb_easy_has_terms(const struct awsb_exchange *exchange,
                         const struct awsb_exchange_terms *terms)
{
    const struct awsb_exchange_terms *a = &exchange->terms, *b = terms;

    return a->max_response_bytes == b->max_response_bytes && a->keeps_alive == b->keeps_alive &&
           a->verifies_tls == b->verifies_tls && a->sends_length == b->sends_length &&
           a->expects_no_body == b->expects_no_body && same_text(a->proxy, b->proxy) &&
           same_text(a->ca_file, b->ca_file) && same_text(a->ca_directory, b->ca_directory);
}

static size_t text_size(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

/* The room is reserved, so that nothing moves. */
static const char *copy_text(struct awsb_buf *texts, const char *text)
{
    size_t start = texts->size;

    if (text == NULL)
        return NULL;
    awsb_buf_add(texts, awsb_view(text, text_size(text)));
    return texts->data + start;
}

static bool copy_terms(struct awsb_exchange *exchange, const struct awsb_exchange_terms *terms)
{
    struct awsb_buf *texts = &exchange->texts;

    awsb_buf_reserve(texts, text_size(terms->proxy) + text_size(terms->ca_file) +
                                text_size(terms->ca_directory));
    if (texts->err != AWSB_OK)
        return false;
    exchange->terms = *terms;
    exchange->terms.proxy = copy_text(texts, terms->proxy);
    exchange->terms.ca_file = copy_text(texts, terms->ca_file);
    exchange->terms.ca_directory = copy_text(texts, terms->ca_directory);
    return true;
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

void awsb_easy_free(struct awsb_exchange *exchange)
{
    curl_easy_cleanup(exchange->easy);
    awsb_exchange_abandon(exchange);
}

struct awsb_exchange *awsb_easy_new(struct awsb_pool *pool,
                                    const struct awsb_exchange_terms *terms)
{
    struct awsb_exchange *exchange = awsb_realloc(NULL, sizeof *exchange);

    if (exchange == NULL)
        return NULL;
    memset(exchange, 0, sizeof *exchange);
    exchange->pool = pool;
    awsb_buf_init_wiping(&exchange->texts, SIZE_MAX / 2); /* a proxy may have a password */
    exchange->easy = curl_easy_init();
    if (exchange->easy != NULL && copy_terms(exchange, terms) && set_fixed_options(exchange) &&
        set_callbacks(exchange) && set_proxy(exchange, terms) && set_keepalive(exchange, terms) &&
        set_tls(exchange, terms) && set_answer_kind(exchange, terms))
        return exchange;
    awsb_easy_free(exchange);
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

bool awsb_easy_set_request(struct awsb_exchange *exchange, const struct awsb_exchange_plan *plan)
{
    long connect_ms =
        plan->connect_timeout_ms > 0 ? (long)plan->connect_timeout_ms + CONNECT_MARGIN_MS : 0;

    return set_text(exchange, CURLOPT_URL, plan->url) && set_headers(exchange, plan->headers) &&
           set_number(exchange, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) &&
           (!plan->terms.sends_length || set_body(exchange, plan->body)) &&
           (plan->terms.expects_no_body ||
            set_text(exchange, CURLOPT_CUSTOMREQUEST, plan->method));
}

bool awsb_easy_unset_request(struct awsb_exchange *exchange)
{
    exchange->answer = NULL;
    exchange->ended_well = false;
    return curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, NULL) == CURLE_OK &&
           (!exchange->terms.sends_length || set_text(exchange, CURLOPT_POSTFIELDS, NULL));
}
