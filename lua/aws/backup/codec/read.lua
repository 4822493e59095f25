--- From JSON to values, by shape: the C core reads (see `src/lua_read.c`) and says in records what is wrong; the
--- sentences about that are here.
---
--- Services are not always exact, so an answer is read leniently: `"5"` is taken for an integer and `"true"` for
--- a boolean, unknown members are dropped and null is absent. Read strictly (the emulator reads requests so),
--- every JSON type must be the shape's own.

local path = require "aws.backup.codec.path"

local read = {}

-- What is wrong with a text that is no JSON, and at which of its bytes.
local NO_JSON = {
  utf8 = "invalid UTF-8 at byte %d",
  unexpected = "byte %d is not what may stand there",
  ended = "it ends too early, at byte %d",
  escape = "byte %d belongs to no valid escape",
  deep = "byte %d begins the 129th level",
  more = "something follows the value, at byte %d",
  memory = "it needs too much memory for its size, at byte %d",
}

-- By rule, what is wrong with a value.
local SENTENCES = {
  type = function(fault) return ("should be %s, but is %s"):format(fault.wanted, fault.got) end,
  syntax = function() return "should be an integer, but is a string" end,
  fraction = function() return "should be an integer, but has a fraction" end,
  range = function() return "does not fit in 64 bits" end,
  precision = function() return "cannot be held exactly by this Lua's numbers; Lua 5.3 and later can" end,
  years = function() return "is no time of the years 1 to 9999" end,
  union = function() return "should have one member only" end,
  unsupported = function() return "has a type that is not supported" end,
}

--- The place of a fault. What stands in a sensitive map has none of its own: that would show its key.
local function place(fault)
  local where = ""
  for _, part in ipairs(fault.at) do
    if not part then break end
    where = type(part) == "number" and path.item(where, part) or path.member(where, part)
  end
  return where
end

local function explain(fault)
  if fault.rule == "json" then return NO_JSON[fault.reason]:format(fault.position) end
  return SENTENCES[fault.rule](fault), place(fault)
end

--- Reads a JSON text by a shape.
---@param shape aws.backup.codec.Shape
---@param text string
---@param mode "lenient"|"strict"|"forgiving"  # forgiving: members that are wrong are left out
---@return any value  # null is an empty table, but strictly read a fault
---@return string? message  # value is nil then
---@return string? where  # path of the value that is wrong; nil if the text is no JSON
function read.document(shape, text, mode)
  local value, fault = shape.core:read(shape.name, text, mode)
  if fault then return nil, explain(fault) end
  return value
end

--- Reads the output of an operation that has one, leniently.
---@param operation aws.backup.codec.Operation
---@param text string
---@return table? output
---@return string? message
---@return string? where
function read.output(operation, text)
  local value, fault = operation.core:read(text)
  if fault then return nil, explain(fault) end
  return value
end

--- Reads a value from a text that is not JSON: a label, a query parameter, a header.
---@param shape aws.backup.codec.Shape
---@param text string
---@return any value
---@return string? message
function read.text(shape, text)
  local value, fault = shape.core:read_text(shape.name, text)
  if fault then return nil, (explain(fault)) end
  return value
end

return read
