/* Part of fault_server.c: the part of a proxy. The host that it is to connect to says how. */

static int connect_to(unsigned short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int out = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (out < 0 || connect(out, (struct sockaddr *)&address, sizeof address) < 0)
        die("connect");
    return out;
}

/* Moves what has come to the other side; ends the process when a side closes. */
static void relay(int from, int to)
{
    char block[4096];
    ssize_t got = recv(from, block, sizeof block, 0);

    if (got <= 0 || send(to, block, (size_t)got, MSG_NOSIGNAL) != got)
        exit(0);
}

/* To a port of this machine. */
static void tunnel(struct connection *c, const char *target)
{
    int out = connect_to((unsigned short)atoi(strchr(target, ':') + 1));
    struct pollfd polls[2] = {{c->socket, POLLIN, 0}, {out, POLLIN, 0}};

    send_text(c, "HTTP/1.1 200 Connection established\r\n\r\n");
    while (poll(polls, 2, -1) > 0) {
        if (polls[0].revents != 0)
            relay(c->socket, out);
        if (polls[1].revents != 0)
            relay(out, c->socket);
    }
}

static void refuse_tunnel(struct connection *c, const char *status)
{
    static const char page[] = "<html><body>The proxy refuses.</body></html>";

    sendf(c, "HTTP/1.1 %.3s Refused\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
             "Content-Type: text/html\r\nContent-Length: %zu\r\n\r\n%s",
          status, strlen(page), page);
}

static void answer_connect(struct connection *c, const char *target)
{
    snprintf(shared->connect, sizeof shared->connect, "%s", c->request);
    if (strncmp(target, "localhost:", 10) == 0)
        tunnel(c, target);
    else if (strncmp(target, "silent.", 7) == 0)
        wait_until_closed(c);
    else if (strncmp(target, "closed.", 7) == 0)
        c->done = true;
    else if (strncmp(target, "garbage.", 8) == 0)
        send_text(c, "SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n");
    else if (strncmp(target, "status-", 7) == 0)
        refuse_tunnel(c, target + 7);
    else
        refuse_tunnel(c, "407");
}
