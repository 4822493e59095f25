#ifndef AWSB_LUA_MODEL_H
#define AWSB_LUA_MODEL_H

#include "buf.h"
#include "lua_glue.h"
#include "model.h"
#include "pairs.h"

#pragma GCC visibility push(hidden)

/* What the bindings of a model share. */

/* Used again from call to call; no Lua runs while they are in use. */
struct awsb_request_buffers {
    struct awsb_buf path;
    struct awsb_buf query;
    struct awsb_buf header;
    struct awsb_buf body;
    struct awsb_buf blob;
    struct awsb_pairs entries;
};

/* Empties them; memory beyond what is usual is given back. */
void awsb_reset_request_buffers(struct awsb_request_buffers *buffers);

/* Raises for anything but an operation of a model. */
const struct awsb_operation *awsb_check_operation(lua_State *L, int index,
                                                  struct awsb_request_buffers **buffers);
struct awsb_model *awsb_check_model(lua_State *L, int index, struct awsb_request_buffers **buffers);

/* Pushes the table of the names of members by their keys that a model or an operation has. */
void awsb_push_names(lua_State *L, int index);

/* The same of a model, with the names that came with what was read last. */
void awsb_push_all_names(lua_State *L, int index);

/* Methods of operations and models: see lua_request.c and lua_read.c. */
int awsb_write_request(lua_State *L);
int awsb_read_output(lua_State *L);
int awsb_read_document(lua_State *L);
int awsb_read_text(lua_State *L);

#pragma GCC visibility pop

#endif
