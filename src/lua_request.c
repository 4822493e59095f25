#include "lua_model.h"

#include <string.h>

#include "lua_walk.h"
#include "text.h"
#include "uri.h"

/*
 * From the parameters of an operation to the parts of its request, in one walk:
 *
 *     operation:write(params, level, token, hides)
 *         -> path, query, body, content_type, headers
 *         -> nil, faults
 *         -> nil    a table in there has a metatable
 *
 * level   0: what has no form on the wire is refused, 1: what the shapes say, 2: all that is known
 * token   the idempotency token, for an operation that takes one and parameters without
 * hides   what is sensitive is written as stand-ins
 *
 * What is absent is nil: the query, the body, its type, headers of members.
 */

#define FIRST_SLOT 6 /* of the stack, behind the arguments */

enum { SELF = 1, PARAMS, LEVEL, TOKEN, HIDES };

struct writing {
    struct awsb_walk walk;
    const struct awsb_operation *operation;
    struct awsb_request_buffers *buffers;
    struct awsb_members members;
    int headers; /* index of the slot for the table of headers */
    size_t body_members;
};

/* ---- the path ---- */

static void write_label(struct awsb_buf *out, struct awsb_view text, bool greedy)
{
    while (greedy && text.size > 0) {
        const char *slash = memchr(text.data, '/', text.size);
        size_t size = slash != NULL ? (size_t)(slash - text.data) : text.size;

        awsb_uri_encode(out, awsb_view(text.data, size));
        if (slash != NULL)
            awsb_buf_add_byte(out, '/');
        size += slash != NULL;
        text = awsb_view(text.data + size, text.size - size);
    }
    awsb_uri_encode(out, text);
}

/* A label that is no string is written by its walk, one that is has been checked. */
static void write_part(struct writing *writing, const struct awsb_path_part *part)
{
    struct awsb_walk *walk = &writing->walk;
    lua_State *L = walk->L;
    struct awsb_buf *path = &writing->buffers->path;
    struct awsb_value value;

    if (part->label == NULL) {
        awsb_buf_add(path, part->text);
        return;
    }
    lua_rawgeti(L, walk->names, (int)part->label->key);
    lua_rawget(L, PARAMS);
    if (lua_type(L, -1) == LUA_TSTRING && part->label->shape->type == AWSB_TYPE_STRING &&
        !(walk->hides && part->label->shape->sensitive)) {
        write_label(path, awsb_check_view(L, -1), part->greedy);
    } else {
        memset(&value, 0, sizeof value);
        value.shape = part->label->shape;
        value.index = lua_gettop(L);
        value.format = part->label->format;
        walk->out = path;
        walk->form = AWSB_FORM_URI;
        awsb_walk_value(walk, &value, NULL, 1);
    }
    lua_pop(L, 1);
}

static void write_path(struct writing *writing)
{
    size_t i;

    for (i = 0; i < writing->operation->part_count; i++)
        write_part(writing, &writing->operation->parts[i]);
}

/* ---- the query ---- */

static void begin_pair(struct writing *writing, struct awsb_view name)
{
    struct awsb_buf *query = &writing->buffers->query;

    if (query->size > 0)
        awsb_buf_add_byte(query, '&');
    awsb_uri_encode(query, name);
    awsb_buf_add_byte(query, '=');
}

static void use_query(struct writing *writing)
{
    writing->walk.out = &writing->buffers->query;
    writing->walk.form = AWSB_FORM_URI;
}

/* A list repeats the name. */
static void write_query_list(struct writing *writing, const struct awsb_shape *shape,
                             struct awsb_view name, int index, const struct awsb_place *place)
{
    struct awsb_walk *walk = &writing->walk;
    struct awsb_value item = {shape->item, lua_gettop(walk->L) + 1, AWSB_TIME_ANY, NULL};
    size_t size, i;

