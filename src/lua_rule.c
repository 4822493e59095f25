#include "lua_walk.h"

#include <string.h>

#include "arn.h"
#include "pattern.h"
#include "utf8.h"

#define MAX_TAG_KEY 128
#define MAX_TAG_VALUE 256
#define RESERVED_TAG "aws:"

/* What documentation says of values beyond the model: see model.h for the rules, and
 * aws.backup.codec.rules for what is told of them. */

/* A fault is on the stack then, for awsb_fault_end. */
static void broken(struct awsb_walk *walk, const struct awsb_place *place,
                   const struct awsb_rule *rule)
{
    awsb_fault_begin(walk, place, "documented");
    awsb_fault_number(walk, "number", rule->number);
}

static void broken_by(struct awsb_walk *walk, const struct awsb_place *place,
                      const struct awsb_rule *rule, int index)
{
    broken(walk, place, rule);
    awsb_fault_value(walk, index);
    awsb_fault_end(walk);
}

static bool is_between(const struct awsb_rule *rule, int64_t integer)
{
    return integer >= rule->from && integer <= rule->to;
}

static void check_range(struct awsb_walk *walk, const struct awsb_rule *rule, int index,
                        const struct awsb_place *place)
{
    int64_t integer;

    if (awsb_get_integer(walk->L, index, &integer) != NULL)
        return;
    if (!is_between(rule, integer) || (rule->has_except && integer == rule->except))
        broken_by(walk, place, rule, index);
}

static void check_after(struct awsb_walk *walk, const struct awsb_rule *rule, int index,
                        const struct awsb_place *place, int structure)
{
    lua_State *L = walk->L;
    int64_t integer, other;
    bool counts;

    awsb_push_view(L, rule->name);
    lua_rawget(L, structure);
    counts = awsb_get_integer(L, -1, &other) == NULL && is_between(rule, other) &&
             awsb_get_integer(L, index, &integer) == NULL && is_between(rule, integer);
    lua_pop(L, 1);
    if (!counts || integer >= other + rule->by)
        return;
    broken(walk, place, rule);
    awsb_fault_number(walk, "other", other);
    awsb_fault_value(walk, index);
    awsb_fault_end(walk);
}

static void check_words(struct awsb_walk *walk, const struct awsb_rule *rule, int index,
                        const struct awsb_place *place)
{
    if (lua_type(walk->L, index) == LUA_TSTRING &&
        !awsb_is_one_of(awsb_check_view(walk->L, index), rule->words))
        broken_by(walk, place, rule, index);
}

/* Whether the model finds the text fine: what it does not has been told. */
static bool is_fine_text(const struct awsb_shape *shape, struct awsb_view text)
{
    size_t count, position;

    return awsb_utf8_length(text, &count, &position) && awsb_pattern_matches(shape->matcher, text);
}

static void check_entry(struct awsb_walk *walk, const struct awsb_rule *rule,
                        const struct awsb_shape *map, int index, const struct awsb_place *place)
{
    struct awsb_place entry = {place, AWSB_PLACE_MEMBER, NULL, rule->name, 0};
    int value = lua_gettop(walk->L) + 1;

    if (map->type != AWSB_TYPE_MAP || !lua_istable(walk->L, index))
        return;
    awsb_push_view(walk->L, rule->name);
    lua_rawget(walk->L, index);
    if (lua_type(walk->L, value) == LUA_TSTRING &&
        is_fine_text(map->item, awsb_check_view(walk->L, value)))
        check_words(walk, rule, value, &entry);
    lua_pop(walk->L, 1);
}

static bool is_longer(struct awsb_view text, size_t limit)
{
    size_t count, position;

    return text.size > limit && awsb_utf8_length(text, &count, &position) && count > limit;
}

struct tag_faults {
    bool long_key, reserved_key, long_value;
};

static void check_tag(lua_State *L, struct tag_faults *faults)
{
    size_t reserved = sizeof RESERVED_TAG - 1;

    if (lua_type(L, -2) == LUA_TSTRING) {
        struct awsb_view key = awsb_check_view(L, -2);

        if (key.size == 0 || is_longer(key, MAX_TAG_KEY))
            faults->long_key = true;
        if (key.size >= reserved && memcmp(key.data, RESERVED_TAG, reserved) == 0)
            faults->reserved_key = true;
    }
    if (lua_type(L, -1) == LUA_TSTRING && is_longer(awsb_check_view(L, -1), MAX_TAG_VALUE))
        faults->long_value = true;
}

/* Neither keys nor values are shown. */
static void tell_tags(struct awsb_walk *walk, const struct awsb_rule *rule,
                      const struct awsb_place *place, const char *what)
{
    broken(walk, place, rule);
    awsb_fault_text(walk, "what", awsb_view_of(what));
    awsb_fault_end(walk);
}

static void check_tags(struct awsb_walk *walk, const struct awsb_rule *rule, int index,
                       const struct awsb_place *place)
{
    lua_State *L = walk->L;
    struct tag_faults faults = {false, false, false};

    if (!lua_istable(L, index))
        return;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        check_tag(L, &faults);
        lua_pop(L, 1);
    }
    if (faults.long_key)
        tell_tags(walk, rule, place, "long key");
    if (faults.reserved_key)
        tell_tags(walk, rule, place, "reserved key");
    if (faults.long_value)
        tell_tags(walk, rule, place, "long value");
}

static void check_arn(struct awsb_walk *walk, const struct awsb_rule *rule, int index,
                      const struct awsb_place *place)
{
    if (lua_type(walk->L, index) == LUA_TSTRING &&
        !awsb_is_arn(awsb_check_view(walk->L, index), rule->name, rule->words))
        broken_by(walk, place, rule, index);
}

static void check_rule(struct awsb_walk *walk, const struct awsb_rule *rule,
                       const struct awsb_member *member, int index, const struct awsb_place *place,
                       int structure)
{
    switch (rule->kind) {
    case AWSB_RULE_RANGE:
        check_range(walk, rule, index, place);
        break;
    case AWSB_RULE_AFTER:
        check_after(walk, rule, index, place, structure);
        break;
    case AWSB_RULE_ARN:
        check_arn(walk, rule, index, place);
        break;
    case AWSB_RULE_ENTRY:
        check_entry(walk, rule, member->shape, index, place);
        break;
    case AWSB_RULE_TAGS:
        check_tags(walk, rule, index, place);
        break;
    }
}

void awsb_walk_rules(struct awsb_walk *walk, const struct awsb_member *member, int index,
                     const struct awsb_place *place, int structure)
{
    const struct awsb_rule *rule;

    for (rule = member->rules; rule != NULL; rule = rule->next)
        check_rule(walk, rule, member, index, place, structure);
}
