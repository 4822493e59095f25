#include "lua_glue.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define SCRATCH_TYPE "aws.backup.core.scratch"
#define MAX_REWRITTEN_BYTES (64u << 20)
#define MAX_WAIT_S 2147483.0 /* milliseconds in an int: what poll takes */
#define MS_PER_S 1000.0

void awsb_set_functions(lua_State *L, const luaL_Reg *functions)
{
    for (; functions->name != NULL; functions++) {
        lua_pushcfunction(L, functions->func);
        lua_setfield(L, -2, functions->name);
    }
}

/* Of the metatable below the table on top, which they have as upvalue: see awsb_check_self. */
static void set_methods(lua_State *L, const luaL_Reg *methods)
{
    for (; methods->name != NULL; methods++) {
        lua_pushvalue(L, -2);
        lua_pushcclosure(L, methods->func, 1);
        lua_setfield(L, -2, methods->name);
    }
}

void awsb_register_class(lua_State *L, const struct awsb_class *class)
{
    luaL_newmetatable(L, class->type);
    lua_pushcfunction(L, class->finalizer);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__gc");
    lua_setfield(L, -2, "__close"); /* 5.4; earlier versions ignore it */
    lua_pushcfunction(L, class->to_string);
    lua_setfield(L, -2, "__tostring");
    lua_pushstring(L, class->name);
    lua_setfield(L, -2, "__name");
    lua_pushstring(L, class->name); /* getmetatable answers this: nobody calls __gc by hand */
    lua_setfield(L, -2, "__metatable");
    lua_newtable(L);
    set_methods(L, class->methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void *awsb_new_userdata(lua_State *L, size_t size, const char *type)
{
    void *block = lua_newuserdata(L, size);

    memset(block, 0, size);
    luaL_getmetatable(L, type);
    lua_setmetatable(L, -2);
    return block;
}

void *awsb_test_userdata(lua_State *L, int index, const char *type)
{
    void *block = lua_touserdata(L, index);
    bool same;

    if (block == NULL || !lua_getmetatable(L, index))
        return NULL;
    luaL_getmetatable(L, type);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? block : NULL;
}

void *awsb_check_self(lua_State *L, const char *type)
{
    void *block = lua_touserdata(L, 1);
    bool same;

    if (block != NULL && lua_getmetatable(L, 1)) {
        same = lua_rawequal(L, -1, lua_upvalueindex(1));
        lua_pop(L, 1);
        if (same)
            return block;
    }
    return luaL_checkudata(L, 1, type);
}

static int finalize_scratch(lua_State *L)
{
    struct awsb_buf *buf = awsb_test_userdata(L, 1, SCRATCH_TYPE);

    if (buf != NULL)
        awsb_buf_clear(buf);
    return 0;
}

static int scratch_to_string(lua_State *L)
{
    lua_pushliteral(L, "scratch");
    return 1;
}

void awsb_register_scratch(lua_State *L)
{
    static const luaL_Reg no_methods[] = {{NULL, NULL}};
    static const struct awsb_class class = {SCRATCH_TYPE, "scratch", no_methods, finalize_scratch,
                                            scratch_to_string};

    awsb_register_class(L, &class);
}

struct awsb_buf *awsb_new_scratch(lua_State *L)
{
    return awsb_new_userdata(L, sizeof(struct awsb_buf), SCRATCH_TYPE);
}

/* Rounds up: a wait is never shorter than asked. By hand, for libm may not be linked. */
static int64_t ms_of(lua_Number seconds)
{
    double exact = (double)seconds * MS_PER_S;
    int64_t ms = (int64_t)exact;

    return (double)ms < exact ? ms + 1 : ms;
}

static const struct awsb_field *find_field(const struct awsb_field *fields, const char *name)
{
    for (; fields->name != NULL; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

/* The pair of lua_next on top: its key must be known and its value of the key's type. */
static void check_pair(lua_State *L, const char *what, const struct awsb_field *fields)
{
    const struct awsb_field *field;
    int type = lua_type(L, -1);

    if (lua_type(L, -2) != LUA_TSTRING) /* lua_tostring would change a number in place */
        luaL_error(L, "%s: unknown field of type %s", what, luaL_typename(L, -2));
    field = find_field(fields, lua_tostring(L, -2));
    if (field == NULL)
        luaL_error(L, "%s: unknown field '%s'", what, lua_tostring(L, -2));
    else if (type != field->type)
        luaL_error(L, "%s: field '%s' must be a %s, got %s", what, field->name,
                   lua_typename(L, field->type), lua_typename(L, type));
}

void awsb_check_fields(lua_State *L, int index, const char *what, const struct awsb_field *fields)
{
    if (lua_type(L, index) != LUA_TTABLE)
        luaL_error(L, "%s must be a table, got %s", what, luaL_typename(L, index));
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        check_pair(L, what, fields);
        lua_pop(L, 1);
    }
    for (; fields->name != NULL; fields++) {
        if (!fields->required)
            continue;
        lua_pushstring(L, fields->name);
        lua_rawget(L, index);
        if (lua_isnil(L, -1))
            luaL_error(L, "%s: field '%s' is missing", what, fields->name);
        lua_pop(L, 1);
    }
}

struct awsb_view awsb_field_view(lua_State *L, int index, const char *name)
{
    struct awsb_view view = {"", 0};

    lua_pushstring(L, name);
    lua_rawget(L, index);
    if (lua_type(L, -1) == LUA_TSTRING)
        view.data = lua_tolstring(L, -1, &view.size);
    lua_pop(L, 1);
    return view;
}

bool awsb_field_flag(lua_State *L, int index, const char *name, bool absent)
{
    bool flag;

    lua_pushstring(L, name);
    lua_rawget(L, index);
    flag = lua_isnil(L, -1) ? absent : lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return flag;
}

int64_t awsb_top_ms(lua_State *L, const char *what, const char *name)
{
    lua_Number seconds = lua_tonumber(L, -1);

    if (!(seconds > 0 && seconds <= MAX_WAIT_S)) /* so that NaN is refused, too */
        luaL_error(L, "%s: field '%s' must be seconds above 0 and up to %d", what, name,
                   (int)MAX_WAIT_S);
    return ms_of(seconds);
}

/* Whether it is an integer in 1..max; so that NaN is none, too. */
static bool is_size(lua_Number number, size_t max)
{
    return number >= 1 && number <= (lua_Number)max && number == (lua_Number)(size_t)number;
}

size_t awsb_field_size(lua_State *L, int index, const char *what, const char *name, size_t absent,
                       size_t max)
{
    size_t size = absent;

    lua_pushstring(L, name);
    lua_rawget(L, index);
    if (!lua_isnil(L, -1)) {
        lua_Number number = lua_tonumber(L, -1);

        if (!is_size(number, max))
            luaL_error(L, "%s: field '%s' must be a whole number from 1 to %d", what, name,
                       (int)max);
        size = (size_t)number;
    }
    lua_pop(L, 1);
    return size;
}

size_t awsb_check_size(lua_State *L, int index, size_t max)
{
    lua_Number number;

    luaL_checktype(L, index, LUA_TNUMBER);
    number = lua_tonumber(L, index);
    if (!is_size(number, max)) {
        lua_pushfstring(L, "a whole number from 1 to %d expected", (int)max);
        luaL_argerror(L, index, lua_tostring(L, -1));
    }
    return (size_t)number;
}

int64_t awsb_check_wait_ms(lua_State *L, int index)
{
    lua_Number seconds;

    luaL_checktype(L, index, LUA_TNUMBER);
    seconds = lua_tonumber(L, index);
    if (!(seconds >= 0 && seconds <= MAX_WAIT_S))
        luaL_argerror(L, index, "seconds from 0 to 2147483 expected");
    return ms_of(seconds);
}

struct awsb_view awsb_check_view(lua_State *L, int index)
{
    struct awsb_view view;

    luaL_checktype(L, index, LUA_TSTRING);
    view.data = lua_tolstring(L, index, &view.size);
    return view;
}

void awsb_push_view(lua_State *L, struct awsb_view view)
{
    lua_pushlstring(L, view.data, view.size);
}

void awsb_push_visible(lua_State *L, struct awsb_view text)
{
    luaL_Buffer buffer;
    size_t i;

    luaL_buffinit(L, &buffer);
    for (i = 0; i < text.size; i++) {
        char escaped[sizeof "\\xFF"];

        if (!awsb_is_control(text.data[i])) {
            luaL_addchar(&buffer, text.data[i]);
            continue;
        }
        snprintf(escaped, sizeof escaped, "\\x%02X", (unsigned char)text.data[i]);
        luaL_addstring(&buffer, escaped);
    }
    luaL_pushresult(&buffer);
}

void awsb_set_view(lua_State *L, const char *field, struct awsb_view view)
{
    awsb_push_view(L, view);
    lua_setfield(L, -2, field);
}

int awsb_push_rewritten(lua_State *L, void (*write)(struct awsb_buf *, struct awsb_view),
                        const char *what)
{
    struct awsb_view text = awsb_check_view(L, 1);
    struct awsb_buf *out = awsb_new_scratch(L);

    awsb_buf_init(out, MAX_REWRITTEN_BYTES);
    write(out, text);
    if (out->err != AWSB_OK)
        return luaL_error(L, "not enough memory, or more than 64 MiB to %s", what);
    awsb_push_view(L, awsb_buf_view(out));
    awsb_buf_clear(out);
    return 1;
}
