#include "lua_walk.h"

#define SLOTS 10                         /* of the Lua stack, for one level */

bool awsb_is_absent(lua_State *L, int index)
{
    return lua_isnil(L, index) ||
           (lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL);
}

/* ---- containers ---- */

bool awsb_walk_enter(struct awsb_walk *walk, const char *wanted, int index,
                     const struct awsb_place *place)
{
    luaL_checkstack(walk->L, SLOTS, "the parameters are nested too deep");
    if (!lua_istable(walk->L, index)) {
        awsb_walk_wrong_type(walk, wanted, index, place);
        return false;
    }
    if (!lua_getmetatable(walk->L, index))
        return true;
    lua_pop(walk->L, 1);
    walk->foreign = true;
    return false;
}

static size_t count_keys(lua_State *L, int table)
{
    size_t count = 0;

    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        count++;
    }
    return count;
}

static void tell_unknown(struct awsb_walk *walk, const struct awsb_shape *shape, int index,
                         const struct awsb_place *place)
{
    lua_State *L = walk->L;

    lua_pushnil(L);
    while (lua_next(L, index)) {
        bool is_text = lua_type(L, -2) == LUA_TSTRING;

        if (!awsb_is_absent(L, -1) &&
            (!is_text || awsb_find_member(shape, awsb_check_view(L, -2)) == NULL)) {
            lua_pushvalue(L, -2);
            awsb_fault_begin(walk, place, "unknown");
            lua_pushvalue(L, -2);
            lua_setfield(L, -2, "name");
            awsb_fault_text(walk, "shape", shape->name);
            awsb_fault_end(walk);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
}

void awsb_walk_members_known(struct awsb_walk *walk, const struct awsb_shape *shape, int index,
                             const struct awsb_place *place, const struct awsb_members *members)
{
    size_t before = walk->fault_count;

    if (walk->level < AWSB_LEVEL_SHAPE)
        return;
    if (count_keys(walk->L, index) != members->found)
        tell_unknown(walk, shape, index, place);
    if (walk->fault_count > before)
        awsb_fault_move(walk, before + 1, members->first_fault);
    if (!shape->is_union || members->set == 1)
        return;
    awsb_fault_begin(walk, place, "union");
    awsb_fault_number(walk, "count", (int64_t)members->set);
    awsb_fault_end(walk);
}

bool awsb_walk_push_member(struct awsb_walk *walk, const struct awsb_member *member, int index,
                           struct awsb_members *members)
{
    lua_State *L = walk->L;

    lua_rawgeti(L, walk->names, (int)member->key);
    lua_rawget(L, index);
    if (!lua_isnil(L, -1)) {
        members->found++;
        if (!awsb_is_absent(L, -1)) {
            members->set++;
            return true;
        }
    }
    lua_pop(L, 1);
    return false;
}

void awsb_walk_required(struct awsb_walk *walk, const struct awsb_member *member,
                        const struct awsb_place *place)
{
    if (!member->required || walk->level < AWSB_LEVEL_SHAPE)
        return;
    awsb_fault_begin(walk, place, "required");
    awsb_fault_end(walk);
}

void awsb_walk_member(struct awsb_walk *walk, const struct awsb_member *member, int index,
                      const struct awsb_place *place, int structure, int depth)
{
    size_t faults = walk->fault_count;
    bool is_fine;
    struct awsb_value value;

    value.shape = member->shape;
    value.index = index;
    value.format = member->format;
    value.member = member;
    awsb_walk_value(walk, &value, place, depth);
    /* A text or number that is wrong already needs no second fault; a table is looked at all the same. */
    is_fine = walk->fault_count == faults || lua_istable(walk->L, index);
    if (member->rules != NULL && walk->level == AWSB_LEVEL_FULL && is_fine && !walk->foreign)
        awsb_walk_rules(walk, member, index, place, structure);
}

static void walk_structure(struct awsb_walk *walk, const struct awsb_value *value,
                           const struct awsb_place *place, int depth)
{
    const struct awsb_shape *shape = value->shape;
    struct awsb_members members = {0};
    struct awsb_buf *out = walk->out;
    int item = lua_gettop(walk->L) + 1;
    size_t i, before = 0;

    members.first_fault = walk->fault_count + 1;
    for (i = 0; i < shape->member_count && !walk->foreign; i++) {
        const struct awsb_member *member = &shape->members[i];
        struct awsb_place inner = {place, AWSB_PLACE_MEMBER, NULL, member->name, 0};

        if (!awsb_walk_push_member(walk, member, value->index, &members)) {
            awsb_walk_required(walk, member, &inner);
            continue;
        }
        if (awsb_walk_is_shown(walk, member->shape)) {
            size_t size = out->size;

            awsb_buf_add_byte(out, before == 0 ? '{' : ',');
            awsb_buf_add(out, awsb_view(member->json.data + 1, member->json.size - 1));
            awsb_walk_member(walk, member, item, &inner, value->index, depth + 1);
            if (member->location != AWSB_IN_BODY) /* has no place in a body */
                awsb_buf_truncate(out, size);
            else
                before++;
        }
        lua_settop(walk->L, item - 1);
    }
    awsb_buf_add_text(out, before == 0 ? "{}" : "}");
    awsb_walk_members_known(walk, shape, value->index, place, &members);
}

/* What keeps a table from being a list: a key that is no index, or a hole. */
static void wrong_list(struct awsb_walk *walk, int index, const struct awsb_place *place)
{
    lua_State *L = walk->L;
    size_t hole = 1;

    lua_pushnil(L);
    while (lua_next(L, index)) {
        int64_t number = 0;
        bool is_index = awsb_get_integer(L, -2, &number) == NULL && number >= 1;

        lua_pop(L, 1);
        if (is_index)
            continue;
        awsb_fault_begin(walk, place, "list");
        lua_pushvalue(L, -2);
        lua_setfield(L, -2, "key");
        awsb_fault_end(walk);
        lua_pop(L, 1);
        return;
    }
    for (;; hole++) {
        bool is_hole;

        lua_rawgeti(L, index, (int)hole);
        is_hole = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (is_hole)
            break;
    }
    awsb_fault_begin(walk, place, "list");
    awsb_fault_number(walk, "hole", (int64_t)hole);
    awsb_fault_end(walk);
}

bool awsb_walk_is_list(struct awsb_walk *walk, int index, const struct awsb_place *place,
                       size_t *size)
{
    lua_State *L = walk->L;
    size_t count = count_keys(L, index), item;

    *size = count;
    for (item = 1; item <= count; item++) {
        bool is_hole;

        lua_rawgeti(L, index, (int)item);
        is_hole = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (is_hole) { /* then another key is no index, or lies beyond the hole */
            wrong_list(walk, index, place);
            return false;
        }
    }
    return true;
}

static void walk_list(struct awsb_walk *walk, const struct awsb_value *value,
                      const struct awsb_place *place, int depth)
{
    struct awsb_value item = {value->shape->item, lua_gettop(walk->L) + 1, AWSB_TIME_ANY, NULL};
    bool is_empty = true;
    size_t size, index;

    if (!awsb_walk_is_list(walk, value->index, place, &size))
        return;
    awsb_walk_limits(walk, value, place, (int64_t)size);
    for (index = 1; index <= size && !walk->foreign; index++) {
        struct awsb_place inner = {place, AWSB_PLACE_ITEM, NULL, {NULL, 0}, index};

        lua_rawgeti(walk->L, value->index, (int)index);
        if (!awsb_is_absent(walk->L, item.index)) {
            awsb_buf_add_byte(walk->out, is_empty ? '[' : ',');
            awsb_walk_value(walk, &item, &inner, depth + 1);
            is_empty = false;
        }
        lua_settop(walk->L, item.index - 1);
    }
    awsb_buf_add_text(walk->out, is_empty ? "[]" : "]");
}

void awsb_walk_gather(struct awsb_walk *walk, int index, const struct awsb_place *place,
                      size_t *first)
{
    lua_State *L = walk->L;

    *first = walk->entries->count;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (awsb_is_absent(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            awsb_fault_begin(walk, place, "keys");
            awsb_fault_text(walk, "got", awsb_view_of(luaL_typename(L, -2)));
            awsb_fault_end(walk);
        } else if (!awsb_pairs_add(walk->entries, awsb_check_view(L, -1), awsb_view("", 0))) {
            luaL_error(L, "not enough memory");
        }
    }
    awsb_pairs_sort_tail(walk->entries, *first);
}

static void walk_entry(struct awsb_walk *walk, const struct awsb_value *map, struct awsb_view key,
                       const struct awsb_place *place, int depth)
{
    const struct awsb_shape *shape = map->shape;
    struct awsb_place inner = {place, AWSB_PLACE_ENTRY, "key", key, 0};
    struct awsb_value part = {shape->key, lua_gettop(walk->L) + 1, AWSB_TIME_ANY, NULL};

    awsb_push_view(walk->L, key);
    lua_pushvalue(walk->L, part.index);
    lua_rawget(walk->L, map->index);
    awsb_walk_value(walk, &part, &inner, depth + 1);
    awsb_buf_add_byte(walk->out, ':');
    inner.part = "value";
    part.shape = shape->item;
    part.index++;
    awsb_walk_value(walk, &part, &inner, depth + 1);
    lua_settop(walk->L, part.index - 2);
}

static void walk_map(struct awsb_walk *walk, const struct awsb_value *value,
                     const struct awsb_place *place, int depth)
{
    size_t first, entry, last;
    size_t faults = walk->fault_count;

    awsb_walk_gather(walk, value->index, place, &first);
    last = walk->entries->count;
    awsb_walk_limits(walk, value, place,
                 (int64_t)(last - first + (walk->fault_count - faults)));
    for (entry = first; entry < last && !walk->foreign; entry++) {
        struct awsb_view key = walk->entries->items[entry].name;

        awsb_buf_add_byte(walk->out, entry == first ? '{' : ',');
        walk_entry(walk, value, key, place, depth);
    }
    awsb_pairs_truncate(walk->entries, first);
    awsb_buf_add_text(walk->out, last == first ? "{}" : "}");
}

static void walk_container(struct awsb_walk *walk, const struct awsb_value *value,
                           const struct awsb_place *place, int depth)
{
    bool is_list = value->shape->type == AWSB_TYPE_LIST;

    if (!awsb_walk_enter(walk, is_list ? "list" : "table", value->index, place))
        return;
    if (is_list)
        walk_list(walk, value, place, depth);
    else if (value->shape->type == AWSB_TYPE_MAP)
        walk_map(walk, value, place, depth);
    else
        walk_structure(walk, value, place, depth);
}

/* ---- any value ---- */

bool awsb_walk_is_shown(const struct awsb_walk *walk, const struct awsb_shape *shape)
{
    return !walk->hides || !shape->sensitive || shape->type == AWSB_TYPE_STRING ||
           shape->type == AWSB_TYPE_LIST || shape->type == AWSB_TYPE_MAP ||
           shape->type == AWSB_TYPE_STRUCTURE;
}

/* What stands for a value that must not be shown. */
static void write_stand_in(struct awsb_walk *walk, const struct awsb_shape *shape)
{
    bool of_texts = shape->item != NULL && shape->item->type == AWSB_TYPE_STRING;
    const char *text = "\"" AWSB_HIDDEN "\"";

    if (walk->form != AWSB_FORM_JSON)
        text = AWSB_HIDDEN;
    else if (shape->type == AWSB_TYPE_LIST)
        text = of_texts ? "[\"" AWSB_HIDDEN "\"]" : "[]";
    else if (shape->type == AWSB_TYPE_MAP)
        text = of_texts ? "{\"" AWSB_HIDDEN "\":\"" AWSB_HIDDEN "\"}" : "{}";
    else if (shape->type == AWSB_TYPE_STRUCTURE)
        text = "{}";
    awsb_buf_add_text(walk->out, text);
}

static bool is_container(enum awsb_type type)
{
    return type == AWSB_TYPE_LIST || type == AWSB_TYPE_MAP || type == AWSB_TYPE_STRUCTURE;
}

static void walk_plainly(struct awsb_walk *walk, const struct awsb_value *value,
                         const struct awsb_place *place, int depth)
{
    if (is_container(value->shape->type))
        walk_container(walk, value, place, depth);
    else
        awsb_walk_scalar(walk, value, place);
}

void awsb_walk_value(struct awsb_walk *walk, const struct awsb_value *value,
                     const struct awsb_place *place, int depth)
{
    const struct awsb_shape *shape = value->shape;

    if (depth > AWSB_WALK_DEPTH) {
        /* One report is enough: every branch of a table that contains itself would add its own. */
        if (!walk->too_deep) {
            awsb_fault_begin(walk, place, "depth");
            awsb_fault_end(walk);
        }
        walk->too_deep = true;
        return;
    }
    if (!shape->sensitive) {
        walk_plainly(walk, value, place, depth);
        return;
    }
    walk->sensitive++;
    if (walk->hides)
        write_stand_in(walk, shape);
    else
        walk_plainly(walk, value, place, depth);
    walk->sensitive--;
}
