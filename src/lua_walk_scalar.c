#include "lua_walk.h"

#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "decimal.h"
#include "json.h"
#include "model_text.h"
#include "moment.h"
#include "pattern.h"
#include "text.h"
#include "uri.h"
#include "utf8.h"

/* The part of the walk that checks and writes values which are one text: strings, numbers, times. */

#define MAX_INT32 2147483647
#define EXACT_LIMIT 9007199254740992.0  /* 2^53: a double beyond may have been rounded */
#define LONG_LIMIT 9223372036854775808.0 /* 2^63 */

/* ---- texts ---- */

/* The text as the form of the walk has it. */
static void write_text(struct awsb_walk *walk, struct awsb_view text)
{
    if (walk->form == AWSB_FORM_JSON)
        awsb_json_quote(walk->out, text);
    else if (walk->form == AWSB_FORM_URI)
        awsb_uri_encode(walk->out, text);
    else
        awsb_buf_add(walk->out, text);
}

/* Digits and the like, which need no quotes in JSON. */
static void write_bare(struct awsb_walk *walk, struct awsb_view text)
{
    if (walk->form == AWSB_FORM_JSON)
        awsb_buf_add(walk->out, text);
    else
        write_text(walk, text);
}

void awsb_walk_wrong_type(struct awsb_walk *walk, const char *wanted, int index,
                       const struct awsb_place *place)
{
    awsb_fault_begin(walk, place, "type");
    awsb_fault_text(walk, "wanted", awsb_view_of(wanted));
    awsb_fault_text(walk, "got", awsb_view_of(luaL_typename(walk->L, index)));
    awsb_fault_end(walk);
}

/* A length, or a number, that a limit of the model refuses. */
static void out_of_limits(struct awsb_walk *walk, const struct awsb_value *value,
                          const struct awsb_place *place, bool too_small, int64_t amount)
{
    const struct awsb_shape *shape = value->shape;
    bool is_number = shape->type == AWSB_TYPE_INTEGER || shape->type == AWSB_TYPE_LONG;

    awsb_fault_begin(walk, place, too_small ? "min" : "max");
    awsb_fault_number(walk, "limit", too_small ? shape->min : shape->max);
    if (is_number)
        awsb_fault_value(walk, value->index);
    else
        awsb_fault_number(walk, "length", amount);
    awsb_fault_number(walk, "kind", shape->type);
    awsb_fault_end(walk);
}

static bool fits_limits(const struct awsb_walk *walk, const struct awsb_shape *shape,
                        int64_t amount, bool *too_small)
{
    *too_small = walk->level >= AWSB_LEVEL_SHAPE && shape->has_min && amount < shape->min;
    return !*too_small &&
           (walk->level < AWSB_LEVEL_FULL || !shape->has_max || amount <= shape->max);
}

void awsb_walk_limits(struct awsb_walk *walk, const struct awsb_value *value,
                         const struct awsb_place *place, int64_t amount)
{
    bool too_small;

    if (!fits_limits(walk, value->shape, amount, &too_small))
        out_of_limits(walk, value, place, too_small, amount);
}

/* By the pattern of the reference, or of the shape where it is none of a member. */
static bool fits_pattern(const struct awsb_value *value, struct awsb_view text)
{
    const struct awsb_shape *shape = value->shape;
    int matcher = value->member != NULL ? value->member->matcher : shape->matcher;

    return awsb_pattern_matches(matcher, text) ||
           (shape->has_takes && awsb_is_one_of(text, shape->takes));
}

static bool tell(struct awsb_walk *walk, const struct awsb_place *place, const char *rule,
                 int index)
{
    awsb_fault_begin(walk, place, rule);
    if (index != 0)
        awsb_fault_value(walk, index);
    awsb_fault_end(walk);
    return false;
}

/* What the place of a text forbids, whatever its shape says: a label must not lead elsewhere, and an empty token is no
 * way to ask for the first page. False: it has been told. */
static bool check_place(struct awsb_walk *walk, const struct awsb_value *value,
                        struct awsb_view text, const struct awsb_place *place)
{
    const struct awsb_member *member = value->member;

    if (member->location == AWSB_IN_PATH && text.size == 0)
        return tell(walk, place, "label", 0);
    if (member->location == AWSB_IN_PATH && (awsb_view_same(text, awsb_view(".", 1)) ||
                                             awsb_view_same(text, awsb_view("..", 2))))
        return tell(walk, place, "label", value->index);
    if (member->is_page_token && text.size == 0 && walk->level >= AWSB_LEVEL_SHAPE)
        return tell(walk, place, "token", 0);
    return true;
}

/* The value of an enum that the text is but for its case; false: it is one of them, or like none. Enums are open. */
static bool is_misspelt(struct awsb_view values, struct awsb_view text, struct awsb_view *meant)
{
    bool found = false;

    while (values.size > 0) {
        struct awsb_view value = values;

        values = awsb_cut(&value, '|');
        if (awsb_view_same(value, text))
            return false;
        if (!found && awsb_same_ignoring_case(value, text)) {
            found = true;
            *meant = value;
        }
    }
    return found;
}

