#define _DEFAULT_SOURCE /* POSIX of 2008, and what it leaves out */
#define _DARWIN_C_SOURCE

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "hash.h"
#include "mem.h"
#include "process.h"
#include "supervisor.h"

/* Below, a function that returns int returns 0 or the errno of what failed. */

#define CHUNK_SIZE 8192
#define MOST_DESCRIPTORS (1 << 20) /* to close one by one where the system can't do it at once */
#define REAP_MS 1000

struct awsb_child {
    long process_id; /* of who started it */
    enum awsb_child_state state;
    int code;
    pid_t supervisor;      /* 0 while there is none to collect */
    int lines[AWSB_LINES]; /* our ends, -1 where there is none */
    size_t max_output_bytes;
    struct awsb_buf output;
    struct awsb_buf errors;
};

const char *awsb_child_state_name(enum awsb_child_state state)
{
    static const char *const names[] = {"running",  "exited", "signalled", "too_large",
                                        "memory", "killed", "lost",      "closed"};

    return names[state];
}

struct awsb_child *awsb_child_new(size_t max_output_bytes)
{
    struct awsb_child *child = awsb_realloc(NULL, sizeof *child);
    int line;

    if (child == NULL)
        return NULL;
    memset(child, 0, sizeof *child);
    child->process_id = awsb_process_id();
    for (line = 0; line < AWSB_LINES; line++)
        child->lines[line] = -1;
    child->max_output_bytes = max_output_bytes;
    awsb_buf_init_wiping(&child->output, max_output_bytes);
    awsb_buf_init_wiping(&child->errors, max_output_bytes);
    return child;
}

static void close_line(int *line)
{
    if (*line != -1)
        close(*line);
    *line = -1;
}

static void close_lines(int lines[AWSB_LINES])
{
    int line;

    for (line = 0; line < AWSB_LINES; line++)
        close_line(&lines[line]);
}

/* Collects the supervisor, which is about to end or already collected by the host. Never waits for
 * ever: in the latter case its process id may belong to somebody else by now. */
static void reap(struct awsb_child *child)
{
    int64_t until_ms = awsb_monotonic_ms() + REAP_MS;
    pid_t collected;

    if (child->supervisor == 0)
        return;
    do {
        collected = waitpid(child->supervisor, NULL, WNOHANG);
        if (collected == 0)
            awsb_sleep_ms(1);
    } while ((collected == 0 || (collected == -1 && errno == EINTR)) &&
             awsb_monotonic_ms() < until_ms);
    child->supervisor = 0;
}

/* The program is over for us. Unless it has ended by itself, the end of our line kills it; but
 * another process may hold a copy of that line, so it is also said in so many words. */
static void conclude(struct awsb_child *child, enum awsb_child_state state, int code)
{
    bool ended = state == AWSB_CHILD_EXITED || state == AWSB_CHILD_SIGNALLED;
    struct awsb_sigpipe sigpipe;

    if (!ended && child->lines[AWSB_LINE_ORDERS] != -1) {
        awsb_sigpipe_block(&sigpipe);
        while (write(child->lines[AWSB_LINE_ORDERS], "", 1) == -1 && errno == EINTR)
            continue;
        awsb_sigpipe_restore(&sigpipe);
    }
    if (!ended)
        awsb_buf_clear(&child->output); /* half an answer is none; complaints may tell why */
    child->state = state;
    child->code = code;
    close_lines(child->lines);
    reap(child);
}

/* True in a process that got its copy by a fork; it lets go of it. */
static bool is_foreign(struct awsb_child *child)
{
    if (child->process_id == awsb_process_id())
        return false;
    close_lines(child->lines);
    if (child->state == AWSB_CHILD_RUNNING)
        child->state = AWSB_CHILD_CLOSED;
    return true;
}

/* Starting. */

/* Moves it out of the way of where the lines will be over there; -1 if that fails. */
static int lift(int descriptor)
{
    int lifted, error;

    if (descriptor == -1 || descriptor >= AWSB_LINES)
        return descriptor;
    lifted = fcntl(descriptor, F_DUPFD_CLOEXEC, AWSB_LINES);
    error = errno;
    close(descriptor);
    errno = error;
    return lifted;
}

static int open_line(int ours[AWSB_LINES], int theirs[AWSB_LINES], enum awsb_line line)
{
    int ends[2];
    bool outward = line == AWSB_LINE_ORDERS;

    if (!awsb_open_pipe(ends))
        return errno;
    ours[line] = ends[outward ? 1 : 0];
    theirs[line] = lift(ends[outward ? 0 : 1]);
    return theirs[line] != -1 ? 0 : errno;
}

static int open_lines(int ours[AWSB_LINES], int theirs[AWSB_LINES])
{
    int line, error;

    theirs[AWSB_LINE_INPUT] = lift(open("/dev/null", O_RDONLY | O_CLOEXEC));
    error = theirs[AWSB_LINE_INPUT] != -1 ? 0 : errno;
    for (line = AWSB_LINE_OUTPUT; line < AWSB_LINES && error == 0; line++)
        error = open_line(ours, theirs, (enum awsb_line)line);
    return error;
}

