#include "lua_read.h"

#include <string.h>

/*
 * Reads JSON by a shape, straight into tables of Lua.
 *
 *     model:read(shape, text, mode) -> value
 *     operation:read(text)          -> the operation's output
 *     model:read_text(shape, text)  -> the value of a label, a query parameter or a header
 *         nil, fault
 *
 * A fault is a record like those of requests: { rule =, at = { "Jobs", 2, ... }, ... }. Lua makes the
 * sentences: see aws.backup.codec.read.
 *
 * Services are not always exact, so reading is lenient: "5" passes for an integer, "true" for a boolean,
 * an empty container for one of the other kind. Unknown members are passed over without being built,
 * and null is absent. Read strictly every type of JSON must be the shape's own.
 */

/* Containers and texts take several times the room in Lua that they take in JSON: a text of `{},`
 * alone 25 times. Whatever a service sends stays far below this. */
#define FREE_BYTES ((size_t)32 << 20)
#define BYTES_PER_BYTE 6
#define TABLE_BYTES 96
#define FIELD_BYTES 40
#define ITEM_BYTES 16

/* Room for the members of a structure that is the first of its kind. */
#define FIRST_FIELDS 12

/* What one item of a list tells about the size of the next. */
struct hint {
    bool known;
    size_t fields;
};

static bool read_value(struct awsb_reader *reader, const struct awsb_shape *shape,
                       const struct awsb_place *place, struct hint *hint);

/* The text is no JSON. */
static void json_fault(struct awsb_reader *reader)
{
    static const char *const rules[] = {"",       "utf8", "unexpected", "ended",
                                        "escape", "deep", "more",       "memory"};

    awsb_fault_begin(&reader->walk, NULL, "json");
    awsb_fault_text(&reader->walk, "reason", awsb_view_of(rules[reader->json.fault]));
    awsb_fault_number(&reader->walk, "position", (int64_t)awsb_json_position(&reader->json) + 1);
    awsb_fault_end(&reader->walk);
}

/* ---- containers ---- */

/* An empty container of the other kind. */
static bool take_empty(struct awsb_reader *reader, enum awsb_json_kind kind)
{
    bool begun = false;

    if (reader->strict || !awsb_json_enter(&reader->json))
        return false;
    if (awsb_json_more(&reader->json, &begun, kind == AWSB_JSON_ARRAY ? ']' : '}') ||
        reader->json.fault != AWSB_JSON_FINE)
        return false;
    lua_newtable(reader->walk.L);
    return true;
}

/* Makes the table; whatever was there of the other kind must have been empty. */
static bool begin(struct awsb_reader *reader, enum awsb_json_kind kind, enum awsb_json_kind wanted,
                  const struct awsb_shape *shape, const struct awsb_place *place, bool *empty)
{
    *empty = false;
    if (kind == wanted)
        return awsb_json_enter(&reader->json);
    if (kind >= AWSB_JSON_ARRAY && take_empty(reader, kind)) {
        *empty = true;
        return true;
    }
    if (reader->json.fault != AWSB_JSON_FINE)
        return false;
    return awsb_read_wrong_type(reader, awsb_read_wanted(shape->type), kind, place);
}

static bool is_done(const struct awsb_reader *reader)
{
    return reader->json.fault == AWSB_JSON_FINE && reader->walk.fault_count == 0;
}

/* Null is absent: whoever asks takes it. */
static bool take_null(struct awsb_reader *reader)
{
    return awsb_json_peek(&reader->json) == AWSB_JSON_NULL &&
           awsb_json_take_literal(&reader->json, AWSB_JSON_NULL);
}

static bool read_list(struct awsb_reader *reader, const struct awsb_shape *shape,
                      const struct awsb_place *outer)
{
    struct awsb_place place = {outer, AWSB_PLACE_ITEM, NULL, {NULL, 0}, 0};
    struct hint hint = {false, 0};
    lua_State *L = reader->walk.L;
    bool begun = false;
    int count = 0;

    lua_createtable(L, 0, 0);
    while (awsb_json_more(&reader->json, &begun, ']')) {
        place.index++;
        if (take_null(reader))
            continue;
        if (!awsb_read_charge(reader, ITEM_BYTES) ||
            !read_value(reader, shape->item, &place, &hint))
            return false;
        lua_rawseti(L, -2, ++count);
    }
    return is_done(reader);
}

