#ifndef AWSB_LUA_WALK_H
#define AWSB_LUA_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "lua_glue.h"
#include "model.h"
#include "pairs.h"

#pragma GCC visibility push(hidden)

/*
 * One walk over a value by its shape, which checks it and writes it at once. No Lua runs meanwhile:
 * a table with a metatable ends the walk (see `foreign`), for Lua to make a plain copy of it.
 * What is wrong goes as records into a table of the Lua stack; once there is one, what has been
 * written is of no use.
 */

#define AWSB_HIDDEN "HIDDEN" /* stands for what must not be shown */
#define AWSB_WALK_DEPTH 64 /* deeper than any model; a table that contains itself ends here */

/* How much is asked of a value: what has no form on the wire is a fault at every level. */
enum awsb_level { AWSB_LEVEL_FORM, AWSB_LEVEL_SHAPE, AWSB_LEVEL_FULL };

/* What is written: a JSON document, a part of a URL, or the value of a header or a plain text. */
enum awsb_form { AWSB_FORM_JSON, AWSB_FORM_URI, AWSB_FORM_TEXT };

enum awsb_place_kind { AWSB_PLACE_MEMBER, AWSB_PLACE_ITEM, AWSB_PLACE_ENTRY };

/* Where a value stands, from the inside out. */
struct awsb_place {
    const struct awsb_place *outer; /* NULL: the parameters themselves */
    enum awsb_place_kind kind;
    const char *part; /* of an entry of a map: "key" or "value"; NULL: neither */
    struct awsb_view name;
    size_t index;
};

struct awsb_walk {
    lua_State *L;
    struct awsb_buf *out;
    struct awsb_pairs *entries; /* of the maps under way, innermost last */
    int names;                  /* index of the table of members' names by their keys */
    int faults;                 /* index of the slot for the table of records: nil until there is one */
    size_t fault_count;
    enum awsb_level level;
    enum awsb_form form;
    unsigned sensitive; /* how many shapes around the value are */
    bool hides;         /* writes stand-ins for what is sensitive */
    bool too_deep;      /* has been told */
    bool foreign;       /* met a table with a metatable */
};

/* One value of a shape at an index of the stack. */
struct awsb_value {
    const struct awsb_shape *shape;
    int index;
    enum awsb_time_format format; /* of the reference; AWSB_TIME_ANY: the shape's */
    const struct awsb_member *member; /* NULL: an item, a key or a value */
};

/* What has been seen of the members of a structure. */
struct awsb_members {
    size_t found;       /* keys of its table that are members, null ones too */
    size_t set;         /* those that are not null */
    size_t first_fault; /* number of the first fault that its members could have */
};

/* Checks a value and writes it; containers are for JSON alone. */
void awsb_walk_value(struct awsb_walk *walk, const struct awsb_value *value,
                     const struct awsb_place *place, int depth);

void awsb_walk_scalar(struct awsb_walk *walk, const struct awsb_value *value,
                      const struct awsb_place *place);

/* The same for the value of a member; `structure` is the index of the table that has it. */
void awsb_walk_member(struct awsb_walk *walk, const struct awsb_member *member, int index,
                      const struct awsb_place *place, int structure, int depth);

/* Pushes a member of the table at an index. False, and nothing is pushed, if it is absent. */
bool awsb_walk_push_member(struct awsb_walk *walk, const struct awsb_member *member, int index,
                           struct awsb_members *members);

/* A member that is absent. */
void awsb_walk_required(struct awsb_walk *walk, const struct awsb_member *member,
                        const struct awsb_place *place);

/* When all members have been seen: what else is in the table, and how many of a union are set. */
void awsb_walk_members_known(struct awsb_walk *walk, const struct awsb_shape *shape, int index,
                             const struct awsb_place *place, const struct awsb_members *members);

/* A value of a wrong type, and a length or a number against the limits of the model. */
void awsb_walk_wrong_type(struct awsb_walk *walk, const char *wanted, int index,
                          const struct awsb_place *place);
void awsb_walk_limits(struct awsb_walk *walk, const struct awsb_value *value,
                      const struct awsb_place *place, int64_t amount);

/* Whether a value has a stand-in where it must not be shown, or needs none. */
bool awsb_walk_is_shown(const struct awsb_walk *walk, const struct awsb_shape *shape);

/* Whether the value is a table, and a plain one. */
bool awsb_walk_enter(struct awsb_walk *walk, const char *wanted, int index,
                     const struct awsb_place *place);

/* Whether the table at an index is a list, and how long. */
bool awsb_walk_is_list(struct awsb_walk *walk, int index, const struct awsb_place *place,
                       size_t *size);

/* Adds the keys of the table at an index that have a value to the entries of the walk, sorted; they
 * begin at `first`. Keys that are no strings are faults. */
void awsb_walk_gather(struct awsb_walk *walk, int index, const struct awsb_place *place,
                      size_t *first);

/* What documentation says of the value of a member; the model finds it fine. */
void awsb_walk_rules(struct awsb_walk *walk, const struct awsb_member *member, int index,
                     const struct awsb_place *place, int structure);

/* The integer at an index of the stack: NULL, or why it is none ("type", "fraction", "range",
 * "precision"). */
const char *awsb_get_integer(lua_State *L, int index, int64_t *integer);

/* nil, or the null of lua-cjson. */
bool awsb_is_absent(lua_State *L, int index);

/* What is wrong is noted as a table: it is on the stack between these two, for fields to be set. */
void awsb_fault_begin(struct awsb_walk *walk, const struct awsb_place *place, const char *rule);
void awsb_fault_end(struct awsb_walk *walk);
/* A field of it: a number, a text, or the value at an index unless that must not be shown. */
void awsb_fault_number(struct awsb_walk *walk, const char *field, int64_t number);
void awsb_fault_text(struct awsb_walk *walk, const char *field, struct awsb_view text);
void awsb_fault_value(struct awsb_walk *walk, int index);

/* The faults since `first` are told before those that were told before them, from `before` on. */
void awsb_fault_move(struct awsb_walk *walk, size_t first, size_t before);

#pragma GCC visibility pop

#endif
