#include "lua_walk.h"

/*
 * Records of what is wrong with a value: { rule =, at = { "Lifecycle", 2, "key" }, ... }. Lua makes
 * the sentences: see aws.backup.codec.faults.
 */

static int depth_of(const struct awsb_place *place)
{
    int depth = 0;

    for (; place != NULL; place = place->outer)
        depth++;
    return depth;
}

/* A key of a sensitive map has no place of its own: that would show it. */
static bool is_hidden(const struct awsb_walk *walk, const struct awsb_place *place)
{
    return walk->sensitive > 0 && place->kind == AWSB_PLACE_ENTRY;
}

static void push_path(struct awsb_walk *walk, const struct awsb_place *place)
{
    lua_State *L = walk->L;
    int position = depth_of(place);

    lua_createtable(L, position, 0);
    for (; place != NULL; place = place->outer, position--) {
        if (place->kind == AWSB_PLACE_ITEM)
            lua_pushinteger(L, (lua_Integer)place->index);
        else if (is_hidden(walk, place))
            lua_pushboolean(L, false);
        else
            awsb_push_view(L, place->name);
        lua_rawseti(L, -2, position);
    }
}

/* The key or the value of an entry; of a sensitive map that is all that may be told. */
static void set_part(struct awsb_walk *walk, const struct awsb_place *place)
{
    for (; place != NULL; place = place->outer) {
        if (place->kind != AWSB_PLACE_ENTRY)
            continue;
        lua_pushstring(walk->L, place->part);
        lua_setfield(walk->L, -2, "part");
        return;
    }
}

void awsb_fault_begin(struct awsb_walk *walk, const struct awsb_place *place, const char *rule)
{
    lua_State *L = walk->L;

    luaL_checkstack(L, 6, "too many faults");
    if (lua_isnil(L, walk->faults)) {
        lua_newtable(L);
        lua_replace(L, walk->faults);
    }
    lua_createtable(L, 0, 6);
    lua_pushstring(L, rule);
    lua_setfield(L, -2, "rule");
    push_path(walk, place);
    lua_setfield(L, -2, "at");
    set_part(walk, place);
    if (walk->sensitive > 0) {
        lua_pushboolean(L, true);
        lua_setfield(L, -2, "hidden");
    }
}

void awsb_fault_end(struct awsb_walk *walk)
{
    walk->fault_count++;
    lua_rawseti(walk->L, walk->faults, (int)walk->fault_count);
}

void awsb_fault_number(struct awsb_walk *walk, const char *field, int64_t number)
{
    lua_pushinteger(walk->L, (lua_Integer)number);
    lua_setfield(walk->L, -2, field);
}

void awsb_fault_text(struct awsb_walk *walk, const char *field, struct awsb_view text)
{
    awsb_push_view(walk->L, text);
    lua_setfield(walk->L, -2, field);
}

void awsb_fault_value(struct awsb_walk *walk, int index)
{
    if (walk->sensitive > 0)
        return;
    lua_pushvalue(walk->L, index);
    lua_setfield(walk->L, -2, "value");
}

static void move_down(lua_State *L, int faults, size_t from, size_t to)
{
    size_t place;

    lua_rawgeti(L, faults, (int)from);
    for (place = from; place > to; place--) {
        lua_rawgeti(L, faults, (int)place - 1);
        lua_rawseti(L, faults, (int)place);
    }
    lua_rawseti(L, faults, (int)to);
}

void awsb_fault_move(struct awsb_walk *walk, size_t first, size_t before)
{
    size_t fault;

    for (fault = first; fault <= walk->fault_count; fault++)
        move_down(walk->L, walk->faults, fault, before + (fault - first));
}
