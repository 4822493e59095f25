#define _DEFAULT_SOURCE /* struct winsize; POSIX has it since 2024 only */
#define _DARWIN_C_SOURCE

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define USUAL_WIDTH 80
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

long awsb_process_id(void)
{
    return (long)getpid();
}

void awsb_error_text(int error, char out[AWSB_ERROR_TEXT_SIZE])
{
    out[0] = '\0';
    strerror_r(error, out, AWSB_ERROR_TEXT_SIZE);
    out[AWSB_ERROR_TEXT_SIZE - 1] = '\0';
    if (out[0] == '\0')
        snprintf(out, AWSB_ERROR_TEXT_SIZE, "error %d", error);
}

/* Whether it can be run, as far as anybody but exec can tell. */
static int check_program(const char *path)
{
    struct stat status;

    if (stat(path, &status) == -1)
        return errno;
    if (!S_ISREG(status.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static int search_path(const char *name, char path[AWSB_PATH_SIZE])
{
    const char *directories = getenv("PATH");
    int error = ENOENT;

    for (directories = directories != NULL ? directories : DEFAULT_PATH;; directories++) {
        size_t size = strcspn(directories, ":");
        const char *slash = size > 0 ? "/" : ""; /* nothing stands for the working directory */
        int length = snprintf(path, AWSB_PATH_SIZE, "%.*s%s%s", (int)size, directories, slash,
                              name);
        int obstacle = length < AWSB_PATH_SIZE ? check_program(path) : ENAMETOOLONG;

        if (obstacle == 0)
            return 0;
        if (obstacle != ENOENT && obstacle != ENOTDIR)
            error = obstacle;
        directories += size;
        if (*directories == '\0')
            return error;
    }
}

int awsb_find_program(const char *name, char path[AWSB_PATH_SIZE])
{
    if (*name == '\0')
        return ENOENT;
    if (strchr(name, '/') == NULL)
        return search_path(name, path);
    return snprintf(path, AWSB_PATH_SIZE, "%s", name) < AWSB_PATH_SIZE ? 0 : ENAMETOOLONG;
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
    sigpipe->blocked = pthread_sigmask(SIG_BLOCK, &mask, &sigpipe->mask_before) == 0;
    /* What was not blocked was not pending either. */
    sigpipe->pending_before = sigpipe->blocked &&
                              sigismember(&sigpipe->mask_before, SIGPIPE) == 1 &&
                              sigpipe_is_pending();
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
