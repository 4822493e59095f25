#ifndef AWSB_FILE_H
#define AWSB_FILE_H

#include <stdbool.h>

#include "buf.h"
#include "err.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/* Whole small files, secrets among them: read within a bound, and replaced in one step. */

enum awsb_file_kind {
    AWSB_FILE_MISSING,
    AWSB_FILE_DENIED,     /* by permissions or by a read-only file system */
    AWSB_FILE_NOT_A_FILE, /* a directory, FIFO, device or socket */
    AWSB_FILE_TOO_LARGE,
    AWSB_FILE_IO /* anything else, memory included */
};

/* Why not; the reason does not name the path. */
struct awsb_file_failure {
    enum awsb_file_kind kind;
    char reason[AWSB_ERROR_TEXT_SIZE];
};

/* Static. */
const char *awsb_file_kind_name(enum awsb_file_kind kind);

/* Adds the content to `out`, whose bound is the file's. Never waits for a writer. After a failure
 * the buffer may hold a beginning. */
bool awsb_file_read(const char *path, struct awsb_buf *out, struct awsb_file_failure *failure);

/*
 * Makes `text` the content of the file, which then has mode 0600: whoever reads meanwhile sees the
 * old content or the new one, and so does who reads after a crash. If the path is a symbolic link,
 * the file that it leads to is replaced, and made if there is none.
 */
bool awsb_file_replace(const char *path, struct awsb_view text, struct awsb_file_failure *failure);

#pragma GCC visibility pop

#endif
