#include "arn.h"
#include "json.h"
#include "lua_glue.h"
#include "utf8.h"

/* Texts that come from a caller: whether they are what is asked for, and how JSON writes them. */

/* json_quote(text) -> the text as JSON writes it, whether it is UTF-8 or not. */
static int json_quote(lua_State *L)
{
    return awsb_push_rewritten(L, awsb_json_quote, "quote");
}

/* is_text(value, min, max) -> whether it is a string of UTF-8 with so many characters; a limit that
 * is nil does not count. */
static int is_text(lua_State *L)
{
    size_t count, position;
    bool fine = lua_type(L, 1) == LUA_TSTRING &&
                awsb_utf8_length(awsb_check_view(L, 1), &count, &position);

    if (fine && !lua_isnoneornil(L, 2))
        fine = (lua_Integer)count >= luaL_checkinteger(L, 2);
    if (fine && !lua_isnoneornil(L, 3))
        fine = (lua_Integer)count <= luaL_checkinteger(L, 3);
    lua_pushboolean(L, fine);
    return 1;
}

static struct awsb_view optional_view(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) ? awsb_view("", 0) : awsb_check_view(L, index);
}

/* is_arn(text, service, kind): see arn.h. */
static int is_arn(lua_State *L)
{
    struct awsb_view text = awsb_check_view(L, 1);

    lua_pushboolean(L, awsb_is_arn(text, optional_view(L, 2), optional_view(L, 3)));
    return 1;
}

static const luaL_Reg functions[] = {
    {"json_quote", json_quote},
    {"is_text", is_text},
    {"is_arn", is_arn},
    {NULL, NULL},
};

void awsb_open_text(lua_State *L)
{
    awsb_set_functions(L, functions);
}
