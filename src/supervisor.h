#ifndef AWSB_SUPERVISOR_H
#define AWSB_SUPERVISOR_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/*
 * The process between us and a program that we run: the program's parent, so that its exit status
 * reaches us even where the host collects all of its own children (nginx does in its SIGCHLD
 * handler, others ignore SIGCHLD), and so that killing it can never hit a stranger that got its
 * process id. It kills the program's process group when told to, and when we die.
 */

/* The lines between us and the two, by the descriptors that they get over there. */
enum awsb_line {
    AWSB_LINE_INPUT,   /* the program's standard input: nothing */
    AWSB_LINE_OUTPUT,  /* its standard output */
    AWSB_LINE_ERRORS,  /* its standard error */
    AWSB_LINE_ORDERS,  /* to the supervisor: a byte or the end of file means kill */
    AWSB_LINE_REPORTS, /* from the supervisor: struct awsb_report, each in one piece */
    AWSB_LINES
};

enum awsb_report_kind {
    AWSB_REPORT_STARTED,     /* always first: this one ... */
    AWSB_REPORT_NOT_STARTED, /* ... or this one, with an errno, and no more follow */
    AWSB_REPORT_EXITED,      /* with a status */
    AWSB_REPORT_SIGNALLED    /* with the number of the signal that ended it */
};

struct awsb_report {
    enum awsb_report_kind kind;
    int value;
};

struct awsb_launch {
    const char *path; /* where PATH has led to; nothing is searched any more */
    char *const *argv;
    int lines[AWSB_LINES]; /* their far ends, each AWSB_LINES or above */
    int descriptor_limit;  /* all that may be open are below */
};

/* A pipe that no program inherits. */
bool awsb_open_pipe(int ends[2]);

/* Goes on as the supervisor; for a process just forked, with all signals blocked. No return. */
#if defined(__GNUC__)
__attribute__((__noreturn__))
#endif
void awsb_supervise(const struct awsb_launch *launch);

#pragma GCC visibility pop

#endif
