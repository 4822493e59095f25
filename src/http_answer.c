#include "http_exchange.h"

#include "text.h"

/*
 * What an answer may be, stricter than the library below. It is refused while it comes, so that its
 * connection is closed: nobody knows where the next answer would begin.
 */

static bool refuse(struct awsb_answer *answer, const char *fault)
{
    answer->err = AWSB_REFUSED;
    answer->fault = fault;
    return false;
}

static bool next_value(const struct awsb_head *head, const char *wanted, size_t *position,
                       struct awsb_view *value)
{
    struct awsb_view name;

    while (awsb_head_next(head, position, &name, value))
        if (awsb_view_same(name, awsb_view_of(wanted)))
            return true;
    return false;
}

/* None was asked for, so the body would be something else than it seems. */
static bool has_encoding(const struct awsb_head *head, const char *header, const char *allowed)
{
    struct awsb_view value;
    size_t position = 0;

    while (next_value(head, header, &position, &value))
        if (value.size > 0 && !awsb_same_ignoring_case(value, awsb_view_of(allowed)))
            return true;
    return false;
}

static bool is_number(struct awsb_view text)
{
    size_t i;

    for (i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0;
}

/* RFC 9112, 6.3: unrecoverable. The library would take the last of two lengths, and of each the
 * digits that it begins with. */
static bool has_odd_length(const struct awsb_head *head)
{
    struct awsb_view first, value;
    size_t position = 0;

    if (!next_value(head, "content-length", &position, &first))
        return false;
    if (!is_number(first))
        return true;
    while (next_value(head, "content-length", &position, &value))
        if (!awsb_view_same(value, first))
            return true;
    return false;
}

bool awsb_answer_take_line(struct awsb_answer *answer, struct awsb_view line)
{
    const struct awsb_head *head = &answer->head;

    answer->stirred = true;
    answer->err = awsb_head_add_line(&answer->head, line);
    if (answer->err == AWSB_REFUSED)
        return refuse(answer, "the answer has a header line that is none");
    if (answer->err != AWSB_OK || head->open)
        return answer->err == AWSB_OK;
    if (has_odd_length(head))
        return refuse(answer, "the answer has a Content-Length that makes no sense");
    if (has_encoding(head, "content-encoding", "identity"))
        return refuse(answer, "the answer has a Content-Encoding, though none was asked for");
    if (has_encoding(head, "transfer-encoding", "chunked"))
        return refuse(answer, "the answer has a Transfer-Encoding, though none was asked for");
    return true;
}

bool awsb_answer_take_body(struct awsb_answer *answer, struct awsb_view part)
{
    answer->stirred = true;
    awsb_buf_add(&answer->body, part);
    answer->err = answer->body.err;
    return answer->err == AWSB_OK;
}