static bool read_map(struct awsb_reader *reader, const struct awsb_shape *shape,
                     const struct awsb_place *outer)
{
    struct awsb_place place = {outer, AWSB_PLACE_ENTRY, "value", {NULL, 0}, 0};
    struct hint hint = {false, 0};
    lua_State *L = reader->walk.L;
    bool begun = false;

    lua_createtable(L, 0, 0);
    while (awsb_json_more(&reader->json, &begun, '}')) {
        if (!awsb_json_take_key(&reader->json, &place.name) ||
            !awsb_read_charge(reader, FIELD_BYTES + AWSB_STRING_BYTES + place.name.size))
            return false;
        awsb_push_view(L, place.name);
        place.name.data = lua_tolstring(L, -1, &place.name.size);
        if (take_null(reader))
            lua_pushnil(L);
        else if (!read_value(reader, shape->item, &place, &hint))
            return false;
        lua_rawset(L, -3);
    }
    return is_done(reader);
}

/* What has been read of a structure. Members are told apart by their places among those of the body;
 * beyond 64 two may look like one, which costs a look into the table. */
struct seen {
    uint64_t members;
    size_t set;
};

static uint64_t bit_of(size_t index)
{
    return (uint64_t)1 << index % 64;
}

static bool has_seen(const struct seen *seen, size_t index)
{
    return (seen->members & bit_of(index)) != 0;
}

/* Null comes behind another value of the same member, and wins. The name is on top, and goes. */
static void clear_member(lua_State *L)
{
    lua_pushnil(L);
    lua_rawset(L, -3);
}

/* Takes the faults of a member back, and what its reader left on the stack. */
static void forgive(struct awsb_reader *reader, int top)
{
    lua_State *L = reader->walk.L;

    lua_settop(L, top);
    lua_pushnil(L);
    lua_replace(L, reader->walk.faults);
    reader->walk.fault_count = 0;
}

/* Its value; forgiving, past one that is wrong. The name is on top, and goes. */
static bool read_member(struct awsb_reader *reader, const struct awsb_member *member,
                        const struct awsb_place *place, bool forgives)
{
    lua_State *L = reader->walk.L;
    const char *before = reader->json.at;
    struct hint hint = {false, 0};
    int top = lua_gettop(L);

    if (read_value(reader, member->shape, place, &hint)) {
        lua_rawset(L, -3);
        return true;
    }
    if (!forgives || reader->json.fault != AWSB_JSON_FINE)
        return false;
    forgive(reader, top - 1);
    reader->json.at = before;
    reader->json.depth = 1;
    return awsb_json_skip(&reader->json);
}

static bool read_members(struct awsb_reader *reader, const struct awsb_shape *shape,
                         const struct awsb_place *outer, struct seen *seen)
{
    struct awsb_place place = {outer, AWSB_PLACE_MEMBER, NULL, {NULL, 0}, 0};
    lua_State *L = reader->walk.L;
    bool begun = false, forgives = reader->forgiving && outer == NULL;
    struct awsb_view key;

    while (awsb_json_more(&reader->json, &begun, '}')) {
        size_t found;
        bool null;

        if (!awsb_json_take_key(&reader->json, &key))
            return false;
        found = awsb_find_wire(shape, key);
        if (found == shape->body_count) {
            if (!awsb_json_skip(&reader->json))
                return false;
            continue;
        }
        null = take_null(reader);
        if (null && !has_seen(seen, found))
            continue;
        place.name = shape->by_wire[found]->name;
        lua_rawgeti(L, reader->walk.names, (int)shape->by_wire[found]->key);
        if (null)
            clear_member(L);
        else if (!read_member(reader, shape->by_wire[found], &place, forgives))
            return false;
        if (!null && !has_seen(seen, found))
            seen->set++;
        seen->members |= bit_of(found);
    }
    return is_done(reader);
}

static size_t first_fields(const struct awsb_shape *shape)
{
    return shape->body_count < FIRST_FIELDS ? shape->body_count : FIRST_FIELDS;
}

