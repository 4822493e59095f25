#ifndef AWSB_SOCKETS_H
#define AWSB_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include <poll.h>

#pragma GCC visibility push(hidden)

/*
 * The sockets of a pool's connections, and which of them are idle: open, but nobody's at the moment.
 * Zero-initialised it is empty; the owner calls clear. The sockets themselves are others' to close.
 */
struct awsb_sockets {
    struct pollfd *polls; /* the idle ones first */
    size_t idle_count;
    size_t count;
    size_t capacity;
};

/* A new one, in use; false without memory. */
bool awsb_sockets_add(struct awsb_sockets *sockets, int descriptor);

/* It is in use or idle from now on; what was not added is no affair of this. */
void awsb_sockets_use(struct awsb_sockets *sockets, int descriptor);
void awsb_sockets_rest(struct awsb_sockets *sockets, int descriptor);
void awsb_sockets_remove(struct awsb_sockets *sockets, int descriptor);

/* Shuts down the idle ones on which something has come, or which have ended. Nobody has asked for
 * it: an answer on a connection without a request would be taken for that to the next request. */
void awsb_sockets_shut_stirred(struct awsb_sockets *sockets);

void awsb_sockets_clear(struct awsb_sockets *sockets);

#pragma GCC visibility pop

#endif