    if (!awsb_walk_enter(walk, "list", index, place) ||
        !awsb_walk_is_list(walk, index, place, &size))
        return;
    for (i = 1; i <= size; i++) {
        struct awsb_place inner = {place, AWSB_PLACE_ITEM, NULL, {NULL, 0}, i};

        lua_rawgeti(walk->L, index, (int)i);
        if (!awsb_is_absent(walk->L, item.index)) {
            begin_pair(writing, name);
            awsb_walk_value(walk, &item, &inner, 2);
        }
        lua_settop(walk->L, item.index - 1);
    }
}

/* Whether a member of its own sets the parameter: it wins over the entry of a map. */
static bool is_taken(const struct writing *writing, struct awsb_view name)
{
    const struct awsb_shape *input = writing->operation->input;
    lua_State *L = writing->walk.L;
    size_t i;

    for (i = 0; i < input->member_count; i++) {
        const struct awsb_member *member = &input->members[i];
        bool is_set;

        if (member->location != AWSB_IN_QUERY || member->shape->type == AWSB_TYPE_MAP ||
            !awsb_view_same(member->wire, name))
            continue;
        lua_rawgeti(L, writing->walk.names, (int)member->key);
        lua_rawget(L, PARAMS);
        is_set = !lua_isnil(L, -1);
        lua_pop(L, 1);
        if (is_set)
            return true;
    }
    return false;
}

static void write_query_map(struct writing *writing, const struct awsb_shape *shape, int index,
                            const struct awsb_place *place)
{
    struct awsb_walk *walk = &writing->walk;
    struct awsb_value value = {shape->item, 0, AWSB_TIME_ANY, NULL};
    size_t first, entry, last;

    if (!awsb_walk_enter(walk, "table", index, place))
        return;
    awsb_walk_gather(walk, index, place, &first);
    last = walk->entries->count;
    for (entry = first; entry < last; entry++) {
        struct awsb_view key = walk->entries->items[entry].name;
        struct awsb_place inner = {place, AWSB_PLACE_ENTRY, "value", key, 0};

        if (is_taken(writing, key))
            continue;
        awsb_push_view(walk->L, key);
        lua_rawget(walk->L, index);
        value.index = lua_gettop(walk->L);
        if (shape->item->type == AWSB_TYPE_LIST) {
            write_query_list(writing, shape->item, key, value.index, &inner);
        } else {
            begin_pair(writing, key);
            awsb_walk_value(walk, &value, &inner, 2);
        }
        lua_pop(walk->L, 1);
    }
    awsb_pairs_truncate(walk->entries, first);
}

static void write_query_member(struct writing *writing, const struct awsb_member *member,
                               int index, const struct awsb_place *place)
{
    use_query(writing);
    if (member->shape->type == AWSB_TYPE_MAP) {
        write_query_map(writing, member->shape, index, place);
    } else if (member->shape->type == AWSB_TYPE_LIST) {
        write_query_list(writing, member->shape, member->wire, index, place);
    } else {
        begin_pair(writing, member->wire);
        awsb_walk_member(&writing->walk, member, index, place, PARAMS, 2);
    }
}

/* ---- headers ---- */

/* What goes out as a line of its own must be one. */
static bool check_line(struct awsb_walk *walk, struct awsb_view name, struct awsb_view value,
                       const struct awsb_place *place)
{
    if (!awsb_has_control(name) && !awsb_has_control(value))
        return true;
    awsb_fault_begin(walk, place, "header");
    awsb_fault_end(walk);
    return false;
}

static void set_header(struct writing *writing, struct awsb_view prefix, struct awsb_view name,
                       const struct awsb_place *place)
{
    struct awsb_walk *walk = &writing->walk;
    struct awsb_buf *scratch = &writing->buffers->header;
    struct awsb_view value = awsb_buf_view(scratch);
    size_t size = scratch->size;

    if (!check_line(walk, name, value, place))
        return;
    if (lua_isnil(walk->L, writing->headers)) {
        lua_newtable(walk->L);
        lua_replace(walk->L, writing->headers);
    }
    awsb_buf_add_lower(scratch, prefix);
    awsb_buf_add_lower(scratch, name);
    if (scratch->err != AWSB_OK)
        return;
    awsb_push_view(walk->L, awsb_view(scratch->data + size, scratch->size - size));
    awsb_push_view(walk->L, awsb_view(scratch->data, size));
    lua_rawset(walk->L, writing->headers);
}

