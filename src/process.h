#ifndef AWSB_PROCESS_H
#define AWSB_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "err.h"

#pragma GCC visibility push(hidden)

/* The process around us: who it is, what its errors mean, where its programs and its output are,
 * and its SIGPIPE. */

/* A path and its NUL; Linux takes no longer one, and not every system has PATH_MAX. */
#define AWSB_PATH_SIZE 4096

long awsb_process_id(void);

/* What an errno means, cut to fit; unlike strerror's, the text is the caller's. */
void awsb_error_text(int error, char out[AWSB_ERROR_TEXT_SIZE]);

/* Where execvp would find the program, as that may not be called after a fork; 0 or an errno. */
int awsb_find_program(const char *name, char path[AWSB_PATH_SIZE]);

/* Columns of the terminal behind the stream; 0 if it is none, 80 if it does not tell. */
int awsb_terminal_width(FILE *stream);

/*
 * Keeps SIGPIPE away from the host while a library writes to sockets: older libcurl with OpenSSL
 * writes without MSG_NOSIGNAL, and the default action ends the process. Blocks it in this thread
 * and swallows one that was raised in between; no handler is touched.
 */
struct awsb_sigpipe {
    sigset_t mask_before;
    bool pending_before;
    bool blocked;
};
void awsb_sigpipe_block(struct awsb_sigpipe *sigpipe);
void awsb_sigpipe_restore(const struct awsb_sigpipe *sigpipe);

#pragma GCC visibility pop

#endif
