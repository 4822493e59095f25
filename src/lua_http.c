#include "http.h"
#include "lua_glue.h"

/*
 * Binding of the engine: core.engine(), core.new_engine(options), engine:start(request),
 * engine:step(seconds), engine:descriptor(), transfer:result() and their like.
 */

#define ENGINE_TYPE "aws.backup.core.engine"
#define TRANSFER_TYPE "aws.backup.core.transfer"
#define SHARED_ENGINE ENGINE_TYPE ".shared"
#define TRANSFERS TRANSFER_TYPE ".by_address"
#define DEFAULT_CONNECTIONS 64
#define MAX_CONNECTIONS 65535
#define DEFAULT_RESPONSE_BYTES (64u << 20)
#define DEFAULT_HEADER_BYTES (256u << 10)
#define MAX_BOUND_BYTES 0x7fffffff

struct engine_box {
    struct awsb_engine *engine; /* NULL while half built and after __gc */
};

struct transfer_box {
    struct awsb_transfer *transfer;
};

static const struct awsb_field engine_fields[] = {
    {"max_connections", LUA_TNUMBER, false},
    {NULL, LUA_TNIL, false},
};

static const struct awsb_field request_fields[] = {
    {"method", LUA_TSTRING, true},
    {"url", LUA_TSTRING, true},
    {"headers", LUA_TTABLE, false},
    {"body", LUA_TSTRING, false},
    {"connect_timeout", LUA_TNUMBER, false},
    {"read_timeout", LUA_TNUMBER, false},
    {"timeout", LUA_TNUMBER, false},
    {"ca_bundle", LUA_TSTRING, false},
    {"verify_tls", LUA_TBOOLEAN, false},
    {"proxy", LUA_TSTRING, false},
    {"tcp_keepalive", LUA_TBOOLEAN, false},
    {"max_response_bytes", LUA_TNUMBER, false},
    {"max_header_bytes", LUA_TNUMBER, false},
    {NULL, LUA_TNIL, false},
};

/* Engines. */

static void push_new_engine(lua_State *L, size_t max_connections)
{
    struct engine_box *box = awsb_new_userdata(L, sizeof *box, ENGINE_TYPE);

    box->engine = awsb_engine_new(max_connections);
    if (box->engine == NULL)
        luaL_error(L, "not enough memory for an engine");
}

static int new_engine(lua_State *L)
{
    size_t max_connections = DEFAULT_CONNECTIONS;

    if (!lua_isnoneornil(L, 1)) {
        awsb_check_fields(L, 1, "options", engine_fields);
        max_connections = awsb_field_size(L, 1, "options", "max_connections", DEFAULT_CONNECTIONS,
                                          MAX_CONNECTIONS);
    }
    push_new_engine(L, max_connections);
    return 1;
}

/* The engine of this Lua state, in the registry. A closed one, or one from before a fork, is
 * replaced and left to the collector. */
static int shared_engine(lua_State *L)
{
    struct engine_box *box;

    lua_pushliteral(L, SHARED_ENGINE);
    lua_rawget(L, LUA_REGISTRYINDEX);
    box = awsb_test_userdata(L, -1, ENGINE_TYPE);
    if (box != NULL && box->engine != NULL && awsb_engine_usable(box->engine))
        return 1;
    push_new_engine(L, DEFAULT_CONNECTIONS);
    lua_pushliteral(L, SHARED_ENGINE);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 1;
}

static struct awsb_engine *check_engine(lua_State *L)
{
    struct engine_box *box = luaL_checkudata(L, 1, ENGINE_TYPE);

    if (box->engine == NULL)
        luaL_error(L, "attempt to use a closed engine");
    return box->engine;
}

static int finalize_engine(lua_State *L)
{
    struct engine_box *box = awsb_test_userdata(L, 1, ENGINE_TYPE);
    struct awsb_engine *engine;

    if (box == NULL)
        return 0;
    engine = box->engine;
    box->engine = NULL;
    awsb_engine_free(engine);
    return 0;
}

