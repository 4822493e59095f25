#ifndef AWSB_CHILD_H
#define AWSB_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * A program run beside us, its output collected in memory that is wiped afterwards.
 *
 * It runs without a shell, in a process group of its own, away from the terminal, with our
 * environment and working directory, nothing on its standard input, default signals, and none of
 * our open files. It does not outlive us.
 *
 * Belongs to the process that started it: after a fork the other one's copy only lets go.
 */

struct awsb_child;

enum awsb_child_state {
    AWSB_CHILD_RUNNING,
    AWSB_CHILD_EXITED,    /* code: its status */
    AWSB_CHILD_SIGNALLED, /* code: the signal */
    AWSB_CHILD_TOO_LARGE, /* more output than it was allowed, so it was killed */
    AWSB_CHILD_NO_MEMORY, /* for its output, so it was killed */
    AWSB_CHILD_KILLED,    /* by awsb_child_kill */
    AWSB_CHILD_LOST,      /* its supervisor was killed, and the program with it */
    AWSB_CHILD_CLOSED     /* the copy in another process */
};

/* The bound is on standard output and standard error together; NULL without memory. */
struct awsb_child *awsb_child_new(size_t max_output_bytes);

/*
 * Starts argv[0], sought in PATH unless it has a slash; the array ends with NULL. Returns when the
 * program runs, or false and why it does not. Once for each child.
 */
bool awsb_child_start(struct awsb_child *child, char *const *argv,
                      char reason[AWSB_ERROR_TEXT_SIZE]);

/*
 * Takes what the program has written, waiting at most that long for a piece of news; true once it
 * is over. The end of the program itself counts: what it started may still hold its output open.
 */
bool awsb_child_step(struct awsb_child *child, int64_t timeout_ms);

/* Ends the whole process group, unless the program is over, and waits until it is gone. */
void awsb_child_kill(struct awsb_child *child);

/* Kills first. */
void awsb_child_free(struct awsb_child *child);

enum awsb_child_state awsb_child_state(struct awsb_child *child);
int awsb_child_code(const struct awsb_child *child);

/* Valid until the next step, kill or free. Unless the program came to an end of its own, standard
 * output is empty. */
struct awsb_view awsb_child_output(const struct awsb_child *child);
struct awsb_view awsb_child_errors(const struct awsb_child *child);

/* Static. */
const char *awsb_child_state_name(enum awsb_child_state state);

#pragma GCC visibility pop

#endif
