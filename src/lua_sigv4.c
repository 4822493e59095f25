#include "lua_glue.h"
#include "sigv4.h"

/*
 * Binding of the signer: core.new_signer(), signer:sign(request, credentials, scope, options) with
 * all that can be told, and signer:authorize(request, credentials, region, service, timestamp) for
 * the way of a call.
 */

#define SIGNER_TYPE "aws.backup.core.signer"

struct signer_box {
    struct awsb_signer *signer;     /* NULL once closed */
    struct awsb_pairs headers;      /* views into the request of the call in progress */
    struct awsb_pairs header_names; /* the same, of options.signed_headers */
};

static const struct awsb_field request_fields[] = {
    {"method", LUA_TSTRING, true}, {"path", LUA_TSTRING, true}, {"query", LUA_TSTRING, false},
    {"headers", LUA_TTABLE, true}, {"body", LUA_TSTRING, false}, {NULL, LUA_TNIL, false},
};

static const struct awsb_field credentials_fields[] = {
    {"access_key_id", LUA_TSTRING, true},
    {"secret_access_key", LUA_TSTRING, true},
    {"session_token", LUA_TSTRING, false}, /* already among the headers, not looked at */
    {NULL, LUA_TNIL, false},
};

static const struct awsb_field scope_fields[] = {
    {"region", LUA_TSTRING, true},
    {"service", LUA_TSTRING, true},
    {"timestamp", LUA_TSTRING, true},
    {NULL, LUA_TNIL, false},
};

static const struct awsb_field option_fields[] = {
    {"explain", LUA_TBOOLEAN, false},       {"normalize", LUA_TBOOLEAN, false},
    {"double_encode", LUA_TBOOLEAN, false}, {"multiline", LUA_TBOOLEAN, false},
    {"payload_hash", LUA_TSTRING, false},   {"signed_headers", LUA_TTABLE, false},
    {NULL, LUA_TNIL, false},
};

static int new_signer(lua_State *L)
{
    struct signer_box *box = awsb_new_userdata(L, sizeof *box, SIGNER_TYPE);

    box->signer = awsb_signer_new();
    if (box->signer == NULL)
        return luaL_error(L, "not enough memory, or an OpenSSL without SHA-256");
    return 1;
}

static struct signer_box *check_signer(lua_State *L)
{
    struct signer_box *box = awsb_check_self(L, SIGNER_TYPE);

    if (box->signer == NULL)
        luaL_error(L, "attempt to use a closed signer");
    return box;
}

static int finalize_signer(lua_State *L)
{
    struct signer_box *box = awsb_test_userdata(L, 1, SIGNER_TYPE);
    struct awsb_signer *signer;

    if (box == NULL)
        return 0;
    signer = box->signer;
    box->signer = NULL;
    awsb_signer_free(signer);
    awsb_pairs_clear(&box->headers);
    awsb_pairs_clear(&box->header_names);
    return 0;
}

static int close_signer(lua_State *L)
{
    luaL_checkudata(L, 1, SIGNER_TYPE);
    return finalize_signer(L);
}

static int signer_to_string(lua_State *L)
{
    struct signer_box *box = luaL_checkudata(L, 1, SIGNER_TYPE);

    lua_pushfstring(L, "signer (%s)", box->signer != NULL ? "ready" : "closed");
    return 1;
}

static void add_pair(lua_State *L, struct awsb_pairs *pairs, struct awsb_view name,
                     struct awsb_view value)
{
    if (!awsb_pairs_add(pairs, name, value))
        luaL_error(L, "not enough memory");
}

static struct awsb_view string_at(lua_State *L, int index)
{
    struct awsb_view view;

    view.data = lua_tolstring(L, index, &view.size);
    return view;
}

/* Element `position` of headers given as {{name, value}, ...}; `array` is its index. */
static void read_header_entry(lua_State *L, struct awsb_pairs *pairs, int array, int position)
{
    lua_rawgeti(L, array, position);
    if (lua_type(L, -1) != LUA_TTABLE)
        luaL_error(L, "request: headers[%d] must be a {name, value} pair", position);
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "request: headers[%d] must be a {name, value} pair of strings", position);
    add_pair(L, pairs, string_at(L, -2), string_at(L, -1));
    lua_pop(L, 3);
}