static int close_engine(lua_State *L)
{
    struct engine_box *box = luaL_checkudata(L, 1, ENGINE_TYPE);

    if (box->engine != NULL)
        awsb_engine_close(box->engine);
    return 0;
}

static int engine_to_string(lua_State *L)
{
    struct engine_box *box = luaL_checkudata(L, 1, ENGINE_TYPE);
    bool usable = box->engine != NULL && awsb_engine_usable(box->engine);

    lua_pushfstring(L, "engine (%s)", usable ? "open" : "closed");
    return 1;
}

static int step(lua_State *L)
{
    struct awsb_engine *engine = check_engine(L);
    int64_t timeout_ms = awsb_check_wait_ms(L, 2);
    size_t running = 0;

    if (!awsb_engine_step(engine, timeout_ms, &running))
        return luaL_error(L, "attempt to step an engine that is closed or belongs to the process "
                             "before a fork");
    lua_pushinteger(L, (lua_Integer)running);
    return 1;
}

/* For loops that wait for descriptors: step(0) has work while this one can be read. */
static int descriptor(lua_State *L)
{
    int fd = awsb_engine_descriptor(check_engine(L));

    if (fd < 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, fd);
    return 1;
}

/* And it has in so many seconds anyway. */
static int timeout(lua_State *L)
{
    int64_t wait_ms = awsb_engine_wait_ms(check_engine(L));

    if (wait_ms < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, (lua_Number)wait_ms / 1000);
    return 1;
}

/* Transfers. Their userdata by their address, in a table of the registry with weak values. */

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

/* The next transfer that has ended; each is told of once, those that were collected not at all. */
static int next_ended(lua_State *L)
{
    struct awsb_engine *engine = check_engine(L);
    struct awsb_transfer *transfer;

    lua_getfield(L, LUA_REGISTRYINDEX, TRANSFERS);
    while ((transfer = awsb_engine_next_ended(engine)) != NULL) {
        lua_pushlightuserdata(L, transfer);
        lua_rawget(L, -2);
        if (!lua_isnil(L, -1))
            return 1;
        lua_pop(L, 1);
    }
    return 0;
}

static int push_failure(lua_State *L, const struct awsb_transfer *transfer)
{
    lua_pushnil(L);
    lua_pushstring(L, awsb_http_kind_name(awsb_transfer_kind(transfer)));
    lua_pushstring(L, awsb_transfer_message(transfer));
    return 3;
}

/* The table of headers is on top; false if the transfer has failed over one. */
static bool add_headers(lua_State *L, struct awsb_transfer *transfer)
{
    int index = lua_gettop(L);
    bool good = true;

    lua_pushnil(L);
    while (good && lua_next(L, index) != 0) {
        struct awsb_view name, value;

        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "request: a header's name must be a string, got %s",
                       luaL_typename(L, -2));
        name.data = lua_tolstring(L, -2, &name.size);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "request: header '%s' must be a string, got %s", name.data,
                       luaL_typename(L, -1));
        value.data = lua_tolstring(L, -1, &value.size);
        good = awsb_transfer_add_header(transfer, name, value);
        lua_pop(L, 1);
    }
    lua_settop(L, index);
    return good;
}

static void read_request(lua_State *L, struct awsb_http_request *request)
{
    request->method = awsb_field_view(L, 2, "method");
    request->url = awsb_field_view(L, 2, "url");
    request->body = awsb_field_view(L, 2, "body");
    request->ca_bundle = awsb_field_view(L, 2, "ca_bundle");
    request->proxy = awsb_field_view(L, 2, "proxy");
    request->insecure = !awsb_field_flag(L, 2, "verify_tls", true);
    request->tcp_keepalive = awsb_field_flag(L, 2, "tcp_keepalive", false);
    request->connect_timeout_ms = awsb_field_ms(L, 2, "request", "connect_timeout");
    request->read_timeout_ms = awsb_field_ms(L, 2, "request", "read_timeout");
    request->timeout_ms = awsb_field_ms(L, 2, "request", "timeout");
    request->max_response_bytes = awsb_field_size(L, 2, "request", "max_response_bytes",
                                                  DEFAULT_RESPONSE_BYTES, MAX_BOUND_BYTES);
    request->max_header_bytes = awsb_field_size(L, 2, "request", "max_header_bytes",
                                                DEFAULT_HEADER_BYTES, MAX_BOUND_BYTES);
}

