/*
 * A Lua with the C core built in, and one function more: in_threads, which runs a script in many
 * threads at once, each with a Lua state of its own. It is built with -fsanitize=thread, so that
 * whatever the states share inside the core is reported.
 *
 * threads SCRIPT
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define MOST_THREADS 64
#define MOST_ARGUMENTS 8

int luaopen_aws_backup_core(lua_State *L);

struct task {
    pthread_t thread;
    int number; /* from 1 */
    const char *script;
    const char *arguments[MOST_ARGUMENTS]; /* of the caller, who waits */
    int argument_count;
    char failure[1024]; /* empty: none */
};

static int in_threads(lua_State *L);

static lua_State *new_state(void)
{
    lua_State *L = luaL_newstate();

    if (L == NULL) {
        fputs("threads: no memory for a Lua state\n", stderr);
        exit(1);
    }
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_aws_backup_core);
    lua_setfield(L, -2, "aws.backup.core");
    lua_pop(L, 1);
    lua_register(L, "in_threads", in_threads);
    return L;
}

/* The script gets the number of its thread, then the arguments. */
static void *run(void *context)
{
    struct task *task = context;
    lua_State *L = new_state();
    int i, status = luaL_loadfile(L, task->script);

    if (status == LUA_OK) {
        lua_pushinteger(L, task->number);
        for (i = 0; i < task->argument_count; i++)
            lua_pushstring(L, task->arguments[i]);
        status = lua_pcall(L, 1 + task->argument_count, 0, 0);
    }
    if (status != LUA_OK)
        snprintf(task->failure, sizeof task->failure, "%s", luaL_tolstring(L, -1, NULL));
    lua_close(L);
    return NULL;
}

/* in_threads(count, script, argument ...) -> a list of what they raised. */
static int in_threads(lua_State *L)
{
    static const struct task nothing;
    lua_Integer count = luaL_checkinteger(L, 1);
    struct task *tasks, common = nothing;
    int i;

    luaL_argcheck(L, count >= 1 && count <= MOST_THREADS, 1, "too many");
    common.script = luaL_checkstring(L, 2);
    common.argument_count = lua_gettop(L) - 2;
    luaL_argcheck(L, common.argument_count <= MOST_ARGUMENTS, 3, "too many");
    for (i = 0; i < common.argument_count; i++)
        common.arguments[i] = luaL_checkstring(L, 3 + i);
    tasks = lua_newuserdata(L, (size_t)count * sizeof *tasks);
    for (i = 0; i < count; i++) {
        tasks[i] = common;
        tasks[i].number = i + 1;
        if (pthread_create(&tasks[i].thread, NULL, run, tasks + i) != 0) {
            fputs("threads: no thread to be had\n", stderr);
            exit(1);
        }
    }
    lua_newtable(L);
    for (i = 0; i < count; i++) {
        pthread_join(tasks[i].thread, NULL);
        if (tasks[i].failure[0] == '\0')
            continue;
        lua_pushstring(L, tasks[i].failure);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    return 1;
}

int main(int argc, char **argv)
{
    lua_State *L = new_state();
    int status;

    if (argc != 2) {
        fprintf(stderr, "usage: %s SCRIPT\n", argv[0]);
        return 2;
    }
    status = luaL_dofile(L, argv[1]);
    if (status != LUA_OK)
        fprintf(stderr, "threads: %s\n", luaL_tolstring(L, -1, NULL));
    lua_close(L);
    return status == LUA_OK ? 0 : 1;
}
