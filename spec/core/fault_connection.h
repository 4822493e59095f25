/* Part of fault_server.c: one connection, and the bytes that go over it. */

#define MAX_REQUEST (4 << 20)

struct connection {
    int socket;
    SSL *tls; /* NULL without */
    int number;
    int requests;
    char *request; /* head and body, NUL behind */
    size_t size;
    size_t head_size;
    bool done; /* close after this answer */
};

static void pause_ms(long ms)
{
    struct timespec time = {ms / 1000, (ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

/* Bytes in and out. */

static void send_bytes(struct connection *c, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = c->tls != NULL ? SSL_write(c->tls, bytes, (int)size)
                                      : send(c->socket, bytes, size, MSG_NOSIGNAL);

        if (sent <= 0)
            exit(0); /* the client has gone: many tests want just that */
        bytes += sent;
        size -= (size_t)sent;
    }
}

static void send_text(struct connection *c, const char *text)
{
    send_bytes(c, text, strlen(text));
}

__attribute__((format(printf, 2, 3)))
static void sendf(struct connection *c, const char *format, ...)
{
    char text[4096];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send_text(c, text);
}

static void send_filler(struct connection *c, size_t size)
{
    char block[4096];

    memset(block, 'x', sizeof block);
    while (size > 0) {
        size_t part = size < sizeof block ? size : sizeof block;

        send_bytes(c, block, part);
        size -= part;
    }
}

static int hex_value(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* Bytes that stand percent-encoded in the request from `text` to the next blank, all at once. They
 * are decoded in place. */
static void send_decoded(struct connection *c, const char *text)
{
    char *start = c->request + (text - c->request);
    char *end = start;

    for (; *text != ' '; text++) {
        if (*text == '%') {
            *end++ = (char)(hex_value(text[1]) * 16 + hex_value(text[2]));
            text += 2;
        } else {
            *end++ = *text;
        }
    }
    send_bytes(c, start, (size_t)(end - start));
}

static void send_slowly(struct connection *c, const char *text, long ms)
{
    for (; *text != '\0'; text++) {
        send_bytes(c, text, 1);
        pause_ms(ms);
    }
}

static ssize_t receive(struct connection *c, char *into, size_t size)
{
    return c->tls != NULL ? SSL_read(c->tls, into, (int)size) : recv(c->socket, into, size, 0);
}

static size_t content_length(const char *head)
{
    const char *line = strcasestr(head, "\r\ncontent-length:");

    return line != NULL ? strtoul(line + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

/* False when the client closes. */
static bool read_request(struct connection *c)
{
    const char *end = NULL;

    c->size = 0;
    while (end == NULL || c->size < c->head_size + content_length(c->request)) {
        ssize_t got = receive(c, c->request + c->size, MAX_REQUEST - c->size);

        if (got <= 0)
            return false;
        c->size += (size_t)got;
        c->request[c->size] = '\0';
        end = strstr(c->request, "\r\n\r\n");
        if (end != NULL)
            c->head_size = (size_t)(end - c->request) + 4;
    }
    c->requests++;
    shared->requests++;
    return true;
}

static void wait_until_closed(struct connection *c)
{
    char unread[64];

    while (receive(c, unread, sizeof unread) > 0)
        continue;
    c->done = true;
}
