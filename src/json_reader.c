#include "json_reader.h"

#include <stdint.h>

#include "text.h"
#include "utf8.h"

void awsb_json_begin(struct awsb_json *json, struct awsb_view text, struct awsb_buf *unescaped)
{
    size_t count, position;

    json->begin = json->at = text.data;
    json->end = text.data + text.size;
    json->unescaped = unescaped;
    json->depth = 0;
    json->fault = AWSB_JSON_FINE;
    if (awsb_utf8_length(text, &count, &position))
        return;
    json->at += position;
    json->fault = AWSB_JSON_UTF8;
}

static bool fail(struct awsb_json *json, enum awsb_json_fault fault)
{
    if (json->fault == AWSB_JSON_FINE)
        json->fault = fault;
    return false;
}

/* What stands here is wrong, or nothing does. */
static bool refuse(struct awsb_json *json)
{
    return fail(json, json->at == json->end ? AWSB_JSON_ENDED : AWSB_JSON_UNEXPECTED);
}

static void skip_blanks(struct awsb_json *json)
{
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\n' || *json->at == '\r' || *json->at == '\t'))
        json->at++;
}

static bool take_byte(struct awsb_json *json, char byte)
{
    if (json->at == json->end || *json->at != byte)
        return false;
    json->at++;
    return true;
}

enum awsb_json_kind awsb_json_peek(struct awsb_json *json)
{
    if (json->fault != AWSB_JSON_FINE)
        return AWSB_JSON_NONE;
    skip_blanks(json);
    switch (json->at < json->end ? *json->at : '\0') {
    case '"': return AWSB_JSON_STRING;
    case '{': return AWSB_JSON_OBJECT;
    case '[': return AWSB_JSON_ARRAY;
    case 't': return AWSB_JSON_TRUE;
    case 'f': return AWSB_JSON_FALSE;
    case 'n': return AWSB_JSON_NULL;
    case '-': case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        return AWSB_JSON_NUMBER;
    default:
        refuse(json);
        return AWSB_JSON_NONE;
    }
}

bool awsb_json_take_literal(struct awsb_json *json, enum awsb_json_kind kind)
{
    const char *word = kind == AWSB_JSON_TRUE ? "true" : kind == AWSB_JSON_FALSE ? "false" : "null";

    for (; *word != '\0'; word++)
        if (!take_byte(json, *word))
            return refuse(json);
    return true;
}

/* ---- numbers ---- */

static bool take_digits(struct awsb_json *json)
{
    const char *first = json->at;

    while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        json->at++;
    return json->at > first || refuse(json);
}

static bool take_exponent(struct awsb_json *json)
{
    if (!take_byte(json, 'e') && !take_byte(json, 'E'))
        return true;
    if (!take_byte(json, '+'))
        take_byte(json, '-');
    return take_digits(json);
}

bool awsb_json_take_number(struct awsb_json *json, struct awsb_view *text)
{
    const char *first = json->at;

    take_byte(json, '-');
    if (!take_byte(json, '0') && !take_digits(json))
        return false;
    if (take_byte(json, '.') && !take_digits(json))
        return false;
    if (!take_exponent(json))
        return false;
    *text = awsb_view(first, (size_t)(json->at - first));
    return true;
}

/* ---- strings ---- */

/* Eight bytes at a time: which of them are zero, by their highest bits. The lowest one found is right. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - AWSB_EACH_BYTE(1)) & ~word & AWSB_EACH_BYTE(0x80);
}

/* Goes to the next quote or backslash, or to the end. */
static void find_special(struct awsb_json *json)
{
    const char *at = json->at;
    uint64_t word;

    for (; (size_t)(json->end - at) >= sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        if (zero_bytes(word ^ AWSB_EACH_BYTE('"')) | zero_bytes(word ^ AWSB_EACH_BYTE('\\')))
            break;
    }
    while (at < json->end && *at != '"' && *at != '\\')
        at++;
    json->at = at;
}

