#ifndef AWSB_LUA_TRANSFER_H
#define AWSB_LUA_TRANSFER_H

#include "http.h"
#include "lua_glue.h"

#pragma GCC visibility push(hidden)

/* What the binding of the engine needs of that of its transfers. */

void awsb_register_transfers(lua_State *L);

/* Pushes a new one, or raises. */
struct awsb_transfer *awsb_push_new_transfer(lua_State *L, struct awsb_engine *engine);

/* False, and nothing pushed, if its userdata was collected. */
bool awsb_push_transfer(lua_State *L, struct awsb_transfer *transfer);

/* Pushes nil, kind, a table of facts, and perhaps true; returns their number. */
int awsb_push_failure(lua_State *L, const struct awsb_transfer *transfer);

#pragma GCC visibility pop

#endif
