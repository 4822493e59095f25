#define _GNU_SOURCE /* pipe2, syscall, NSIG */
#define _DARWIN_C_SOURCE

#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/*
 * The host may have many threads, any of which may have held any lock at the fork: everything here
 * calls async-signal-safe functions alone, and allocates nothing. (POSIX took fork itself from that
 * list in 2024 because of handlers that libraries hang onto it; those that have run once, for the
 * supervisor's own birth, can run again.)
 *
 * A function that returns int returns 0 or the errno of what failed.
 */

#define CANNOT_EXEC 127 /* what a shell would exit with */

bool awsb_open_pipe(int ends[2])
{
#ifdef __APPLE__ /* which has no pipe2 */
    if (pipe(ends) == -1)
        return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
#else
    return pipe2(ends, O_CLOEXEC) == 0;
#endif
}

static void note_end_of_child(int signal_number)
{
    (void)signal_number; /* that pselect returns is all */
}

/* What the host does with its signals is nothing to the program; exec would keep the ignored. */
static void reset_signals(void)
{
    struct sigaction action = {0};
    int number;

    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_DFL;
    for (number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL); /* refused for SIGKILL and its like */
    action.sa_handler = note_end_of_child;
    action.sa_flags = SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, NULL);
}

static void close_from(int first, int limit)
{
    int descriptor;

#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 0u) == 0)
        return;
#endif
    for (descriptor = first; descriptor < limit; descriptor++)
        close(descriptor);
}

/* The lines to where they belong; whatever else the host had open is closed. */
static int arrange_descriptors(const struct awsb_launch *launch)
{
    int line;

    for (line = AWSB_LINES - 1; line >= 0; line--) /* reports first: failures go there */
        if (dup2(launch->lines[line], line) == -1)
            return errno;
    close_from(AWSB_LINES, launch->descriptor_limit);
    for (line = AWSB_LINE_ORDERS; line < AWSB_LINES; line++)
        if (fcntl(line, F_SETFD, FD_CLOEXEC) == -1)
            return errno;
    return 0;
}

static void report(int line, enum awsb_report_kind kind, int value)
{
    struct awsb_report report = {kind, value};
    ssize_t written = write(line, &report, sizeof report);

    (void)written; /* if it can't be told, nobody is there to hear it */
}

/* Becomes the program; returns only if that fails. */
static int execute(const struct awsb_launch *launch)
{
    sigset_t none;

    setpgid(0, 0); /* the supervisor does it, too: neither knows who comes first */
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* should somebody kill the supervisor */
#endif
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(launch->path, launch->argv);
    return errno;
}

/* Starts the program. Its line of news ends unheard when exec succeeds, else it carries why not. */
static int start_program(const struct awsb_launch *launch, pid_t *program)
{
    int news[2];
    int error = 0;

    if (!awsb_open_pipe(news))
        return errno;
    *program = fork();
    if (*program == 0) {
        ssize_t written;

        error = execute(launch);
        written = write(news[1], &error, sizeof error);
        _exit(written == (ssize_t)sizeof error ? CANNOT_EXEC : 1);
    }
    if (*program == -1)
        error = errno;
    close(news[1]);
    if (*program > 0) {
        setpgid(*program, *program);
        if (read(news[0], &error, sizeof error) > 0)
            waitpid(*program, NULL, 0);
    }
    close(news[0]);
    return error;
}

static void report_end(int status)
{
    if (WIFEXITED(status))
        report(AWSB_LINE_REPORTS, AWSB_REPORT_EXITED, WEXITSTATUS(status));
    else
        report(AWSB_LINE_REPORTS, AWSB_REPORT_SIGNALLED, WTERMSIG(status));
}

/* Until the program ends, or until an order or the end of us comes. */
static void watch(pid_t program)
{
    sigset_t all_but_child;
    fd_set lines;
    int status;

    sigfillset(&all_but_child);
    sigdelset(&all_but_child, SIGCHLD);
    for (;;) {
        if (waitpid(program, &status, WNOHANG) == program) {
            report_end(status);
            return;
        }
        FD_ZERO(&lines);
        FD_SET(AWSB_LINE_ORDERS, &lines);
        if (pselect(AWSB_LINE_ORDERS + 1, &lines, NULL, NULL, NULL, &all_but_child) > 0) {
            kill(-program, SIGKILL);
            waitpid(program, &status, 0);
            return;
        }
    }
}

void awsb_supervise(const struct awsb_launch *launch)
{
    pid_t program = 0;
    int error;

    setsid(); /* away from the terminal and its Ctrl-C; a program that asks there fails at once */
    reset_signals();
    error = arrange_descriptors(launch);
    if (error == 0)
        error = start_program(launch, &program);
    close(AWSB_LINE_INPUT); /* so that only the program and what it starts hold them */
    close(AWSB_LINE_OUTPUT);
    close(AWSB_LINE_ERRORS);
    if (error != 0) {
        report(AWSB_LINE_REPORTS, AWSB_REPORT_NOT_STARTED, error);
    } else {
        report(AWSB_LINE_REPORTS, AWSB_REPORT_STARTED, 0);
        watch(program);
    }
    _exit(0);
}
