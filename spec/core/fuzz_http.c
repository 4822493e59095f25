/*
 * Feeds the reader of answers and the writer of requests with bytes at random, the same in each run:
 *
 * fuzz_http RUNS
 *
 * An answer must come to the same end in whatever pieces it comes, and by lines and parts as a
 * library hands them over; no more is kept than is allowed. A head that was written is read back:
 * it is one request, with the headers that were given and no others. A sanitizer sees the rest.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_answer.h"
#include "http_message.h"
#include "text.h"

#define MAX_TEXT 4096
#define MAX_BODY 200
#define MAX_HEAD 1000
#define MAX_CHANGES 6

/* Xorshift: the same numbers everywhere. */
static uint64_t state;

static size_t below(size_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % bound);
}

static const char *const seeds[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nhalf\r\nA\r\n0123456789\r\n0\r\n"
    "X: y\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 x\r\nX: a\r\n b\r\nX: c\r\nContent-Length: 1\r\n\r\nx",
    "HTTP/1.0 200\nConnection: close\n\nto the end",
    "HTTP/1.1 204 None\r\nConnection: x, keep-alive\r\n\r\n",
};

static const char *const words[] = {
    "\r", "\n", "\r\n", "\r\n\r\n", " ", "\t", ":", ";", ",", "0", "9", "f", "HTTP/1.1 ", "200",
    "chunked", "close", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Connection: ",
    "\xff", "x", "ffffffffffffffff", "99999999999999999999", "Host", "Content-Length", "Expect", "@",
    "https://", "/", "?", "#", "101", "Content-Encoding: x\r\n",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char text[MAX_TEXT];
static size_t text_size;

static void replace(size_t start, size_t removed, const char *inserted, size_t size)
{
    if (text_size - removed + size > MAX_TEXT)
        return;
    memmove(text + start + size, text + start + removed, text_size - start - removed);
    memcpy(text + start, inserted, size);
    text_size += size - removed;
}

static void change(void)
{
    size_t start = below(text_size + 1), left = text_size - start;
    size_t removed = below(3) == 0 ? 0 : below((left < 8 ? left : 8) + 1);
    const char *word = words[below(COUNT(words))];
    char byte = (char)below(256);

    if (below(4) == 0)
        replace(start, removed, &byte, 1);
    else if (below(3) > 0)
        replace(start, removed, word, strlen(word));
    else
        replace(start, removed, "", 0);
}

static void make_text(const char *seed)
{
    size_t changes = below(MAX_CHANGES);

    text_size = strlen(seed);
    memcpy(text, seed, text_size);
    while (changes-- > 0)
        change();
}

/* Reading. */

static void check_kept(const struct awsb_answer *answer)
{
    struct awsb_view name, value;
    size_t position = 0, count = 0;

    assert(answer->body.size <= MAX_BODY && answer->head_bytes <= MAX_HEAD);
    assert(answer->head.text.size <= MAX_HEAD + 2 && answer->line.size <= MAX_HEAD);
    while (awsb_head_next(&answer->head, &position, &name, &value)) {
        assert(awsb_is_token(name) && awsb_is_one_line(value));
        count++;
    }
    assert(count == answer->head.count && position == answer->head.text.size);
}

static void read_in_pieces(struct awsb_answer *answer, bool expects_no_body, size_t most)
{
    struct awsb_answer_bounds bounds = {MAX_HEAD, MAX_BODY, expects_no_body};
    size_t position = 0;

    awsb_answer_init(answer, &bounds);
    while (position < text_size && answer->fault == AWSB_ANSWER_FINE) {
        size_t left = text_size - position, wanted = 1 + below(most);
        size_t size = wanted < left ? wanted : left;
        char *piece = malloc(size); /* whose end a sanitizer knows */

        assert(piece != NULL);
        memcpy(piece, text + position, size);
        awsb_answer_take_bytes(answer, awsb_view(piece, size));
        free(piece);
        position += size;
        check_kept(answer);
    }
    if (answer->fault == AWSB_ANSWER_FINE)
        awsb_answer_take_end(answer);
    assert(answer->fault != AWSB_ANSWER_FINE || awsb_answer_wants(answer) == 0);
}

/* As a library hands it over that does not look at it: each line, then all the rest as a body. */
static void read_by_lines(struct awsb_answer *answer)
{
    struct awsb_answer_bounds bounds = {MAX_HEAD, MAX_BODY, false};
    struct awsb_view rest = awsb_view(text, text_size);
    bool good = true;

    awsb_answer_init(answer, &bounds);
    while (good && rest.size > 0 && answer->stage <= AWSB_ANSWER_HEADERS) {
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t size = end != NULL ? (size_t)(end - rest.data) + 1 : rest.size;

        good = awsb_answer_take_line(answer, awsb_view(rest.data, size));
        rest = awsb_view(rest.data + size, rest.size - size);
        check_kept(answer);
    }
    if (good)
        awsb_answer_take_body(answer, rest);
    check_kept(answer);
}

static void check_same(const struct awsb_answer *one, const struct awsb_answer *other)
{
    assert(one->fault == other->fault && one->has_begun == other->has_begun);
    if (one->fault != AWSB_ANSWER_FINE)
        return;
    assert(one->status == other->status && one->head.count == other->head.count);
    assert(awsb_view_same(awsb_buf_view(&one->head.text), awsb_buf_view(&other->head.text)));
    assert(awsb_view_same(awsb_buf_view(&one->body), awsb_buf_view(&other->body)));
}

/* How often it came to what. */
static long ends[AWSB_ANSWER_CUT_IN_CHUNKS + 1];

static void fuzz_reader(void)
{
    struct awsb_answer whole, parts, lines;
    bool expects_no_body = below(8) == 0;

    make_text(seeds[below(COUNT(seeds))]);
    read_in_pieces(&whole, expects_no_body, MAX_TEXT);
    read_in_pieces(&parts, expects_no_body, 1 + below(9));
    check_same(&whole, &parts);
    ends[whole.fault]++;
    read_by_lines(&lines);
    awsb_answer_clear(&whole);
    awsb_answer_clear(&parts);
    awsb_answer_clear(&lines);
}

/* Writing. */

static struct awsb_view random_part(size_t most)
{
    size_t start = below(text_size + 1), left = text_size - start;

    return awsb_view(text + start, below((left < most ? left : most) + 1));
}

/* One request line, so many lines after it, an empty line, and nothing behind. */
static void check_head(struct awsb_view head, size_t lines)
{
    struct awsb_view name, value;

    while (lines-- > 0) {
        const char *end = memchr(head.data, '\n', head.size);
        struct awsb_view line;

        assert(end != NULL && end > head.data && end[-1] == '\r');
        line = awsb_view(head.data, (size_t)(end - head.data) - 1);
        assert(!awsb_view_has(line, '\r') && !awsb_view_has(line, '\0'));
        assert(line.size > 0 && (memchr(line.data, ' ', line.size) != NULL));
        head = awsb_view(end + 1, head.size - line.size - 2);
        (void)awsb_head_split(line, &name, &value);
    }
    assert(awsb_view_same(head, awsb_view_of("\r\n")));
}

static void write_for_socket(void)
{
    struct awsb_buf out;
    struct awsb_message message;
    struct awsb_view method = below(3) == 0 ? random_part(5) : awsb_view_of("PUT");
    size_t body = below(2) * 7, lines = 2, headers = below(4);
    bool good;

    awsb_buf_init(&out, MAX_TEXT * 4);
    awsb_message_init(&message, AWSB_MESSAGE_FOR_SOCKET, &out);
    good = awsb_message_begin_head(&message, method,
                                   below(2) == 0 ? random_part(20) : awsb_view_of("/a?b"),
                                   random_part(10));
    while (good && headers-- > 0) {
        struct awsb_view name = below(2) == 0 ? random_part(8) : awsb_view_of("X-Name");
        size_t before = out.size;

        good = awsb_message_add_header(&message, name, random_part(30));
        lines += out.size > before;
    }
    good = good && awsb_message_end_head(&message, method, body, awsb_view("", 0));
    assert(good == (message.fault == AWSB_MESSAGE_FINE));
    if (good)
        check_head(awsb_buf_view(&out), lines + awsb_message_tells_length(method, body));
    awsb_buf_clear(&out);
}

static void check_url(void)
{
    struct awsb_buf out;
    struct awsb_message message;
    struct awsb_view url = random_part(MAX_TEXT), origin;

    awsb_buf_init(&out, 1);
    awsb_message_init(&message, AWSB_MESSAGE_FOR_LIBCURL, &out);
    if (awsb_message_check_url(&message, url, &origin)) {
        assert(origin.data == url.data && origin.size <= url.size);
        assert(!awsb_view_has(origin, '@') && !awsb_view_has(url, '#') && !awsb_has_control(url));
    }
}

static void fuzz_writer(void)
{
    static const char *const bases[] = {"https://host:443/path?query", "X-A: b\r\nGET / HTTP/1.1"};

    make_text(bases[below(COUNT(bases))]);
    write_for_socket();
    check_url();
}

int main(int argc, char **argv)
{
    long runs = argc == 2 ? strtol(argv[1], NULL, 10) : 0, run;

    if (runs <= 0) {
        fprintf(stderr, "usage: %s RUNS\n", argv[0]);
        return 2;
    }
    state = 0x9e3779b97f4a7c15u;
    for (run = 0; run < runs; run++) {
        fuzz_reader();
        fuzz_writer();
    }
    printf("%ld answers read and requests written:", runs);
    for (run = 0; run < (long)COUNT(ends); run++)
        printf(" %s %ld", awsb_answer_fault_name((enum awsb_answer_fault)run), ends[run]);
    puts("");
    return 0;
}
