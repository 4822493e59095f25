#include <stdio.h>

#include "json.h"
#include "lua_glue.h"
#include "utf8.h"

/*
 * Writes values as JSON by a plan, as long as all is as it should be: tables without metatables,
 * values of the right types, integers that are ones. What is not, and what is rare, is given up,
 * for Lua to write it or to say what is wrong with it.
 *
 * A plan is a table: { kind }, { kind, plan of the items }, or for a structure { kind, name, what
 * comes before the member if it is the first, and if it is not, its plan, and so on }.
 */

enum kind { OTHER, STRING, INTEGER, LONG, BOOLEAN, LIST, MAP, STRUCTURE };

#define MAX_TEXT_BYTES (64u << 20)
#define USUAL_BYTES 512
#define MAX_DEPTH 64
#define MAX_SORTED 32 /* keys of a map, by insertion */
#define SLOTS 8       /* of the Lua stack, for one level */
#define MEMBER_SIZE 4 /* entries of a plan */

#define MAX_INT32 2147483647
#define EXACT_LIMIT 9007199254740992.0 /* 2^53: a double beyond may have been rounded */

/* Each writes the value at an index of the stack; false: given up. */
static bool write_value(lua_State *L, struct awsb_buf *out, int plan, int value, int depth);

/* nil, or the null of lua-cjson */
static bool is_absent(lua_State *L, int index)
{
    return lua_isnil(L, index) ||
           (lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL);
}

static bool is_plain_table(lua_State *L, int index)
{
    if (!lua_istable(L, index))
        return false;
    if (!lua_getmetatable(L, index))
        return true;
    lua_pop(L, 1);
    return false;
}

static bool write_string(lua_State *L, struct awsb_buf *out, int value)
{
    size_t count, position;

    if (lua_type(L, value) != LUA_TSTRING ||
        !awsb_utf8_length(awsb_check_view(L, value), &count, &position))
        return false;
    awsb_json_quote(out, awsb_check_view(L, value));
    return true;
}

static bool get_integer(lua_State *L, int value, long long *integer)
{
#if LUA_VERSION_NUM >= 503
    if (!lua_isinteger(L, value))
        return false;
    *integer = lua_tointeger(L, value);
    return true;
#else
    double number = lua_type(L, value) == LUA_TNUMBER ? (double)lua_tonumber(L, value) : 0.5;

    if (!(number > -EXACT_LIMIT && number < EXACT_LIMIT))
        return false;
    *integer = (long long)number;
    return (double)*integer == number;
#endif
}

static bool write_integer(lua_State *L, struct awsb_buf *out, enum kind kind, int value)
{
    long long integer;
    char digits[24];

    if (!get_integer(L, value, &integer))
        return false;
    if (kind == INTEGER && (integer > MAX_INT32 || integer < -(long long)MAX_INT32 - 1))
        return false;
    snprintf(digits, sizeof digits, "%lld", integer);
    awsb_buf_add_text(out, digits);
    return true;
}

static bool write_boolean(lua_State *L, struct awsb_buf *out, int value)
{
    if (!lua_isboolean(L, value))
        return false;
    awsb_buf_add_text(out, lua_toboolean(L, value) ? "true" : "false");
    return true;
}

static bool write_structure(lua_State *L, struct awsb_buf *out, int plan, int value, int depth)
{
    int entry, size = (int)awsb_rawlen(L, plan), top = lua_gettop(L);
    bool is_empty = true;

    for (entry = 2; entry < size; entry += MEMBER_SIZE) {
        lua_settop(L, top);
        lua_rawgeti(L, plan, entry);
        lua_rawget(L, value);
        if (is_absent(L, top + 1))
            continue;
        lua_rawgeti(L, plan, is_empty ? entry + 1 : entry + 2);
        awsb_buf_add(out, awsb_check_view(L, top + 2));
        lua_rawgeti(L, plan, entry + 3);
        if (!write_value(L, out, top + 3, top + 1, depth + 1))
            return false;
        is_empty = false;
    }
    lua_settop(L, top);
    awsb_buf_add_text(out, is_empty ? "{}" : "}");
    return true;
}

static size_t count_keys(lua_State *L, int table)
{
    size_t count = 0;

    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        count++;
    }
    return count;
}

