#include "model_inner.h"

#include <string.h>

#define LONGEST_NAME 200 /* of a structure and its member: what has more has no rules */

/* Reads what documentation says beyond the model, and where the model's patterns do not hold. */

bool awsb_is_one_of(struct awsb_view text, struct awsb_view joined)
{
    for (;;) {
        struct awsb_view item = joined, rest = awsb_cut(&item, '|');

        if (awsb_view_same(item, text))
            return true;
        if (item.size == joined.size)
            return false;
        joined = rest;
    }
}

/* The rest of a line about a name; false: there is none. */
static bool find_line(const struct awsb_model *model, struct awsb_view name, struct awsb_view *rest)
{
    if (!awsb_lines_at(&model->documented, awsb_lines_place(&model->documented, name), rest))
        return false;
    awsb_next_word(rest);
    return true;
}

/* What stands behind the name of an attribute in a line about a shape. */
static bool find_attribute(const struct awsb_model *model, const struct awsb_shape *shape,
                           const char *attribute, struct awsb_view *value)
{
    struct awsb_view rest;

    if (!find_line(model, shape->name, &rest))
        return false;
    while (rest.size > 0) {
        *value = awsb_next_word(&rest);
        if (awsb_take_prefix(value, attribute))
            return true;
    }
    return false;
}

bool awsb_model_pattern_holds(const struct awsb_model *model, const struct awsb_shape *shape,
                              struct awsb_view structure)
{
    struct awsb_view structures;

    if (!find_attribute(model, shape, "holds_in:", &structures))
        return true;
    return structure.size > 0 && awsb_is_one_of(structure, structures);
}

bool awsb_model_pattern_takes(const struct awsb_model *model, const struct awsb_shape *shape,
                              struct awsb_view *takes)
{
    return find_attribute(model, shape, "takes:", takes);
}

static int64_t next_number(struct awsb_view *word)
{
    struct awsb_view digits = *word;

    *word = awsb_cut(&digits, ':');
    return awsb_number_of(digits);
}

static struct awsb_view next_name(struct awsb_view *word)
{
    struct awsb_view name = *word;

    *word = awsb_cut(&name, ':');
    return name;
}

static void read_range(struct awsb_rule *rule, struct awsb_view word)
{
    rule->from = next_number(&word);
    rule->to = next_number(&word);
    rule->has_except = word.size > 0;
    rule->except = awsb_number_of(word);
}

static void read_after(struct awsb_rule *rule, struct awsb_view word)
{
    rule->name = next_name(&word);
    rule->by = next_number(&word);
    rule->from = next_number(&word);
    rule->to = awsb_number_of(word);
}

static void read_named_words(struct awsb_rule *rule, struct awsb_view word)
{
    rule->name = next_name(&word);
    rule->words = word;
}

static void read_nothing(struct awsb_rule *rule, struct awsb_view word)
{
    (void)rule;
    (void)word;
}

static bool read_rule(struct awsb_rule *rule, struct awsb_view word)
{
    static const struct {
        const char *prefix;
        enum awsb_rule_kind kind;
        void (*read)(struct awsb_rule *rule, struct awsb_view word);
    } kinds[] = {
        {"range:", AWSB_RULE_RANGE, read_range},   {"after:", AWSB_RULE_AFTER, read_after},
        {"arn:", AWSB_RULE_ARN, read_named_words}, {"entry:", AWSB_RULE_ENTRY, read_named_words}, {"tags", AWSB_RULE_TAGS, read_nothing},
    };
    struct awsb_view number = awsb_cut(&word, '#');
    size_t i;

    rule->number = awsb_number_of(number);
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (awsb_take_prefix(&word, kinds[i].prefix)) {
            rule->kind = kinds[i].kind;
            kinds[i].read(rule, word);
            return true;
        }
    return false;
}

bool awsb_model_read_rules(struct awsb_model *model, struct awsb_view structure,
                           struct awsb_member *member)
{
    char name[LONGEST_NAME];
    struct awsb_view rest;
    const struct awsb_rule **last = &member->rules;
    size_t size = structure.size + 1 + member->name.size;

    if (size > sizeof name)
        return true;
    memcpy(name, structure.data, structure.size);
    name[structure.size] = '.';
    memcpy(name + structure.size + 1, member->name.data, member->name.size);
    if (!find_line(model, awsb_view(name, size), &rest))
        return true;
    while (rest.size > 0) {
        struct awsb_view word = awsb_next_word(&rest);
        struct awsb_rule *rule = awsb_model_take(model, sizeof *rule);

        if (rule == NULL)
            return awsb_model_no_memory(model) != NULL;
        if (!read_rule(rule, word))
            return awsb_model_refuse(model, "no rule is called %.*s", awsb_shown(word),
                                     word.data) != NULL;
        *last = rule;
        last = &rule->next;
    }
    return true;
}
