--- The modules of the service model: its lines, and the index of what stands in none of them.

local lines = require "aws.backup.model.lines"
local lua_writer = require "tools.generate.lua_writer"

local operations = {}

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
  local index = {
    metadata = model.metadata, paginators = paginators(model, order_of), exceptions = exceptions(model, order_of),
  }
  return header .. "return " .. lua_writer.write(index, { order_of = order_of, room = 7 }) .. "\n"
end

--- The text of the module with the lines that the core reads.
---@param model table
---@param order_of fun(object: table): string[]
---@param header string
---@return string
function operations.lines(model, order_of, header)
  local source = { shapes = model.shapes, operations = model.operations, paginators = paginators(model, order_of) }
  local shapes, methods = lines.of(source, order_of)
  return ("%sreturn {\n  shapes = [==[\n%s]==],\n  operations = [==[\n%s]==],\n}\n"):format(header, shapes, methods)
end

return operations
