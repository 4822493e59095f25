/*
 * A loopback HTTP server that misbehaves on request: the path says how. For tests only.
 *
 * fault_server INFO_FILE CERTIFICATE_FILE
 *
 * Listens on free ports of 127.0.0.1, those with TLS under certificates made on the spot for
 * "localhost"; writes the certificates into one file, and into the other one line: the ports in the
 * order of `listeners` below, and the name under which a directory of certificates must have the
 * first. Serves each connection in a process of its own. It ends, with all of them, when its
 * standard input is closed, and after LIFETIME_S at the latest.
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
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LIFETIME_S 900
#define ENOUGH_TO_FILL_A_QUEUE 8

/* What the processes know of each other. */
static struct shared {
    int connections;
    int requests;
    int witnessed;
    int late; /* how often bytes came after an answer */
    char connect[4096]; /* head of the last CONNECT */
} *shared;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* In this order: each builds on those before it. */
#include "fault_tls.h"

#include "fault_connection.h"

#include "fault_proxy.h"

#include "fault_answers.h"

enum listener_kind {
    SERVES,
    WITNESSES, /* counts who connects, and closes */
    IS_FULL    /* accepts nobody: its queue is full, so whoever connects waits */
};

static struct listener {
    enum listener_kind kind;
    int family;
    int socket;
    unsigned short port; /* 0: the machine has no such family */
    SSL_CTX *tls;
} listeners[] = {
    {SERVES, AF_INET, -1, 0, NULL},    /* plain */
    {SERVES, AF_INET, -1, 0, NULL},    /* TLS */
    {SERVES, AF_INET, -1, 0, NULL},    /* TLS, expired */
    {SERVES, AF_INET, -1, 0, NULL},    /* TLS 1.1 */
    {WITNESSES, AF_INET, -1, 0, NULL},
    {IS_FULL, AF_INET, -1, 0, NULL},
    {SERVES, AF_INET6, -1, 0, NULL},   /* plain, on ::1 */
};

#define LISTENERS (sizeof listeners / sizeof listeners[0])

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

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* The address of a port (0: a free one) on loopback; returns its size. */
static socklen_t loopback(int family, unsigned short port, union address *address)
{
    memset(address, 0, sizeof *address);
    if (family == AF_INET6) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_addr = in6addr_loopback;
        address->v6.sin6_port = htons(port);
        return sizeof address->v6;
    }
    address->v4.sin_family = AF_INET;
    address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address->v4.sin_port = htons(port);
    return sizeof address->v4;
}

/* Connections that are never accepted take all the places that the kernel has for them. */
static void fill_queue(const struct listener *listener)
{
    union address address;
    socklen_t size = loopback(listener->family, listener->port, &address);
    int i, client;

    for (i = 0; i < ENOUGH_TO_FILL_A_QUEUE; i++) {
        client = socket(listener->family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (client < 0)
            die("socket");
        (void)connect(client, &address.any, size); /* kept open */
    }
}

static void open_listener(struct listener *listener)
{
    union address address;
    socklen_t size = loopback(listener->family, 0, &address);

    listener->socket = socket(listener->family, SOCK_STREAM, 0);
    if (listener->socket < 0 || bind(listener->socket, &address.any, size) < 0) {
        if (listener->family == AF_INET6)
            return; /* a machine without IPv6 */
        die("bind");
    }
    if (listen(listener->socket, listener->kind == IS_FULL ? 0 : 128) < 0 ||
        getsockname(listener->socket, &address.any, &size) < 0)
        die("listen");
    listener->port = ntohs(listener->family == AF_INET6 ? address.v6.sin6_port
                                                        : address.v4.sin_port);
    if (listener->kind == IS_FULL)
        fill_queue(listener);
}

static void accept_one(const struct listener *listener)
{
    int socket = accept(listener->socket, NULL, NULL);

    if (socket < 0)
        return;
    if (listener->kind == WITNESSES) {
        shared->witnessed++;
    } else {
        shared->connections++;
        if (fork() == 0) {
            signal(SIGTERM, SIG_DFL);
            alarm(LIFETIME_S);
            close(STDIN_FILENO);
            serve(socket, listener->tls, shared->connections);
        }
    }
    close(socket);
}

static void announce(const char *path, unsigned long certificate_name)
{
    FILE *file = fopen(path, "w");
    size_t i;

    if (file == NULL)
        die(path);
    for (i = 0; i < LISTENERS; i++)
        fprintf(file, "%d ", listeners[i].port);
    if (fprintf(file, "%08lx.0\n", certificate_name) < 0 || fclose(file) != 0)
        die(path);
}

static void share(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("mmap");
}

/* Serves until standard input is closed. */
static void run(void)
{
    struct pollfd polls[LISTENERS + 1];
    size_t i;

    for (i = 0; i < LISTENERS; i++) {
        polls[i].fd = listeners[i].kind == IS_FULL ? -1 : listeners[i].socket;
        polls[i].events = POLLIN;
    }
    polls[LISTENERS].fd = STDIN_FILENO;
    polls[LISTENERS].events = POLLIN;
    for (;;) {
        if (poll(polls, LISTENERS + 1, -1) < 0)
            continue;
        for (i = 0; i < LISTENERS; i++)
            if (polls[i].revents != 0)
                accept_one(&listeners[i]);
        if (polls[LISTENERS].revents != 0) /* nobody writes there: it was closed */
            return;
    }
}

int main(int argc, char **argv)
{
    EVP_PKEY *key;
    X509 *good, *expired;
    size_t i;

    if (argc != 3) {
        fprintf(stderr, "usage: %s INFO_FILE CERTIFICATE_FILE\n", argv[0]);
        return 2;
    }
    setpgid(0, 0); /* so that the end can take all the children along */
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    alarm(LIFETIME_S);
    share();
    key = make_key();
    good = make_certificate(key, "fault server", HOUR_S);
    expired = make_certificate(key, "expired fault server", -HOUR_S);
    write_certificates(argv[2], good, expired);
    listeners[1].tls = make_tls(key, good);
    listeners[2].tls = make_tls(key, expired);
    listeners[3].tls = make_old_tls(key, good);
    for (i = 0; i < LISTENERS; i++)
        open_listener(&listeners[i]);
    announce(argv[1], X509_subject_name_hash(good));
    run();
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    return 0;
}
