#ifndef AWSB_MODEL_H
#define AWSB_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * A service model: what its operations take and give, laid out for those that check, write and read
 * values by it. Pure data: a shape or an operation is read from its line of text when it is first
 * asked for, and never changes after that.
 *
 * Three texts make a model, with one line for each shape, each operation, and each shape or member
 * of which documentation says more than the model. Words are separated by one blank; the first of
 * its line stands in no other.
 *
 *     NAME TYPE [ATTRIBUTE...]
 *     METHOD_NAME NAME HTTP_METHOD REQUEST_URI INPUT OUTPUT [ATTRIBUTE...]
 *     NAME [EXCEPTION...]
 *     STRUCTURE.MEMBER [RULE...]
 *
 * An input or output that is none is "-". Attributes of shapes:
 *
 *     item:SHAPE key:SHAPE value:SHAPE     of lists and maps
 *     min:N max:N sensitive format:iso8601|rfc822|unixTimestamp
 *     union error fault payload:MEMBER     of structures
 *     MEMBER[!][~][^]=SHAPE[@LOCATION][:WIRE_NAME][#FORMAT]
 *                                          a member, required (!), an idempotency token (~),
 *                                          the token of a page (^)
 *     enum:A|B|C                           blanks and bars in a value are %20 and %7C
 *     pattern:...                          up to the end of the line
 *
 * Attributes of operations: idempotent, code:N (of a success), errors:A|B|C, payload:MEMBER.
 *
 * Exceptions from the pattern of a shape: holds_in:STRUCTURE|... (it is a rule for members of these
 * alone), takes:TEXT|... (these pass although the pattern refuses them).
 *
 * Rules, each with the number by which whoever made the texts knows it:
 *
 *     range:FROM:TO[:EXCEPT]#N             an integer
 *     after:MEMBER:BY:FROM:TO#N            an integer, BY more than another if both lie in FROM to TO
 *     arn:SERVICE:KIND#N                   see arn.h
 *     entry:KEY:A|B#N                      the text that a map has for a key is one of these
 *     tags#N                               keys and values of a map as AWS takes them for tags
 */

enum awsb_type {
    AWSB_TYPE_STRING,
    AWSB_TYPE_INTEGER,
    AWSB_TYPE_LONG,
    AWSB_TYPE_BOOLEAN,
    AWSB_TYPE_TIMESTAMP,
    AWSB_TYPE_FLOAT,
    AWSB_TYPE_DOUBLE,
    AWSB_TYPE_BLOB,
    AWSB_TYPE_LIST,
    AWSB_TYPE_MAP,
    AWSB_TYPE_STRUCTURE,
    AWSB_TYPE_OTHER /* unknown */
};

enum awsb_location {
    AWSB_IN_BODY,
    AWSB_IN_PATH,
    AWSB_IN_QUERY,
    AWSB_IN_HEADER,
    AWSB_IN_HEADERS, /* a map whose keys are header names behind a prefix */
    AWSB_IN_STATUS
};

enum awsb_time_format { AWSB_TIME_ANY, AWSB_TIME_ISO8601, AWSB_TIME_RFC822, AWSB_TIME_UNIX };

struct awsb_shape;
struct awsb_rule;

struct awsb_member {
    struct awsb_view name;
    struct awsb_view wire; /* its name in the label, query, header or body */
    struct awsb_view json; /* ,"wire": as a body has it */
    const struct awsb_shape *shape;
    size_t key; /* its place among the names of the model: see awsb_model_name */
    enum awsb_location location;
    enum awsb_time_format format; /* of this reference; AWSB_TIME_ANY: the shape's */
    bool required;
    bool is_token;
    bool is_page_token;
    int matcher;                   /* of the pattern as it holds here: see pattern.h; 0: none */
    const struct awsb_rule *rules; /* NULL: none */
};

enum awsb_rule_kind {
    AWSB_RULE_RANGE,
    AWSB_RULE_AFTER,
    AWSB_RULE_ARN,
    AWSB_RULE_ENTRY,
    AWSB_RULE_TAGS
};

struct awsb_rule {
    const struct awsb_rule *next;
    enum awsb_rule_kind kind;
    int64_t number;
    struct awsb_view name;  /* AFTER: the other member; ARN: the service; ENTRY: the key */
    struct awsb_view words; /* ARN: the kind; ENTRY: joined by "|" */
    int64_t by;             /* AFTER */
    int64_t from;           /* RANGE, AFTER */
    int64_t to;
    int64_t except; /* RANGE */
    bool has_except;
};

struct awsb_shape {
    struct awsb_view name;
    struct awsb_view line; /* all of its words */
    enum awsb_type type;
    enum awsb_time_format format;
    bool sensitive;
    bool is_union;
    bool is_error;
    bool is_fault;
    bool renamed; /* a member's name in the body is another than its own */
    bool has_min;
    bool has_max;
    int64_t min;
    int64_t max;
    struct awsb_view enumeration; /* joined by "|" */
    struct awsb_view pattern;
    struct awsb_view payload;
    struct awsb_view takes; /* joined by "|": pass whatever the pattern says */
    bool has_takes;
    int matcher; /* of items, keys and values */
    const struct awsb_shape *item; /* of lists, and the values of maps */
    const struct awsb_shape *key;
    const struct awsb_member *members; /* in the model's order */
    size_t member_count;
    const struct awsb_member **by_wire; /* those in the body, by size and bytes of their names there */
    size_t body_count;
    bool complete; /* false while it is being read, and where that failed */
    bool reading;
};

/* A piece of a path: literal text, or a label. */
struct awsb_path_part {
    struct awsb_view text;
    const struct awsb_member *label; /* NULL: text */
    bool greedy;
};

struct awsb_operation {
    struct awsb_view name;
    struct awsb_view method_name;
    struct awsb_view http_method;
    struct awsb_view request_uri;  /* as in the model, with {labels} and a static query */
    struct awsb_view static_query; /* empty: none */
    struct awsb_view errors;       /* joined by "|" */
    const struct awsb_shape *input;  /* NULL: none */
    const struct awsb_shape *output; /* NULL: none */
    const struct awsb_path_part *parts;
    size_t part_count;
    const struct awsb_member *token;   /* NULL: it takes none */
    const struct awsb_member *payload; /* the member that is the whole body; NULL: none */
    int64_t code; /* of a success */
    bool idempotent;
    bool has_body; /* any member of the input travels in one */
};

struct awsb_model;

/* The texts must outlive the model. NULL without memory, or if two lines of a text begin alike. */
struct awsb_model *awsb_model_new(struct awsb_view shapes, struct awsb_view operations, struct awsb_view documented);
void awsb_model_free(struct awsb_model *model);

/* NULL: see awsb_model_message. */
const struct awsb_shape *awsb_model_shape(struct awsb_model *model, struct awsb_view name);
/* By the method's name, "start_backup_job". */
const struct awsb_operation *awsb_model_operation(struct awsb_model *model, struct awsb_view method_name);

/* The operations' lines in their order, for whoever lists them; false behind the last. */
bool awsb_model_operation_line(const struct awsb_model *model, size_t index, struct awsb_view *line);
bool awsb_model_shape_line(const struct awsb_model *model, size_t index, struct awsb_view *line);

/* Names of members that were read so far, in the order of their keys, which begin with 1. */
size_t awsb_model_name_count(const struct awsb_model *model);
struct awsb_view awsb_model_name(const struct awsb_model *model, size_t key);

/* Whether a text is one of those that are joined by "|". */
bool awsb_is_one_of(struct awsb_view text, struct awsb_view joined);

/* The member of that name; NULL if there is none. */
const struct awsb_member *awsb_find_member(const struct awsb_shape *shape, struct awsb_view name);
/* The place among `by_wire` of the member that has this name in a body; `body_count` if there is none. */
size_t awsb_find_wire(const struct awsb_shape *shape, struct awsb_view wire);

/* How many bytes the model holds of its own. */
size_t awsb_model_size(const struct awsb_model *model);

/* Why the last question got no answer: one line. */
const char *awsb_model_message(const struct awsb_model *model);

#pragma GCC visibility pop

#endif
