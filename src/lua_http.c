#include "http.h"
#include "lua_transfer.h"

/*
 * Binding of the engine: core.engine(), core.new_engine(options), core.transfer_settings(options),
 * engine:start(request, settings, proxy), engine:step(seconds), engine:descriptor() and their like.
 */

#define ENGINE_TYPE "aws.backup.core.engine"
#define SETTINGS_TYPE ENGINE_TYPE ".settings"
#define SHARED_ENGINE ENGINE_TYPE ".shared"
#define DEFAULT_CONNECTIONS 64
#define MAX_CONNECTIONS 65535
#define MAX_PORT 65535
#define DEFAULT_RESPONSE_BYTES (64u << 20)
#define DEFAULT_HEADER_BYTES (256u << 10)
#define MAX_BOUND_BYTES 0x7fffffff

struct engine_box {
    struct awsb_engine *engine; /* NULL while half built and after __gc */
};

/* What many transfers have in common, checked once. */
struct settings_box {
    struct awsb_buf ca_bundle;
    bool insecure;
    bool tcp_keepalive;
    size_t max_response_bytes;
    size_t max_header_bytes;
};

static const struct awsb_field engine_fields[] = {
    {"max_connections", LUA_TNUMBER, false},
    {NULL, LUA_TNIL, false},
};

static const struct awsb_field settings_fields[] = {
    {"ca_bundle", LUA_TSTRING, false},
    {"verify_tls", LUA_TBOOLEAN, false},
    {"tcp_keepalive", LUA_TBOOLEAN, false},
    {"max_response_bytes", LUA_TNUMBER, false},
    {"max_header_bytes", LUA_TNUMBER, false},
    {NULL, LUA_TNIL, false},
};

static const struct awsb_field proxy_fields[] = {
    {"scheme", LUA_TSTRING, true},
    {"host", LUA_TSTRING, true},
    {"port", LUA_TNUMBER, true},
    {"user", LUA_TSTRING, false},
    {"password", LUA_TSTRING, false},
    {NULL, LUA_TNIL, false},
};

/* Arguments of start. */
enum { REQUEST = 2, SETTINGS, PROXY };

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
    struct engine_box *box = awsb_check_self(L, ENGINE_TYPE);

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
    struct engine_box *box = awsb_check_self(L, ENGINE_TYPE);

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

/* Whether it can be stepped: neither closed, nor from before a fork. What was under way has ended otherwise. */
static int is_open(lua_State *L)
{
    lua_pushboolean(L, awsb_engine_usable(check_engine(L)));
    return 1;
}

static int is_full(lua_State *L)
{
    lua_pushboolean(L, awsb_engine_is_full(check_engine(L)));
    return 1;
}

/* The next transfer that has ended; each is told of once, those that were collected not at all. */
static int next_ended(lua_State *L)
{
    struct awsb_engine *engine = check_engine(L);
    struct awsb_transfer *transfer;

    while ((transfer = awsb_engine_next_ended(engine)) != NULL)
        if (awsb_push_transfer(L, transfer))
            return 1;
    return 0;
}

/* Settings of transfers. */

static int finalize_settings(lua_State *L)
{
    struct settings_box *box = awsb_test_userdata(L, 1, SETTINGS_TYPE);

    if (box != NULL)
        awsb_buf_clear(&box->ca_bundle);
    return 0;
}

static int settings_to_string(lua_State *L)
{
    lua_pushliteral(L, "transfer settings");
    return 1;
}

static int new_settings(lua_State *L)
{
    struct settings_box *box;

    awsb_check_fields(L, 1, "settings", settings_fields);
    box = awsb_new_userdata(L, sizeof *box, SETTINGS_TYPE);
    awsb_buf_init(&box->ca_bundle, SIZE_MAX / 2);
    awsb_buf_add(&box->ca_bundle, awsb_field_view(L, 1, "ca_bundle"));
    if (box->ca_bundle.err != AWSB_OK)
        return luaL_error(L, "not enough memory for settings");
    box->insecure = !awsb_field_flag(L, 1, "verify_tls", true);
    box->tcp_keepalive = awsb_field_flag(L, 1, "tcp_keepalive", false);
    box->max_response_bytes = awsb_field_size(L, 1, "settings", "max_response_bytes",
                                              DEFAULT_RESPONSE_BYTES, MAX_BOUND_BYTES);
    box->max_header_bytes = awsb_field_size(L, 1, "settings", "max_header_bytes",
                                            DEFAULT_HEADER_BYTES, MAX_BOUND_BYTES);
    return 1;
}

