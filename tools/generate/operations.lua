--- The modules of the service model: one for each operation with all the shapes that it reaches, and the index.

local lua_writer = require "tools.generate.lua_writer"
local naming = require "aws.backup.codec.naming"
local sorted_keys = require "aws.backup.sorted_keys"

local operations = {}

--- The names of the shapes that a shape refers to.
local function references(shape, order_of)
  local names = {}
  for _, name in ipairs(shape.members and order_of(shape.members) or {}) do
    names[#names + 1] = shape.members[name].shape
  end
  for _, part in ipairs { "member", "key", "value" } do
    if shape[part] then names[#names + 1] = shape[part].shape end
  end
  return names
end

--- Copies a shape, with the order of its members as data of its own.
local function with_order(shape, order_of, orders)
  local copy, keys = {}, {}
  for _, key in ipairs(order_of(shape)) do
    copy[key], keys[#keys + 1] = shape[key], key
    if key == "members" then
      copy.order, keys[#keys] = order_of(shape.members), "order"
      keys[#keys + 1] = "members"
    end
  end
  orders[copy] = keys
  return copy
end

--- The shapes that some shapes reach.
---@param model table
---@param order_of fun(object: table): string[]
---@param roots string[]
---@param orders table  # gets the key order of what is made
---@return table<string, table>
local function reachable(model, order_of, roots, orders)
  local found, waiting = {}, {}
  for _, name in ipairs(roots) do waiting[#waiting + 1] = name end
  while #waiting > 0 do
    local name = table.remove(waiting)
    if not found[name] then
      local shape = assert(model.shapes[name], "no such shape: " .. name)
      found[name] = with_order(shape, order_of, orders)
      for _, other in ipairs(references(shape, order_of)) do waiting[#waiting + 1] = other end
    end
  end
  return found
end

local function roots_of(operation)
  local roots = {}
  for _, part in ipairs { "input", "output" } do
    if operation[part] then roots[#roots + 1] = operation[part].shape end
  end
  for _, reference in ipairs(operation.errors or {}) do roots[#roots + 1] = reference.shape end
  return roots
end

local function writer_for(order_of, orders)
  local function order(object)
    return orders[object] or order_of(object)
  end
  return function(value) return lua_writer.write(value, { order_of = order, room = 7 }) end
end

--- One module's text for each operation.
---@param model table
---@param order_of fun(object: table): string[]
---@param header string  # comment that says where the file comes from
---@return table<string, string>  # text by the operation's method name
function operations.modules(model, order_of, header)
  local modules = {}
  for name, operation in pairs(model.operations) do
    local orders = {}
    local write = writer_for(order_of, orders)
    local fragment = {
      operation = operation, shapes = reachable(model, order_of, roots_of(operation), orders),
    }
    modules[naming.snake_case(name)] = header .. "return " .. write(fragment) .. "\n"
  end
  return modules
end

--- The modelled paginators, and in the same words the list operations that page without one.
local function paginators(model, order_of)
  local found = {}
  for name, paginator in pairs(model.paginators) do found[name] = paginator end
  for name, entry in pairs(model["x-smithy"].paginatedOnlyHere) do
    local output = model.shapes[model.operations[name].output.shape]
    local result_key
    for _, member in ipairs(order_of(output.members)) do
      local shape_type = model.shapes[output.members[member].shape].type
      if shape_type == "list" or shape_type == "map" then result_key = result_key or member end
    end
    found[name] = {
      input_token = entry.inputToken, output_token = entry.outputToken, limit_key = entry.pageSize,
      result_key = assert(result_key, name .. " has no list"), unlisted = true,
    }
  end
  return found
end

--- What is known of each exception: its status, whose fault it is, and its members.
local function exceptions(model, order_of)
  local found = {}
  for name, entry in pairs(model["x-smithy"].errors) do
    local shape = assert(model.shapes[name], "no such exception: " .. name)
    found[name] = { status = entry.effectiveStatus, fault = entry.error, members = order_of(shape.members) }
  end
  for name, shape in pairs(model.shapes) do
    assert(not shape.exception or found[name], "the model does not tell the status of " .. name)
  end
  return found
end

--- The text of the index module.
---@param model table
---@param order_of fun(object: table): string[]
---@param header string
---@return string
function operations.index(model, order_of, header)
  local orders, methods = {}, {}
  local names = sorted_keys(model.operations)
  for _, name in ipairs(names) do methods[naming.snake_case(name)] = name end
  local modeled = exceptions(model, order_of)
  local index = {
    metadata = model.metadata, names = names, methods = methods, paginators = paginators(model, order_of),
    exceptions = modeled,
    exception_shapes = reachable(model, order_of, sorted_keys(modeled), orders),
  }
  return header .. "return " .. writer_for(order_of, orders)(index) .. "\n"
end

return operations