/* One of several in a list, in quotes if it could be taken for more. */
static void quote_item(struct awsb_buf *out, size_t start)
{
    size_t size = out->size - start, i, more = 2;
    struct awsb_view item = awsb_view(out->data + start, size);

    if (out->err != AWSB_OK || (!awsb_view_has(item, '"') && !awsb_view_has(item, ',')))
        return;
    for (i = 0; i < size; i++)
        more += item.data[i] == '"' || item.data[i] == '\\';
    if (awsb_buf_extend(out, more) == NULL)
        return;
    out->data[start + size + more - 1] = '"';
    for (i = size, more += size - 1; i > 0; i--) { /* from behind, where there is room */
        char byte = out->data[start + i - 1];

        out->data[start + --more] = byte;
        if (byte == '"' || byte == '\\')
            out->data[start + --more] = '\\';
    }
    out->data[start] = '"';
}

static void write_header_list(struct writing *writing, const struct awsb_shape *shape, int index,
                              const struct awsb_place *place)
{
    struct awsb_walk *walk = &writing->walk;
    struct awsb_value item = {shape->item, lua_gettop(walk->L) + 1, AWSB_TIME_ANY, NULL};
    size_t size, i;

    if (!awsb_walk_enter(walk, "list", index, place) ||
        !awsb_walk_is_list(walk, index, place, &size))
        return;
    for (i = 1; i <= size; i++) {
        struct awsb_place inner = {place, AWSB_PLACE_ITEM, NULL, {NULL, 0}, i};
        size_t start;

        lua_rawgeti(walk->L, index, (int)i);
        if (!awsb_is_absent(walk->L, item.index)) {
            if (walk->out->size > 0)
                awsb_buf_add_text(walk->out, ", ");
            start = walk->out->size;
            awsb_walk_value(walk, &item, &inner, 2);
            /* The date's format holds a comma of its own and is never quoted. */
            if (shape->item->type != AWSB_TYPE_TIMESTAMP)
                quote_item(walk->out, start);
        }
        lua_settop(walk->L, item.index - 1);
    }
}

static void write_header(struct writing *writing, const struct awsb_member *member, int index,
                         const struct awsb_place *place)
{
    struct awsb_walk *walk = &writing->walk;

    awsb_buf_reset(&writing->buffers->header);
    walk->out = &writing->buffers->header;
    walk->form = AWSB_FORM_TEXT;
    if (member->shape->type == AWSB_TYPE_LIST)
        write_header_list(writing, member->shape, index, place);
    else
        awsb_walk_member(walk, member, index, place, PARAMS, 2);
    set_header(writing, awsb_view("", 0), member->wire, place);
}

/* A map whose keys, behind a prefix, are names of headers. */
static void write_headers(struct writing *writing, const struct awsb_member *member, int index,
                          const struct awsb_place *place)
{
    struct awsb_walk *walk = &writing->walk;
    struct awsb_value value = {member->shape->item, lua_gettop(walk->L) + 1, AWSB_TIME_ANY, NULL};
    size_t first, entry, last;

    if (!awsb_walk_enter(walk, "table", index, place))
        return;
    awsb_walk_gather(walk, index, place, &first);
    last = walk->entries->count;
    walk->out = &writing->buffers->header;
    walk->form = AWSB_FORM_TEXT;
    for (entry = first; entry < last; entry++) {
        struct awsb_view key = walk->entries->items[entry].name;
        struct awsb_place inner = {place, AWSB_PLACE_ENTRY, "value", key, 0};

        awsb_buf_reset(walk->out);
        awsb_push_view(walk->L, key);
        lua_rawget(walk->L, index);
        awsb_walk_value(walk, &value, &inner, 2);
        set_header(writing, member->wire, key, &inner);
        lua_settop(walk->L, value.index - 1);
    }
    awsb_pairs_truncate(walk->entries, first);
}

