--- The codec: the operations of one service model, read as they are needed. What a model reads to never changes, so one
--- serves all clients of a Lua state, and the embedded endpoint.

local core = require "aws.backup.core"
local exceptions = require "aws.backup.codec.exceptions"
local lines = require "aws.backup.model.lines"
local nearest = require "aws.backup.nearest"
local operation = require "aws.backup.codec.operation"
local rules = require "aws.backup.codec.rules"
local shapes = require "aws.backup.codec.shapes"

---@class aws.backup.Codec
---@field model table

local codec = {}

local methods = {}
local metatable = { __index = methods, __name = "aws.backup.codec" }

local function sorted_keys_of(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- What is documented of a model, in the lines that the core reads. Patterns that the service does not hold to are
--- AWS Backup's own, like its rules: another service's shapes may bear the same names.
local function documented_lines(is_backup)
  if not is_backup then return "" end
  local found = rules.lines()
  for name, exception in pairs(exceptions) do
    found[#found + 1] = name .. (exception.holds_in and " holds_in:" .. table.concat(sorted_keys_of(exception.holds_in),
      "|") or "") .. (exception.takes and " takes:" .. table.concat(sorted_keys_of(exception.takes), "|") or "")
  end
  return table.concat(found, "\n")
end

--- The shapes of all exceptions, by their names, as they are asked for.
local function exceptions_of(find_shape)
  return setmetatable({}, { __index = function(known, name)
    local shape = type(name) == "string" and find_shape(name)
    if not shape or not shape.exception then return nil end
    known[name] = shape
    return shape
  end })
end

--- Operation names by method names, and the set of the first.
local function index_names(model)
  local operations, method_names, names = {}, {}, {}
  for index, entry in ipairs(model:operations()) do
    method_names[entry[1]], operations[entry[2]], names[index] = entry[2], entry[1], entry[2]
  end
  table.sort(names)
  return operations, method_names, names
end

local function new(source)
  local is_backup = (source.metadata or {}).serviceId == "Backup"
  local model = core.new_model(source.shapes, source.operations, documented_lines(is_backup))
  local find_shape = shapes.finder(model)
  local operations, method_names, names = index_names(model)
  return setmetatable({
    model = { metadata = source.metadata or {}, names = names, methods = method_names },
    find_shape = find_shape,
    _model = model, _operations = operations, _methods = method_names, _compiled = {},
    _shared = {
      find_shape = find_shape, exceptions = exceptions_of(find_shape), documented = is_backup,
    },
  }, metatable)
end

local backup

--- The codec of a model.
---@param source? { shapes: string, operations: string, metadata: table? }  # absent: AWS Backup, which all have in
---  common. See `from_model_table` for others
---@return aws.backup.Codec
function codec.new(source)
  if source then return new(source) end
  backup = backup or new(require "aws.backup.model")
  return backup
end

--- An operation by its name, in either form: "StartBackupJob" or "start_backup_job".
---@param name string
---@return aws.backup.codec.Operation? operation
---@return string? nearest  # in the form that was asked for; nil if none is near
function methods:operation(name)
  local known = self._compiled[name]
  if known then return known end
  local method_name = self._operations[name] or self._methods[name] and name
  if not method_name then
    local candidates = tostring(name):find("^%u") and self._operations or self._methods
    return nil, nearest.among(tostring(name), candidates)
  end
  local found = self._compiled[method_name]
  if not found then
    local made, message = self._model:operation(method_name)
    if not made then error(message, 0) end
    found = operation.new(made, self._shared)
    self._compiled[method_name] = found
  end
  self._compiled[name] = found
  return found
end

--- The method and the path of each operation.
---@return { [1]: string, [2]: string, [3]: string, [4]: string }[]  # method name, name, HTTP method, request URI
function methods:routes()
  return self._model:operations()
end

--- Wraps a raw model, with `operations` and `shapes` as AWS writes them, into what `new` takes.
---@param source { operations: table<string, table>, shapes: table<string, table>, metadata: table?,
---  paginators: table? }
---@return { shapes: string, operations: string, metadata: table }
function codec.from_model_table(source)
  local shape_lines, operation_lines = lines.of(source)
  return { shapes = shape_lines, operations = operation_lines, metadata = source.metadata or {} }
end

return codec
