#include "http_answer.h"
#include "lua_glue.h"

/*
 * Binding of answers: core.new_answer(max_body_bytes, expects_no_body), which is fed with what a
 * socket gives, and the headers of an answer as Lua values, for whoever has some.
 */

#define ANSWER_TYPE "aws.backup.core.answer"
#define MAX_BOUND_BYTES 0x7fffffff
#define MAX_HEAD_BYTES (256u << 10)

/* Headers. */

/* One more value of the header whose first value or list of pieces, and name, are on top of the
 * stack; the table of headers is at `headers`. A list takes the place of a text that grows, since
 * thousands of values would be copied thousands of times. Pops both. */
static void add_value(lua_State *L, int headers, struct awsb_view value)
{
    int count;

    if (lua_type(L, -1) == LUA_TSTRING) { /* name, text */
        lua_createtable(L, 3, 0);
        lua_insert(L, -2);
        lua_rawseti(L, -2, 1);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, headers);
    }
    count = (int)awsb_rawlen(L, -1);
    lua_pushliteral(L, ", ");
    lua_rawseti(L, -2, count + 1);
    awsb_push_view(L, value);
    lua_rawseti(L, -2, count + 2);
    lua_pop(L, 2);
}

/* Pushes the pieces of the list on top of the stack as one text. */
static void push_joined(lua_State *L)
{
    int list = lua_gettop(L), count = (int)awsb_rawlen(L, list), i;
    luaL_Buffer buffer;

    luaL_buffinit(L, &buffer);
    for (i = 1; i <= count; i++) {
        lua_rawgeti(L, list, i);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
}

static void join_lists(lua_State *L, int headers)
{
    lua_pushnil(L);
    while (lua_next(L, headers) != 0) {
        if (lua_istable(L, -1)) {
            push_joined(L);
            lua_pushvalue(L, -3);
            lua_insert(L, -2);
            lua_rawset(L, headers);
        }
        lua_pop(L, 1);
    }
}

void awsb_push_headers(lua_State *L, const struct awsb_head *head)
{
    struct awsb_view name, value;
    size_t position = 0;
    bool has_lists = false;
    int headers;

    lua_createtable(L, 0, (int)head->count);
    headers = lua_gettop(L);
    while (awsb_head_next(head, &position, &name, &value)) {
        awsb_push_view(L, name);
        lua_pushvalue(L, -1);
        lua_rawget(L, headers);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            awsb_push_view(L, value);
            lua_rawset(L, headers);
        } else {
            add_value(L, headers, value);
            has_lists = true;
        }
    }
    if (has_lists)
        join_lists(L, headers);
}

void awsb_push_header(lua_State *L, const struct awsb_head *head, struct awsb_view wanted)
{
    struct awsb_view name, value;
    size_t position = 0;
    int list;

    lua_pushnil(L);
    list = lua_gettop(L);
    while (awsb_head_next(head, &position, &name, &value)) {
        if (!awsb_view_same(name, wanted))
            continue;
        if (lua_isnil(L, list)) {
            awsb_push_view(L, value);
            lua_replace(L, list);
        } else {
            awsb_push_headers(L, head); /* it comes again: seldom */
            awsb_push_view(L, wanted);
            lua_rawget(L, -2);
            lua_replace(L, list);
            lua_settop(L, list);
            return;
        }
    }
}

/* Answers. */

struct answer_box {
    struct awsb_answer answer;
    bool is_open; /* it has memory, or will have */
};

/* As soon as it has served: Lua's collector does not know how much it holds. */
static void close_answer(struct answer_box *box)
{
    if (box->is_open)
        awsb_answer_clear(&box->answer);
    box->is_open = false;
}

static int finalize_answer(lua_State *L)
{
    struct answer_box *box = awsb_test_userdata(L, 1, ANSWER_TYPE);

    if (box != NULL)
        close_answer(box);
    return 0;
}

static int answer_to_string(lua_State *L)
{
    lua_pushliteral(L, "answer");
    return 1;
}

static int new_answer(lua_State *L)
{
    struct awsb_answer_bounds bounds = {MAX_HEAD_BYTES, 0, false};
    struct answer_box *box;

    bounds.max_body_bytes = awsb_check_size(L, 1, MAX_BOUND_BYTES);
    bounds.expects_no_body = lua_toboolean(L, 2);
    box = awsb_new_userdata(L, sizeof *box, ANSWER_TYPE);
    awsb_answer_init(&box->answer, &bounds);
    box->is_open = true;
    return 1;
}

static struct answer_box *check_answer(lua_State *L)
{
    struct answer_box *box = awsb_check_self(L, ANSWER_TYPE);

    if (!box->is_open)
        luaL_error(L, "attempt to use an answer that has come to its end");
    return box;
}

/* How many bytes it wants next, 0 if it is complete; or nil, a kind, a fault, and of a body that was
 * cut the bytes that it lacks. */
static int push_progress(lua_State *L, struct answer_box *box)
{
    const struct awsb_answer *answer = &box->answer;

    if (answer->fault == AWSB_ANSWER_FINE) {
        lua_pushinteger(L, (lua_Integer)awsb_answer_wants(answer));
        return 1;
    }
    close_answer(box);
    lua_pushnil(L);
    lua_pushstring(L, awsb_http_kind_name(awsb_answer_kind(answer)));
    lua_pushstring(L, awsb_answer_fault_name(answer->fault));
    lua_pushinteger(L, (lua_Integer)answer->left);
    return 4;
}

/* answer:take(bytes): what the socket gave; nothing, to ask what it wants first. */
static int take(lua_State *L)
{
    struct answer_box *box = check_answer(L);

    awsb_answer_take_bytes(&box->answer, awsb_check_view(L, 2));
    return push_progress(L, box);
}

/* answer:take_end(): the connection has ended. */
static int take_end(lua_State *L)
{
    struct answer_box *box = check_answer(L);

    awsb_answer_take_end(&box->answer);
    return push_progress(L, box);
}

/* answer:result(), once, of a complete one: the response, whether another request may follow on its
 * connection, and whether bytes have come behind its end. */
static int result(lua_State *L)
{
    struct answer_box *box = check_answer(L);
    const struct awsb_answer *answer = &box->answer;

    if (answer->stage != AWSB_ANSWER_COMPLETE)
        return luaL_error(L, "attempt to use an answer that is not complete");
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, answer->status);
    lua_setfield(L, -2, "status");
    awsb_push_headers(L, &answer->head);
    lua_setfield(L, -2, "headers");
    awsb_set_view(L, "body", awsb_buf_view(&answer->body));
    lua_pushboolean(L, awsb_answer_leaves_connection(answer));
    lua_pushboolean(L, answer->has_excess);
    close_answer(box);
    return 3;
}

static const luaL_Reg answer_methods[] = {
    {"take", take},
    {"take_end", take_end},
    {"result", result},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"new_answer", new_answer},
    {NULL, NULL},
};

void awsb_open_answer(lua_State *L)
{
    static const struct awsb_class answer_class = {ANSWER_TYPE, "answer", answer_methods,
                                                   finalize_answer, answer_to_string};

    awsb_register_class(L, &answer_class);
    awsb_set_functions(L, functions);
}
