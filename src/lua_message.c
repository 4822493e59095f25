#include "http_message.h"
#include "lua_glue.h"
#include "text.h"

/* Binding of requests that somebody else sends: core.write_head. */

#define USUAL_BYTES 1024

/* Indices of the arguments on Lua's stack. */
enum { METHOD = 1, TARGET, AUTHORITY, HEADERS, BODY, MORE };

/* Raises unless all headers are strings by strings, so that nothing raises later on. Leaves the value
 * of the header Host, or what is told in its place, on the stack. */
static struct awsb_view find_host(lua_State *L)
{
    struct awsb_view host = awsb_check_view(L, AUTHORITY);

    lua_pushnil(L);
    while (lua_next(L, HEADERS) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "request: headers must be strings by their names");
        if (awsb_same_ignoring_case(awsb_check_view(L, -2), awsb_view_of("host")))
            host = awsb_check_view(L, -1); /* the table keeps it */
        lua_pop(L, 1);
    }
    return host;
}

/* False: `culprit` is the name of the header that is at fault. */
static bool add_headers(lua_State *L, struct awsb_message *message, struct awsb_view *culprit)
{
    bool good = true;

    lua_pushnil(L);
    while (good && lua_next(L, HEADERS) != 0) {
        *culprit = awsb_check_view(L, -2);
        good = awsb_message_add_header(message, *culprit, awsb_check_view(L, -1));
        lua_pop(L, 1);
    }
    return good;
}

static bool write(lua_State *L, struct awsb_message *message, struct awsb_view *culprit)
{
    struct awsb_view method = awsb_check_view(L, METHOD);
    struct awsb_view host = find_host(L);

    if (!awsb_message_begin_head(message, method, awsb_check_view(L, TARGET), host)) {
        *culprit = awsb_view_of("host");
        return false;
    }
    if (!add_headers(L, message, culprit))
        return false;
    *culprit = awsb_view_of("content-length");
    return awsb_message_end_head(message, method, awsb_check_view(L, BODY).size,
                                 awsb_check_view(L, MORE));
}

/*
 * core.write_head(method, target, authority, headers, body, more): the head of a request as it goes
 * over a socket, to which the body follows. `authority`: for a request without a header Host;
 * `more`: lines for a proxy, each with its end. Or nil, a fault and the name of the header that it
 * is about, where it is about one.
 */
static int write_head(lua_State *L)
{
    struct awsb_message message;
    struct awsb_view culprit = {"", 0};
    struct awsb_buf *head;

    lua_settop(L, MORE);
    luaL_checktype(L, HEADERS, LUA_TTABLE);
    awsb_check_view(L, TARGET);
    awsb_check_view(L, BODY);
    awsb_check_view(L, MORE);
    head = awsb_new_scratch(L);
    awsb_buf_init_wiping(head, SIZE_MAX / 2); /* it may have a password for the proxy */
    awsb_buf_reserve(head, USUAL_BYTES);
    awsb_message_init(&message, AWSB_MESSAGE_FOR_SOCKET, head);
    if (write(L, &message, &culprit)) {
        awsb_push_view(L, awsb_buf_view(head));
        awsb_buf_clear(head);
        return 1;
    }
    awsb_buf_clear(head);
    if (message.fault == AWSB_MESSAGE_FOUND_NO_MEMORY)
        return luaL_error(L, "not enough memory for a request");
    lua_pushnil(L);
    lua_pushstring(L, awsb_message_fault_name(message.fault));
    awsb_push_view(L, culprit);
    return 3;
}

static const luaL_Reg functions[] = {
    {"write_head", write_head},
    {NULL, NULL},
};

void awsb_open_message(lua_State *L)
{
    awsb_set_functions(L, functions);
}
