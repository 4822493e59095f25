#include "child.h"
#include "lua_glue.h"

/* Binding of programs: core.spawn(argv, options), child:step(seconds), child:result() and so on. */

#define CHILD_TYPE "aws.backup.core.child"
#define DEFAULT_OUTPUT_BYTES (1u << 20)
#define MAX_OUTPUT_BYTES 0x7fffffff
#define MOST_ARGUMENTS 65536

struct child_box {
    struct awsb_child *child; /* NULL once closed */
};

static const struct awsb_field option_fields[] = {
    {"max_output_bytes", LUA_TNUMBER, false},
    {NULL, LUA_TNIL, false},
};

static int push_failure(lua_State *L, struct awsb_view program, const char *reason)
{
    lua_pushnil(L);
    lua_pushliteral(L, "cannot run '");
    awsb_push_visible(L, program);
    lua_pushfstring(L, "': %s", reason);
    lua_concat(L, 3);
    return 2;
}

static size_t check_argument_count(lua_State *L)
{
    size_t count;

    luaL_checktype(L, 1, LUA_TTABLE);
    count = awsb_rawlen(L, 1);
    luaL_argcheck(L, count >= 1 && count <= MOST_ARGUMENTS, 1,
                  "a program and its arguments expected");
    return count;
}

static struct awsb_view argument_at(lua_State *L, size_t position)
{
    struct awsb_view view;

    lua_rawgeti(L, 1, (int)position);
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "argv[%d] must be a string, got %s", (int)position, luaL_typename(L, -1));
    view.data = lua_tolstring(L, -1, &view.size);
    lua_pop(L, 1); /* the table holds it */
    return view;
}

/* A userdata, on top of the stack, of what exec wants; or NULL if an argument has a NUL byte. */
static char **push_arguments(lua_State *L, size_t count)
{
    char **argv = lua_newuserdata(L, (count + 1) * sizeof *argv);
    size_t i;

    for (i = 0; i < count; i++) {
        struct awsb_view argument = argument_at(L, i + 1);

        if (awsb_view_has(argument, '\0'))
            return NULL;
        argv[i] = (char *)(uintptr_t)argument.data; /* exec only reads, whatever its type says */
    }
    argv[count] = NULL;
    return argv;
}

static int spawn(lua_State *L)
{
    size_t max_output_bytes = DEFAULT_OUTPUT_BYTES;
    size_t count = check_argument_count(L);
    char reason[AWSB_ERROR_TEXT_SIZE];
    struct child_box *box;
    char **argv;

    if (!lua_isnoneornil(L, 2)) {
        awsb_check_fields(L, 2, "options", option_fields);
        max_output_bytes = awsb_field_size(L, 2, "options", "max_output_bytes",
                                           DEFAULT_OUTPUT_BYTES, MAX_OUTPUT_BYTES);
    }
    argv = push_arguments(L, count);
    if (argv == NULL)
        return push_failure(L, argument_at(L, 1), "no argument of a program holds a NUL byte");
    box = awsb_new_userdata(L, sizeof *box, CHILD_TYPE);
    box->child = awsb_child_new(max_output_bytes);
    if (box->child == NULL)
        return luaL_error(L, "not enough memory for a program");
    if (!awsb_child_start(box->child, argv, reason))
        return push_failure(L, argument_at(L, 1), reason);
    return 1;
}

static struct awsb_child *check_child(lua_State *L)
{
    struct child_box *box = luaL_checkudata(L, 1, CHILD_TYPE);

    if (box->child == NULL)
        luaL_error(L, "attempt to use a closed child");
    return box->child;
}

static int finalize_child(lua_State *L)
{
    struct child_box *box = awsb_test_userdata(L, 1, CHILD_TYPE);
    struct awsb_child *child;

    if (box == NULL)
        return 0;
    child = box->child;
    box->child = NULL;
    awsb_child_free(child);
    return 0;
}

static int close_child(lua_State *L)
{
    luaL_checkudata(L, 1, CHILD_TYPE);
    return finalize_child(L);
}

static int child_to_string(lua_State *L)
{
    struct child_box *box = luaL_checkudata(L, 1, CHILD_TYPE);
    enum awsb_child_state state = box->child != NULL ? awsb_child_state(box->child)
                                                     : AWSB_CHILD_CLOSED;

    lua_pushfstring(L, "child (%s)", awsb_child_state_name(state));
    return 1;
}

static int step(lua_State *L)
{
    struct awsb_child *child = check_child(L);
    int64_t timeout_ms = awsb_check_wait_ms(L, 2);

    lua_pushboolean(L, awsb_child_step(child, timeout_ms));
    return 1;
}

static int result(lua_State *L)
{
    struct awsb_child *child = check_child(L);
    enum awsb_child_state state = awsb_child_state(child);

    if (state != AWSB_CHILD_EXITED && state != AWSB_CHILD_SIGNALLED) {
        lua_pushnil(L);
        lua_pushstring(L, awsb_child_state_name(state));
        return 2;
    }
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, awsb_child_code(child));
    lua_setfield(L, -2, state == AWSB_CHILD_EXITED ? "status" : "signal");
    awsb_set_view(L, "stdout", awsb_child_output(child));
    awsb_set_view(L, "stderr", awsb_child_errors(child));
    return 1;
}

/* What it has written to standard error so far: of use where there is no result. */
static int complaints(lua_State *L)
{
    awsb_push_view(L, awsb_child_errors(check_child(L)));
    return 1;
}

static int kill_child(lua_State *L)
{
    awsb_child_kill(check_child(L));
    return 0;
}

static const luaL_Reg child_methods[] = {
    {"step", step},
    {"result", result},
    {"stderr", complaints},
    {"kill", kill_child},
    {"close", close_child},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"spawn", spawn},
    {NULL, NULL},
};

void awsb_open_child(lua_State *L)
{
    static const struct awsb_class class = {CHILD_TYPE, "child", child_methods, finalize_child,
                                            child_to_string};

    awsb_register_class(L, &class);
    awsb_set_functions(L, functions);
}
