#include "lua_model.h"

#include <string.h>

#include "lua_walk.h"
#include "model_text.h"

/*
 * core.new_model(shapes, operations, documented): see model.h for the texts. A model has
 * model:operation(method_name), model:shape(name), model:operations(), model:write(shape, value) and
 * model:size(); an operation has operation:write(...) (see lua_request.c) and operation:describe(). Both
 * read JSON: see lua_read.c.
 *
 * A userdata of a model has a table of its own: the names of members by their keys, as strings of
 * Lua, and beside them the texts. Its operations share that table.
 */

#define MODEL_TYPE "aws.backup.core.model"
#define OPERATION_TYPE "aws.backup.core.operation"

#define MAX_TEXT_BYTES (64u << 20)
#define MAX_URL_BYTES (1u << 20)
#define KEPT_BYTES (64u << 10)

struct model_box {
    struct awsb_model *model; /* NULL once collected */
    struct awsb_request_buffers buffers;
};

struct operation_box {
    const struct awsb_operation *operation;
    struct model_box *model; /* kept by the table that both have */
};

#if LUA_VERSION_NUM >= 502
#define set_table lua_setuservalue
#define get_table lua_getuservalue
#else
#define set_table lua_setfenv
#define get_table lua_getfenv
#endif

static void reset_buf(struct awsb_buf *buf)
{
    if (buf->capacity > KEPT_BYTES)
        awsb_buf_clear(buf);
    awsb_buf_reset(buf);
}

void awsb_reset_request_buffers(struct awsb_request_buffers *buffers)
{
    reset_buf(&buffers->path);
    reset_buf(&buffers->query);
    reset_buf(&buffers->header);
    reset_buf(&buffers->body);
    reset_buf(&buffers->blob);
    awsb_pairs_reset(&buffers->entries);
}

static struct model_box *check_model_box(lua_State *L, int index)
{
    struct model_box *box = luaL_checkudata(L, index, MODEL_TYPE);

    if (box->model == NULL)
        luaL_error(L, "attempt to use a model that was collected");
    return box;
}

struct awsb_model *awsb_check_model(lua_State *L, int index, struct awsb_request_buffers **buffers)
{
    struct model_box *box = check_model_box(L, index);

    *buffers = &box->buffers;
    return box->model;
}

const struct awsb_operation *awsb_check_operation(lua_State *L, int index,
                                                  struct awsb_request_buffers **buffers)
{
    struct operation_box *box =
        index == 1 ? awsb_check_self(L, OPERATION_TYPE) : luaL_checkudata(L, index, OPERATION_TYPE);

    *buffers = &box->model->buffers;
    return box->operation;
}

void awsb_push_names(lua_State *L, int index)
{
    get_table(L, index);
}

/* Names that came with what was read last; the table is on top. */
static void add_names(lua_State *L, const struct awsb_model *model)
{
    size_t key = awsb_rawlen(L, -1) + 1;

    for (; key <= awsb_model_name_count(model); key++) {
        awsb_push_view(L, awsb_model_name(model, key));
        lua_rawseti(L, -2, (int)key);
    }
}

void awsb_push_all_names(lua_State *L, int index)
{
    awsb_push_names(L, index);
    add_names(L, check_model_box(L, index)->model);
}

static struct awsb_view optional_text(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) ? awsb_view("", 0) : awsb_check_view(L, index);
}

static void init_buffers(struct awsb_request_buffers *buffers)
{
    awsb_buf_init(&buffers->path, MAX_URL_BYTES);
    awsb_buf_init(&buffers->query, MAX_URL_BYTES);
    awsb_buf_init(&buffers->header, MAX_URL_BYTES);
    awsb_buf_init(&buffers->body, MAX_TEXT_BYTES);
    awsb_buf_init(&buffers->blob, MAX_TEXT_BYTES);
}

static int new_model(lua_State *L)
{
    struct awsb_view shapes = awsb_check_view(L, 1), operations = awsb_check_view(L, 2),
                     documented = optional_text(L, 3);
    struct model_box *box;

    lua_settop(L, 3);
    box = awsb_new_userdata(L, sizeof *box, MODEL_TYPE);
    init_buffers(&box->buffers);
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "shapes");
    lua_pushvalue(L, 2);
    lua_setfield(L, -2, "operations");
    lua_pushvalue(L, 3);
    lua_setfield(L, -2, "documented");
    set_table(L, 4);
    box->model = awsb_model_new(shapes, operations, documented);
    if (box->model == NULL)
        return luaL_error(L, "not enough memory for a model, or two of its lines begin alike");
    return 1;
}