static void read_header_array(lua_State *L, struct awsb_pairs *pairs, int index, size_t count)
{
    size_t keys = 0;
    size_t i;

    for (i = 1; i <= count; i++)
        read_header_entry(L, pairs, index, (int)i);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        keys++;
        lua_pop(L, 1);
    }
    if (keys != count) /* a header under a name would stay unsigned, unnoticed */
        luaL_error(L, "request: headers must be an array of pairs or a map, not both");
}

static void refuse_header(lua_State *L)
{
    if (lua_type(L, -2) != LUA_TSTRING)
        luaL_error(L, "request: a header's name must be a string, got %s", luaL_typename(L, -2));
    luaL_error(L, "request: header '%s' must be a string, got %s", lua_tostring(L, -2),
               luaL_typename(L, -1));
}

/* False for an array, whose keys are no strings. */
static bool read_header_map(lua_State *L, struct awsb_pairs *pairs, int index)
{
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
            if (lua_type(L, -2) == LUA_TSTRING || awsb_rawlen(L, index) == 0)
                refuse_header(L);
            lua_pop(L, 2);
            return false;
        }
        add_pair(L, pairs, string_at(L, -2), string_at(L, -1));
        lua_pop(L, 1);
    }
    return true;
}

/* Of what is on top of the stack, and stays there. The strings stay where they are, in the caller's
 * table; no Lua runs until they have been used. */
static void read_headers(lua_State *L, struct awsb_pairs *pairs)
{
    int index = lua_gettop(L);

    if (lua_type(L, index) != LUA_TTABLE)
        luaL_error(L, "request: field 'headers' must be a table, got %s", luaL_typename(L, index));
    awsb_pairs_reset(pairs);
    if (read_header_map(L, pairs, index))
        return;
    awsb_pairs_reset(pairs);
    read_header_array(L, pairs, index, awsb_rawlen(L, index));
}

static void read_signed_headers(lua_State *L, struct awsb_pairs *names,
                                struct awsb_sigv4_options *options)
{
    size_t i, count;

    awsb_pairs_reset(names);
    lua_pushliteral(L, "signed_headers");
    lua_rawget(L, 5);
    options->exact_headers = !lua_isnil(L, -1);
    count = options->exact_headers ? awsb_rawlen(L, -1) : 0;
    for (i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, (int)i);
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "options: signed_headers[%d] must be a string", (int)i);
        add_pair(L, names, string_at(L, -1), awsb_view("", 0));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    options->signed_headers = names->items;
    options->signed_header_count = names->count;
}

static void read_options(lua_State *L, struct signer_box *box, struct awsb_sigv4_options *options)
{
    if (lua_isnoneornil(L, 5))
        return;
    awsb_check_fields(L, 5, "options", option_fields);
    options->raw_path = !awsb_field_flag(L, 5, "normalize", true);
    options->encode_once = !awsb_field_flag(L, 5, "double_encode", true);
    options->multiline = awsb_field_flag(L, 5, "multiline", false);
    options->payload_hash = awsb_field_view(L, 5, "payload_hash");
    read_signed_headers(L, &box->header_names, options);
}

static void push_result(lua_State *L, const struct awsb_sigv4_result *result, bool explain)
{
    lua_createtable(L, 0, explain ? 5 : 3);
    awsb_set_view(L, "authorization", result->authorization);
    awsb_set_view(L, "signature", result->signature);
    awsb_set_view(L, "signed_headers", result->signed_headers);
    if (!explain)
        return;
    awsb_set_view(L, "canonical_request", result->canonical_request);
    awsb_set_view(L, "string_to_sign", result->string_to_sign);
}

static int sign(lua_State *L)
{
    struct signer_box *box = check_signer(L);
    struct awsb_sigv4_request request = {0};
    struct awsb_sigv4_scope scope = {0};
    struct awsb_sigv4_options options = {0};
    struct awsb_sigv4_result result;

    lua_settop(L, 5);
    awsb_check_fields(L, 2, "request", request_fields);
    awsb_check_fields(L, 3, "credentials", credentials_fields);
    awsb_check_fields(L, 4, "scope", scope_fields);
    request.method = awsb_field_view(L, 2, "method");
    request.path = awsb_field_view(L, 2, "path");
    request.query = awsb_field_view(L, 2, "query");
    request.body = awsb_field_view(L, 2, "body");
    lua_pushliteral(L, "headers");
    lua_rawget(L, 2);
    read_headers(L, &box->headers);
    lua_pop(L, 1);
    request.headers = box->headers.items;
    request.header_count = box->headers.count;
    scope.access_key_id = awsb_field_view(L, 3, "access_key_id");
    scope.secret_access_key = awsb_field_view(L, 3, "secret_access_key");
    scope.region = awsb_field_view(L, 4, "region");
    scope.service = awsb_field_view(L, 4, "service");
    scope.timestamp = awsb_field_view(L, 4, "timestamp");
    read_options(L, box, &options);

    if (awsb_signer_sign(box->signer, &request, &scope, &options, &result) != AWSB_OK) {
        awsb_signer_forget(box->signer);
        lua_pushnil(L);
        lua_pushstring(L, awsb_signer_message(box->signer));
        return 2;
    }
    push_result(L, &result, !lua_isnil(L, 5) && awsb_field_flag(L, 5, "explain", false));
    awsb_signer_forget(box->signer);
    return 1;
}

