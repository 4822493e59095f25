#include "model_inner.h"

#include <stdlib.h>
#include <string.h>

#include "pattern.h"

#define MAX_MEMBERS 4096 /* of a structure, far beyond any service's */

static enum awsb_location location_of(struct awsb_view word)
{
    static const struct {
        const char *name;
        enum awsb_location location;
    } known[] = {
        {"uri", AWSB_IN_PATH},       {"querystring", AWSB_IN_QUERY}, {"header", AWSB_IN_HEADER},
        {"headers", AWSB_IN_HEADERS}, {"statusCode", AWSB_IN_STATUS},
    };
    size_t i;

    for (i = 0; i < sizeof known / sizeof known[0]; i++)
        if (awsb_is_word(word, known[i].name))
            return known[i].location;
    return AWSB_IN_BODY;
}

static enum awsb_time_format format_of(struct awsb_view word)
{
    if (awsb_is_word(word, "iso8601"))
        return AWSB_TIME_ISO8601;
    if (awsb_is_word(word, "rfc822"))
        return AWSB_TIME_RFC822;
    return word.size > 0 ? AWSB_TIME_UNIX : AWSB_TIME_ANY;
}

/* Its name in a body, as JSON has it there. */
static bool write_json(struct awsb_model *model, struct awsb_member *member)
{
    char *text = awsb_model_take(model, member->wire.size + 4);

    if (text == NULL)
        return false;
    text[0] = ',';
    text[1] = '"';
    memcpy(text + 2, member->wire.data, member->wire.size);
    text[member->wire.size + 2] = '"';
    text[member->wire.size + 3] = ':';
    member->json = awsb_view(text, member->wire.size + 4);
    return true;
}

/* NAME[!][~][^]=SHAPE[@LOCATION][:WIRE][#FORMAT] */
static bool read_member(struct awsb_model *model, const struct awsb_shape *structure,
                        struct awsb_view word, struct awsb_member *member)
{
    struct awsb_view target = awsb_cut(&word, '='), location, wire;
    bool has_wire = awsb_view_has(target, ':'); /* which may be empty: a prefix */

    member->format = format_of(awsb_cut(&target, '#'));
    wire = awsb_cut(&target, ':');
    location = awsb_cut(&target, '@');
    member->is_page_token = awsb_take_mark(&word, '^');
    member->is_token = awsb_take_mark(&word, '~');
    member->required = awsb_take_mark(&word, '!');
    member->name = word;
    member->wire = has_wire ? wire : word;
    member->location = location_of(location);
    member->key = awsb_model_add_name(model, word);
    member->shape = awsb_model_shape(model, target);
    if (member->shape == NULL)
        return false;
    if (member->key == 0 || (member->location == AWSB_IN_BODY && !write_json(model, member)))
        return awsb_model_no_memory(model) != NULL;
    if (awsb_model_pattern_holds(model, member->shape, structure->name))
        member->matcher = awsb_pattern_find(member->shape->pattern);
    return awsb_model_read_rules(model, structure->name, member);
}

static int compare_wires(struct awsb_view a, struct awsb_view b)
{
    if (a.size != b.size)
        return a.size < b.size ? -1 : 1;
    return a.size > 0 ? memcmp(a.data, b.data, a.size) : 0;
}

static int compare_members(const void *a, const void *b)
{
    const struct awsb_member *const *first = a;
    const struct awsb_member *const *second = b;

    return compare_wires((*first)->wire, (*second)->wire);
}

static bool index_members(struct awsb_model *model, struct awsb_shape *shape)
{
    size_t i;

    shape->by_wire = awsb_model_take(model, (shape->member_count + 1) * sizeof *shape->by_wire);
    if (shape->by_wire == NULL)
        return awsb_model_no_memory(model) != NULL;
    for (i = 0; i < shape->member_count; i++) {
        const struct awsb_member *member = &shape->members[i];

        if (member->location != AWSB_IN_BODY)
            continue;
        shape->by_wire[shape->body_count++] = member;
        if (!awsb_view_same(member->name, member->wire))
            shape->renamed = true;
    }
    qsort(shape->by_wire, shape->body_count, sizeof *shape->by_wire, compare_members);
    return true;
}

size_t awsb_find_wire(const struct awsb_shape *shape, struct awsb_view wire)
{
    size_t low = 0, high = shape->body_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_wires(shape->by_wire[middle]->wire, wire);

        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return shape->body_count;
}

const struct awsb_member *awsb_find_member(const struct awsb_shape *shape, struct awsb_view name)
{
    size_t i;

    for (i = 0; i < shape->member_count; i++)
        if (awsb_view_same(shape->members[i].name, name))
            return &shape->members[i];
    return NULL;
}

