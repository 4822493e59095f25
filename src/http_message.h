#ifndef AWSB_HTTP_MESSAGE_H
#define AWSB_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * A request of HTTP/1.1 as it is written: what it may be, stricter than libraries are, for what was
 * signed is what must be sent, and what comes from users must not make two requests of one. It does
 * no I/O. It has two forms: the header lines that libcurl takes (http_lines.h), or the whole head as
 * it goes over a socket, to which the body follows as it is.
 *
 * The buffer that it writes to is the caller's. After the first fault nothing more is taken.
 */

/* What is wrong with a request; awsb_message_fault_name has their names. */
enum awsb_message_fault {
    AWSB_MESSAGE_FINE,
    AWSB_MESSAGE_HAS_BAD_METHOD,
    AWSB_MESSAGE_HAS_BODY_FOR_HEAD,
    AWSB_MESSAGE_HAS_BAD_URL,
    AWSB_MESSAGE_HAS_USER_IN_URL,
    AWSB_MESSAGE_HAS_NO_HOST_IN_URL,
    AWSB_MESSAGE_HAS_BAD_HEADER_NAME,  /* empty, or with a byte that no name may hold */
    AWSB_MESSAGE_HAS_BAD_HEADER_VALUE, /* with a CR, LF or NUL byte */
    AWSB_MESSAGE_HAS_FRAMING_HEADER,   /* that says how the body is sent, which is ours to say */
    AWSB_MESSAGE_HAS_OTHER_LENGTH,     /* in a header, than its body has */
    AWSB_MESSAGE_FOUND_NO_MEMORY
};

enum awsb_message_form { AWSB_MESSAGE_FOR_LIBCURL, AWSB_MESSAGE_FOR_SOCKET };

#define AWSB_MESSAGE_LENGTH_SIZE 32 /* with more digits than that it is wrong anyway */

struct awsb_message {
    struct awsb_buf *out;
    enum awsb_message_form form;
    enum awsb_message_fault fault;
    bool has_length; /* a header told one */
    char length[AWSB_MESSAGE_LENGTH_SIZE];
};

void awsb_message_init(struct awsb_message *message, enum awsb_message_form form,
                       struct awsb_buf *out);

/* Each checks a part and writes what there is to write of it. False: see fault. */

/* Before the headers. The host is that of a header Host, where there is one. */
bool awsb_message_begin_head(struct awsb_message *message, struct awsb_view method,
                             struct awsb_view target, struct awsb_view host);

/* Once for each. A head has its host already, and the length is written by whoever sends. */
bool awsb_message_add_header(struct awsb_message *message, struct awsb_view name,
                             struct awsb_view value);

/* After the headers: method and length have a rule in common. */
bool awsb_message_check_body(struct awsb_message *message, struct awsb_view method,
                             size_t body_size);

/* At last, `more`: lines for a proxy, each with its end. */
bool awsb_message_end_head(struct awsb_message *message, struct awsb_view method,
                           size_t body_size, struct awsb_view more);

/* Whether a URL can be sent: http or https, escaped, no fragment, no user name. Takes out what tells
 * the server: scheme, host and port. */
bool awsb_message_check_url(struct awsb_message *message, struct awsb_view url,
                            struct awsb_view *origin);

bool awsb_is_https(struct awsb_view url);

/* Whether a request tells the length of its body though that is 0 (RFC 9110, 8.6). */
bool awsb_message_tells_length(struct awsb_view method, size_t body_size);

/* A word such as "header_name"; static. */
const char *awsb_message_fault_name(enum awsb_message_fault fault);

#pragma GCC visibility pop

#endif
