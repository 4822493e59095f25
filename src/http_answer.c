#include "http_answer.h"

#include <string.h>

#include "text.h"

#define MAX_INTERIM_ANSWERS 100
#define MAX_CHUNK_SIZE_DIGITS 16 /* leading zeros included */
#define RECEIVED_AT_ONCE 65536   /* as much as most readers of sockets give */
#define RESERVED_AT_ONCE 65536   /* of what an answer only claims */
#define SWITCHING_PROTOCOLS 101

static const char beginning[] = "HTTP/1.";
#define BEGINNING_SIZE (sizeof beginning - 1)

static const char *const fault_names[] = {
    "none",
    "bad_status_line",
    "other_protocol",
    "bad_header",
    "bad_length",
    "two_framings",
    "content_encoding",
    "transfer_encoding",
    "bad_chunk_size",
    "endless_chunk",
    "too_large",
    "no_memory",
    "cut_in_status_line",
    "cut_in_headers",
    "cut_in_body",
    "cut_in_chunks",
};

const char *awsb_answer_fault_name(enum awsb_answer_fault fault)
{
    return fault_names[fault];
}

void awsb_answer_init(struct awsb_answer *answer, const struct awsb_answer_bounds *bounds)
{
    memset(answer, 0, sizeof *answer);
    answer->bounds = *bounds;
    awsb_head_init(&answer->head, bounds->max_head_bytes);
    awsb_buf_init(&answer->body, bounds->max_body_bytes);
    awsb_buf_init(&answer->line, bounds->max_head_bytes);
}

void awsb_answer_clear(struct awsb_answer *answer)
{
    awsb_head_clear(&answer->head);
    awsb_buf_clear(&answer->body);
    awsb_buf_clear(&answer->line);
}

/* Faults. */

static bool refuse(struct awsb_answer *answer, enum awsb_answer_fault fault)
{
    answer->fault = fault;
    return false;
}

/* What a buffer or a head did not take. */
static bool check(struct awsb_answer *answer, enum awsb_err err)
{
    switch (err) {
    case AWSB_OK:
        return true;
    case AWSB_TOO_LARGE:
        return refuse(answer, AWSB_ANSWER_IS_TOO_LARGE);
    case AWSB_NO_MEMORY:
        return refuse(answer, AWSB_ANSWER_FOUND_NO_MEMORY);
    case AWSB_CRYPTO:
    case AWSB_REFUSED:
        break;
    }
    return refuse(answer, AWSB_ANSWER_HAS_BAD_HEADER);
}

/* Counts bytes of heads. */
static bool spend(struct awsb_answer *answer, size_t count)
{
    if (count > answer->bounds.max_head_bytes - answer->head_bytes)
        return refuse(answer, AWSB_ANSWER_IS_TOO_LARGE);
    answer->head_bytes += count;
    return true;
}

enum awsb_http_kind awsb_answer_kind(const struct awsb_answer *answer)
{
    switch (answer->fault) {
    case AWSB_ANSWER_FINE:
        return AWSB_HTTP_OK;
    case AWSB_ANSWER_IS_TOO_LARGE:
        return AWSB_HTTP_TOO_LARGE;
    case AWSB_ANSWER_FOUND_NO_MEMORY:
        return AWSB_HTTP_MEMORY;
    case AWSB_ANSWER_CUT_IN_STATUS_LINE:
    case AWSB_ANSWER_CUT_IN_HEADERS:
    case AWSB_ANSWER_CUT_IN_BODY:
    case AWSB_ANSWER_CUT_IN_CHUNKS:
        return AWSB_HTTP_RESET;
    default:
        return AWSB_HTTP_PROTOCOL;
    }
}

/* Status lines. */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Three digits, the first no zero; 0 if they are something else. */
static int read_status(const char *digits)
{
    if (digits[0] == '0' || !is_digit(digits[0]) || !is_digit(digits[1]) || !is_digit(digits[2]))
        return 0;
    return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}

