#ifndef AWSB_WATCH_H
#define AWSB_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include <poll.h>

#pragma GCC visibility push(hidden)

/*
 * The sockets an engine waits for, and who they work for. Zero-initialised it is empty; the owner
 * calls clear. Changes while the ready ones are worked on are safe: wait puts those into a list of
 * their own.
 */
struct awsb_watches {
    struct pollfd *polls;
    void **owners; /* owners[i] is whose polls[i] is; NULL if nobody's */
    size_t count;
    size_t capacity;
    struct awsb_ready {
        int descriptor;
        short events;
        void *owner;
    } *ready;
    size_t ready_count;
    size_t ready_capacity;
    bool is_mirrored;
    int mirror; /* if is_mirrored: an epoll instance that watches the same */
};

/* Begins or changes a watch; false without memory. */
bool awsb_watches_set(struct awsb_watches *watches, int descriptor, short events, void *owner);
void awsb_watches_remove(struct awsb_watches *watches, int descriptor);
/* The owner goes, its sockets may stay a while. */
void awsb_watches_forget(struct awsb_watches *watches, const void *owner);

/* Waits until one is ready, the time is over or a signal came, then fills `ready`; false without
 * memory. */
bool awsb_watches_wait(struct awsb_watches *watches, int timeout_ms);

/* A descriptor that can be read while one of the watched can be worked on, for a loop that is not
 * ours; -1 if the system has none to give. It stays the same until clear, which closes it. */
int awsb_watches_mirror(struct awsb_watches *watches);

void awsb_watches_clear(struct awsb_watches *watches);

#pragma GCC visibility pop

#endif
