--- The codec: compiled operations of one service model, made as they are needed.

local nearest = require "aws.backup.nearest"
local compile = require "aws.backup.codec.compile"
local naming = require "aws.backup.codec.naming"

local codec = {}

local methods = {}
local metatable = { __index = methods, __name = "aws.backup.codec" }

--- Makes a codec over a model.
---@param model? table  # absent: AWS Backup. See `from_model_table` for others
---@return aws.backup.Codec
function codec.new(model)
  model = model or require "aws.backup.model"
  return setmetatable({
    model = model,
    _compiled = {},
    _exceptions = compile.exceptions(model.exception_shapes or {}),
    -- Rules beyond the model are AWS Backup's own: another service's shapes may bear the same names.
    _documented = (model.metadata or {}).serviceId == "Backup",
  }, metatable)
end

--- The compiled operation of a name, in either form: "StartBackupJob" or "start_backup_job".
---@param name string
---@return aws.backup.codec.Operation? operation
---@return string? nearest  # in the form that was asked for; nil if none is near
function methods:operation(name)
  local known = self._compiled[name]
  if known then return known end
  local canonical = self.model.methods[name] or self.model.operations[name] and name
  if not canonical then
    local candidates = tostring(name):find("^%u") and self.model.operations or self.model.methods
    return nil, nearest.among(tostring(name), candidates)
  end
  local operation = self._compiled[canonical]
  if not operation then
    operation = compile.operation(self.model.fragment(canonical))
    operation.exceptions, operation.documented = self._exceptions, self._documented
    self._compiled[canonical] = operation
  end
  self._compiled[name] = operation
  return operation
end

--- Wraps a raw model, with `operations` and `shapes` as AWS writes them, into what `new` takes.
---@param source { operations: table<string, table>, shapes: table<string, table>, metadata: table? }
---@return table model
function codec.from_model_table(source)
  local model = { metadata = source.metadata or {}, names = {}, methods = {}, operations = {} }
  model.exception_shapes = source.shapes
  for name in pairs(source.operations) do
    model.names[#model.names + 1] = name
    model.operations[name], model.methods[naming.snake_case(name)] = true, name
  end
  table.sort(model.names)
  function model.fragment(name)
    return { operation = source.operations[name], shapes = source.shapes }
  end
  return model
end

return codec
