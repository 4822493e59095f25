#define _POSIX_C_SOURCE 200809L

#include "watch.h"

#include <errno.h>
#include <stdint.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <unistd.h>
#endif

#include "mem.h"

#define FIRST_CAPACITY 16

static size_t find(const struct awsb_watches *watches, int descriptor)
{
    size_t i;

    for (i = 0; i < watches->count; i++)
        if (watches->polls[i].fd == descriptor)
            break;
    return i;
}

static bool grow(struct awsb_watches *watches)
{
    size_t capacity = watches->capacity > 0 ? watches->capacity * 2 : FIRST_CAPACITY;
    struct pollfd *polls;
    void **owners;

    if (capacity > SIZE_MAX / sizeof *watches->ready)
        return false;
    polls = awsb_realloc(watches->polls, capacity * sizeof *polls);
    if (polls == NULL)
        return false;
    watches->polls = polls;
    owners = awsb_realloc(watches->owners, capacity * sizeof *owners);
    if (owners == NULL)
        return false;
    watches->owners = owners;
    watches->capacity = capacity;
    return true;
}

/* The mirror. What it shall watch is registered with it whenever the watches change, so that one
 * descriptor stands for all. */

#ifdef __linux__

static int open_mirror(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

static void close_mirror(int mirror)
{
    (void)close(mirror);
}

static bool mirror_set(int mirror, int descriptor, short events)
{
    struct epoll_event event = {0};

    event.data.fd = descriptor;
    if (events & POLLIN)
        event.events |= EPOLLIN;
    if (events & POLLOUT)
        event.events |= EPOLLOUT;
    if (epoll_ctl(mirror, EPOLL_CTL_MOD, descriptor, &event) == 0)
        return true;
    return errno == ENOENT && epoll_ctl(mirror, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

/* A descriptor that was closed first has left it already. */
static void mirror_remove(int mirror, int descriptor)
{
    struct epoll_event unused = {0};

    (void)epoll_ctl(mirror, EPOLL_CTL_DEL, descriptor, &unused);
}

#else

static int open_mirror(void)
{
    return -1;
}

static void close_mirror(int mirror)
{
    (void)mirror;
}

static bool mirror_set(int mirror, int descriptor, short events)
{
    (void)mirror;
    (void)descriptor;
    (void)events;
    return true;
}

static void mirror_remove(int mirror, int descriptor)
{
    (void)mirror;
    (void)descriptor;
}

#endif

int awsb_watches_mirror(struct awsb_watches *watches)
{
    size_t i;
    bool good = true;

    if (watches->is_mirrored)
        return watches->mirror;
    watches->mirror = open_mirror();
    if (watches->mirror < 0)
        return -1;
    for (i = 0; i < watches->count && good; i++)
        good = mirror_set(watches->mirror, watches->polls[i].fd, watches->polls[i].events);
    if (!good) {
        close_mirror(watches->mirror);
        return -1;
    }
    watches->is_mirrored = true;
    return watches->mirror;
}

bool awsb_watches_set(struct awsb_watches *watches, int descriptor, short events, void *owner)
{
    size_t i = find(watches, descriptor);

    if (watches->is_mirrored && !mirror_set(watches->mirror, descriptor, events))
        return false;
    if (i == watches->count) {
        if (watches->count == watches->capacity && !grow(watches))
            return false;
        watches->count++;
    }
    watches->polls[i].fd = descriptor;
    watches->polls[i].events = events;
    watches->polls[i].revents = 0;
    watches->owners[i] = owner;
    return true;
}

void awsb_watches_remove(struct awsb_watches *watches, int descriptor)
{
    size_t i = find(watches, descriptor);

    if (i == watches->count)
        return;
    if (watches->is_mirrored)
        mirror_remove(watches->mirror, descriptor);
    watches->count--;
    watches->polls[i] = watches->polls[watches->count];
    watches->owners[i] = watches->owners[watches->count];
}

void awsb_watches_forget(struct awsb_watches *watches, const void *owner)
{
    size_t i;

    for (i = 0; i < watches->count; i++)
        if (watches->owners[i] == owner)
            watches->owners[i] = NULL;
}

static bool make_room_for_ready(struct awsb_watches *watches)
{
    struct awsb_ready *ready;

    if (watches->ready_capacity >= watches->count)
        return true;
    ready = awsb_realloc(watches->ready, watches->capacity * sizeof *ready);
    if (ready == NULL)
        return false;
    watches->ready = ready;
    watches->ready_capacity = watches->capacity;
    return true;
}

bool awsb_watches_wait(struct awsb_watches *watches, int timeout_ms)
{
    size_t i;
    int found;

    watches->ready_count = 0;
    if (!make_room_for_ready(watches))
        return false;
    found = poll(watches->polls, (nfds_t)watches->count, timeout_ms);
    for (i = 0; found > 0 && i < watches->count; i++) {
        struct awsb_ready *ready = &watches->ready[watches->ready_count];

        if (watches->polls[i].revents == 0)
            continue;
        ready->descriptor = watches->polls[i].fd;
        ready->events = watches->polls[i].revents;
        ready->owner = watches->owners[i];
        watches->ready_count++;
    }
    return true;
}

void awsb_watches_clear(struct awsb_watches *watches)
{
    struct awsb_watches empty = {0};

    if (watches->is_mirrored)
        close_mirror(watches->mirror);
    awsb_free(watches->polls);
    awsb_free(watches->owners);
    awsb_free(watches->ready);
    *watches = empty;
}