/* Item plan on top. */
static bool write_list(lua_State *L, struct awsb_buf *out, int value, int depth)
{
    int plan = lua_gettop(L);
    size_t index, size = count_keys(L, value);
    bool is_empty = true;

    for (index = 1; index <= size; index++) {
        lua_rawgeti(L, value, (int)index);
        if (lua_isnil(L, -1))
            return false; /* not all keys are indices */
        if (!is_absent(L, -1)) {
            awsb_buf_add_byte(out, is_empty ? '[' : ',');
            if (!write_value(L, out, plan, plan + 1, depth + 1))
                return false;
            is_empty = false;
        }
        lua_settop(L, plan);
    }
    awsb_buf_add_text(out, is_empty ? "[]" : "]");
    return true;
}

static bool is_less(lua_State *L, int a, int b)
{
#if LUA_VERSION_NUM >= 502
    return lua_compare(L, a, b, LUA_OPLT) != 0;
#else
    return lua_lessthan(L, a, b) != 0;
#endif
}

/* Pushes the keys that have a value, sorted as table.sort does it. False if there are too many, or
 * one is no string. */
static bool push_keys(lua_State *L, int value)
{
    int base = lua_gettop(L);

    lua_pushnil(L);
    while (lua_next(L, value)) {
        int key = lua_gettop(L) - 1, place = base + 1;

        if (!is_absent(L, -1)) {
            if (lua_type(L, key) != LUA_TSTRING || key - base > MAX_SORTED)
                return false;
            while (place < key && !is_less(L, key, place))
                place++;
            lua_pushvalue(L, key);
            lua_insert(L, place); /* moves the key and its value up */
        }
        lua_pop(L, 1);
    }
    return true;
}

/* Item plan on top. */
static bool write_map(lua_State *L, struct awsb_buf *out, int value, int depth)
{
    int plan = lua_gettop(L), key, last;

    luaL_checkstack(L, MAX_SORTED + SLOTS, "too many keys");
    if (!push_keys(L, value))
        return false;
    last = lua_gettop(L);
    for (key = plan + 1; key <= last; key++) {
        awsb_buf_add_byte(out, key == plan + 1 ? '{' : ',');
        if (!write_string(L, out, key))
            return false;
        awsb_buf_add_byte(out, ':');
        lua_pushvalue(L, key);
        lua_rawget(L, value);
        if (!write_value(L, out, plan, last + 1, depth + 1))
            return false;
        lua_settop(L, last);
    }
    lua_settop(L, plan);
    awsb_buf_add_text(out, last == plan ? "{}" : "}");
    return true;
}

static bool write_container(lua_State *L, struct awsb_buf *out, enum kind kind, int plan, int value,
                            int depth)
{
    bool written;

    if (!is_plain_table(L, value))
        return false;
    luaL_checkstack(L, SLOTS, "too deep");
    if (kind == STRUCTURE)
        return write_structure(L, out, plan, value, depth);
    lua_rawgeti(L, plan, 2);
    written = kind == LIST ? write_list(L, out, value, depth) : write_map(L, out, value, depth);
    lua_pop(L, 1);
    return written;
}

static bool write_value(lua_State *L, struct awsb_buf *out, int plan, int value, int depth)
{
    enum kind kind;

    if (depth > MAX_DEPTH)
        return false;
    lua_rawgeti(L, plan, 1);
    kind = (enum kind)lua_tointeger(L, -1);
    lua_pop(L, 1);
    switch (kind) {
    case STRING:
        return write_string(L, out, value);
    case INTEGER:
    case LONG:
        return write_integer(L, out, kind, value);
    case BOOLEAN:
        return write_boolean(L, out, value);
    case LIST:
    case MAP:
    case STRUCTURE:
        return write_container(L, out, kind, plan, value, depth);
    default:
        return false;
    }
}

/* json_write(plan, value) -> the text, or nil where it is given up. */
static int json_write(lua_State *L)
{
    struct awsb_buf *out;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    out = awsb_new_scratch(L);
    awsb_buf_init(out, MAX_TEXT_BYTES);
    awsb_buf_reserve(out, USUAL_BYTES);
    if (write_value(L, out, 1, 2, 1) && out->err == AWSB_OK)
        awsb_push_view(L, awsb_buf_view(out));
    else
        lua_pushnil(L);
    awsb_buf_clear(out);
    return 1;
}

static const luaL_Reg functions[] = {
    {"json_write", json_write},
    {NULL, NULL},
};

void awsb_open_write(lua_State *L)
{
    awsb_set_functions(L, functions);
}
