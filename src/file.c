#define _POSIX_C_SOURCE 200809L

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"
#include "process.h"
#include "text.h"

/* Below, a function that returns int returns 0 or the errno of what failed. */

#define CHUNK_SIZE 8192
#define MOST_LINKS 40 /* as many as Linux follows */
#define TEMPORARY_PREFIX ".aws-backup-"
#define TEMPORARY_RANDOM_BYTES 16
#define OWNER_ONLY (S_IRUSR | S_IWUSR)

const char *awsb_file_kind_name(enum awsb_file_kind kind)
{
    static const char *const names[] = {"missing", "denied", "not_a_file", "too_large", "io"};

    return names[kind];
}

static enum awsb_file_kind kind_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return AWSB_FILE_MISSING;
    case EACCES:
    case EPERM:
    case EROFS:
        return AWSB_FILE_DENIED;
    case EISDIR:
    case ENXIO: /* opening a socket */
        return AWSB_FILE_NOT_A_FILE;
    default:
        return AWSB_FILE_IO;
    }
}

static bool fail(struct awsb_file_failure *failure, int error)
{
    failure->kind = kind_of(error);
    awsb_error_text(error, failure->reason);
    return false;
}

static bool refuse(struct awsb_file_failure *failure, enum awsb_file_kind kind, const char *reason)
{
    failure->kind = kind;
    awsb_copy_cut(failure->reason, sizeof failure->reason, awsb_view_of(reason));
    return false;
}

static bool refuse_special(struct awsb_file_failure *failure, mode_t mode)
{
    return refuse(failure, AWSB_FILE_NOT_A_FILE,
                  S_ISDIR(mode) ? "it is a directory" : "it is no regular file");
}

static bool refuse_size(struct awsb_file_failure *failure, size_t max_size)
{
    failure->kind = AWSB_FILE_TOO_LARGE;
    snprintf(failure->reason, sizeof failure->reason, "it is larger than %zu bytes", max_size);
    return false;
}

/* Reading. */

static bool check_readable(int descriptor, size_t max_size, struct awsb_file_failure *failure)
{
    struct stat status;

    if (fstat(descriptor, &status) == -1)
        return fail(failure, errno);
    if (!S_ISREG(status.st_mode))
        return refuse_special(failure, status.st_mode);
    if (status.st_size > 0 && (uintmax_t)status.st_size > max_size)
        return refuse_size(failure, max_size);
    return true;
}

/* To the end, wherever it is by now: a file may grow meanwhile, and those of /proc have no size. */
static bool read_all(int descriptor, struct awsb_buf *out, struct awsb_file_failure *failure)
{
    char chunk[CHUNK_SIZE];
    ssize_t got;
    int error;

    do {
        got = read(descriptor, chunk, sizeof chunk);
        error = got == -1 ? errno : 0;
        if (got > 0)
            awsb_buf_add(out, awsb_view(chunk, (size_t)got));
    } while (out->err == AWSB_OK && (got > 0 || error == EINTR));
    awsb_wipe(chunk, sizeof chunk);
    if (out->err == AWSB_TOO_LARGE)
        return refuse_size(failure, out->max_size);
    if (out->err != AWSB_OK)
        return fail(failure, ENOMEM);
    return error == 0 || fail(failure, error);
}

bool awsb_file_read(const char *path, struct awsb_buf *out, struct awsb_file_failure *failure)
{
    int descriptor;
    bool done;

    do /* without waiting for a FIFO's writer, without making a terminal ours */
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (descriptor == -1 && errno == EINTR);
    if (descriptor == -1)
        return fail(failure, errno);
    done = check_readable(descriptor, out->max_size, failure) &&
           read_all(descriptor, out, failure);
    close(descriptor);
    return done;
}

/* Replacing. */

/* Where a file is: an open directory, so that all steps happen in the same one, and a name. */
struct place {
    int directory; /* -1 while there is none */
    char path[AWSB_PATH_SIZE];
    const char *name;
};

static void leave(struct place *place)
{
    if (place->directory != -1)
        close(place->directory);
    place->directory = -1;
}

/* Goes to where `path` leads from the place's directory. */
static int enter(struct place *place, const char *path)
{
    size_t size = strlen(path);
    const char *directory = ".";
    char *slash;
    int opened;

    if (size >= sizeof place->path)
        return ENAMETOOLONG;
    memcpy(place->path, path, size + 1);
    slash = strrchr(place->path, '/');
    place->name = slash != NULL ? slash + 1 : place->path;
    if (*place->name == '\0')
        return size > 0 ? EISDIR : ENOENT;
    if (slash != NULL) {
        *slash = '\0';
        directory = slash != place->path ? place->path : "/";
    }
    opened = openat(place->directory != -1 ? place->directory : AT_FDCWD, directory,
                    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened == -1)
        return errno;
    leave(place);
    place->directory = opened;
    return 0;
}

