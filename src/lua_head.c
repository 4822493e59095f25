#include "head.h"
#include "header.h"
#include "lua_glue.h"
#include "text.h"

/*
 * Binding of heads that somebody else sends and receives: core.write_head, core.take_headers. It
 * works in the memory of Lua's own values, so that a raised error leaks nothing.
 */

#define MAX_BYTES 0x7fffffff
#define USUAL_HEADERS 8 /* of an answer */

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

/* Taking. Indices of the arguments on Lua's stack. */
enum { HEADERS = 1, TEXT, POSITION, LIMIT, LAST_NAME };

/* Cuts the next line off, its end included; false if it is not there in full. */
static bool next_line(struct awsb_view *left, struct awsb_view *line)
{
    const char *end = left->size > 0 ? memchr(left->data, '\n', left->size) : NULL;

    if (end == NULL)
        return false;
    *line = awsb_view(left->data, (size_t)(end - left->data) + 1);
    *left = awsb_view(end + 1, left->size - line->size);
    return true;
}

static void push_lower(lua_State *L, struct awsb_view name)
{
    luaL_Buffer buffer;
    size_t i;

    luaL_buffinit(L, &buffer);
    for (i = 0; i < name.size; i++)
        luaL_addchar(&buffer, awsb_lower(name.data[i]));
    luaL_pushresult(&buffer);
}

/* Adds a piece to the list on top of the stack. */
static void append(lua_State *L, struct awsb_view piece)
{
    int count = (int)awsb_rawlen(L, -1);

    awsb_push_view(L, piece);
    lua_rawseti(L, -2, count + 1);
}

/*
 * One more value of the header named LAST_NAME, or more of its last one. A list of pieces takes the
 * place of a text that grows, since thousands of them would be copied thousands of times. True if
 * there is such a list.
 */
static bool add_text(lua_State *L, struct awsb_view text, const char *separator)
{
    bool is_list;

    lua_pushvalue(L, LAST_NAME);
    lua_rawget(L, HEADERS);
    if (lua_type(L, -1) == LUA_TSTRING) {
        lua_createtable(L, 3, 0);
        lua_insert(L, -2);
        lua_rawseti(L, -2, 1);
        lua_pushvalue(L, LAST_NAME);
        lua_pushvalue(L, -2);
        lua_rawset(L, HEADERS);
    }
    is_list = lua_istable(L, -1);
    if (is_list) {
        append(L, awsb_view_of(separator));
        append(L, text);
    } else {
        lua_pushvalue(L, LAST_NAME);
        awsb_push_view(L, text);
        lua_rawset(L, HEADERS);
    }
    lua_pop(L, 1);
    return is_list;
}

/* Takes a line that is not the empty one; false if it is no header line. */
static bool take_line(lua_State *L, struct awsb_view line, bool *has_lists)
{
    struct awsb_view name, value;
    const char *separator = ", ";

    if (awsb_view_has(line, '\r') || awsb_view_has(line, '\0'))
        return false;
    if (awsb_is_blank(line.data[0])) {
        /* RFC 9112, 5.2: it continues the value before it. */
        if (lua_isnil(L, LAST_NAME))
            return false;
        value = awsb_trim(line);
        separator = " ";
    } else {
        if (!awsb_head_split(line, &name, &value))
            return false;
        push_lower(L, name);
        lua_replace(L, LAST_NAME);
    }
    *has_lists = add_text(L, value, separator) || *has_lists;
    return true;
}

static int refuse(lua_State *L, const char *kind)
{
    lua_pushnil(L);
    lua_pushstring(L, kind);
    return 2;
}

/*
 * core.take_headers(headers, text, position, limit, last_name) takes the header lines that `text`
 * has in full, up to the empty one, into the table `headers`, or into a new one: names in lower
 * case, a value that has grown as a list of its pieces. `limit`: how many bytes of lines are taken
 * at most; `last_name`: of the header line before, where there was one. Returns the table, the
 * position behind what was taken, whether the empty line was, the last name, whether there are
 * lists; or nil and "protocol" or "too_large".
 */
static int take_headers(lua_State *L)
{
    struct awsb_view text = awsb_check_view(L, TEXT), left, line;
    size_t position = awsb_check_size(L, POSITION, MAX_BYTES);
    size_t limit = awsb_check_size(L, LIMIT, MAX_BYTES);
    bool is_end = false, has_lists = false;

    luaL_argcheck(L, position <= text.size + 1, POSITION, "position outside the text");
    lua_settop(L, LAST_NAME);
    if (lua_isnil(L, HEADERS)) {
        lua_createtable(L, 0, USUAL_HEADERS);
        lua_replace(L, HEADERS);
    }
    luaL_checktype(L, HEADERS, LUA_TTABLE);
    left = awsb_view(text.data + position - 1, text.size - position + 1);
    while (!is_end && next_line(&left, &line)) {
        if (line.size > limit)
            return refuse(L, "too_large");
        limit -= line.size;
        line = awsb_head_line(line);
        is_end = line.size == 0;
        if (!is_end && !take_line(L, line, &has_lists))
            return refuse(L, "protocol");
    }
    if (!is_end && left.size > limit)
        return refuse(L, "too_large");
    lua_pushvalue(L, HEADERS);
    lua_pushinteger(L, (lua_Integer)(text.size - left.size + 1));
    lua_pushboolean(L, is_end);
    lua_pushvalue(L, LAST_NAME);
    lua_pushboolean(L, has_lists);
    return 5;
}

static const luaL_Reg functions[] = {
    {"write_head", write_head},
    {"take_headers", take_headers},
    {NULL, NULL},
};

void awsb_open_head(lua_State *L)
{
    awsb_set_functions(L, functions);
}