/* "HTTP/1.1 200 OK"; the reason may be missing, and the blank before it. */
static bool take_status_line(struct awsb_answer *answer, struct awsb_view line)
{
    static const size_t size = BEGINNING_SIZE + sizeof "1 200" - 1;
    int status;

    if (line.size < size || memcmp(line.data, beginning, BEGINNING_SIZE) != 0 ||
        (line.data[BEGINNING_SIZE] != '0' && line.data[BEGINNING_SIZE] != '1') ||
        line.data[BEGINNING_SIZE + 1] != ' ' || (line.size > size && line.data[size] != ' ') ||
        !awsb_is_one_line(line))
        return refuse(answer, AWSB_ANSWER_HAS_BAD_STATUS_LINE);
    status = read_status(line.data + BEGINNING_SIZE + 2);
    if (status == 0)
        return refuse(answer, AWSB_ANSWER_HAS_BAD_STATUS_LINE);
    if (status == SWITCHING_PROTOCOLS)
        return refuse(answer, AWSB_ANSWER_SWITCHES_PROTOCOLS);
    answer->status = status;
    answer->ends_connection = line.data[BEGINNING_SIZE] == '0';
    answer->stage = AWSB_ANSWER_HEADERS;
    awsb_head_reset(&answer->head);
    return true;
}

/* Framing: what the headers say about where the answer ends. */

struct framing {
    struct awsb_view length; /* the first; no data: none was given */
    bool has_odd_length;
    bool is_encoded; /* none was asked for: the body would be other than it seems */
    bool is_chunked;
    bool has_odd_transfer;
};

static bool is_number(struct awsb_view text)
{
    size_t i;

    for (i = 0; i < text.size; i++)
        if (!is_digit(text.data[i]))
            return false;
    return text.size > 0;
}

/* RFC 9112, 6.3: two lengths that differ are unrecoverable. */
static void note_length(struct framing *framing, struct awsb_view value)
{
    if (framing->length.data == NULL)
        framing->length = value;
    if (!is_number(value) || !awsb_view_same(value, framing->length))
        framing->has_odd_length = true;
}

/* Chunks, and once: chunks of chunks nobody asks for. */
static void note_transfer(struct framing *framing, struct awsb_view value)
{
    if (framing->is_chunked || !awsb_same_ignoring_case(value, awsb_view_of("chunked")))
        framing->has_odd_transfer = true;
    framing->is_chunked = true;
}

static bool is_separator(char c)
{
    return c == ',' || awsb_is_blank(c);
}

/* Whether the list has the word "close". */
static bool says_close(struct awsb_view list)
{
    size_t start = 0, end;

    while (start < list.size) {
        for (end = start; end < list.size && !is_separator(list.data[end]); end++)
            continue;
        if (awsb_same_ignoring_case(awsb_view(list.data + start, end - start),
                                    awsb_view_of("close")))
            return true;
        start = end + 1;
    }
    return false;
}

static void note_header(struct awsb_answer *answer, struct framing *framing,
                        struct awsb_view name, struct awsb_view value)
{
    if (awsb_view_same(name, awsb_view_of("content-length")))
        note_length(framing, value);
    else if (awsb_view_same(name, awsb_view_of("transfer-encoding")))
        note_transfer(framing, value);
    else if (awsb_view_same(name, awsb_view_of("content-encoding")))
        framing->is_encoded |=
            value.size > 0 && !awsb_same_ignoring_case(value, awsb_view_of("identity"));
    else if (awsb_view_same(name, awsb_view_of("connection")))
        answer->ends_connection |= says_close(value);
}

static bool judge_framing(struct awsb_answer *answer, const struct framing *framing)
{
    if (framing->has_odd_length)
        return refuse(answer, AWSB_ANSWER_HAS_BAD_LENGTH);
    if (framing->is_encoded)
        return refuse(answer, AWSB_ANSWER_HAS_CONTENT_ENCODING);
    if (framing->has_odd_transfer)
        return refuse(answer, AWSB_ANSWER_HAS_TRANSFER_ENCODING);
    if (framing->is_chunked && framing->length.data != NULL)
        return refuse(answer, AWSB_ANSWER_HAS_TWO_FRAMINGS);
    return true;
}

