#include <sys/utsname.h>

#include "file.h"
#include "lua_glue.h"

/* Binding of files and of the system's name: core.read_file, core.replace_file, core.system. */

#define MAX_FILE_BYTES 0x7fffffff

/* nil, kind, message. */
static int push_failure(lua_State *L, const char *verb, struct awsb_view path,
                        const struct awsb_file_failure *failure)
{
    lua_pushnil(L);
    lua_pushstring(L, awsb_file_kind_name(failure->kind));
    lua_pushfstring(L, "cannot %s '", verb);
    awsb_push_visible(L, path);
    lua_pushfstring(L, "': %s", failure->reason);
    lua_concat(L, 3);
    return 3;
}

/* Whether C sees the whole path; else three results are pushed. */
static bool check_path(lua_State *L, const char *verb, struct awsb_view path)
{
    static const struct awsb_file_failure failure = {AWSB_FILE_IO, "no path holds a NUL byte"};

    if (!awsb_view_has(path, '\0'))
        return true;
    push_failure(L, verb, path, &failure);
    return false;
}

static int read_file(lua_State *L)
{
    struct awsb_view path = awsb_check_view(L, 1);
    size_t max_bytes = awsb_check_size(L, 2, MAX_FILE_BYTES);
    struct awsb_file_failure failure;
    struct awsb_buf *text;

    if (!check_path(L, "read", path))
        return 3;
    text = awsb_new_scratch(L);
    awsb_buf_init_wiping(text, max_bytes);
    if (!awsb_file_read(path.data, text, &failure)) {
        awsb_buf_clear(text);
        return push_failure(L, "read", path, &failure);
    }
    awsb_push_view(L, awsb_buf_view(text));
    awsb_buf_clear(text);
    return 1;
}

static int replace_file(lua_State *L)
{
    struct awsb_view path = awsb_check_view(L, 1);
    struct awsb_view text = awsb_check_view(L, 2);
    struct awsb_file_failure failure;

    if (!check_path(L, "write", path))
        return 3;
    if (!awsb_file_replace(path.data, text, &failure))
        return push_failure(L, "write", path, &failure);
    lua_pushboolean(L, 1);
    return 1;
}

static int system_names(lua_State *L)
{
    struct utsname names;

    if (uname(&names) == -1)
        return luaL_error(L, "the system does not tell its name");
    lua_createtable(L, 0, 3);
    lua_pushstring(L, names.sysname);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, names.release);
    lua_setfield(L, -2, "release");
    lua_pushstring(L, names.machine);
    lua_setfield(L, -2, "machine");
    return 1;
}

static const luaL_Reg functions[] = {
    {"read_file", read_file},
    {"replace_file", replace_file},
    {"system", system_names},
    {NULL, NULL},
};

void awsb_open_system(lua_State *L)
{
    awsb_set_functions(L, functions);
}