static int start(lua_State *L)
{
    struct awsb_engine *engine = check_engine(L);
    struct awsb_http_request request = {0};
    struct transfer_box *box;
    bool good = true;

    lua_settop(L, 2);
    awsb_check_fields(L, 2, "request", request_fields);
    read_request(L, &request);
    box = awsb_new_userdata(L, sizeof *box, TRANSFER_TYPE);
    box->transfer = awsb_transfer_new(engine);
    if (box->transfer == NULL)
        return luaL_error(L, "not enough memory for a request");
    remember_transfer(L, box->transfer);
    lua_pushliteral(L, "headers");
    lua_rawget(L, 2);
    if (!lua_isnil(L, -1))
        good = add_headers(L, box->transfer);
    if (!good || !awsb_transfer_start(box->transfer, &request))
        return push_failure(L, box->transfer);
    lua_settop(L, 3); /* the transfer */
    return 1;
}

static struct awsb_transfer *check_transfer(lua_State *L)
{
    struct transfer_box *box = luaL_checkudata(L, 1, TRANSFER_TYPE);

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

/* A table of headers; the values of a repeated one joined as RFC 9110, 5.3 has it. */
static void push_headers(lua_State *L, const struct awsb_transfer *transfer)
{
    struct awsb_view name, value;
    size_t position = 0;

    lua_newtable(L);
    while (awsb_transfer_next_header(transfer, &position, &name, &value)) {
        awsb_push_view(L, name);
        lua_pushvalue(L, -1);
        lua_rawget(L, -3);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            awsb_push_view(L, value);
        } else {
            lua_pushliteral(L, ", ");
            awsb_push_view(L, value);
            lua_concat(L, 3);
        }
        lua_rawset(L, -3);
    }
}

static int result(lua_State *L)
{
    struct awsb_transfer *transfer = check_transfer(L);
    enum awsb_http_kind kind = awsb_transfer_kind(transfer);

    if (kind == AWSB_HTTP_RUNNING) {
        lua_pushnil(L);
        lua_pushliteral(L, "running");
        return 2;
    }
    if (kind != AWSB_HTTP_OK) {
        int count = push_failure(L, transfer);

        if (!awsb_transfer_may_pass(transfer))
            return count;
        lua_pushboolean(L, true); /* is worth another attempt */
        return count + 1;
    }
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, (lua_Integer)awsb_transfer_status(transfer));
    lua_setfield(L, -2, "status");
    push_headers(L, transfer);
    lua_setfield(L, -2, "headers");
    awsb_set_view(L, "body", awsb_transfer_body(transfer));
    return 1;
}

static int cancel(lua_State *L)
{
    awsb_transfer_cancel(check_transfer(L));
    return 0;
}

static const luaL_Reg engine_methods[] = {
    {"start", start},
    {"step", step},
    {"next_ended", next_ended},
    {"descriptor", descriptor},
    {"timeout", timeout},
    {"close", close_engine},
    {NULL, NULL},
};

static const luaL_Reg transfer_methods[] = {
    {"done", is_done},
    {"result", result},
    {"cancel", cancel},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"engine", shared_engine},
    {"new_engine", new_engine},
    {NULL, NULL},
};

void awsb_open_http(lua_State *L)
{
    static const struct awsb_class engine_class = {ENGINE_TYPE, "engine", engine_methods,
                                                   finalize_engine, engine_to_string};
    static const struct awsb_class transfer_class = {TRANSFER_TYPE, "transfer", transfer_methods,
                                                     finalize_transfer, transfer_to_string};

    awsb_register_class(L, &engine_class);
    awsb_register_class(L, &transfer_class);
    open_transfers(L);
    awsb_set_functions(L, functions);
}
