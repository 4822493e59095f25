--- A service model as lines of text, one a shape and one an operation, which is what the C core reads. `src/model.h`
--- describes them.
---
--- The lines of AWS Backup are made when the project is built (tools/generate); those of a caller's own model, when its
--- client is made.

local naming = require "aws.backup.codec.naming"

local lines = {}

-- What separates words and values may stand in none of them.
local function word(text)
  return (tostring(text):gsub("[ |]", { [" "] = "%20", ["|"] = "%7C" }))
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names or {}) do set[name] = true end
  return set
end

local function member_names(shape, order_of)
  local names = shape.order or order_of and order_of(shape.members) or {}
  if #names > 0 then return names end
  for name in pairs(shape.members or {}) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- Whether a member says where in a list a page begins: the service means one by a name wherever it stands.
local function is_page_token(name, target, page_tokens)
  return page_tokens[name] and target.type == "string"
end

local function member_word(name, reference, target, marks)
  local location = reference.location or target.location
  local wire = reference.locationName or target.location and target.locationName
  return word(name) .. marks .. "=" .. word(reference.shape) .. (location and "@" .. location or "")
    .. (wire and wire ~= name and ":" .. word(wire) or "")
    .. (reference.timestampFormat and "#" .. reference.timestampFormat or "")
end

local function add_members(words, shape, source, context)
  local required = set_of(shape.required)
  for _, name in ipairs(member_names(shape, context.order_of)) do
    local reference = shape.members[name]
    local target = source.shapes[reference.shape] or {}
    local pages = context.is_input[shape] and is_page_token(name, target, context.page_tokens)
    words[#words + 1] = member_word(name, reference, target, (required[name] and "!" or "")
      .. (reference.idempotencyToken and "~" or "") .. (pages and "^" or ""))
  end
end

local function enum_word(values)
  local words = {}
  for index, value in ipairs(values) do words[index] = word(value) end
  return "enum:" .. table.concat(words, "|")
end

--- Limits of numbers with a fraction are nobody's rule.
local function whole(limit)
  return limit and limit % 1 == 0 and ("%d"):format(limit) or nil
end

local FLAGS = { { "sensitive", "sensitive" }, { "union", "union" }, { "exception", "error" }, { "fault", "fault" } }

local function shape_line(name, shape, source, context)
  local words = { word(name), word(shape.type) }
  local function add(prefix, value)
    if value ~= nil then words[#words + 1] = prefix .. word(value) end
  end
  for _, flag in ipairs(FLAGS) do
    if shape[flag[1]] then words[#words + 1] = flag[2] end
  end
  add("item:", shape.type == "list" and shape.member.shape or nil)
  add("key:", shape.type == "map" and shape.key.shape or nil)
  add("value:", shape.type == "map" and shape.value.shape or nil)
  add("min:", whole(shape.min))
  add("max:", whole(shape.max))
  add("format:", shape.timestampFormat)
  add("payload:", shape.payload)
  if shape.type == "structure" then add_members(words, shape, source, context) end
  if shape.enum then words[#words + 1] = enum_word(shape.enum) end
  -- The last, because it may hold anything but the end of a line; what can't be written is nothing that is checked.
  if shape.pattern and not shape.pattern:find("\n", 1, true) then words[#words + 1] = "pattern:" .. shape.pattern end
  return table.concat(words, " ")
end

local function operation_line(name, operation, shapes)
  local http = operation.http or { method = "POST", requestUri = "/" }
  local errors = {}
  for index, reference in ipairs(operation.errors or {}) do errors[index] = word(reference.shape) end
  local words = {
    naming.snake_case(name), word(name), word(http.method), word(http.requestUri),
    operation.input and word(operation.input.shape) or "-", operation.output and word(operation.output.shape) or "-",
  }
  if operation.idempotent then words[#words + 1] = "idempotent" end
  if http.responseCode and http.responseCode ~= 200 then words[#words + 1] = ("code:%d"):format(http.responseCode) end
  local payload = operation.input and (operation.input.payload or (shapes[operation.input.shape] or {}).payload)
  if payload then words[#words + 1] = "payload:" .. word(payload) end
  if #errors > 0 then words[#words + 1] = "errors:" .. table.concat(errors, "|") end
  return table.concat(words, " ")
end

local function joined(found)
  table.sort(found)
  found[#found + 1] = ""
  return table.concat(found, "\n")
end

--- The names that a model has for the token of a page.
local function page_tokens(paginators)
  local names = {}
  for _, paginator in pairs(paginators or {}) do
    local tokens = paginator.input_token
    for _, name in ipairs(type(tokens) == "table" and tokens or { tokens }) do names[name] = true end
  end
  return names
end

--- The shapes that are the input of an operation.
local function inputs(source)
  local found = {}
  for _, operation in pairs(source.operations) do
    local shape = operation.input and source.shapes[operation.input.shape]
    if shape then found[shape] = true end
  end
  return found
end

--- The lines of a model as AWS writes it.
---@param source { operations: table<string, table>, shapes: table<string, table>, paginators: table? }
---@param order_of? fun(object: table): string[]  # the members of a structure in their order; absent: sorted
---@return string shapes
---@return string operations
function lines.of(source, order_of)
  local shapes, operations = {}, {}
  local context = { order_of = order_of, page_tokens = page_tokens(source.paginators), is_input = inputs(source) }
  for name, shape in pairs(source.shapes) do shapes[#shapes + 1] = shape_line(name, shape, source, context) end
  for name, operation in pairs(source.operations) do
    operations[#operations + 1] = operation_line(name, operation, source.shapes)
  end
  return joined(shapes), joined(operations)
end

return lines