static bool take_hex(struct awsb_json *json, uint32_t *unit)
{
    int i;

    *unit = 0;
    for (i = 0; i < 4; i++, json->at++) {
        char c = json->at < json->end ? awsb_lower(*json->at) : '\0';

        if (c >= '0' && c <= '9')
            *unit = *unit * 16 + (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *unit = *unit * 16 + (uint32_t)(c - 'a' + 10);
        else
            return fail(json, AWSB_JSON_ESCAPE);
    }
    return true;
}

static void add_utf8(struct awsb_buf *out, uint32_t code)
{
    if (code < 0x80) {
        awsb_buf_add_byte(out, (char)code);
        return;
    }
    if (code < 0x800) {
        awsb_buf_add_byte(out, (char)(0xC0 | code >> 6));
    } else {
        if (code < 0x10000) {
            awsb_buf_add_byte(out, (char)(0xE0 | code >> 12));
        } else {
            awsb_buf_add_byte(out, (char)(0xF0 | code >> 18));
            awsb_buf_add_byte(out, (char)(0x80 | (code >> 12 & 0x3F)));
        }
        awsb_buf_add_byte(out, (char)(0x80 | (code >> 6 & 0x3F)));
    }
    awsb_buf_add_byte(out, (char)(0x80 | (code & 0x3F)));
}

/* Behind "\u": one unit of UTF-16, or two. */
static bool take_code(struct awsb_json *json, uint32_t *code)
{
    uint32_t low;

    if (!take_hex(json, code))
        return false;
    if (*code < 0xD800 || *code > 0xDFFF)
        return true;
    if (*code > 0xDBFF || !take_byte(json, '\\') || !take_byte(json, 'u') ||
        !take_hex(json, &low) || low < 0xDC00 || low > 0xDFFF)
        return fail(json, AWSB_JSON_ESCAPE);
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

/* Behind the backslash. */
static bool take_escape(struct awsb_json *json, struct awsb_buf *out)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    uint32_t code;

    if (json->at == json->end)
        return fail(json, AWSB_JSON_ENDED);
    if (take_byte(json, 'u')) {
        if (!take_code(json, &code))
            return false;
        add_utf8(out, code);
        return true;
    }
    letter = *json->at != '\0' ? strchr(letters, *json->at) : NULL;
    if (letter == NULL)
        return fail(json, AWSB_JSON_ESCAPE);
    awsb_buf_add_byte(out, meant[letter - letters]);
    json->at++;
    return true;
}

/* At its first backslash; what comes before it is in `start`. */
static bool unescape(struct awsb_json *json, const char *start, struct awsb_view *text)
{
    struct awsb_buf *out = json->unescaped;

    awsb_buf_reset(out);
    for (;;) {
        awsb_buf_add(out, awsb_view(start, (size_t)(json->at - start)));
        if (json->at == json->end)
            return fail(json, AWSB_JSON_ENDED);
        if (take_byte(json, '"'))
            break;
        json->at++;
        if (!take_escape(json, out))
            return false;
        start = json->at;
        find_special(json);
    }
    *text = awsb_buf_view(out);
    return out->err == AWSB_OK || fail(json, AWSB_JSON_MEMORY);
}

bool awsb_json_take_string(struct awsb_json *json, struct awsb_view *text)
{
    const char *start = ++json->at;

    find_special(json);
    if (json->at == json->end || *json->at == '\\')
        return unescape(json, start, text);
    *text = awsb_view(start, (size_t)(json->at - start));
    json->at++;
    return true;
}

/* ---- arrays and objects ---- */

bool awsb_json_enter(struct awsb_json *json)
{
    if (json->depth == AWSB_JSON_DEPTH)
        return fail(json, AWSB_JSON_DEEP);
    json->depth++;
    json->at++;
    return true;
}

bool awsb_json_more(struct awsb_json *json, bool *begun, char close)
{
    if (json->fault != AWSB_JSON_FINE)
        return false;
    skip_blanks(json);
    if (take_byte(json, close)) {
        json->depth--;
        return false;
    }
    if (*begun && !take_byte(json, ','))
        return refuse(json);
    *begun = true;
    return true;
}

bool awsb_json_take_key(struct awsb_json *json, struct awsb_view *key)
{
    skip_blanks(json);
    if (json->at == json->end || *json->at != '"')
        return refuse(json);
    if (!awsb_json_take_string(json, key))
        return false;
    skip_blanks(json);
    return take_byte(json, ':') || refuse(json);
}

/* A string that nobody reads: its escapes are checked as any other's. */
static bool skip_string(struct awsb_json *json)
{
    struct awsb_view text;

    return awsb_json_take_string(json, &text);
}

static bool skip_items(struct awsb_json *json, char close)
{
    struct awsb_view key;
    bool begun = false;

    if (!awsb_json_enter(json))
        return false;
    while (awsb_json_more(json, &begun, close)) {
        if (close == '}' && !awsb_json_take_key(json, &key))
            return false;
        if (!awsb_json_skip(json))
            return false;
    }
    return json->fault == AWSB_JSON_FINE;
}

bool awsb_json_skip(struct awsb_json *json)
{
    enum awsb_json_kind kind = awsb_json_peek(json);
    struct awsb_view number;

    switch (kind) {
    case AWSB_JSON_NONE: return false;
    case AWSB_JSON_STRING: return skip_string(json);
    case AWSB_JSON_NUMBER: return awsb_json_take_number(json, &number);
    case AWSB_JSON_ARRAY: return skip_items(json, ']');
    case AWSB_JSON_OBJECT: return skip_items(json, '}');
    default: return awsb_json_take_literal(json, kind);
    }
}

bool awsb_json_finish(struct awsb_json *json)
{
    if (json->fault != AWSB_JSON_FINE)
        return false;
    skip_blanks(json);
    return json->at == json->end || fail(json, AWSB_JSON_MORE);
}

size_t awsb_json_position(const struct awsb_json *json)
{
    return (size_t)(json->at - json->begin);
}
