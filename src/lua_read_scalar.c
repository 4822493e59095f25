#include "lua_read.h"

#include "base64.h"
#include "decimal.h"
#include "moment.h"

/* ---- faults ---- */

static const char *kind_name(enum awsb_json_kind kind)
{
    static const char *const names[] = {"nothing",  "null",     "a boolean", "a boolean",
                                        "a number", "a string", "an array",  "an object"};

    return names[kind];
}

bool awsb_read_fault(struct awsb_reader *reader, const struct awsb_place *place, const char *rule)
{
    awsb_fault_begin(&reader->walk, place, rule);
    awsb_fault_end(&reader->walk);
    return false;
}

bool awsb_read_wrong_type(struct awsb_reader *reader, const char *wanted, enum awsb_json_kind kind,
                       const struct awsb_place *place)
{
    if (kind == AWSB_JSON_NONE)
        return false;
    awsb_fault_begin(&reader->walk, place, "type");
    awsb_fault_text(&reader->walk, "wanted", awsb_view_of(wanted));
    awsb_fault_text(&reader->walk, "got", awsb_view_of(kind_name(kind)));
    awsb_fault_end(&reader->walk);
    return false;
}

bool awsb_read_charge(struct awsb_reader *reader, size_t bytes)
{
    if (bytes <= reader->room) {
        reader->room -= bytes;
        return true;
    }
    if (reader->json.fault == AWSB_JSON_FINE)
        reader->json.fault = AWSB_JSON_MEMORY;
    return false;
}

/* ---- single values ---- */

/* A number, a string or a boolean as text. */
bool awsb_read_take_text(struct awsb_json *json, enum awsb_json_kind kind, struct awsb_view *text)
{
    switch (kind) {
    case AWSB_JSON_STRING: return awsb_json_take_string(json, text);
    case AWSB_JSON_NUMBER: return awsb_json_take_number(json, text);
    case AWSB_JSON_TRUE: *text = awsb_view_of("true"); break;
    default: *text = awsb_view_of("false"); break;
    }
    return awsb_json_take_literal(json, kind);
}

bool awsb_read_is_scalar(enum awsb_json_kind kind)
{
    return kind >= AWSB_JSON_FALSE && kind <= AWSB_JSON_STRING;
}

static bool push_string(struct awsb_reader *reader, enum awsb_json_kind kind, struct awsb_view text,
                        const struct awsb_place *place)
{
    if (reader->strict && kind != AWSB_JSON_STRING)
        return awsb_read_wrong_type(reader, "a string", kind, place);
    if (!awsb_read_charge(reader, AWSB_STRING_BYTES + text.size))
        return false;
    awsb_push_view(reader->walk.L, text);
    return true;
}

static bool push_boolean(struct awsb_reader *reader, enum awsb_json_kind kind,
                         struct awsb_view text, const struct awsb_place *place)
{
    bool is_true = awsb_view_same(text, awsb_view_of("true"));
    bool is_boolean = is_true || awsb_view_same(text, awsb_view_of("false"));

    if (!is_boolean || (reader->strict && kind == AWSB_JSON_STRING))
        return awsb_read_wrong_type(reader, "true or false", kind, place);
    lua_pushboolean(reader->walk.L, is_true);
    return true;
}

/* Whether this Lua's numbers hold an integer as it is. */
static bool is_held(int64_t integer)
{
#if LUA_VERSION_NUM >= 503
    (void)integer;
    return true;
#else
    double number = (double)integer;

    return number < 9223372036854775807.0 && (int64_t)number == integer;
#endif
}

static void push_integer(lua_State *L, int64_t integer)
{
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(L, (lua_Integer)integer);
#else
    lua_pushnumber(L, (lua_Number)integer);
#endif
}

static bool push_whole(struct awsb_reader *reader, enum awsb_json_kind kind, struct awsb_view text,
                       const struct awsb_place *place)
{
    static const char *const rules[] = {"", "syntax", "fraction", "range"};
    enum awsb_integer result;
    int64_t integer;

    if (kind != AWSB_JSON_NUMBER && (reader->strict || kind != AWSB_JSON_STRING))
        return awsb_read_wrong_type(reader, "an integer", kind, place);
    result = awsb_integer_read(text, &integer);
    if (result != AWSB_INTEGER_READ)
        return awsb_read_fault(reader, place, rules[result]);
    if (!is_held(integer))
        return awsb_read_fault(reader, place, "precision");
    push_integer(reader->walk.L, integer);
    return true;
}