/* No handler of the host's may run in the new process: signals wait. */
static int fork_supervisor(struct awsb_child *child, const struct awsb_launch *launch)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    error = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error != 0)
        return error;
    child->supervisor = fork();
    if (child->supervisor == 0)
        awsb_supervise(launch);
    if (child->supervisor == -1) {
        error = errno;
        child->supervisor = 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Hears whether the program runs; from then on no read waits. */
static int await_start(const struct awsb_child *child)
{
    struct awsb_report report;
    ssize_t got;
    int line;

    do
        got = read(child->lines[AWSB_LINE_REPORTS], &report, sizeof report);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        return errno;
    if (got != (ssize_t)sizeof report)
        return ECHILD; /* somebody killed the supervisor */
    if (report.kind == AWSB_REPORT_NOT_STARTED)
        return report.value;
    for (line = 0; line < AWSB_LINES; line++)
        if (child->lines[line] != -1 && fcntl(child->lines[line], F_SETFL, O_NONBLOCK) == -1)
            return errno;
    return 0;
}

static int descriptor_limit(void)
{
    long limit = sysconf(_SC_OPEN_MAX);

    return limit >= 0 && limit < MOST_DESCRIPTORS ? (int)limit : MOST_DESCRIPTORS;
}

bool awsb_child_start(struct awsb_child *child, char *const *argv,
                      char reason[AWSB_ERROR_TEXT_SIZE])
{
    char path[AWSB_PATH_SIZE];
    struct awsb_launch launch = {path, argv, {-1, -1, -1, -1, -1}, descriptor_limit()};
    int error = awsb_find_program(argv[0], path);

    if (error == 0)
        error = open_lines(child->lines, launch.lines);
    if (error == 0)
        error = fork_supervisor(child, &launch);
    close_lines(launch.lines);
    if (error == 0)
        error = await_start(child);
    if (error == 0)
        return true;
    awsb_error_text(error, reason);
    conclude(child, AWSB_CHILD_LOST, 0);
    return false;
}

/* Running. */

/* What woke us is not looked at: all lines are read without waiting. */
static void wait_for_news(const struct awsb_child *child, int64_t timeout_ms)
{
    static const enum awsb_line incoming[] = {AWSB_LINE_OUTPUT, AWSB_LINE_ERRORS,
                                              AWSB_LINE_REPORTS};
    struct pollfd polls[sizeof incoming / sizeof *incoming];
    size_t i;

    for (i = 0; i < sizeof polls / sizeof *polls; i++) {
        polls[i].fd = child->lines[incoming[i]]; /* those of -1 are left out */
        polls[i].events = POLLIN;
    }
    poll(polls, sizeof polls / sizeof *polls, timeout_ms < INT_MAX ? (int)timeout_ms : INT_MAX);
}

/* Nothing is there, or a signal came. */
static bool is_passing(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* How it has ended according to the supervisor, or that it runs. */
static enum awsb_child_state read_report(const struct awsb_child *child, int *code)
{
    struct awsb_report report;
    ssize_t got = read(child->lines[AWSB_LINE_REPORTS], &report, sizeof report);

    if (got == -1 && is_passing(errno))
        return AWSB_CHILD_RUNNING;
    if (got != (ssize_t)sizeof report)
        return AWSB_CHILD_LOST;
    *code = report.value;
    return report.kind == AWSB_REPORT_EXITED ? AWSB_CHILD_EXITED : AWSB_CHILD_SIGNALLED;
}

/* Whether the bounds allow it to run on. */
static enum awsb_child_state keep(struct awsb_child *child, struct awsb_buf *text,
                                  struct awsb_view bytes)
{
    if (bytes.size > child->max_output_bytes - child->output.size - child->errors.size)
        return AWSB_CHILD_TOO_LARGE;
    awsb_buf_add(text, bytes);
    return text->err == AWSB_OK ? AWSB_CHILD_RUNNING : AWSB_CHILD_NO_MEMORY;
}

/* Takes all that is there by now. */
static enum awsb_child_state collect(struct awsb_child *child, enum awsb_line line,
                                     struct awsb_buf *text)
{
    enum awsb_child_state state = AWSB_CHILD_RUNNING;
    char chunk[CHUNK_SIZE];
    ssize_t got;

    while (state == AWSB_CHILD_RUNNING && child->lines[line] != -1) {
        got = read(child->lines[line], chunk, sizeof chunk);
        if (got > 0)
            state = keep(child, text, awsb_view(chunk, (size_t)got));
        else if (got == 0 || !is_passing(errno))
            close_line(&child->lines[line]);
        else if (errno != EINTR)
            break;
    }
    awsb_wipe(chunk, sizeof chunk);
    return state;
}

bool awsb_child_step(struct awsb_child *child, int64_t timeout_ms)
{
    enum awsb_child_state end, trouble;
    int code = 0;

    if (is_foreign(child) || child->state != AWSB_CHILD_RUNNING)
        return true;
    wait_for_news(child, timeout_ms);
    end = read_report(child, &code); /* first: what was written before the end is there now */
    trouble = collect(child, AWSB_LINE_OUTPUT, &child->output);
    if (trouble == AWSB_CHILD_RUNNING)
        trouble = collect(child, AWSB_LINE_ERRORS, &child->errors);
    if (trouble != AWSB_CHILD_RUNNING)
        end = trouble;
    if (end != AWSB_CHILD_RUNNING)
        conclude(child, end, code);
    return child->state != AWSB_CHILD_RUNNING;
}

void awsb_child_kill(struct awsb_child *child)
{
    if (!is_foreign(child) && child->state == AWSB_CHILD_RUNNING)
        conclude(child, AWSB_CHILD_KILLED, 0);
}

void awsb_child_free(struct awsb_child *child)
{
    if (child == NULL)
        return;
    awsb_child_kill(child);
    awsb_buf_clear(&child->output);
    awsb_buf_clear(&child->errors);
    awsb_free(child);
}

enum awsb_child_state awsb_child_state(struct awsb_child *child)
{
    is_foreign(child);
    return child->state;
}

int awsb_child_code(const struct awsb_child *child)
{
    return child->code;
}

struct awsb_view awsb_child_output(const struct awsb_child *child)
{
    return awsb_buf_view(&child->output);
}

struct awsb_view awsb_child_errors(const struct awsb_child *child)
{
    return awsb_buf_view(&child->errors);
}