static bool read_structure(struct awsb_reader *reader, const struct awsb_shape *shape,
                           const struct awsb_place *place, struct hint *hint)
{
    size_t fields = hint->known ? hint->fields : first_fields(shape);
    struct seen seen = {0, 0};

    if (!awsb_read_charge(reader, TABLE_BYTES + fields * FIELD_BYTES))
        return false;
    lua_createtable(reader->walk.L, 0, (int)fields);
    if (!read_members(reader, shape, place, &seen))
        return false;
    hint->known = true;
    hint->fields = seen.set;
    return !(shape->is_union && seen.set > 1) || awsb_read_fault(reader, place, "union");
}

static bool read_container(struct awsb_reader *reader, const struct awsb_shape *shape,
                           enum awsb_json_kind kind, const struct awsb_place *place,
                           struct hint *hint)
{
    bool is_list = shape->type == AWSB_TYPE_LIST, fine, empty;

    luaL_checkstack(reader->walk.L, 10, "an answer is nested too deep");
    if (!begin(reader, kind, is_list ? AWSB_JSON_ARRAY : AWSB_JSON_OBJECT, shape, place, &empty) ||
        empty)
        return empty;
    if (shape->type == AWSB_TYPE_STRUCTURE)
        return read_structure(reader, shape, place, hint);
    if (!awsb_read_charge(reader, TABLE_BYTES))
        return false;
    reader->walk.sensitive += shape->sensitive;
    fine = is_list ? read_list(reader, shape, place) : read_map(reader, shape, place);
    reader->walk.sensitive -= shape->sensitive;
    return fine;
}

/* Pushes one value, or notes why there is none. */
static bool read_value(struct awsb_reader *reader, const struct awsb_shape *shape,
                       const struct awsb_place *place, struct hint *hint)
{
    enum awsb_json_kind kind = awsb_json_peek(&reader->json);
    struct awsb_view text;

    if (shape->type >= AWSB_TYPE_LIST && shape->type <= AWSB_TYPE_STRUCTURE)
        return read_container(reader, shape, kind, place, hint);
    if (!awsb_read_is_scalar(kind))
        return awsb_read_wrong_type(reader, awsb_read_wanted(shape->type), kind, place);
    return awsb_read_take_text(&reader->json, kind, &text) &&
           awsb_read_scalar(reader, shape, kind, text, place);
}

/* ---- the methods ---- */

/* A text of JSON whose end is reached with its value. */
static bool read_document(struct awsb_reader *reader, const struct awsb_shape *shape)
{
    struct hint hint = {false, 0};
    enum awsb_json_kind kind = awsb_json_peek(&reader->json);

    if (kind == AWSB_JSON_NULL && !reader->strict) {
        lua_newtable(reader->walk.L);
        awsb_json_take_literal(&reader->json, kind);
    } else if (kind == AWSB_JSON_ARRAY && shape->type != AWSB_TYPE_LIST) {
        /* Not even an empty one: that is no answer of this service. */
        awsb_read_wrong_type(reader, awsb_read_wanted(shape->type), kind, NULL);
    } else {
        read_value(reader, shape, NULL, &hint);
    }
    return reader->walk.fault_count == 0 && awsb_json_finish(&reader->json);
}

static void begin_reader(struct awsb_reader *reader, lua_State *L,
                         struct awsb_request_buffers *buffers, int names)
{
    memset(reader, 0, sizeof *reader);
    awsb_reset_request_buffers(buffers);
    lua_pushnil(L);
    reader->walk.L = L;
    reader->walk.names = names;
    reader->walk.faults = lua_gettop(L);
    reader->bytes = &buffers->blob;
}

/* nil and the first fault. */
static int push_fault(struct awsb_reader *reader)
{
    lua_State *L = reader->walk.L;

    if (reader->walk.fault_count == 0)
        json_fault(reader);
    lua_settop(L, reader->walk.faults);
    lua_pushnil(L);
    lua_rawgeti(L, reader->walk.faults, 1);
    return 2;
}

static int finish_reading(struct awsb_reader *reader, struct awsb_request_buffers *buffers,
                          bool fine)
{
    awsb_reset_request_buffers(buffers);
    return fine ? 1 : push_fault(reader);
}

enum mode { LENIENT, STRICT, FORGIVING };

/* The table of names is on top. */
static int read_text_as(lua_State *L, const struct awsb_shape *shape, struct awsb_view text,
                        struct awsb_request_buffers *buffers, enum mode mode)
{
    struct awsb_reader reader;