/* The fields that authorize reads: its upvalues, so that no name is made into a string by each call. */
enum call_field { METHOD, PATH, QUERY, BODY, HEADERS, KEY_ID, SECRET, CALL_FIELDS };

static const char *const call_field_names[CALL_FIELDS] = {
    "method", "path", "query", "body", "headers", "access_key_id", "secret_access_key",
};

#define FIRST_FIELD_UPVALUE 2 /* behind the metatable: see awsb_check_self */

/* Pushes a field of the table at `index`. */
static int push_field(lua_State *L, int index, enum call_field field)
{
    lua_pushvalue(L, lua_upvalueindex(FIRST_FIELD_UPVALUE + (int)field));
    return awsb_rawget(L, index);
}

/* A string of the table at `index`, which stays on the stack; raises for anything else, and for none
 * if it is required. */
static struct awsb_view string_field(lua_State *L, int index, const char *what,
                                     enum call_field field, bool required)
{
    struct awsb_view view = {"", 0};
    int type = push_field(L, index, field);

    if (type == LUA_TSTRING)
        return string_at(L, -1);
    if (required || type != LUA_TNIL)
        luaL_error(L, "%s: field '%s' must be a string, got %s", what, call_field_names[field],
                   luaL_typename(L, -1));
    return view;
}

/* Argument `index`; awsb_check_view says what it should have been. */
static struct awsb_view string_argument(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TSTRING ? string_at(L, index) : awsb_check_view(L, index);
}

/* Of tables with more in them, as they are: no copy has to be made of those of a call. */
static int authorize(lua_State *L)
{
    struct signer_box *box = check_signer(L);
    struct awsb_sigv4_request request;
    struct awsb_sigv4_scope scope;
    struct awsb_view authorization;

    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checktype(L, 3, LUA_TTABLE);
    scope.region = string_argument(L, 4); /* the arguments first: fields are pushed behind them */
    scope.service = string_argument(L, 5);
    scope.timestamp = string_argument(L, 6);
    request.method = string_field(L, 2, "request", METHOD, true);
    request.path = string_field(L, 2, "request", PATH, true);
    request.query = string_field(L, 2, "request", QUERY, false);
    request.body = string_field(L, 2, "request", BODY, false);
    scope.access_key_id = string_field(L, 3, "credentials", KEY_ID, true);
    scope.secret_access_key = string_field(L, 3, "credentials", SECRET, true);
    push_field(L, 2, HEADERS);
    read_headers(L, &box->headers);
    request.headers = box->headers.items;
    request.header_count = box->headers.count;

    if (awsb_signer_authorize(box->signer, &request, &scope, &authorization) == AWSB_OK) {
        awsb_push_view(L, authorization);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, awsb_signer_message(box->signer));
    return 2;
}

static const luaL_Reg signer_methods[] = {
    {"sign", sign},
    {"close", close_signer},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"new_signer", new_signer},
    {NULL, NULL},
};

/* A method with more upvalues than others have. */
static void add_authorize(lua_State *L)
{
    int field;

    luaL_getmetatable(L, SIGNER_TYPE);
    lua_pushliteral(L, "__index");
    lua_rawget(L, -2);
    lua_insert(L, -2);
    for (field = 0; field < CALL_FIELDS; field++)
        lua_pushstring(L, call_field_names[field]);
    lua_pushcclosure(L, authorize, 1 + CALL_FIELDS);
    lua_setfield(L, -2, "authorize");
    lua_pop(L, 1);
}

void awsb_open_sigv4(lua_State *L)
{
    static const struct awsb_class class = {SIGNER_TYPE, "signer", signer_methods, finalize_signer,
                                            signer_to_string};

    awsb_register_class(L, &class);
    add_authorize(L);
    awsb_set_functions(L, functions);
}
