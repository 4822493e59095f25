--- From values to JSON, by shape: members in the model's order and map keys sorted.
---
--- A value is written by its shape and not by what the Lua table looks like, so `{}` is `[]` for a list and `{}`
--- for a map. Values are checked only as far as writing needs it; the rest is for `validate`.
---
--- The C core writes what most requests are made of, in one go; what it gives up is written here piece by piece.

local json = require "aws.backup.codec.json"
local path = require "aws.backup.codec.path"
local scalar = require "aws.backup.codec.scalar"
local sequence = require "aws.backup.codec.sequence"
local core = require "aws.backup.core"

local write = {}

-- Deeper than any model; a table that contains itself ends here.
local MAX_DEPTH = 64

local is_null = json.is_null

-- Writers append to `out` and return true, or nil, message, path from the value on inwards.
local write_value

local function write_structure(shape, value, out, depth)
  if type(value) ~= "table" then return nil, "must be a table, not a " .. type(value), "" end
  local is_empty = true
  for _, member in ipairs(shape.body) do
    local item = value[member.name]
    if not is_null(item) then
      out[#out + 1] = is_empty and member.json_first or member.json_next
      is_empty = false
      local ok, message, inner = write_value(member.shape, item, out, depth + 1)
      if not ok then return nil, message, path.join(member.name, inner) end
    end
  end
  out[#out + 1] = is_empty and "{}" or "}"
  return true
end

local function write_list(shape, value, out, depth)
  if type(value) ~= "table" then return nil, "must be a list, not a " .. type(value), "" end
  local count, fault = sequence.length(value)
  if not count then return nil, fault, "" end
  local separator = "["
  for index = 1, count do
    if not is_null(value[index]) then
      out[#out + 1] = separator
      separator = ","
      local ok, message, inner = write_value(shape.item, value[index], out, depth + 1)
      if not ok then return nil, message, path.join(path.item("", index), inner) end
    end
  end
  out[#out + 1] = separator == "[" and "[]" or "]"
  return true
end

--- The keys of a map in a fixed order, without those that have no value.
---@param value table
---@return string[]? keys
---@return string? message
function write.map_keys(value)
  local keys = {}
  for key, item in pairs(value) do
    if not is_null(item) then
      local text, message = scalar.string(key)
      if not text then return nil, "has a key that " .. message end
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  return keys
end

local function write_map(shape, value, out, depth)
  if type(value) ~= "table" then return nil, "must be a table, not a " .. type(value), "" end
  local keys, fault = write.map_keys(value)
  if not keys then return nil, fault, "" end
  for index, key in ipairs(keys) do
    out[#out + 1] = (index == 1 and "{" or ",") .. json.quote(key) .. ":"
    local ok, message, inner = write_value(shape.value, value[key], out, depth + 1)
    if not ok then return nil, message, shape.sensitive and "" or path.join(path.member("", key), inner) end
  end
  out[#out + 1] = #keys == 0 and "{}" or "}"
  return true
end

local CONTAINERS = { structure = write_structure, list = write_list, map = write_map }

-- Of these the text is JSON as it stands.
local BARE = { boolean = true, integer = true, long = true }

local function is_bare(shape, text)
  if BARE[shape.type] then return true end
  if shape.type == "timestamp" then return (shape.timestamp_format or "unixTimestamp") == "unixTimestamp" end
  return (shape.type == "float" or shape.type == "double") and text:find("^%-?%d") ~= nil
end

function write_value(shape, value, out, depth)
  if depth > MAX_DEPTH then return nil, "is nested too deep; does a table contain itself?", "" end
  local container = CONTAINERS[shape.type]
  if container then return container(shape, value, out, depth) end
  local text, message = scalar.write(shape, value, "unixTimestamp")
  if not text then return nil, message, "" end
  out[#out + 1] = is_bare(shape, text) and text or json.quote(text)
  return true
end

-- What the C core writes, by its numbers there.
local KINDS = { string = 1, integer = 2, long = 3, boolean = 4, list = 5, map = 6, structure = 7 }

--- The shape as the C core reads it: see `src/lua_write.c`.
local function plan_of(shape)
  if shape.plan then return shape.plan end
  local plan = { KINDS[shape.type] or 0 }
  shape.plan = plan
  if shape.type == "structure" then
    for _, member in ipairs(shape.body) do
      local size = #plan
      plan[size + 1], plan[size + 2], plan[size + 3] = member.name, member.json_first, member.json_next
      plan[size + 4] = plan_of(member.shape)
    end
  else
    local item = shape.item or shape.value
    plan[2] = item and plan_of(item)
  end
  return plan
end

--- Writes a value piece by piece, whatever it is.
---@param shape aws.backup.codec.Shape
---@param value any
---@return string? text
---@return string? message
---@return string? where  # path of the value that cannot be written
function write.pieces(shape, value)
  local out = {}
  local ok, message, where = write_value(shape, value, out, 1)
  if not ok then return nil, message, where end
  return table.concat(out)
end

--- Writes a value as JSON.
---@param shape aws.backup.codec.Shape
---@param value any
---@return string? text
---@return string? message
---@return string? where  # path of the value that cannot be written
function write.document(shape, value)
  local text = core.json_write(plan_of(shape), value)
  if text then return text end
  return write.pieces(shape, value)
end

return write