static int finalize_model(lua_State *L)
{
    struct model_box *box = awsb_test_userdata(L, 1, MODEL_TYPE);

    if (box == NULL)
        return 0;
    awsb_model_free(box->model);
    box->model = NULL;
    awsb_buf_clear(&box->buffers.path);
    awsb_buf_clear(&box->buffers.query);
    awsb_buf_clear(&box->buffers.header);
    awsb_buf_clear(&box->buffers.body);
    awsb_buf_clear(&box->buffers.blob);
    awsb_pairs_clear(&box->buffers.entries);
    return 0;
}

static int model_to_string(lua_State *L)
{
    lua_pushliteral(L, "model");
    return 1;
}

static int push_refusal(lua_State *L, const struct awsb_model *model)
{
    lua_pushnil(L);
    lua_pushstring(L, awsb_model_message(model));
    return 2;
}

/* model:operation(method_name) -> the operation; nil and why there is none */
static int find_operation(lua_State *L)
{
    struct model_box *box = check_model_box(L, 1);
    const struct awsb_operation *operation =
        awsb_model_operation(box->model, awsb_check_view(L, 2));
    struct operation_box *made;

    if (operation == NULL)
        return push_refusal(L, box->model);
    made = awsb_new_userdata(L, sizeof *made, OPERATION_TYPE);
    made->operation = operation;
    made->model = box;
    get_table(L, 1);
    add_names(L, box->model);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "model");
    set_table(L, -2);
    return 1;
}

static int finalize_operation(lua_State *L)
{
    (void)L;
    return 0;
}

static int operation_to_string(lua_State *L)
{
    struct operation_box *box = luaL_checkudata(L, 1, OPERATION_TYPE);

    lua_pushliteral(L, "operation ");
    awsb_push_view(L, box->operation->name);
    lua_concat(L, 2);
    return 1;
}

/* model:operations() -> { { method_name, name, HTTP method, request URI }, ... } */
static int list_operations(lua_State *L)
{
    struct model_box *box = check_model_box(L, 1);
    struct awsb_view line;
    size_t index = 0;

    lua_newtable(L);
    for (; awsb_model_operation_line(box->model, index, &line); index++) {
        int word;

        lua_createtable(L, 4, 0);
        for (word = 1; word <= 4; word++) {
            awsb_push_view(L, awsb_next_word(&line));
            lua_rawseti(L, -2, word);
        }
        lua_rawseti(L, -2, (int)index + 1);
    }
    return 1;
}

/* model:shape_names() -> the names of all shapes, sorted by their bytes */
static int list_shapes(lua_State *L)
{
    struct model_box *box = check_model_box(L, 1);
    struct awsb_view line;
    size_t index = 0;

    lua_newtable(L);
    for (; awsb_model_shape_line(box->model, index, &line); index++) {
        awsb_push_view(L, awsb_next_word(&line));
        lua_rawseti(L, -2, (int)index + 1);
    }
    return 1;
}


/*
 * model:write(shape, value) -> the value as JSON
 *   nil, faults; nil where a table in there has a metatable
 */
static int write_document(lua_State *L)
{
    struct awsb_request_buffers *buffers;
    struct awsb_model *model = awsb_check_model(L, 1, &buffers);
    struct awsb_walk walk;
    struct awsb_value value;

    lua_settop(L, 3);
    memset(&walk, 0, sizeof walk);
    memset(&value, 0, sizeof value);
    value.shape = awsb_model_shape(model, awsb_check_view(L, 2));
    if (value.shape == NULL)
        return luaL_error(L, "%s", awsb_model_message(model));
    value.index = 3;
    awsb_push_all_names(L, 1);
    lua_pushnil(L);
    walk.L = L;
    walk.out = &buffers->body;
    walk.entries = &buffers->entries;
    walk.names = 4;
    walk.faults = 5;
    awsb_reset_request_buffers(buffers);
    awsb_walk_value(&walk, &value, NULL, 1);
    if (walk.fault_count > 0 || walk.foreign) {
        lua_pushnil(L);
        lua_pushvalue(L, walk.faults);
        return walk.foreign ? 1 : 2;
    }
    if (buffers->body.err != AWSB_OK) {
        awsb_reset_request_buffers(buffers);
        return luaL_error(L, "the value has more than 64 MiB, or there is not enough memory");
    }
    awsb_push_view(L, awsb_buf_view(&buffers->body));
    awsb_reset_request_buffers(buffers);
    return 1;
}

static int model_size(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)awsb_model_size(check_model_box(L, 1)->model));
    return 1;
}

/* ---- in Lua's words ---- */

static const char *const type_names[] = {"string", "integer", "long",   "boolean", "timestamp", "float",
                                         "double", "blob",    "list",   "map",     "structure", "other"};
static const char *const location_names[] = {"body",   "uri",     "querystring",
                                             "header", "headers", "statusCode"};
static const char *const format_names[] = {NULL, "iso8601", "rfc822", "unixTimestamp"};

static void set_text(lua_State *L, const char *field, struct awsb_view text)
{
    if (text.size > 0)
        awsb_set_view(L, field, text);
}

