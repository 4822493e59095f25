#ifndef AWSB_FORK_MARK_H
#define AWSB_FORK_MARK_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/*
 * Tells the process that set the mark from those that were forked off it later. Where the kernel
 * can empty memory in a child, it takes no system call to tell.
 */
struct awsb_fork_mark {
    long process_id;
    unsigned char *page; /* of the kernel's; empty in a child. NULL: there is none */
};

void awsb_fork_mark_set(struct awsb_fork_mark *mark);
bool awsb_fork_mark_is_mine(const struct awsb_fork_mark *mark);
void awsb_fork_mark_clear(struct awsb_fork_mark *mark);

#pragma GCC visibility pop

#endif