/* Those at `index`; nil means all defaults. */
static void read_settings(lua_State *L, int index, struct awsb_http_request *request)
{
    const struct settings_box *box;

    request->max_response_bytes = DEFAULT_RESPONSE_BYTES;
    request->max_header_bytes = DEFAULT_HEADER_BYTES;
    if (lua_isnil(L, index))
        return;
    box = luaL_checkudata(L, index, SETTINGS_TYPE);
    request->ca_bundle = awsb_buf_view(&box->ca_bundle);
    request->insecure = box->insecure;
    request->tcp_keepalive = box->tcp_keepalive;
    request->max_response_bytes = box->max_response_bytes;
    request->max_header_bytes = box->max_header_bytes;
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

/* Pushes a field of the request; false if it is absent. Raises if it is of another type. */
static bool push_field(lua_State *L, const char *name, int type)
{
    lua_getfield(L, REQUEST, name);
    if (lua_isnil(L, -1))
        return false;
    if (lua_type(L, -1) != type)
        luaL_error(L, "request: field '%s' must be a %s, got %s", name, lua_typename(L, type),
                   luaL_typename(L, -1));
    return true;
}

/* It stays on the stack, so that it stays where it is. */
static struct awsb_view read_text(lua_State *L, const char *name, bool required)
{
    struct awsb_view text = {"", 0};

    if (push_field(L, name, LUA_TSTRING))
        text.data = lua_tolstring(L, -1, &text.size);
    else if (required)
        luaL_error(L, "request: field '%s' is missing", name);
    return text;
}

static int64_t read_ms(lua_State *L, const char *name)
{
    int64_t ms = push_field(L, name, LUA_TNUMBER) ? awsb_top_ms(L, "request", name) : 0;

    lua_pop(L, 1);
    return ms;
}

/* A table as transports get it: what it has more is for others. */
static void read_request(lua_State *L, struct awsb_http_request *request)
{
    if (lua_type(L, REQUEST) != LUA_TTABLE)
        luaL_error(L, "request must be a table, got %s", luaL_typename(L, REQUEST));
    request->method = read_text(L, "method", true);
    request->url = read_text(L, "url", true);
    request->body = read_text(L, "body", false);
    request->connect_timeout_ms = read_ms(L, "connect_timeout");
    request->read_timeout_ms = read_ms(L, "read_timeout");
    request->timeout_ms = read_ms(L, "timeout");
}

static void read_proxy(lua_State *L, int index, struct awsb_http_proxy *proxy)
{
    struct awsb_view scheme;

    if (lua_isnil(L, index))
        return;
    awsb_check_fields(L, index, "proxy", proxy_fields);
    scheme = awsb_field_view(L, index, "scheme");
    proxy->has_tls = awsb_view_same(scheme, awsb_view_of("https"));
    if (!proxy->has_tls && !awsb_view_same(scheme, awsb_view_of("http")))
        luaL_error(L, "proxy: field 'scheme' must be http or https");
    proxy->host = awsb_field_view(L, index, "host");
    if (proxy->host.size == 0) /* would be none */
        luaL_error(L, "proxy: field 'host' must not be empty");
    proxy->port = (unsigned)awsb_field_size(L, index, "proxy", "port", 0, MAX_PORT);
    proxy->user = awsb_field_view(L, index, "user");
    proxy->password = awsb_field_view(L, index, "password");
}

/* start(request, settings, proxy): the last two may be nil; a proxy has scheme, host, port, user and
 * password, the last two as they are, or absent. */
static int start(lua_State *L)
{
    struct awsb_engine *engine = check_engine(L);
    struct awsb_http_request request = {0};
    struct awsb_transfer *transfer;
    bool good = true;

    lua_settop(L, PROXY);
    read_request(L, &request);
    read_settings(L, SETTINGS, &request);
    read_proxy(L, PROXY, &request.proxy);
    transfer = awsb_push_new_transfer(L, engine);
    if (push_field(L, "headers", LUA_TTABLE))
        good = add_headers(L, transfer);
    if (!good || !awsb_transfer_start(transfer, &request))
        return awsb_push_failure(L, transfer);
    lua_pop(L, 1); /* the headers: the transfer is on top */
    return 1;
}

static const luaL_Reg engine_methods[] = {
    {"start", start},
    {"step", step},
    {"next_ended", next_ended},
    {"descriptor", descriptor},
    {"timeout", timeout},
    {"is_full", is_full},
    {"is_open", is_open},
    {"close", close_engine},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"engine", shared_engine},
    {"new_engine", new_engine},
    {"transfer_settings", new_settings},
    {NULL, NULL},
};

void awsb_open_http(lua_State *L)
{
    static const struct awsb_class engine_class = {ENGINE_TYPE, "engine", engine_methods,
                                                   finalize_engine, engine_to_string};
    static const luaL_Reg no_methods[] = {{NULL, NULL}};
    static const struct awsb_class settings_class = {SETTINGS_TYPE, "transfer settings",
                                                     no_methods, finalize_settings,
                                                     settings_to_string};

    awsb_register_class(L, &settings_class);
    awsb_register_class(L, &engine_class);
    awsb_register_transfers(L);
    awsb_set_functions(L, functions);
}
