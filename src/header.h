#ifndef AWSB_HEADER_H
#define AWSB_HEADER_H

#include "text.h"
#include "view.h"

/* Whether a header can be sent with a request, whatever sends it. */

enum awsb_header_fault {
    AWSB_HEADER_FINE,
    AWSB_HEADER_NAME,   /* empty, or with a byte that no name may hold */
    AWSB_HEADER_VALUE,  /* with a CR, LF or NUL byte */
    AWSB_HEADER_FRAMING /* one that says how the body is sent, which is for the sender to say */
};

static inline bool awsb_is_named(struct awsb_view name, const char *lower)
{
    return awsb_same_ignoring_case(name, awsb_view_of(lower));
}

static inline enum awsb_header_fault awsb_header_check(struct awsb_view name,
                                                       struct awsb_view value)
{
    if (!awsb_is_token(name))
        return AWSB_HEADER_NAME;
    if (!awsb_is_one_line(value))
        return AWSB_HEADER_VALUE;
    if (awsb_is_named(name, "transfer-encoding") || awsb_is_named(name, "expect"))
        return AWSB_HEADER_FRAMING;
    return AWSB_HEADER_FINE;
}

#endif
