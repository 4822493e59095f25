#ifndef AWSB_LUA_GLUE_H
#define AWSB_LUA_GLUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "lua_compat.h"
#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * What the bindings share. Every binding goes: check arguments, make the userdata, let the core
 * fill it, push results. The core never raises; from the userdata on, whatever a push raises leaks
 * nothing.
 */

/* A field that a table argument may have; the list ends with a NULL name. */
struct awsb_field {
    const char *name;
    int type; /* LUA_T... */
    bool required;
};

/* Raises unless the table at `index` has string keys of `fields` alone, of their types. */
void awsb_check_fields(lua_State *L, int index, const char *what, const struct awsb_field *fields);

/* Fields of a checked table. A view is valid as long as the table holds the string. */
struct awsb_view awsb_field_view(lua_State *L, int index, const char *name);
bool awsb_field_flag(lua_State *L, int index, const char *name, bool absent);

/* Seconds to milliseconds, rounded up, so that a wait is never shorter than asked: of the number on
 * top of the stack, which is that field. Raises unless it is above 0 and at most about 24 days. */
int64_t awsb_top_ms(lua_State *L, const char *what, const char *name);
/* An integer in 1..max, else raises; `absent` if the field is. */
size_t awsb_field_size(lua_State *L, int index, const char *what, const char *name, size_t absent,
                       size_t max);

/* Raises unless argument `index` is an integer in 1..max. */
size_t awsb_check_size(lua_State *L, int index, size_t max);

/* Raises unless argument `index` is a number of seconds from 0 to about 24 days. */
int64_t awsb_check_wait_ms(lua_State *L, int index);

/* A string, not a number that would be taken as one. */
struct awsb_view awsb_check_view(lua_State *L, int index);

void awsb_push_view(lua_State *L, struct awsb_view view);
void awsb_set_view(lua_State *L, const char *field, struct awsb_view view);

/* Pushes what `write` makes of the string that is argument 1; raises without memory, and for more than
 * 64 MiB to do so with. Returns 1. */
int awsb_push_rewritten(lua_State *L, void (*write)(struct awsb_buf *, struct awsb_view),
                        const char *what);

/* A zeroed userdata with the metatable registered as `type`; on top of the stack. */
void *awsb_new_userdata(lua_State *L, size_t size, const char *type);

/* NULL if the value is not of that type; never raises. */
void *awsb_test_userdata(lua_State *L, int index, const char *type);

/* luaL_checkudata for a method's first argument, without a look into the registry. */
void *awsb_check_self(lua_State *L, const char *type);

/* A buffer for the time of one call: on the Lua stack, so that a raised error frees it, too.
 * Initialise it first, and clear it as soon as it has served. */
struct awsb_buf *awsb_new_scratch(lua_State *L);

struct awsb_class {
    const char *type; /* registry name */
    const char *name; /* what users see */
    const luaL_Reg *methods;
    lua_CFunction finalizer; /* __gc and __close */
    lua_CFunction to_string;
};
void awsb_register_class(lua_State *L, const struct awsb_class *class);

/* luaL_setfuncs without upvalues. */
void awsb_set_functions(lua_State *L, const luaL_Reg *functions);

void awsb_register_scratch(lua_State *L);

/* Pushes foreign text with its control bytes escaped, so that a message stays one line. */
void awsb_push_visible(lua_State *L, struct awsb_view text);

struct awsb_head;

/* Pushes the headers of an answer: a table, their names in lower case, the values of a repeated one
 * joined as RFC 9110, 5.3 has it. */
void awsb_push_headers(lua_State *L, const struct awsb_head *head);
/* Pushes the value of one that is named in lower case, or nil. */
void awsb_push_header(lua_State *L, const struct awsb_head *head, struct awsb_view name);

/* Each adds its functions to the module table on top of the stack. */
void awsb_open_sigv4(lua_State *L);
void awsb_open_http(lua_State *L);
void awsb_open_text(lua_State *L);
void awsb_open_model(lua_State *L);
void awsb_open_read(lua_State *L);
void awsb_open_message(lua_State *L);
void awsb_open_answer(lua_State *L);
void awsb_open_system(lua_State *L);
void awsb_open_child(lua_State *L);

#pragma GCC visibility pop

#endif
