#include "header.h"
#include "lua_glue.h"
#include "text.h"

/*
 * Binding of heads that somebody else sends: core.write_head. It works in the memory of Lua's own
 * values, so that a raised error leaks nothing.
 */

/* Writing. Indices of the arguments on Lua's stack. */
enum { BEGINNING = 1, AUTHORITY, FIELDS, LENGTH, ENDING };

/* What a walk over the headers finds: what is wrong with one, or how many there are. */
struct request_head {
    const char *fault;
    struct awsb_view culprit; /* the name of the header that is at fault */
    struct awsb_view host;
    struct awsb_view content_length;
    int count;
};

#define HEADER_PIECES 4 /* name, colon, value, line end */
#define OTHER_PIECES 4  /* beginning, host, line end, ending */

/* The header whose name and value are on top of the stack. */
static void get_header(lua_State *L, struct awsb_view *name, struct awsb_view *value)
{
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "request: headers must be strings by their names");
    *name = awsb_check_view(L, -2);
    *value = awsb_check_view(L, -1);
}

/* Those of the framing have a place of their own. */
static bool is_framing(struct awsb_view name)
{
    return awsb_is_named(name, "host") || awsb_is_named(name, "content-length");
}

/* What Lua calls the faults. */
static const char *const faults[] = {NULL, "name", "value", "framing"};

static void check_header(struct request_head *head, struct awsb_view name, struct awsb_view value)
{
    head->culprit = name;
    head->fault = faults[awsb_header_check(name, value)];
    if (head->fault != NULL)
        return;
    if (awsb_is_named(name, "host"))
        head->host = value;
    else if (awsb_is_named(name, "content-length"))
        head->content_length = value;
    else
        head->count++;
}

/* False if there is a fault. */
static bool check_headers(lua_State *L, struct request_head *head)
{
    struct awsb_view length = awsb_check_view(L, LENGTH), name, value;

    head->host = awsb_check_view(L, AUTHORITY);
    head->content_length = length;
    lua_pushnil(L);
    while (lua_next(L, FIELDS) != 0) {
        get_header(L, &name, &value);
        check_header(head, name, value);
        if (head->fault != NULL)
            return false;
        lua_pop(L, 1);
    }
    if (!awsb_view_same(head->content_length, length)) {
        head->culprit = awsb_view_of("content-length");
        head->fault = "length";
    }
    return head->fault == NULL;
}

/* The list that pieces are added to, and the stack's indices of what is in it again and again. */
struct pieces {
    int list, line_end, colon;
    int count;
};

static void open_pieces(lua_State *L, const struct request_head *head, struct pieces *pieces)
{
    lua_createtable(L, OTHER_PIECES + head->count * HEADER_PIECES, 0);
    pieces->list = lua_gettop(L);
    lua_pushliteral(L, "\r\n");
    pieces->line_end = lua_gettop(L);
    lua_pushliteral(L, ": ");
    pieces->colon = lua_gettop(L);
    pieces->count = 0;
}

/* Adds what is at an index of the stack. */
static void add_piece(lua_State *L, struct pieces *pieces, int index)
{
    lua_pushvalue(L, index);
    lua_rawseti(L, pieces->list, ++pieces->count);
}

/* The header whose name and value are on top of the stack. */
static void add_header(lua_State *L, struct pieces *pieces)
{
    int value = lua_gettop(L);

    add_piece(L, pieces, value - 1);
    add_piece(L, pieces, pieces->colon);
    add_piece(L, pieces, value);
    add_piece(L, pieces, pieces->line_end);
}

/* Pushes the list for what was checked. */
static void push_checked(lua_State *L, const struct request_head *head)
{
    struct pieces pieces;

    open_pieces(L, head, &pieces);
    add_piece(L, &pieces, BEGINNING);
    awsb_push_view(L, head->host);
    add_piece(L, &pieces, lua_gettop(L));
    add_piece(L, &pieces, pieces.line_end);
    lua_pushnil(L);
    while (lua_next(L, FIELDS) != 0) {
        if (!is_framing(awsb_check_view(L, -2)))
            add_header(L, &pieces);
        lua_pop(L, 1);
    }
    add_piece(L, &pieces, ENDING);
    lua_settop(L, pieces.list);
}

/*
 * core.write_head(beginning, authority, headers, length, ending): the pieces of a request's head,
 * a list: the beginning, which leads to the value of Host, the header lines, and the ending. One
 * text of it would be a string of a kilobyte that no other call has. `authority`: for a request
 * without a header Host; `length`: what a header Content-Length must tell, which is not written.
 * Or nil, what is wrong ("name", "value", "framing", "length") and the header's name.
 */
static int write_head(lua_State *L)
{
    struct request_head head = {0};

    luaL_checktype(L, FIELDS, LUA_TTABLE);
    awsb_check_view(L, BEGINNING);
    awsb_check_view(L, ENDING);
    lua_settop(L, ENDING);
    if (!check_headers(L, &head)) {
        lua_pushnil(L);
        lua_pushstring(L, head.fault);
        awsb_push_view(L, head.culprit);
        return 3;
    }
    push_checked(L, &head);
    return 1;
}

static const luaL_Reg functions[] = {
    {"write_head", write_head},
    {NULL, NULL},
};

void awsb_open_head(lua_State *L)
{
    awsb_set_functions(L, functions);
}
