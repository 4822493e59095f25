--- The service model of AWS Backup: what operations there are, and one operation at a time with its shapes.
---
--- The data is generated from `model/`; see `tools/generate.lua`.

local index = require "aws.backup.model.index"

local model = {
  metadata = index.metadata,
  --- Operation names, sorted.
  names = index.names,
  --- Operation names by method name.
  methods = index.methods,
  --- `{input_token, output_token, limit_key, result_key}` by operation name: the modelled paginators, and the list
  --- operations that page without one (these carry `unlisted = true`).
  paginators = index.paginators,
  --- `{status, fault, members}` by exception name; status is the HTTP status, fault "client" or "server".
  exceptions = index.exceptions,
  --- The shapes of the exceptions, in the model's own words.
  exception_shapes = index.exception_shapes,
  --- A set of the operation names.
  operations = {},
}

for _, name in ipairs(index.names) do model.operations[name] = true end

local module_names = {}
for method, name in pairs(index.methods) do module_names[name] = "aws.backup.model.operations." .. method end

--- One operation and all the shapes that it reaches, loaded when it is first asked for.
---@param name string  # an operation name, "StartBackupJob"
---@return { operation: table, shapes: table<string, table> }
function model.fragment(name)
  return require(module_names[name] or error("no such operation: " .. tostring(name), 2))
end

return model
