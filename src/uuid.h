#ifndef AWSB_UUID_H
#define AWSB_UUID_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "fork_mark.h"

#pragma GCC visibility push(hidden)

/*
 * Random UUIDs, RFC 9562, version 4. A source asks OpenSSL for many at once, since one costs as
 * much as all of them, and wipes each as it is handed out. A fork must not leave the same ones to
 * both processes: the child's source is empty. Where the kernel does not tell of forks, nothing is
 * asked for in advance. Not for two threads at once.
 */

#define AWSB_UUID_SIZE 36
#define AWSB_UUID_BYTES 16
#define AWSB_UUIDS_AT_ONCE 16

struct awsb_uuid_source {
    unsigned char ahead[AWSB_UUIDS_AT_ONCE][AWSB_UUID_BYTES];
    size_t count; /* of those that are left */
    struct awsb_fork_mark mark;
    bool marked;
};

/* All zero is an empty source. The owner calls clear; the source is usable afterwards. */
void awsb_uuid_source_clear(struct awsb_uuid_source *source);

/* Lower case with dashes, no NUL. */
enum awsb_err awsb_uuid_next(struct awsb_uuid_source *source, char out[AWSB_UUID_SIZE]);

#pragma GCC visibility pop

#endif
