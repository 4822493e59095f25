#ifndef AWSB_HTTP_ANSWER_H
#define AWSB_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"
#include "head.h"
#include "http_kind.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * The answer to one request of HTTP/1.1 (RFC 9112), read as it comes, stricter than it would have to
 * be: an answer whose end is in doubt is refused, since nobody knows where the next one on its
 * connection would begin. It does no I/O: it is fed either the bytes of a socket, or what a library
 * makes of them, lines of heads and parts of a body.
 *
 * All lines of heads, trailers and what stands beside the sizes of chunks are bounded together.
 * Interim answers (1xx) are replaced by what follows; trailers are checked and left out.
 *
 * Begin with awsb_answer_init; the owner calls clear.
 */

/* What is wrong with an answer; awsb_answer_fault_name has their names. */
enum awsb_answer_fault {
    AWSB_ANSWER_FINE,
    AWSB_ANSWER_HAS_BAD_STATUS_LINE,
    AWSB_ANSWER_SWITCHES_PROTOCOLS,
    AWSB_ANSWER_HAS_BAD_HEADER,
    AWSB_ANSWER_HAS_BAD_LENGTH,
    AWSB_ANSWER_HAS_TWO_FRAMINGS, /* a length and chunks: two ends */
    AWSB_ANSWER_HAS_CONTENT_ENCODING,
    AWSB_ANSWER_HAS_TRANSFER_ENCODING,
    AWSB_ANSWER_HAS_BAD_CHUNK_SIZE,
    AWSB_ANSWER_HAS_ENDLESS_CHUNK,
    AWSB_ANSWER_IS_TOO_LARGE,
    AWSB_ANSWER_FOUND_NO_MEMORY,
    /* Its connection has ended before it: */
    AWSB_ANSWER_CUT_IN_STATUS_LINE,
    AWSB_ANSWER_CUT_IN_HEADERS,
    AWSB_ANSWER_CUT_IN_BODY,
    AWSB_ANSWER_CUT_IN_CHUNKS
};

/* How much of it is there. */
enum awsb_answer_stage {
    AWSB_ANSWER_STATUS_LINE,
    AWSB_ANSWER_HEADERS,
    AWSB_ANSWER_SIZED_BODY,
    AWSB_ANSWER_BODY_TO_THE_END, /* of the connection */
    AWSB_ANSWER_CHUNK_SIZE,
    AWSB_ANSWER_CHUNK,
    AWSB_ANSWER_CHUNK_CR,
    AWSB_ANSWER_CHUNK_LF,
    AWSB_ANSWER_TRAILERS,
    AWSB_ANSWER_COMPLETE
};

struct awsb_answer_bounds {
    size_t max_head_bytes;
    size_t max_body_bytes;
    bool expects_no_body; /* the request was HEAD, or a CONNECT of which the head alone is read */
};

struct awsb_answer {
    struct awsb_head head;
    struct awsb_buf body;
    int status; /* 0: no final status line yet */
    enum awsb_answer_fault fault;
    enum awsb_answer_stage stage;

    struct awsb_answer_bounds bounds;
    struct awsb_buf line; /* of a socket's bytes: the line that is not there in full yet */
    size_t head_bytes;    /* that were taken so far */
    size_t left;          /* bytes of a body or chunk that are yet to come */
    unsigned interims;
    bool has_begun;      /* a byte of it has come */
    bool has_length;
    bool is_chunked;
    bool ends_connection; /* it says so, by its version if not in words */
    bool has_trailer;
    bool has_excess;      /* bytes came behind its end */
};

void awsb_answer_init(struct awsb_answer *answer, const struct awsb_answer_bounds *bounds);
void awsb_answer_clear(struct awsb_answer *answer);

/* Each takes what has come. False: no more of this answer, see fault. */

/* For libraries: a line of a head or of trailers, its end included, and a part of the body. */
bool awsb_answer_take_line(struct awsb_answer *answer, struct awsb_view line);
bool awsb_answer_take_body(struct awsb_answer *answer, struct awsb_view part);

/* For sockets: whatever has come, and the end of the connection. */
bool awsb_answer_take_bytes(struct awsb_answer *answer, struct awsb_view bytes);
bool awsb_answer_take_end(struct awsb_answer *answer);

/* How many bytes to receive next, at most; 0: it is complete. */
size_t awsb_answer_wants(const struct awsb_answer *answer);

/* Of a complete one, whether another request may follow on its connection. */
bool awsb_answer_leaves_connection(const struct awsb_answer *answer);

/* The kind of failure that its fault is; AWSB_HTTP_OK if it has none. */
enum awsb_http_kind awsb_answer_kind(const struct awsb_answer *answer);

/* A word such as "bad_status_line"; static. */
const char *awsb_answer_fault_name(enum awsb_answer_fault fault);

#pragma GCC visibility pop

#endif
