--- The codec: compiled operations of one service model, made as they are needed.

local nearest = require "aws.backup.nearest"
local compile = require "aws.backup.codec.compile"
local naming = require "aws.backup.codec.naming"

---@class aws.backup.Codec
---@field model table

local codec = {}

local methods = {}
local metatable = { __index = methods, __name = "aws.backup.codec" }

--- Sets of operation and method names.
local function index_names(names)
  local operations, method_names = {}, {}
  for _, name in ipairs(names) do
    operations[name], method_names[naming.snake_case(name)] = true, name
  end
  return operations, method_names
end

--- The names that a model has for the token of a page; the service means one by a name wherever it stands.
local function page_tokens(paginators)
  local names = {}
  for _, paginator in pairs(paginators or {}) do
    local tokens = paginator.input_token
    for _, name in ipairs(type(tokens) == "table" and tokens or { tokens }) do names[name] = true end
  end
  return names
end

--- Makes a codec over a model.
---@param model? { names: string[], fragment: fun(name: string): table, metadata: table?, exception_shapes: table?,
---  paginators: table? }
---  absent: AWS Backup. See `from_model_table` for others
---@return aws.backup.Codec
function codec.new(model)
  model = model or require "aws.backup.model"
  local operations, method_names = index_names(model.names)
  return setmetatable({
    model = model,
    _operations = operations, _methods = method_names, _compiled = {},
    _exceptions = compile.exceptions(model.exception_shapes or {}), _page_tokens = page_tokens(model.paginators),
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
  local canonical = self._methods[name] or self._operations[name] and name
  if not canonical then
    local candidates = tostring(name):find("^%u") and self._operations or self._methods
    return nil, nearest.among(tostring(name), candidates)
  end
  local operation = self._compiled[canonical]
  if not operation then
    operation = compile.operation(self.model.fragment(canonical), self._page_tokens)
    operation.exceptions, operation.documented = self._exceptions, self._documented
    self._compiled[canonical] = operation
  end
  self._compiled[name] = operation
  return operation
end

--- Wraps a raw model, with `operations` and `shapes` as AWS writes them, into what `new` takes.
---@param source { operations: table<string, table>, shapes: table<string, table>, metadata: table?,
---  paginators: table? }
---@return table model
function codec.from_model_table(source)
  local names = {}
  for name in pairs(source.operations) do names[#names + 1] = name end
  table.sort(names)
  local operations, method_names = index_names(names)
  return {
    metadata = source.metadata or {}, names = names, methods = method_names, operations = operations,
    exception_shapes = source.shapes, paginators = source.paginators,
    fragment = function(name)
      return { operation = source.operations[name], shapes = source.shapes }
    end,
  }
end

return codec