static bool read_framing(struct awsb_answer *answer, struct framing *framing)
{
    struct awsb_view name, value;
    size_t position = 0;

    while (awsb_head_next(&answer->head, &position, &name, &value))
        note_header(answer, framing, name, value);
    answer->is_chunked = framing->is_chunked;
    answer->has_length = framing->length.data != NULL;
    return judge_framing(answer, framing);
}

/* Bodies. */

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c = awsb_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number that these digits make, or false if it is beyond `max`. */
static bool read_size(struct awsb_view digits, size_t base, size_t max, size_t *size)
{
    size_t i;

    *size = 0;
    for (i = 0; i < digits.size; i++) {
        size_t digit = (size_t)digit_value(digits.data[i]);

        if (*size > max / base || digit > max - *size * base)
            return false;
        *size = *size * base + digit;
    }
    return true;
}

static bool has_body(const struct awsb_answer *answer)
{
    return !answer->bounds.expects_no_body && answer->status != 204 && answer->status != 304;
}

static bool begin_sized_body(struct awsb_answer *answer, struct awsb_view length)
{
    size_t size;

    if (!read_size(length, 10, answer->bounds.max_body_bytes, &size))
        return refuse(answer, AWSB_ANSWER_IS_TOO_LARGE);
    answer->left = size;
    answer->stage = size > 0 ? AWSB_ANSWER_SIZED_BODY : AWSB_ANSWER_COMPLETE;
    awsb_buf_reserve(&answer->body, size < RESERVED_AT_ONCE ? size : RESERVED_AT_ONCE);
    return check(answer, answer->body.err);
}

static bool begin_body(struct awsb_answer *answer, const struct framing *framing)
{
    if (!has_body(answer))
        answer->stage = AWSB_ANSWER_COMPLETE;
    else if (answer->is_chunked)
        answer->stage = AWSB_ANSWER_CHUNK_SIZE;
    else if (answer->has_length)
        return begin_sized_body(answer, framing->length);
    else
        answer->stage = AWSB_ANSWER_BODY_TO_THE_END;
    return true;
}

/* Heads. */

static bool end_head(struct awsb_answer *answer)
{
    struct framing framing = {{NULL, 0}, false, false, false, false};

    if (!read_framing(answer, &framing))
        return false;
    if (answer->status >= 200)
        return begin_body(answer, &framing);
    if (answer->interims == MAX_INTERIM_ANSWERS)
        return refuse(answer, AWSB_ANSWER_IS_TOO_LARGE);
    answer->interims++;
    answer->status = 0;
    answer->stage = AWSB_ANSWER_STATUS_LINE;
    return true;
}

/* They are checked as headers are, and left out. */
static bool take_trailer(struct awsb_answer *answer, struct awsb_view line)
{
    struct awsb_view name, value;
    bool continues = answer->has_trailer && awsb_is_blank(line.data[0]) && awsb_is_one_line(line);

    if (!continues && !awsb_head_split(line, &name, &value))
        return refuse(answer, AWSB_ANSWER_HAS_BAD_HEADER);
    answer->has_trailer = true;
    return true;
}

/* A line of a head or of trailers, its end included. */
static bool take_head_line(struct awsb_answer *answer, struct awsb_view line)
{
    if (!spend(answer, line.size))
        return false;
    line = awsb_head_line(line);
    if (answer->stage == AWSB_ANSWER_STATUS_LINE)
        return take_status_line(answer, line);
    if (answer->stage == AWSB_ANSWER_HEADERS)
        return line.size == 0 ? end_head(answer)
                              : check(answer, awsb_head_add_line(&answer->head, line));
    if (line.size > 0)
        return take_trailer(answer, line);
    answer->stage = AWSB_ANSWER_COMPLETE;
    return true;
}