/* ---- the body ---- */

static void write_body_member(struct writing *writing, const struct awsb_member *member,
                              int index, const struct awsb_place *place)
{
    struct awsb_buf *body = &writing->buffers->body;

    writing->walk.out = body;
    writing->walk.form = AWSB_FORM_JSON;
    awsb_buf_add_byte(body, writing->body_members++ == 0 ? '{' : ',');
    awsb_buf_add(body, awsb_view(member->json.data + 1, member->json.size - 1));
    awsb_walk_member(&writing->walk, member, index, place, PARAMS, 2);
}

/* The member that is the whole body: bytes as they are, or a document. */
static void write_payload(struct writing *writing, const struct awsb_member *member, int index,
                          const struct awsb_place *place)
{
    struct awsb_walk *walk = &writing->walk;
    bool is_raw = member->shape->type == AWSB_TYPE_BLOB || member->shape->type == AWSB_TYPE_STRING;

    walk->out = &writing->buffers->body;
    walk->form = is_raw ? AWSB_FORM_TEXT : AWSB_FORM_JSON;
    writing->body_members++;
    if (member->shape->type == AWSB_TYPE_BLOB && lua_type(walk->L, index) == LUA_TSTRING)
        awsb_buf_add(walk->out, awsb_check_view(walk->L, index));
    else
        awsb_walk_member(walk, member, index, place, PARAMS, 2);
}

/* Pushes the body and its type, or two nils. */
static void push_body(struct writing *writing)
{
    const struct awsb_member *payload = writing->operation->payload;
    struct awsb_buf *body = &writing->buffers->body;
    lua_State *L = writing->walk.L;

    if (payload != NULL && payload->shape->type != AWSB_TYPE_STRUCTURE) {
        if (writing->body_members == 0) {
            lua_pushnil(L);
            lua_pushnil(L);
            return;
        }
        awsb_push_view(L, awsb_buf_view(body));
        lua_pushstring(L, payload->shape->type == AWSB_TYPE_BLOB     ? "application/octet-stream"
                          : payload->shape->type == AWSB_TYPE_STRING ? "text/plain"
                                                                     : "application/json");
        return;
    }
    if (payload == NULL && !writing->operation->has_body) {
        lua_pushnil(L);
        lua_pushnil(L);
        return;
    }
    if (writing->body_members == 0)
        awsb_buf_add_text(body, "{}");
    else if (payload == NULL)
        awsb_buf_add_byte(body, '}');
    awsb_push_view(L, awsb_buf_view(body));
    lua_pushliteral(L, "application/json");
}

/* ---- the whole ---- */

static void write_member(struct writing *writing, const struct awsb_member *member, int index,
                         const struct awsb_place *place)
{
    struct awsb_walk *walk = &writing->walk;

    if (member == writing->operation->payload) {
        write_payload(writing, member, index, place);
        return;
    }
    switch (member->location) {
    case AWSB_IN_BODY:
        write_body_member(writing, member, index, place);
        break;
    case AWSB_IN_QUERY:
        write_query_member(writing, member, index, place);
        break;
    case AWSB_IN_HEADER:
        write_header(writing, member, index, place);
        break;
    case AWSB_IN_HEADERS:
        write_headers(writing, member, index, place);
        break;
    default: /* a label, which has its place later */
        awsb_buf_reset(&writing->buffers->header);
        walk->out = &writing->buffers->header;
        walk->form = AWSB_FORM_TEXT;
        awsb_walk_member(walk, member, index, place, PARAMS, 2);
    }
}

/* A member that the caller left out; its token may stand for it. */
static bool push_token(struct writing *writing, const struct awsb_member *member)
{
    if (member != writing->operation->token || lua_isnil(writing->walk.L, TOKEN))
        return false;
    lua_pushvalue(writing->walk.L, TOKEN);
    return true;
}

