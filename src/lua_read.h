#ifndef AWSB_LUA_READ_H
#define AWSB_LUA_READ_H

#include "json_reader.h"
#include "lua_model.h"
#include "lua_walk.h"

#pragma GCC visibility push(hidden)

/* What the two halves of the reader of JSON share: see lua_read.c for the containers. */

#define AWSB_STRING_BYTES 32 /* that a string of Lua takes beside its own */

struct awsb_reader {
    struct awsb_walk walk; /* of which faults need the stack and the place */
    struct awsb_json json;
    struct awsb_buf *bytes; /* of a blob */
    size_t room;            /* bytes that may yet be taken */
    bool strict;
    bool forgiving; /* members of the outermost structure that are wrong are left out */
};

/* Note what is wrong, and are false; the kind NONE has its fault already. */
bool awsb_read_fault(struct awsb_reader *reader, const struct awsb_place *place, const char *rule);
bool awsb_read_wrong_type(struct awsb_reader *reader, const char *wanted, enum awsb_json_kind kind,
                          const struct awsb_place *place);

/* Takes room; false if there is not enough left. */
bool awsb_read_charge(struct awsb_reader *reader, size_t bytes);

/* What a type is called in JSON. */
const char *awsb_read_wanted(enum awsb_type type);

/* Takes a number, a string or a boolean as text. */
bool awsb_read_is_scalar(enum awsb_json_kind kind);
bool awsb_read_take_text(struct awsb_json *json, enum awsb_json_kind kind, struct awsb_view *text);

/* Pushes the value that such a text has by a shape, or notes why there is none. */
bool awsb_read_scalar(struct awsb_reader *reader, const struct awsb_shape *shape,
                      enum awsb_json_kind kind, struct awsb_view text,
                      const struct awsb_place *place);

#pragma GCC visibility pop

#endif