static void set_word(lua_State *L, const char *field, const char *word)
{
    if (word == NULL)
        return;
    lua_pushstring(L, word);
    lua_setfield(L, -2, field);
}

static void set_flag(lua_State *L, const char *field, bool flag)
{
    if (!flag)
        return;
    lua_pushboolean(L, true);
    lua_setfield(L, -2, field);
}

static void set_number(lua_State *L, const char *field, bool is_there, int64_t number)
{
    if (!is_there)
        return;
    lua_pushinteger(L, (lua_Integer)number);
    lua_setfield(L, -2, field);
}

static void set_shape(lua_State *L, const char *field, const struct awsb_shape *shape)
{
    if (shape != NULL)
        awsb_set_view(L, field, shape->name);
}

static void push_member(lua_State *L, const struct awsb_member *member)
{
    lua_createtable(L, 0, 6);
    awsb_set_view(L, "name", member->name);
    awsb_set_view(L, "wire", member->wire);
    set_shape(L, "shape", member->shape);
    set_word(L, "location", location_names[member->location]);
    set_word(L, "timestamp_format", format_names[member->format]);
    set_flag(L, "required", member->required);
    set_flag(L, "token", member->is_token);
    set_flag(L, "page_token", member->is_page_token);
}

static void push_shape(lua_State *L, const struct awsb_shape *shape)
{
    size_t i;

    lua_createtable(L, 0, 8);
    awsb_set_view(L, "name", shape->name);
    set_word(L, "type", type_names[shape->type]);
    set_number(L, "min", shape->has_min, shape->min);
    set_number(L, "max", shape->has_max, shape->max);
    set_text(L, "pattern", shape->pattern);
    set_text(L, "enum", shape->enumeration);
    set_text(L, "payload", shape->payload);
    set_word(L, "timestamp_format", format_names[shape->format]);
    set_flag(L, "sensitive", shape->sensitive);
    set_flag(L, "union", shape->is_union);
    set_flag(L, "exception", shape->is_error);
    set_flag(L, "fault", shape->is_fault);
    set_shape(L, shape->type == AWSB_TYPE_MAP ? "value" : "item", shape->item);
    set_shape(L, "key", shape->key);
    if (shape->type != AWSB_TYPE_STRUCTURE)
        return;
    lua_createtable(L, (int)shape->member_count, 0);
    for (i = 0; i < shape->member_count; i++) {
        push_member(L, &shape->members[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "members");
}

/* model:shape(name) -> a table of what the model says of it; nil and why there is none. Other shapes
 * are in there by their names. */
static int describe_shape(lua_State *L)
{
    struct model_box *box = check_model_box(L, 1);
    const struct awsb_shape *shape = awsb_model_shape(box->model, awsb_check_view(L, 2));

    if (shape == NULL)
        return push_refusal(L, box->model);
    push_shape(L, shape);
    return 1;
}

/* operation:describe() -> the same of an operation */
static int describe_operation(lua_State *L)
{
    struct awsb_request_buffers *buffers;
    const struct awsb_operation *operation = awsb_check_operation(L, 1, &buffers);

    lua_createtable(L, 0, 12);
    awsb_set_view(L, "name", operation->name);
    awsb_set_view(L, "method_name", operation->method_name);
    awsb_set_view(L, "http_method", operation->http_method);
    awsb_set_view(L, "request_uri", operation->request_uri);
    set_text(L, "errors", operation->errors);
    set_shape(L, "input", operation->input);
    set_shape(L, "output", operation->output);
    set_number(L, "response_code", true, operation->code);
    set_flag(L, "idempotent", operation->idempotent);
    set_flag(L, "has_body", operation->has_body);
    if (operation->token != NULL)
        awsb_set_view(L, "token", operation->token->name);
    if (operation->payload != NULL)
        awsb_set_view(L, "payload", operation->payload->name);
    return 1;
}

static const luaL_Reg model_methods[] = {
    {"operation", find_operation}, {"shape", describe_shape}, {"operations", list_operations},
    {"shape_names", list_shapes},  {"write", write_document}, {"read", awsb_read_document},
    {"read_text", awsb_read_text}, {"size", model_size},
    {NULL, NULL},
};

static const luaL_Reg operation_methods[] = {
    {"write", awsb_write_request},
    {"read", awsb_read_output},
    {"describe", describe_operation},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"new_model", new_model},
    {NULL, NULL},
};

void awsb_open_model(lua_State *L)
{
    static const struct awsb_class model = {MODEL_TYPE, "model", model_methods, finalize_model,
                                            model_to_string};
    static const struct awsb_class operation = {OPERATION_TYPE, "operation", operation_methods,
                                                finalize_operation, operation_to_string};

    awsb_register_class(L, &model);
    awsb_register_class(L, &operation);
    awsb_set_functions(L, functions);
}