/* Goes to the file itself, through symbolic links, even if the last one leads to nothing yet. */
static int find(struct place *place, const char *path)
{
    char link[AWSB_PATH_SIZE];
    int error = enter(place, path);
    int hops;

    for (hops = 0; error == 0; hops++) {
        ssize_t size = readlinkat(place->directory, place->name, link, sizeof link);

        if (size == -1)
            return errno == EINVAL || errno == ENOENT ? 0 : errno;
        if (hops == MOST_LINKS)
            return ELOOP;
        if ((size_t)size == sizeof link)
            return ENAMETOOLONG;
        link[size] = '\0';
        error = enter(place, link);
    }
    return error;
}

/* Whether a regular file or nothing is there: a rename would replace a device, too. */
static bool check_replaceable(const struct place *place, struct awsb_file_failure *failure)
{
    struct stat status;

    if (fstatat(place->directory, place->name, &status, AT_SYMLINK_NOFOLLOW) == -1)
        return errno == ENOENT || fail(failure, errno);
    return S_ISREG(status.st_mode) || refuse_special(failure, status.st_mode);
}

static int write_all(int descriptor, struct awsb_view text)
{
    while (text.size > 0) {
        ssize_t written = write(descriptor, text.data, text.size);

        if (written == -1 && errno != EINTR)
            return errno;
        if (written > 0)
            text = awsb_view(text.data + written, text.size - (size_t)written);
    }
    return 0;
}

/* A file system that has nothing to synchronise says EINVAL. */
static int synchronise(int descriptor)
{
    while (fsync(descriptor) == -1)
        if (errno != EINTR)
            return errno == EINVAL ? 0 : errno;
    return 0;
}

/* A new file with the whole text on disk; on failure there is none. */
static int write_new(int directory, const char *name, struct awsb_view text)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    int descriptor = openat(directory, name, flags, OWNER_ONLY);
    int error;

    if (descriptor == -1)
        return errno;
    error = write_all(descriptor, text);
    if (error == 0)
        error = synchronise(descriptor);
    if (close(descriptor) == -1 && error == 0 && errno != EINTR)
        error = errno;
    if (error != 0)
        unlinkat(directory, name, 0);
    return error;
}

/* A name that nobody can have prepared; hidden, and with no ending that a cache's readers seek. */
static bool make_temporary_name(char name[sizeof TEMPORARY_PREFIX + 2 * TEMPORARY_RANDOM_BYTES])
{
    unsigned char bytes[TEMPORARY_RANDOM_BYTES];
    size_t prefix_size = strlen(TEMPORARY_PREFIX);

    if (awsb_random(bytes, sizeof bytes) != AWSB_OK)
        return false;
    memcpy(name, TEMPORARY_PREFIX, prefix_size);
    awsb_hex(bytes, sizeof bytes, name + prefix_size);
    name[prefix_size + 2 * sizeof bytes] = '\0';
    return true;
}

static bool replace_at(const struct place *place, struct awsb_view text,
                       struct awsb_file_failure *failure)
{
    char temporary[sizeof TEMPORARY_PREFIX + 2 * TEMPORARY_RANDOM_BYTES];
    int error;

    if (!make_temporary_name(temporary))
        return refuse(failure, AWSB_FILE_IO, "OpenSSL's random generator has no entropy");
    error = write_new(place->directory, temporary, text);
    if (error != 0)
        return fail(failure, error);
    if (renameat(place->directory, temporary, place->directory, place->name) == -1) {
        error = errno;
        unlinkat(place->directory, temporary, 0);
        return fail(failure, error);
    }
    if (synchronise(place->directory) != 0)
        return refuse(failure, AWSB_FILE_IO,
                      "it was replaced, but a crash may bring the old content back: the directory "
                      "could not be synchronised");
    return true;
}

bool awsb_file_replace(const char *path, struct awsb_view text, struct awsb_file_failure *failure)
{
    struct place place;
    bool done;
    int error;

    place.directory = -1;
    error = find(&place, path);
    done = error == 0 ? check_replaceable(&place, failure) && replace_at(&place, text, failure)
                      : fail(failure, error);
    leave(&place);
    return done;
}
