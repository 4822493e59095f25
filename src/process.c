#define _DEFAULT_SOURCE /* struct winsize; POSIX has it since 2024 only */
#define _DARWIN_C_SOURCE

#include "process.h"

#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define USUAL_WIDTH 80

long awsb_process_id(void)
{
    return (long)getpid();
}

int awsb_terminal_width(FILE *stream)
{
    int descriptor = fileno(stream);
    struct winsize size;

    if (descriptor < 0 || !isatty(descriptor))
        return 0;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
        return USUAL_WIDTH;
    return size.ws_col;
}

static bool sigpipe_is_pending(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void awsb_sigpipe_block(struct awsb_sigpipe *sigpipe)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGPIPE);
    sigpipe->pending_before = sigpipe_is_pending();
    sigpipe->blocked = pthread_sigmask(SIG_BLOCK, &mask, &sigpipe->mask_before) == 0;
}

void awsb_sigpipe_restore(const struct awsb_sigpipe *sigpipe)
{
    sigset_t mask;
    int received;

    if (!sigpipe->blocked)
        return;
    if (!sigpipe->pending_before && sigpipe_is_pending()) {
        sigemptyset(&mask);
        sigaddset(&mask, SIGPIPE);
        sigwait(&mask, &received);
    }
    pthread_sigmask(SIG_SETMASK, &sigpipe->mask_before, NULL);
}