    begin_reader(&reader, L, buffers, lua_gettop(L));
    reader.strict = mode == STRICT;
    reader.forgiving = mode == FORGIVING;
    reader.room = FREE_BYTES + text.size * BYTES_PER_BYTE;
    awsb_json_begin(&reader.json, text, &buffers->body);
    return finish_reading(&reader, buffers, read_document(&reader, shape));
}

/* model:read(shape, text, "lenient" | "strict" | "forgiving") */
int awsb_read_document(lua_State *L)
{
    static const char *const modes[] = {"lenient", "strict", "forgiving", NULL};
    struct awsb_request_buffers *buffers;
    struct awsb_model *model = awsb_check_model(L, 1, &buffers);
    const struct awsb_shape *shape = awsb_model_shape(model, awsb_check_view(L, 2));
    struct awsb_view text = awsb_check_view(L, 3);
    enum mode mode = (enum mode)luaL_checkoption(L, 4, "lenient", modes);

    if (shape == NULL)
        return luaL_error(L, "%s", awsb_model_message(model));
    awsb_push_all_names(L, 1);
    return read_text_as(L, shape, text, buffers, mode);
}

/* operation:read(text) */
int awsb_read_output(lua_State *L)
{
    struct awsb_request_buffers *buffers;
    const struct awsb_operation *operation = awsb_check_operation(L, 1, &buffers);
    struct awsb_view text = awsb_check_view(L, 2);

    if (operation->output == NULL)
        return luaL_error(L, "the operation has no output");
    awsb_push_names(L, 1);
    return read_text_as(L, operation->output, text, buffers, LENIENT);
}

/* model:read_text(shape, text) */
int awsb_read_text(lua_State *L)
{
    struct awsb_request_buffers *buffers;
    struct awsb_model *model = awsb_check_model(L, 1, &buffers);
    const struct awsb_shape *shape = awsb_model_shape(model, awsb_check_view(L, 2));
    struct awsb_view text = awsb_check_view(L, 3);
    struct awsb_reader reader;

    if (shape == NULL)
        return luaL_error(L, "%s", awsb_model_message(model));
    begin_reader(&reader, L, buffers, 0);
    reader.room = text.size + AWSB_STRING_BYTES;
    return finish_reading(&reader, buffers,
                          awsb_read_scalar(&reader, shape, AWSB_JSON_STRING, text, NULL));
}

/* ---- a document without a shape ---- */

/* Whether the value of a key is a text or can be one; then it is on top. */
static bool push_text(lua_State *L, struct awsb_json *json)
{
    enum awsb_json_kind kind = awsb_json_peek(json);
    struct awsb_view text;

    if (!awsb_read_is_scalar(kind)) {
        awsb_json_skip(json);
        return false;
    }
    if (!awsb_read_take_text(json, kind, &text))
        return false;
    awsb_push_view(L, text);
    return true;
}

static bool read_texts(lua_State *L, struct awsb_json *json, struct awsb_view names)
{
    struct awsb_view key;
    bool begun = false;

    if (awsb_json_peek(json) != AWSB_JSON_OBJECT || !awsb_json_enter(json))
        return false;
    lua_newtable(L);
    while (awsb_json_more(json, &begun, '}')) {
        if (!awsb_json_take_key(json, &key))
            return false;
        if (!awsb_is_one_of(key, names)) {
            awsb_json_skip(json);
            continue;
        }
        awsb_push_view(L, key);
        if (push_text(L, json))
            lua_rawset(L, -3);
        else
            lua_pop(L, 1);
    }
    return awsb_json_finish(json);
}

/* json_texts(text, "NAME|NAME") -> { NAME = text }: of an object the members of these names that are
 * strings, numbers or booleans; nil if the text is no object of JSON. */
static int json_texts(lua_State *L)
{
    struct awsb_view text = awsb_check_view(L, 1), names = awsb_check_view(L, 2);
    struct awsb_buf *unescaped = awsb_new_scratch(L);
    struct awsb_json json;

    awsb_buf_init(unescaped, text.size);
    awsb_json_begin(&json, text, unescaped);
    if (!read_texts(L, &json, names))
        lua_pushnil(L);
    awsb_buf_clear(unescaped);
    return 1;
}

void awsb_open_read(lua_State *L)
{
    static const luaL_Reg functions[] = {{"json_texts", json_texts}, {NULL, NULL}};

    awsb_set_functions(L, functions);
}