/* What a library hands over. */

bool awsb_answer_take_line(struct awsb_answer *answer, struct awsb_view line)
{
    answer->has_begun = true;
    return answer->fault == AWSB_ANSWER_FINE && take_head_line(answer, line);
}

bool awsb_answer_take_body(struct awsb_answer *answer, struct awsb_view part)
{
    awsb_buf_add(&answer->body, part);
    return check(answer, answer->body.err);
}

/* The bytes of a socket. Each takes what it can from the beginning of `bytes`. */

static struct awsb_view cut(struct awsb_view *bytes, size_t size)
{
    struct awsb_view taken = awsb_view(bytes->data, size);

    *bytes = awsb_view(bytes->data + size, bytes->size - size);
    return taken;
}

/* "4;name=value": the size in hex digits, and extensions, which mean nothing here. */
static bool take_chunk_size(struct awsb_answer *answer, struct awsb_view line)
{
    size_t digits = 0, behind;

    if (line.size < 2 || line.data[line.size - 2] != '\r')
        return refuse(answer, AWSB_ANSWER_HAS_BAD_CHUNK_SIZE);
    line.size -= 2;
    while (digits < line.size && digit_value(line.data[digits]) >= 0)
        digits++;
    for (behind = digits; behind < line.size && awsb_is_blank(line.data[behind]); behind++)
        continue;
    if (digits == 0 || digits > MAX_CHUNK_SIZE_DIGITS || !awsb_is_one_line(line) ||
        (behind < line.size && line.data[behind] != ';'))
        return refuse(answer, AWSB_ANSWER_HAS_BAD_CHUNK_SIZE);
    if (!spend(answer, line.size - digits))
        return false;
    if (!read_size(awsb_view(line.data, digits), 16,
                   answer->bounds.max_body_bytes - answer->body.size, &answer->left))
        return refuse(answer, AWSB_ANSWER_IS_TOO_LARGE);
    answer->stage = answer->left > 0 ? AWSB_ANSWER_CHUNK : AWSB_ANSWER_TRAILERS;
    return true;
}

static bool take_whole_line(struct awsb_answer *answer, struct awsb_view line)
{
    return answer->stage == AWSB_ANSWER_CHUNK_SIZE ? take_chunk_size(answer, line)
                                                   : take_head_line(answer, line);
}

/* What can't become a status line is not waited for. */
static bool may_become_status_line(struct awsb_view part)
{
    size_t size = part.size < BEGINNING_SIZE ? part.size : BEGINNING_SIZE;

    return size == 0 || memcmp(part.data, beginning, size) == 0;
}

static bool keep_part_of_line(struct awsb_answer *answer, struct awsb_view part)
{
    if (part.size > answer->bounds.max_head_bytes - answer->head_bytes - answer->line.size)
        return refuse(answer, AWSB_ANSWER_IS_TOO_LARGE);
    awsb_buf_add(&answer->line, part);
    if (!check(answer, answer->line.err))
        return false;
    return answer->stage != AWSB_ANSWER_STATUS_LINE ||
           may_become_status_line(awsb_buf_view(&answer->line)) ||
           refuse(answer, AWSB_ANSWER_HAS_BAD_STATUS_LINE);
}

static bool take_line_of(struct awsb_answer *answer, struct awsb_view *bytes)
{
    const char *end = memchr(bytes->data, '\n', bytes->size);
    struct awsb_view line = cut(bytes, end != NULL ? (size_t)(end - bytes->data) + 1 : bytes->size);
    bool good;

    if (end == NULL)
        return keep_part_of_line(answer, line);
    if (answer->line.size == 0)
        return take_whole_line(answer, line);
    if (!keep_part_of_line(answer, line))
        return false;
    good = take_whole_line(answer, awsb_buf_view(&answer->line));
    awsb_buf_reset(&answer->line);
    return good;
}

static bool take_sized(struct awsb_answer *answer, struct awsb_view *bytes,
                       enum awsb_answer_stage behind)
{
    struct awsb_view part = cut(bytes, bytes->size < answer->left ? bytes->size : answer->left);

