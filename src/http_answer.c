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

static bool is_number(struct awsb_view text)
{
    size_t i;

    for (i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0;
}

/* What makes it impossible to tell where an answer ends, or what it says. */
struct framing {
    struct awsb_view length; /* the first; no data: none was given */
    bool odd_length;
    bool odd_content_encoding; /* none was asked for: the body would be other than it seems */
    bool odd_transfer_encoding;
};

/* RFC 9112, 6.3: two lengths that differ are unrecoverable. The library would take the last, and of
 * each the digits that it begins with. */
static void note_length(struct framing *framing, struct awsb_view value)
{
    if (framing->length.data == NULL)
        framing->length = value;
    if (!is_number(value) || !awsb_view_same(value, framing->length))
        framing->odd_length = true;
}

static bool is_other(struct awsb_view value, const char *allowed)
{
    return value.size > 0 && !awsb_same_ignoring_case(value, awsb_view_of(allowed));
}

static void read_framing(const struct awsb_head *head, struct framing *framing)
{
    struct awsb_view name, value;
    size_t position = 0;

    while (awsb_head_next(head, &position, &name, &value)) {
        if (awsb_view_same(name, awsb_view_of("content-length")))
            note_length(framing, value);
        else if (awsb_view_same(name, awsb_view_of("content-encoding")))
            framing->odd_content_encoding |= is_other(value, "identity");
        else if (awsb_view_same(name, awsb_view_of("transfer-encoding")))
            framing->odd_transfer_encoding |= is_other(value, "chunked");
    }
}

static bool judge_framing(struct awsb_answer *answer)
{
    struct framing framing = {{NULL, 0}, false, false, false};

    read_framing(&answer->head, &framing);
    if (framing.odd_length)
        return refuse(answer, "the answer has a Content-Length that makes no sense");
    if (framing.odd_content_encoding)
        return refuse(answer, "the answer has a Content-Encoding, though none was asked for");
    if (framing.odd_transfer_encoding)
        return refuse(answer, "the answer has a Transfer-Encoding, though none was asked for");
    return true;
}

bool awsb_answer_take_line(struct awsb_answer *answer, struct awsb_view line)
{
    const struct awsb_head *head = &answer->head;

    answer->stir_ms = *answer->now_ms;
    answer->err = awsb_head_add_line(&answer->head, line);
    if (answer->err == AWSB_REFUSED)
        return refuse(answer, "the answer has a header line that is none");
    if (answer->err != AWSB_OK || head->open)
        return answer->err == AWSB_OK;
    return judge_framing(answer);
}

bool awsb_answer_take_body(struct awsb_answer *answer, struct awsb_view part)
{
    answer->stir_ms = *answer->now_ms;
    awsb_buf_add(&answer->body, part);
    answer->err = answer->body.err;
    return answer->err == AWSB_OK;
}
