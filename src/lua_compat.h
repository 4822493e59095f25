#ifndef AWSB_LUA_COMPAT_H
#define AWSB_LUA_COMPAT_H

/*
 * The few functions that differ between Lua 5.1 to 5.4 and LuaJIT, under names of our own: LuaJIT
 * calls itself 5.1 but declares some of the later names. Only the files lua_*.c include this or
 * lua.h.
 */

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#if LUA_VERSION_NUM < 501 || LUA_VERSION_NUM > 505
#error "aws.backup.core builds with Lua 5.1 to 5.5 and LuaJIT 2.1"
#endif

#if defined(__GNUC__)
#define AWSB_EXPORT __attribute__((visibility("default")))
#else
#define AWSB_EXPORT
#endif

#if LUA_VERSION_NUM >= 502
#define awsb_rawlen lua_rawlen
#else
#define awsb_rawlen lua_objlen
#endif

/* lua_rawget, and the type of what it pushed. */
#if LUA_VERSION_NUM >= 503
#define awsb_rawget lua_rawget
#else
static inline int awsb_rawget(lua_State *L, int index)
{
    lua_rawget(L, index);
    return lua_type(L, -1);
}
#endif

#endif