static enum awsb_type type_of(struct awsb_view word)
{
    static const char *const names[] = {"string", "integer", "long", "boolean",
                                        "timestamp", "float", "double", "blob",
                                        "list", "map", "structure"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (awsb_is_word(word, names[i]))
            return (enum awsb_type)i;
    return AWSB_TYPE_OTHER;
}

static bool read_link(struct awsb_model *model, struct awsb_view name,
                      const struct awsb_shape **target)
{
    *target = awsb_model_shape(model, name);
    return *target != NULL;
}

/* Attributes that are one word alone. */
static void set_flag(struct awsb_shape *shape, struct awsb_view word)
{
    shape->sensitive = shape->sensitive || awsb_is_word(word, "sensitive");
    shape->is_union = shape->is_union || awsb_is_word(word, "union");
    shape->is_error = shape->is_error || awsb_is_word(word, "error");
    shape->is_fault = shape->is_fault || awsb_is_word(word, "fault");
}

static bool read_attribute(struct awsb_model *model, struct awsb_shape *shape, struct awsb_view word)
{
    if (awsb_take_prefix(&word, "item:") || awsb_take_prefix(&word, "value:"))
        return read_link(model, word, &shape->item);
    if (awsb_take_prefix(&word, "key:"))
        return read_link(model, word, &shape->key);
    if (awsb_take_prefix(&word, "min:")) {
        shape->has_min = true;
        shape->min = awsb_number_of(word);
    } else if (awsb_take_prefix(&word, "max:")) {
        shape->has_max = true;
        shape->max = awsb_number_of(word);
    } else if (awsb_take_prefix(&word, "format:")) {
        shape->format = format_of(word);
    } else if (awsb_take_prefix(&word, "enum:")) {
        shape->enumeration = word;
    } else if (awsb_take_prefix(&word, "payload:")) {
        shape->payload = word;
    } else {
        set_flag(shape, word);
    }
    return true;
}

static size_t count_members(struct awsb_view rest)
{
    size_t count = 0;

    while (rest.size > 0)
        count += awsb_view_has(awsb_next_word(&rest), '=');
    return count;
}

static bool read_structure(struct awsb_model *model, struct awsb_shape *shape,
                           struct awsb_view rest)
{
    size_t count = count_members(rest);
    struct awsb_member *members = awsb_model_take(model, (count + 1) * sizeof *members);

    if (members == NULL)
        return awsb_model_no_memory(model) != NULL;
    if (count > MAX_MEMBERS)
        return awsb_model_refuse(model, "the shape %.*s has too many members", awsb_shown(shape->name),
                      shape->name.data) != NULL;
    shape->members = members;
    while (rest.size > 0) {
        struct awsb_view word = awsb_next_word(&rest);

        if (!awsb_view_has(word, '='))
            set_flag(shape, word);
        if (!awsb_view_has(word, '=') && !read_attribute(model, shape, word))
            return false;
        if (awsb_view_has(word, '=') &&
            !read_member(model, shape, word, &members[shape->member_count++]))
            return false;
    }
    return index_members(model, shape);
}

static bool read_other(struct awsb_model *model, struct awsb_shape *shape, struct awsb_view rest)
{
    while (rest.size > 0) {
        struct awsb_view word;

        if (awsb_take_prefix(&rest, "pattern:")) {
            shape->pattern = rest;
            if (awsb_model_pattern_holds(model, shape, awsb_view("", 0)))
                shape->matcher = awsb_pattern_find(rest);
            shape->has_takes = awsb_model_pattern_takes(model, shape, &shape->takes);
            break;
        }
        word = awsb_next_word(&rest);
        if (!read_attribute(model, shape, word))
            return false;
    }
    if ((shape->type == AWSB_TYPE_LIST && shape->item == NULL) ||
        (shape->type == AWSB_TYPE_MAP && (shape->item == NULL || shape->key == NULL)))
        return awsb_model_refuse(model, "the shape %.*s does not say what is in it", awsb_shown(shape->name),
                      shape->name.data) != NULL;
    return true;
}

static bool read_shape(struct awsb_model *model, struct awsb_shape *shape)
{
    struct awsb_view rest = shape->line;

    shape->name = awsb_next_word(&rest);
    shape->type = type_of(awsb_next_word(&rest));
    if (shape->type == AWSB_TYPE_STRUCTURE)
        return read_structure(model, shape, rest);
    return read_other(model, shape, rest);
}

/* It is there before its members are, for it may be among them; where it can't be read it stays, without meaning, until
 * it is asked for again. */
static const struct awsb_shape *complete(struct awsb_model *model, struct awsb_shape *shape,
                                         struct awsb_view line)
{
    memset(shape, 0, sizeof *shape);
    shape->line = line;
    shape->reading = true;
    shape->complete = read_shape(model, shape);
    shape->reading = false;
    if (shape->complete)
        return shape;
    shape->type = AWSB_TYPE_OTHER;
    shape->member_count = shape->body_count = 0;
    return NULL;
}

const struct awsb_shape *awsb_model_shape(struct awsb_model *model, struct awsb_view name)
{
    size_t place = awsb_lines_place(&model->shapes, name);
    struct awsb_shape *shape;

    if (place == model->shapes.count)
        return awsb_model_refuse(model, "the model refers to a shape that it does not hold: %.*s",
                                 awsb_shown(name), name.data);
    shape = model->shapes.made[place];
    if (shape != NULL && (shape->complete || shape->reading))
        return shape;
    if (shape == NULL)
        shape = awsb_model_take(model, sizeof *shape);
    if (shape == NULL)
        return awsb_model_no_memory(model);
    model->shapes.made[place] = shape;
    return complete(model, shape, model->shapes.items[place]);
}
