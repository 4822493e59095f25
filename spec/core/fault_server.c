/*
 * A loopback HTTP server that misbehaves on request: the path says how. For tests only.
 *
 * fault_server INFO_FILE CERTIFICATE_FILE
 *
 * Listens on two free ports of 127.0.0.1, the second with TLS under a certificate made on the spot
 * for "localhost", writes the certificate and then "PORT TLS_PORT\n" into the two files, and serves
 * each connection in a process of its own. It ends, with all of them, when its standard input is
 * closed, and after LIFETIME_S at the latest.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define LIFETIME_S 120
#define MAX_REQUEST (4 << 20)
#define DRIP_MS 20

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

static void die(const char *what)
{
    perror(what);
    exit(1);
}

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
    return true;
}

/* The behaviours; `rest` is what follows the name in the path. */

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

static void silent(struct connection *c, const char *rest)
{
    (void)c;
    (void)rest;
    pause_ms(LIFETIME_S * 1000L);
}

static void silent_in_body(struct connection *c, const char *rest)
{
    send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    silent(c, rest);
}

static void truncated(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    c->done = true;
}

static void truncated_chunk(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf");
    c->done = true;
}

static void nothing(struct connection *c, const char *rest)
{
    (void)rest;
    c->done = true;
}

static void reset(struct connection *c, const char *rest)
{
    struct linger at_once = {1, 0};

    truncated(c, rest);
    pause_ms(DRIP_MS);
    setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
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

static void redirect(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n");
}

static void encoded(struct connection *c, const char *rest)
{
    sendf(c, "HTTP/1.1 200 OK\r\nContent-Encoding: %.*s\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
          (int)strcspn(rest, " "), rest);
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

static void odd_headers(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 200 OK\r\nX-Many: a\r\nx-many:b\r\nX-MANY:  c  \r\nX-Empty:\r\n"
                 "X-Folded: one\r\n  two\r\nX-Colon: a:b\r\nContent-Length: 2\r\n\r\nok");
}

static void bad_header(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nok");
}

static void no_http(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "SSH-2.0-OpenSSH_9.2p1 Debian\r\n");
    c->done = true;
}

static void refuse_tunnel(struct connection *c, const char *rest)
{
    (void)rest;
    send_text(c, "HTTP/1.1 407 Proxy Authentication Required\r\n"
                 "Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
}

static const struct {
    const char *path;
    void (*answer)(struct connection *c, const char *rest);
} behaviours[] = {
    {"/echo", echo},
    {"/count-and-close", count_and_close},
    {"/count", count},
    {"/status/", status},
    {"/no-content", no_content},
    {"/zero", zero},
    {"/body/", body_of_size},
    {"/unbounded/", unbounded_body},
    {"/drip-head", drip_head},
    {"/drip", drip},
    {"/silent-in-body", silent_in_body},
    {"/silent", silent},
    {"/truncated-chunk", truncated_chunk},
    {"/truncated", truncated},
    {"/nothing", nothing},
    {"/reset", reset},
    {"/chunked", chunked},
    {"/continue-for-ever", continued_for_ever},
    {"/continue", continued},
    {"/redirect", redirect},
    {"/encoded/", encoded},
    {"/headers/", many_headers},
    {"/long-header/", long_header},
    {"/odd-headers", odd_headers},
    {"/bad-header", bad_header},
    {"/no-http", no_http},
};

static void answer(struct connection *c)
{
    const char *target = strchr(c->request, ' ');
    size_t i;

    if (strncmp(c->request, "CONNECT ", 8) == 0) {
        refuse_tunnel(c, "");
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

static void serve(int socket, SSL_CTX *tls, int number)
{
    struct connection c = {.socket = socket, .number = number};
    int on = 1;

    c.request = malloc(MAX_REQUEST + 1);
    if (c.request == NULL)
        die("malloc");
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tls != NULL) {
        c.tls = SSL_new(tls);
        SSL_set_fd(c.tls, socket);
        if (SSL_accept(c.tls) != 1)
            exit(0);
    }
    while (!c.done && read_request(&c))
        answer(&c);
    exit(0);
}

/* Setting up. */

static int listen_on_loopback(unsigned short *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 ||
        listen(listener, 128) < 0 || getsockname(listener, (struct sockaddr *)&address, &size) < 0)
        die("listen");
    *port = ntohs(address.sin_port);
    return listener;
}

static EVP_PKEY *make_key(void)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    EVP_PKEY *key = NULL;

    if (EVP_PKEY_keygen_init(context) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) != 1 ||
        EVP_PKEY_keygen(context, &key) != 1)
        die("EVP_PKEY_keygen");
    EVP_PKEY_CTX_free(context);
    return key;
}

static void add_extension(X509 *certificate, int what, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);

    if (extension == NULL || X509_add_ext(certificate, extension, -1) != 1)
        die("X509_add_ext");
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)time(NULL));
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"fault server", -1,
                               -1, 0);
    X509_set_issuer_name(certificate, name);
    add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, NID_subject_alt_name, "DNS:localhost");
    if (X509_sign(certificate, key, EVP_sha256()) == 0)
        die("X509_sign");
    return certificate;
}

static SSL_CTX *make_tls(const char *certificate_path)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = make_key();
    X509 *certificate = make_certificate(key);
    FILE *file = fopen(certificate_path, "w");

    if (tls == NULL || SSL_CTX_use_certificate(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(tls, key) != 1)
        die("SSL_CTX");
    if (file == NULL || PEM_write_X509(file, certificate) != 1 || fclose(file) != 0)
        die(certificate_path);
    return tls;
}

static void accept_one(int listener, SSL_CTX *tls, int number)
{
    int socket = accept(listener, NULL, NULL);
    pid_t child;

    if (socket < 0)
        return;
    child = fork();
    if (child == 0) {
        signal(SIGTERM, SIG_DFL);
        alarm(LIFETIME_S);
        close(listener);
        close(STDIN_FILENO);
        serve(socket, tls, number);
    }
    close(socket);
}

static void announce(const char *path, unsigned short port, unsigned short tls_port)
{
    FILE *file = fopen(path, "w");

    if (file == NULL || fprintf(file, "%d %d\n", port, tls_port) < 0 || fclose(file) != 0)
        die(path);
}

int main(int argc, char **argv)
{
    unsigned short port, tls_port;
    struct pollfd polls[3];
    SSL_CTX *tls;
    int number = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: %s INFO_FILE CERTIFICATE_FILE\n", argv[0]);
        return 2;
    }
    setpgid(0, 0); /* so that the end can take all the children along */
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    alarm(LIFETIME_S);
    tls = make_tls(argv[2]);
    polls[0].fd = listen_on_loopback(&port);
    polls[1].fd = listen_on_loopback(&tls_port);
    polls[2].fd = STDIN_FILENO;
    polls[0].events = polls[1].events = polls[2].events = POLLIN;
    announce(argv[1], port, tls_port);
    for (;;) {
        if (poll(polls, 3, -1) < 0)
            continue;
        if (polls[0].revents != 0)
            accept_one(polls[0].fd, NULL, ++number);
        if (polls[1].revents != 0)
            accept_one(polls[1].fd, tls, ++number);
        if (polls[2].revents != 0) { /* nobody writes there: it was closed */
            signal(SIGTERM, SIG_IGN);
            kill(0, SIGTERM);
            return 0;
        }
    }
}