static void check_text(struct awsb_walk *walk, const struct awsb_value *value,
                       struct awsb_view text, size_t count, const struct awsb_place *place)
{
    const struct awsb_shape *shape = value->shape;

    struct awsb_view meant;

    awsb_walk_limits(walk, value, place, (int64_t)count);
    if (walk->level < AWSB_LEVEL_FULL)
        return;
    if (!fits_pattern(value, text)) {
        awsb_fault_begin(walk, place, "pattern");
        awsb_fault_text(walk, "pattern", shape->pattern);
        awsb_fault_value(walk, value->index);
        awsb_fault_end(walk);
    }
    if (shape->enumeration.size > 0 && is_misspelt(shape->enumeration, text, &meant)) {
        awsb_fault_begin(walk, place, "case");
        awsb_fault_text(walk, "meant", meant);
        awsb_fault_value(walk, value->index);
        awsb_fault_end(walk);
    }
}

static void walk_string(struct awsb_walk *walk, const struct awsb_value *value,
                        const struct awsb_place *place)
{
    struct awsb_view text;
    size_t count, position;

    if (lua_type(walk->L, value->index) != LUA_TSTRING) {
        awsb_walk_wrong_type(walk, "string", value->index, place);
        return;
    }
    text = awsb_check_view(walk->L, value->index);
    if (!awsb_utf8_length(text, &count, &position)) {
        awsb_fault_begin(walk, place, "utf8");
        awsb_fault_number(walk, "position", (int64_t)position + 1);
        awsb_fault_end(walk);
        return;
    }
    if (value->member != NULL && !check_place(walk, value, text, place))
        return;
    check_text(walk, value, text, count, place);
    write_text(walk, text);
}

/* ---- numbers, times and the rest ---- */

const char *awsb_get_integer(lua_State *L, int index, int64_t *integer)
{
    double number;

#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, index)) {
        *integer = lua_tointeger(L, index);
        return NULL;
    }
#endif
    if (lua_type(L, index) != LUA_TNUMBER)
        return "type";
    number = (double)lua_tonumber(L, index);
    if (!(number >= -LONG_LIMIT && number < LONG_LIMIT)) {
        if (number != number)
            return "fraction";
#if LUA_VERSION_NUM >= 503
        return "range";
#else
        return "precision";
#endif
    }
    *integer = (int64_t)number;
    if ((double)*integer != number)
        return "fraction";
#if LUA_VERSION_NUM < 503
    if (number >= EXACT_LIMIT || number <= -EXACT_LIMIT)
        return "precision";
#endif
    return NULL;
}

static void wrong_integer(struct awsb_walk *walk, const struct awsb_value *value,
                          const char *reason, const struct awsb_place *place)
{
    awsb_fault_begin(walk, place, "integer");
    awsb_fault_text(walk, "reason", awsb_view_of(reason));
    awsb_fault_text(walk, "got", awsb_view_of(luaL_typename(walk->L, value->index)));
    if (lua_type(walk->L, value->index) == LUA_TNUMBER)
        awsb_fault_value(walk, value->index);
    awsb_fault_end(walk);
}

static void walk_integer(struct awsb_walk *walk, const struct awsb_value *value,
                         const struct awsb_place *place)
{
    int64_t integer = 0;
    char digits[24];
    const char *reason = awsb_get_integer(walk->L, value->index, &integer);
    int size;

    if (reason == NULL && value->shape->type == AWSB_TYPE_INTEGER &&
        (integer > MAX_INT32 || integer < -(int64_t)MAX_INT32 - 1))
        reason = "32 bits";
    if (reason != NULL) {
        wrong_integer(walk, value, reason, place);
        return;
    }
    awsb_walk_limits(walk, value, place, integer);
    size = snprintf(digits, sizeof digits, "%lld", (long long)integer);
    write_bare(walk, awsb_view(digits, (size_t)size));
}

static void walk_boolean(struct awsb_walk *walk, const struct awsb_value *value,
                         const struct awsb_place *place)
{
    if (!lua_isboolean(walk->L, value->index)) {
        awsb_walk_wrong_type(walk, "boolean", value->index, place);
        return;
    }
    write_bare(walk, awsb_view_of(lua_toboolean(walk->L, value->index) ? "true" : "false"));
}

/* Seconds since the epoch, or a text of ISO 8601; false: it has been told. */
static bool get_time(struct awsb_walk *walk, int index, double *seconds,
                     const struct awsb_place *place)
{
    lua_State *L = walk->L;
    const char *reason = "type";

    if (lua_type(L, index) == LUA_TSTRING) {
        if (awsb_moment_parse(awsb_check_view(L, index), seconds))
            return true;
        reason = "text";
    } else if (lua_type(L, index) == LUA_TNUMBER) {
        *seconds = (double)lua_tonumber(L, index);
        if (*seconds >= AWSB_MOMENT_MIN && *seconds <= AWSB_MOMENT_MAX) /* false for NaN, too */
            return true;
        reason = "range";
    }
    awsb_fault_begin(walk, place, "time");
    awsb_fault_text(walk, "reason", awsb_view_of(reason));
    awsb_fault_text(walk, "got", awsb_view_of(luaL_typename(L, index)));
    if (lua_type(L, index) == LUA_TSTRING || lua_type(L, index) == LUA_TNUMBER)
        awsb_fault_value(walk, index);
    awsb_fault_end(walk);
    return false;
}

