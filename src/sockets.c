#define _POSIX_C_SOURCE 200809L

#include "sockets.h"

#include <stdint.h>

#include <sys/socket.h>

#include "mem.h"

#define FIRST_CAPACITY 16

static size_t find(const struct awsb_sockets *sockets, int descriptor)
{
    size_t i;

    for (i = 0; i < sockets->count; i++)
        if (sockets->polls[i].fd == descriptor)
            break;
    return i;
}

static void swap(struct awsb_sockets *sockets, size_t one, size_t other)
{
    struct pollfd kept = sockets->polls[one];

    sockets->polls[one] = sockets->polls[other];
    sockets->polls[other] = kept;
}

static bool grow(struct awsb_sockets *sockets)
{
    size_t capacity = sockets->capacity > 0 ? sockets->capacity * 2 : FIRST_CAPACITY;
    struct pollfd *polls;

    if (capacity > SIZE_MAX / sizeof *polls)
        return false;
    polls = awsb_realloc(sockets->polls, capacity * sizeof *polls);
    if (polls == NULL)
        return false;
    sockets->polls = polls;
    sockets->capacity = capacity;
    return true;
}

bool awsb_sockets_add(struct awsb_sockets *sockets, int descriptor)
{
    struct pollfd *added;

    if (sockets->count == sockets->capacity && !grow(sockets))
        return false;
    added = &sockets->polls[sockets->count++];
    added->fd = descriptor;
    added->events = POLLIN;
    added->revents = 0;
    return true;
}

void awsb_sockets_use(struct awsb_sockets *sockets, int descriptor)
{
    size_t i = find(sockets, descriptor);

    if (i < sockets->idle_count)
        swap(sockets, i, --sockets->idle_count);
}

void awsb_sockets_rest(struct awsb_sockets *sockets, int descriptor)
{
    size_t i = find(sockets, descriptor);

    if (i >= sockets->idle_count && i < sockets->count)
        swap(sockets, i, sockets->idle_count++);
}

void awsb_sockets_remove(struct awsb_sockets *sockets, int descriptor)
{
    size_t i;

    awsb_sockets_use(sockets, descriptor);
    i = find(sockets, descriptor);
    if (i < sockets->count)
        swap(sockets, i, --sockets->count);
}

/* Both ways, so that it has hung up as well: what only can be read may pass for alive. */
void awsb_sockets_shut_stirred(struct awsb_sockets *sockets)
{
    size_t i;

    if (sockets->idle_count == 0 ||
        poll(sockets->polls, (nfds_t)sockets->idle_count, 0) <= 0)
        return;
    for (i = 0; i < sockets->idle_count; i++)
        if (sockets->polls[i].revents != 0)
            (void)shutdown(sockets->polls[i].fd, SHUT_RDWR);
}

void awsb_sockets_clear(struct awsb_sockets *sockets)
{
    struct awsb_sockets empty = {0};

    awsb_free(sockets->polls);
    *sockets = empty;
}