static void tell_absent(struct writing *writing, const struct awsb_member *member,
                        const struct awsb_place *place)
{
    struct awsb_walk *walk = &writing->walk;

    if (member->location == AWSB_IN_PATH && walk->level < AWSB_LEVEL_SHAPE) {
        awsb_fault_begin(walk, place, "required"); /* there is no request without it */
        awsb_fault_end(walk);
        return;
    }
    awsb_walk_required(walk, member, place);
}

static void write_members(struct writing *writing)
{
    static const struct awsb_shape no_input = {.name = {"", 0}, .type = AWSB_TYPE_STRUCTURE};
    const struct awsb_shape *input = writing->operation->input;
    struct awsb_walk *walk = &writing->walk;
    int item = lua_gettop(walk->L) + 1;
    size_t i;

    if (input == NULL)
        input = &no_input;
    writing->members.first_fault = 1;
    for (i = 0; i < input->member_count && !walk->foreign; i++) {
        const struct awsb_member *member = &input->members[i];
        struct awsb_place place = {NULL, AWSB_PLACE_MEMBER, NULL, member->name, 0};

        if (!awsb_walk_push_member(walk, member, PARAMS, &writing->members) &&
            !push_token(writing, member)) {
            tell_absent(writing, member, &place);
            continue;
        }
        if (awsb_walk_is_shown(walk, member->shape))
            write_member(writing, member, item, &place);
        lua_settop(walk->L, item - 1);
    }
    if (!walk->foreign)
        awsb_walk_members_known(walk, input, PARAMS, NULL, &writing->members);
}

static enum awsb_err failure_of(const struct awsb_request_buffers *buffers)
{
    if (buffers->path.err != AWSB_OK)
        return buffers->path.err;
    if (buffers->query.err != AWSB_OK)
        return buffers->query.err;
    if (buffers->header.err != AWSB_OK)
        return buffers->header.err;
    return buffers->body.err;
}

static int push_request(struct writing *writing)
{
    lua_State *L = writing->walk.L;
    struct awsb_request_buffers *buffers = writing->buffers;

    write_path(writing);
    awsb_push_view(L, awsb_buf_view(&buffers->path));
    if (buffers->query.size > 0)
        awsb_push_view(L, awsb_buf_view(&buffers->query));
    else
        lua_pushnil(L);
    push_body(writing);
    lua_pushvalue(L, writing->headers);
    if (failure_of(buffers) != AWSB_OK) {
        enum awsb_err err = failure_of(buffers);

        awsb_reset_request_buffers(buffers);
        return luaL_error(L, err == AWSB_NO_MEMORY ? "not enough memory"
                                                   : "the parameters have more than 64 MiB");
    }
    return 5;
}

int awsb_write_request(lua_State *L)
{
    struct writing writing;
    struct awsb_walk *walk = &writing.walk;
    int count;

    memset(&writing, 0, sizeof writing);
    lua_settop(L, HIDES);
    writing.operation = awsb_check_operation(L, SELF, &writing.buffers);
    walk->L = L;
    walk->level = (enum awsb_level)luaL_checkinteger(L, LEVEL);
    walk->hides = lua_toboolean(L, HIDES);
    walk->entries = &writing.buffers->entries;
    awsb_push_names(L, SELF);
    walk->names = FIRST_SLOT;
    lua_pushnil(L);
    walk->faults = FIRST_SLOT + 1;
    lua_pushnil(L);
    writing.headers = FIRST_SLOT + 2;
    awsb_reset_request_buffers(writing.buffers);
    awsb_buf_add(&writing.buffers->query, writing.operation->static_query);

    if (awsb_walk_enter(walk, "table", PARAMS, NULL))
        write_members(&writing);
    if (walk->foreign) {
        lua_pushnil(L);
        return 1;
    }
    if (walk->fault_count == 0) {
        count = push_request(&writing);
        awsb_reset_request_buffers(writing.buffers);
        return count;
    }
    lua_pushnil(L);
    lua_pushvalue(L, walk->faults);
    return 2;
}