static enum awsb_time_format format_of(const struct awsb_walk *walk,
                                       const struct awsb_value *value)
{
    if (value->format != AWSB_TIME_ANY)
        return value->format;
    if (value->shape->format != AWSB_TIME_ANY)
        return value->shape->format;
    if (walk->form == AWSB_FORM_JSON)
        return AWSB_TIME_UNIX;
    return walk->form == AWSB_FORM_URI ? AWSB_TIME_ISO8601 : AWSB_TIME_RFC822;
}

static void walk_time(struct awsb_walk *walk, const struct awsb_value *value,
                      const struct awsb_place *place)
{
    enum awsb_time_format format = format_of(walk, value);
    char text[AWSB_MOMENT_SIZE];
    double seconds;
    size_t size;

    if (!get_time(walk, value->index, &seconds, place))
        return;
    if (format == AWSB_TIME_UNIX)
        size = awsb_moment_number(seconds, text);
    else if (format == AWSB_TIME_ISO8601)
        size = awsb_moment_iso8601(seconds, text);
    else
        size = awsb_moment_http(seconds, text);
    if (format == AWSB_TIME_UNIX)
        write_bare(walk, awsb_view(text, size));
    else
        write_text(walk, awsb_view(text, size));
}

/* What JSON numbers can't be goes as a text. */
static bool is_special(struct awsb_view text)
{
    return awsb_view_same(text, awsb_view("NaN", 3)) ||
           awsb_view_same(text, awsb_view("Infinity", 8)) ||
           awsb_view_same(text, awsb_view("-Infinity", 9));
}

static void walk_float(struct awsb_walk *walk, const struct awsb_value *value,
                       const struct awsb_place *place)
{
    lua_State *L = walk->L;
    char text[AWSB_DECIMAL_SIZE];
    double number;

    if (lua_type(L, value->index) == LUA_TSTRING && is_special(awsb_check_view(L, value->index))) {
        write_text(walk, awsb_check_view(L, value->index));
        return;
    }
    if (lua_type(L, value->index) != LUA_TNUMBER) {
        awsb_walk_wrong_type(walk, "number", value->index, place);
        return;
    }
    number = (double)lua_tonumber(L, value->index);
    if (number != number)
        write_text(walk, awsb_view_of("NaN"));
    else if (number - number != 0)
        write_text(walk, awsb_view_of(number > 0 ? "Infinity" : "-Infinity"));
    else
        write_bare(walk, awsb_view(text, awsb_decimal_write(number, text)));
}

/* What Base64 has that a URL has not is escaped. */
static void write_escaped(struct awsb_buf *out, struct awsb_view bytes)
{
    size_t i;

    for (i = 0; i < bytes.size; i += 3) {
        size_t start = out->size, size = bytes.size - i < 3 ? bytes.size - i : 3;
        char group[4] = {0};

        awsb_base64_encode(out, awsb_view(bytes.data + i, size));
        if (out->err != AWSB_OK)
            return;
        memcpy(group, out->data + start, sizeof group);
        awsb_buf_truncate(out, start);
        awsb_uri_encode(out, awsb_view(group, sizeof group));
    }
}

static void walk_blob(struct awsb_walk *walk, const struct awsb_value *value,
                      const struct awsb_place *place)
{
    struct awsb_view bytes;

    if (lua_type(walk->L, value->index) != LUA_TSTRING) {
        awsb_walk_wrong_type(walk, "blob", value->index, place);
        return;
    }
    bytes = awsb_check_view(walk->L, value->index);
    awsb_walk_limits(walk, value, place, (int64_t)bytes.size);
    if (walk->form == AWSB_FORM_URI) {
        write_escaped(walk->out, bytes);
        return;
    }
    if (walk->form == AWSB_FORM_JSON)
        awsb_buf_add_byte(walk->out, '"');
    awsb_base64_encode(walk->out, bytes);
    if (walk->form == AWSB_FORM_JSON)
        awsb_buf_add_byte(walk->out, '"');
}

void awsb_walk_scalar(struct awsb_walk *walk, const struct awsb_value *value,
                      const struct awsb_place *place)
{
    switch (value->shape->type) {
    case AWSB_TYPE_STRING:
        walk_string(walk, value, place);
        break;
    case AWSB_TYPE_INTEGER:
    case AWSB_TYPE_LONG:
        walk_integer(walk, value, place);
        break;
    case AWSB_TYPE_BOOLEAN:
        walk_boolean(walk, value, place);
        break;
    case AWSB_TYPE_TIMESTAMP:
        walk_time(walk, value, place);
        break;
    case AWSB_TYPE_FLOAT:
    case AWSB_TYPE_DOUBLE:
        walk_float(walk, value, place);
        break;
    case AWSB_TYPE_BLOB:
        walk_blob(walk, value, place);
        break;
    default:
        awsb_walk_wrong_type(walk, "placed", value->index, place);
    }
}
