#ifndef AWSB_JSON_READER_H
#define AWSB_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * Reads JSON (RFC 8259) piece by piece, as whoever reads asks for it, and builds nothing: strings and
 * numbers come as views. It is strict about everything but control bytes within strings, which other
 * readers let pass as well. A lone surrogate is a fault, since it has no UTF-8.
 *
 * The first fault sticks: from there on everything is false and there are no more items, so a reader
 * may look at `fault` once.
 */

/* Values within values; the service's deepest answer has 8 levels. */
#define AWSB_JSON_DEPTH 128

enum awsb_json_kind {
    AWSB_JSON_NONE, /* a fault, or the end of the text */
    AWSB_JSON_NULL,
    AWSB_JSON_FALSE,
    AWSB_JSON_TRUE,
    AWSB_JSON_NUMBER,
    AWSB_JSON_STRING,
    AWSB_JSON_ARRAY,
    AWSB_JSON_OBJECT
};

enum awsb_json_fault {
    AWSB_JSON_FINE,
    AWSB_JSON_UTF8,       /* bytes that are no UTF-8 */
    AWSB_JSON_UNEXPECTED, /* something else than what may stand here */
    AWSB_JSON_ENDED,      /* the text ends too early */
    AWSB_JSON_ESCAPE,     /* an escape that there isn't, or half a character */
    AWSB_JSON_DEEP,
    AWSB_JSON_MORE,       /* something behind the value */
    AWSB_JSON_MEMORY
};

struct awsb_json {
    const char *begin;
    const char *at;
    const char *end;
    struct awsb_buf *unescaped; /* of the string read last, if it has escapes */
    int depth;
    enum awsb_json_fault fault;
};

/* The text must stay where it is while it is read; `unescaped` is used as needed. */
void awsb_json_begin(struct awsb_json *json, struct awsb_view text, struct awsb_buf *unescaped);

/* The kind of the next value, of which nothing is taken yet. */
enum awsb_json_kind awsb_json_peek(struct awsb_json *json);

/* Takes the value that was peeked at. A string is valid until the next one is taken. */
bool awsb_json_take_literal(struct awsb_json *json, enum awsb_json_kind kind);
bool awsb_json_take_number(struct awsb_json *json, struct awsb_view *text);
bool awsb_json_take_string(struct awsb_json *json, struct awsb_view *text);
bool awsb_json_skip(struct awsb_json *json);

/* Enters the array or object that was peeked at; each of its items begins with a true `more`, each
 * entry of an object then with its key. Behind the last one it has been left. */
bool awsb_json_enter(struct awsb_json *json);
bool awsb_json_more(struct awsb_json *json, bool *begun, char close);
bool awsb_json_take_key(struct awsb_json *json, struct awsb_view *key);

/* Behind the outermost value: whether only blanks follow. */
bool awsb_json_finish(struct awsb_json *json);

/* How many bytes come before the fault. */
size_t awsb_json_position(const struct awsb_json *json);

#pragma GCC visibility pop

#endif
