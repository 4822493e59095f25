#include "lua_transfer.h"

/* transfer:done(), transfer:result(), transfer:cancel(), and the parts of an answer one by one. */

#define TRANSFER_TYPE "aws.backup.core.transfer"
#define TRANSFERS TRANSFER_TYPE ".by_address"

struct transfer_box {
    struct awsb_transfer *transfer;
};

/* Their userdata by their address, in a table of the registry with weak values. */

static void open_transfers(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_setfield(L, LUA_REGISTRYINDEX, TRANSFERS);
}

/* Remembers the userdata on top of the stack. */
static void remember_transfer(lua_State *L, struct awsb_transfer *transfer)
{
    lua_getfield(L, LUA_REGISTRYINDEX, TRANSFERS);
    lua_pushlightuserdata(L, transfer);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

struct awsb_transfer *awsb_push_new_transfer(lua_State *L, struct awsb_engine *engine)
{
    struct transfer_box *box = awsb_new_userdata(L, sizeof *box, TRANSFER_TYPE);

    box->transfer = awsb_transfer_new(engine);
    if (box->transfer == NULL)
        luaL_error(L, "not enough memory for a request");
    remember_transfer(L, box->transfer);
    return box->transfer;
}

bool awsb_push_transfer(lua_State *L, struct awsb_transfer *transfer)
{
    lua_getfield(L, LUA_REGISTRYINDEX, TRANSFERS);
    lua_pushlightuserdata(L, transfer);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (!lua_isnil(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

static void set_text(lua_State *L, const char *field, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

static void set_number(lua_State *L, const char *field, size_t number)
{
    if (number == 0)
        return;
    lua_pushinteger(L, (lua_Integer)number);
    lua_setfield(L, -2, field);
}

/* nil, the kind, a table of what is known about it, and true if it is worth another attempt though
 * its kind is not. */
int awsb_push_failure(lua_State *L, const struct awsb_transfer *transfer)
{
    struct awsb_failure failure = awsb_transfer_failure(transfer);

    lua_pushnil(L);
    lua_pushstring(L, awsb_http_kind_name(awsb_transfer_kind(transfer)));
    lua_createtable(L, 0, 4);
    set_text(L, "reason", failure.reason);
    set_text(L, "detail", failure.detail);
    set_text(L, "meaning", failure.meaning);
    set_number(L, "code", (size_t)failure.code);
    set_number(L, "os_error", (size_t)failure.os_error);
    set_number(L, "connect_status", (size_t)failure.connect_status);
    set_number(L, "lacking", failure.lacking);
    lua_pushboolean(L, failure.at_proxy);
    lua_setfield(L, -2, "at_proxy");
    if (!failure.may_pass)
        return 3;
    lua_pushboolean(L, true);
    return 4;
}

static struct awsb_transfer *check_transfer(lua_State *L)
{
    struct transfer_box *box = awsb_check_self(L, TRANSFER_TYPE);

    if (box->transfer == NULL)
        luaL_error(L, "attempt to use a transfer that was collected");
    return box->transfer;
}

static int finalize_transfer(lua_State *L)
{
    struct transfer_box *box = awsb_test_userdata(L, 1, TRANSFER_TYPE);
    struct awsb_transfer *transfer;

    if (box == NULL)
        return 0;
    transfer = box->transfer;
    box->transfer = NULL;
    awsb_transfer_free(transfer);
    return 0;
}

static int transfer_to_string(lua_State *L)
{
    struct transfer_box *box = luaL_checkudata(L, 1, TRANSFER_TYPE);
    enum awsb_http_kind kind = box->transfer != NULL ? awsb_transfer_kind(box->transfer)
                                                     : AWSB_HTTP_CLOSED;

    lua_pushfstring(L, "transfer (%s)", awsb_http_kind_name(kind));
    return 1;
}

static int is_done(lua_State *L)
{
    lua_pushboolean(L, awsb_transfer_kind(check_transfer(L)) != AWSB_HTTP_RUNNING);
    return 1;
}

static int result(lua_State *L)
{
    struct awsb_transfer *transfer = check_transfer(L);
    enum awsb_http_kind kind = awsb_transfer_kind(transfer);

    if (kind == AWSB_HTTP_RUNNING) {
        lua_pushnil(L);
        lua_pushliteral(L, "running");
        lua_createtable(L, 0, 1);
        set_text(L, "reason", "running");
        return 3;
    }
    if (kind != AWSB_HTTP_OK)
        return awsb_push_failure(L, transfer);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, (lua_Integer)awsb_transfer_status(transfer));
    lua_setfield(L, -2, "status");
    awsb_push_headers(L, awsb_transfer_head(transfer));
    lua_setfield(L, -2, "headers");
    awsb_set_view(L, "body", awsb_transfer_body(transfer));
    return 1;
}

/* Of one that has succeeded; its headers are not made Lua values before somebody asks for them. */
static struct awsb_transfer *check_succeeded(lua_State *L)
{
    struct awsb_transfer *transfer = check_transfer(L);

    if (awsb_transfer_kind(transfer) != AWSB_HTTP_OK)
        luaL_error(L, "attempt to read the answer of a transfer that has none");
    return transfer;
}

static int get_status(lua_State *L)
{
    lua_pushinteger(L, awsb_transfer_status(check_succeeded(L)));
    return 1;
}

static int get_body(lua_State *L)
{
    awsb_push_view(L, awsb_transfer_body(check_succeeded(L)));
    return 1;
}

static int get_headers(lua_State *L)
{
    awsb_push_headers(L, awsb_transfer_head(check_succeeded(L)));
    return 1;
}

/* transfer:header(name): its name in lower case. */
static int get_header(lua_State *L)
{
    struct awsb_transfer *transfer = check_succeeded(L);

    awsb_push_header(L, awsb_transfer_head(transfer), awsb_check_view(L, 2));
    return 1;
}

static int cancel(lua_State *L)
{
    awsb_transfer_cancel(check_transfer(L));
    return 0;
}

static const luaL_Reg transfer_methods[] = {
    {"done", is_done},
    {"result", result},
    {"status", get_status},
    {"headers", get_headers},
    {"header", get_header},
    {"body", get_body},
    {"cancel", cancel},
    {NULL, NULL},
};

void awsb_register_transfers(lua_State *L)
{
    static const struct awsb_class class = {TRANSFER_TYPE, "transfer", transfer_methods,
                                            finalize_transfer, transfer_to_string};

    awsb_register_class(L, &class);
    open_transfers(L);
}