static bool read_special(struct awsb_view text, double *number)
{
    const double zero = 0.0;

    if (awsb_view_same(text, awsb_view_of("NaN")))
        *number = zero / zero;
    else if (awsb_view_same(text, awsb_view_of("Infinity")))
        *number = 1 / zero;
    else if (awsb_view_same(text, awsb_view_of("-Infinity")))
        *number = -1 / zero;
    else
        return false;
    return true;
}

static bool push_float(struct awsb_reader *reader, enum awsb_json_kind kind, struct awsb_view text,
                       const struct awsb_place *place)
{
    double number;
    bool reads = kind == AWSB_JSON_NUMBER || (kind == AWSB_JSON_STRING && !reader->strict);

    if (!(reads && awsb_decimal_read(text, &number)) &&
        !(kind == AWSB_JSON_STRING && read_special(text, &number)))
        return awsb_read_wrong_type(reader, "a number", kind, place);
    lua_pushnumber(reader->walk.L, number);
    return true;
}

/* In any of the forms that services write: epoch seconds, ISO 8601 or an HTTP date. */
static bool push_time(struct awsb_reader *reader, enum awsb_json_kind kind, struct awsb_view text,
                      const struct awsb_place *place)
{
    bool is_text = kind == AWSB_JSON_STRING && !reader->strict;
    double seconds;

    if (!((kind == AWSB_JSON_NUMBER || is_text) && awsb_decimal_read(text, &seconds)) &&
        !(is_text && (awsb_moment_parse(text, &seconds) || awsb_moment_parse_http(text, &seconds))))
        return awsb_read_wrong_type(reader, "a time", kind, place);
    if (!(seconds >= AWSB_MOMENT_MIN && seconds <= AWSB_MOMENT_MAX))
        return awsb_read_fault(reader, place, "years");
    seconds = awsb_moment_round(seconds);
    if ((double)(int64_t)seconds == seconds)
        push_integer(reader->walk.L, (int64_t)seconds);
    else
        lua_pushnumber(reader->walk.L, seconds);
    return true;
}

static bool push_blob(struct awsb_reader *reader, enum awsb_json_kind kind, struct awsb_view text,
                      const struct awsb_place *place)
{
    awsb_buf_reset(reader->bytes);
    if (kind != AWSB_JSON_STRING || !awsb_base64_decode(reader->bytes, text))
        return awsb_read_wrong_type(reader, "Base64", kind, place);
    if (reader->bytes->err != AWSB_OK)
        return awsb_read_charge(reader, (size_t)-1);
    awsb_push_view(reader->walk.L, awsb_buf_view(reader->bytes));
    return true;
}

bool awsb_read_scalar(struct awsb_reader *reader, const struct awsb_shape *shape,
                        enum awsb_json_kind kind, struct awsb_view text,
                        const struct awsb_place *place)
{
    switch (shape->type) {
    case AWSB_TYPE_STRING: return push_string(reader, kind, text, place);
    case AWSB_TYPE_BOOLEAN: return push_boolean(reader, kind, text, place);
    case AWSB_TYPE_INTEGER:
    case AWSB_TYPE_LONG: return push_whole(reader, kind, text, place);
    case AWSB_TYPE_FLOAT:
    case AWSB_TYPE_DOUBLE: return push_float(reader, kind, text, place);
    case AWSB_TYPE_TIMESTAMP: return push_time(reader, kind, text, place);
    case AWSB_TYPE_BLOB: return push_blob(reader, kind, text, place);
    default: return awsb_read_fault(reader, place, "unsupported");
    }
}

const char *awsb_read_wanted(enum awsb_type type)
{
    static const char *const names[] = {"a string", "an integer", "an integer", "true or false",
                                        "a time",   "a number",   "a number",   "Base64",
                                        "an array", "an object",  "an object",  "something else"};

    return names[type];
}
