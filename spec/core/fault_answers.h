/* Part of fault_server.c: the ways to answer; `rest` is what follows the name in the path. */

#define DRIP_MS 20
#define LATE_MS 50

static void reply(struct connection *c, const char *body, size_t size)
{
    sendf(c, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
    if (strncmp(c->request, "HEAD ", 5) != 0)
        send_bytes(c, body, size);
}

static void echo(struct connection *c, const char *rest)
{
    (void)rest;
    reply(c, c->request, c->size);
}

static void count(struct connection *c, const char *rest)
{
    char body[64];

    (void)rest;
    snprintf(body, sizeof body, "%d %d", c->number, c->requests);
    reply(c, body, strlen(body));
}

/* Answers, then closes without having said so. */
static void count_and_close(struct connection *c, const char *rest)
{
    count(c, rest);
    c->done = true;
}

/* As StartBackupJob is answered, the job named by the request's own token. */
static void start_job(struct connection *c, const char *rest)
{
    static const char member[] = "\"IdempotencyToken\":\"";
    const char *token = strstr(c->request + c->head_size, member);
    size_t size;
    char body[256];

    (void)rest;
    token = token != NULL ? token + strlen(member) : "";
    size = strcspn(token, "\"");
    snprintf(body, sizeof body, "{\"BackupJobId\":\"%.*s\",\"CreationDate\":1}", (int)size, token);
    sendf(c, "HTTP/1.1 200 OK\r\nX-Connection: %d\r\nContent-Length: %zu\r\n\r\n%s", c->number,
          strlen(body), body);
}

/* What all connections have seen. */
static void totals(struct connection *c, const char *rest)
{
    char body[96];

    (void)rest;
    snprintf(body, sizeof body, "connections=%d requests=%d witnessed=%d late=%d",
             shared->connections, shared->requests, shared->witnessed, shared->late);
    reply(c, body, strlen(body));
}

static void status(struct connection *c, const char *rest)
{
    sendf(c, "HTTP/1.1 %.3s Status\r\nContent-Length: 4\r\n\r\nbody", rest);
}

static void no_content(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 204 No Content\r\n\r\n");
}

static void zero(struct connection *c, const char *rest)
{
    (void)rest;
    reply(c, "", 0);
}

static void body_of_size(struct connection *c, const char *rest)
{
    size_t size = strtoul(rest, NULL, 10);

    sendf(c, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
    if (strncmp(c->request, "HEAD ", 5) != 0)
        send_filler(c, size);
}

/* The same without telling the size first. */
static void unbounded_body(struct connection *c, const char *rest)
{
    send_text(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    send_filler(c, strtoul(rest, NULL, 10));
    c->done = true;
}

static void drip(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n");
    send_slowly(c, "slow, steady", DRIP_MS);
}

static void drip_head(struct connection *c, const char *rest)
{
    (void)rest;
    send_slowly(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", DRIP_MS);
    send_text(c, "ok");
}

/* An answer that goes on, byte by byte, for as long as anybody listens. */
static void drip_on(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (!c->done)
        send_slowly(c, "x", DRIP_MS);
}

static void silent(struct connection *c, const char *rest)
{
    (void)rest;
    wait_until_closed(c);
}

static void truncated(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    c->done = true;
}

static void nothing(struct connection *c, const char *rest)
{
    (void)rest;
    c->done = true;
}

/* The next close is a reset. */
static void reset_connection(struct connection *c)
{
    struct linger at_once = {1, 0};

    setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    c->done = true;
}

static void reset(struct connection *c, const char *rest)
{
    truncated(c, rest);
    pause_ms(DRIP_MS); /* what was sent shall arrive first */
    reset_connection(c);
}

/* The name that the client gave in its TLS hello. */
static void server_name(struct connection *c, const char *rest)
{
    const char *name = SSL_get_servername(c->tls, TLSEXT_NAMETYPE_host_name);

    (void)rest;
    reply(c, name != NULL ? name : "", name != NULL ? strlen(name) : 0);
}

/* The head of the last CONNECT, as the part of a proxy got it. */
static void last_connect(struct connection *c, const char *rest)
{
    (void)rest;
    reply(c, shared->connect, strlen(shared->connect));
}

/* Answers of the caller's own making, and what comes after them. */

static void send_and_go_on(struct connection *c, const char *rest)
{
    send_decoded(c, rest);
}

static void send_and_close(struct connection *c, const char *rest)
{
    send_decoded(c, rest);
    c->done = true;
}

static void send_and_reset(struct connection *c, const char *rest)
{
    bool sends = *rest != ' ';

    send_decoded(c, rest);
    if (sends)
        pause_ms(DRIP_MS);
    reset_connection(c);
}

static void send_and_fall_silent(struct connection *c, const char *rest)
{
    send_decoded(c, rest);
    wait_until_closed(c);
}

/* Answers, and a while later sends bytes that nobody has asked for. */
static void count_and_send_late(struct connection *c, const char *rest)
{
    count(c, "");
    pause_ms(LATE_MS);
    send_decoded(c, rest);
    shared->late++;
}

/* A connection that was kept alive, and is given up in the moment when it is used again. */

static void close_if_reused(struct connection *c, const char *rest)
{
    if (c->requests > 1)
        c->done = true;
    else
        count(c, rest);
}

static void reset_if_reused(struct connection *c, const char *rest)
{
    if (c->requests > 1)
        reset_connection(c);
    else
        count(c, rest);
}

static void reset_or_nonsense(struct connection *c, const char *rest)
{
    (void)rest;
    if (c->requests == 1)
        send_text(c, "SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n");
    else
        reset_connection(c);
}

static void chunked(struct connection *c, const char *rest)
{
    (void)rest;
    send_slowly(c,
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
                "1\r\na\r\n2;ext=1\r\nbc\r\n0\r\nX-Late: 1\r\n\r\n", 1);
}

static void continued(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
                 "Link: </x>\r\n\r\nHTTP/1.1 200 OK\r\nX-Final: 1\r\nContent-Length: 2\r\n\r\nok");
}

static void continued_for_ever(struct connection *c, const char *rest)
{
    (void)rest;
    for (;;)
        send_text(c, "HTTP/1.1 100 Continue\r\nX-Padding: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n\r\n");
}

static void many_headers(struct connection *c, const char *rest)
{
    long i, lines = strtol(rest, NULL, 10);

    send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n");
    for (i = 0; i < lines; i++) {
        sendf(c, "X-Filler-%ld: ", i);
        send_filler(c, 1000);
        send_text(c, "\r\n");
    }
    send_text(c, "\r\nok");
}

static void long_header(struct connection *c, const char *rest)
{
    send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Long: ");
    send_filler(c, strtoul(rest, NULL, 10));
    send_text(c, "\r\n\r\nok");
}

/* So many times the same one. */
static void repeated_header(struct connection *c, const char *rest)
{
    int count = atoi(rest);

    send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    for (; count >= 10; count -= 10)
        send_text(c, "x:y\r\nx:y\r\nx:y\r\nx:y\r\nx:y\r\nx:y\r\nx:y\r\nx:y\r\nx:y\r\nx:y\r\n");
    send_text(c, "\r\n");
}

static void odd_headers(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 200 OK\r\nX-Many: a\r\nx-many:b\r\nX-MANY:  c  \r\nX-Empty:\r\n"
                 "X-Folded: one\r\n  two\r\nX-Colon: a:b\r\nContent-Length: 2\r\n\r\nok");
}

static const struct {
    const char *path;
    void (*answer)(struct connection *c, const char *rest);
} behaviours[] = {
    {"/echo", echo},
    {"/count-and-close", count_and_close},
    {"/count-and-send-late/", count_and_send_late},
    {"/count", count},
    {"/status/", status},
    {"/no-content", no_content},
    {"/zero", zero},
    {"/body/", body_of_size},
    {"/unbounded/", unbounded_body},
    {"/drip-head", drip_head},
    {"/drip-on", drip_on},
    {"/drip", drip},
    {"/silent", silent},
    {"/truncated", truncated},
    {"/nothing", nothing},
    {"/close-if-reused", close_if_reused},
    {"/reset-if-reused", reset_if_reused},
    {"/reset-or-nonsense", reset_or_nonsense},
    {"/reset", reset},
    {"/chunked", chunked},
    {"/continue-for-ever", continued_for_ever},
    {"/continue", continued},
    {"/headers/", many_headers},
    {"/long-header/", long_header},
    {"/repeated-header/", repeated_header},
    {"/odd-headers", odd_headers},
    {"/send/", send_and_go_on},
    {"/send-and-close/", send_and_close},
    {"/send-and-reset/", send_and_reset},
    {"/send-and-fall-silent/", send_and_fall_silent},
    {"/totals", totals},
    {"/backup-jobs", start_job},
    {"/last-connect", last_connect},
    {"/server-name", server_name},
};

static void answer(struct connection *c)
{
    const char *target = strchr(c->request, ' ');
    size_t i;

    if (strncmp(c->request, "CONNECT ", 8) == 0) {
        answer_connect(c, c->request + 8);
        return;
    }
    target = target != NULL ? target + 1 : "";
    if (strncmp(target, "http://", 7) == 0) { /* as a proxy is asked */
        target = strchr(target + 7, '/');
        target = target != NULL ? target : "/";
    }
    for (i = 0; i < sizeof behaviours / sizeof behaviours[0]; i++) {
        size_t size = strlen(behaviours[i].path);

        if (strncmp(target, behaviours[i].path, size) == 0) {
            behaviours[i].answer(c, target + size);
            return;
        }
    }
    echo(c, ""); /* any other path is about the request */
}