    answer->left -= part.size;
    if (answer->left == 0)
        answer->stage = behind;
    return awsb_answer_take_body(answer, part);
}

static bool take_byte(struct awsb_answer *answer, struct awsb_view *bytes, char expected,
                      enum awsb_answer_stage behind)
{
    if (cut(bytes, 1).data[0] != expected)
        return refuse(answer, AWSB_ANSWER_HAS_ENDLESS_CHUNK);
    answer->stage = behind;
    return true;
}

static bool take_some(struct awsb_answer *answer, struct awsb_view *bytes)
{
    switch (answer->stage) {
    case AWSB_ANSWER_STATUS_LINE:
    case AWSB_ANSWER_HEADERS:
    case AWSB_ANSWER_CHUNK_SIZE:
    case AWSB_ANSWER_TRAILERS:
        return take_line_of(answer, bytes);
    case AWSB_ANSWER_SIZED_BODY:
        return take_sized(answer, bytes, AWSB_ANSWER_COMPLETE);
    case AWSB_ANSWER_CHUNK:
        return take_sized(answer, bytes, AWSB_ANSWER_CHUNK_CR);
    case AWSB_ANSWER_CHUNK_CR:
        return take_byte(answer, bytes, '\r', AWSB_ANSWER_CHUNK_LF);
    case AWSB_ANSWER_CHUNK_LF:
        return take_byte(answer, bytes, '\n', AWSB_ANSWER_CHUNK_SIZE);
    case AWSB_ANSWER_BODY_TO_THE_END:
        return awsb_answer_take_body(answer, cut(bytes, bytes->size));
    case AWSB_ANSWER_COMPLETE:
        answer->has_excess = true;
        cut(bytes, bytes->size);
        break;
    }
    return true;
}

bool awsb_answer_take_bytes(struct awsb_answer *answer, struct awsb_view bytes)
{
    bool good = answer->fault == AWSB_ANSWER_FINE;

    answer->has_begun |= bytes.size > 0;
    while (good && bytes.size > 0)
        good = take_some(answer, &bytes);
    return good;
}

bool awsb_answer_take_end(struct awsb_answer *answer)
{
    if (answer->fault != AWSB_ANSWER_FINE)
        return false;
    answer->ends_connection = true;
    switch (answer->stage) {
    case AWSB_ANSWER_STATUS_LINE:
        return refuse(answer, AWSB_ANSWER_CUT_IN_STATUS_LINE);
    case AWSB_ANSWER_HEADERS:
        return refuse(answer, AWSB_ANSWER_CUT_IN_HEADERS);
    case AWSB_ANSWER_SIZED_BODY:
        return refuse(answer, AWSB_ANSWER_CUT_IN_BODY);
    case AWSB_ANSWER_CHUNK_SIZE:
    case AWSB_ANSWER_CHUNK:
    case AWSB_ANSWER_CHUNK_CR:
    case AWSB_ANSWER_CHUNK_LF:
    case AWSB_ANSWER_TRAILERS:
        return refuse(answer, AWSB_ANSWER_CUT_IN_CHUNKS);
    case AWSB_ANSWER_BODY_TO_THE_END:
    case AWSB_ANSWER_COMPLETE:
        break;
    }
    answer->stage = AWSB_ANSWER_COMPLETE;
    return true;
}

size_t awsb_answer_wants(const struct awsb_answer *answer)
{
    if (answer->stage == AWSB_ANSWER_COMPLETE)
        return 0;
    if (answer->stage == AWSB_ANSWER_SIZED_BODY && answer->left < RECEIVED_AT_ONCE)
        return answer->left;
    return RECEIVED_AT_ONCE;
}

bool awsb_answer_leaves_connection(const struct awsb_answer *answer)
{
    return answer->stage == AWSB_ANSWER_COMPLETE && !answer->ends_connection &&
           !answer->has_excess;
}
