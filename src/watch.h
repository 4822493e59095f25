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
};

/* Begins or changes a watch; false without memory. */
bool awsb_watches_set(struct awsb_watches *watches, int descriptor, short events, void *owner);
void awsb_watches_remove(struct awsb_watches *watches, int descriptor);
/* The owner goes, its sockets may stay a while. */
void awsb_watches_forget(struct awsb_watches *watches, const void *owner);

/* Waits until one is ready, the time is over or a signal came, then fills `ready`; false without
 * memory. */
bool awsb_watches_wait(struct awsb_watches *watches, int timeout_ms);

void awsb_watches_clear(struct awsb_watches *watches);

#pragma GCC visibility pop

#endif
