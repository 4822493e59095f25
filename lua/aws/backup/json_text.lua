--- Values as JSON for other programs: `backup.json`. A Lua table does not tell an empty list from an empty map, so the
-- operation whose output it is does. Keys are sorted by their bytes, so that equal values give equal texts on every Lua
-- and under every locale; numbers are written as they are.

local codec = require "aws.backup.codec"
local core = require "aws.backup.core"
local errors = require "aws.backup.errors"
local json = require "aws.backup.codec.json"
local number = require "aws.backup.codec.number"
local path_of = require "aws.backup.codec.path"
local raise = require "aws.backup.raise"
local sequence = require "aws.backup.codec.sequence"
local visible = require "aws.backup.codec.visible"

local json_text = {}

-- Deeper than any answer; what is deeper is a table that grows by itself.
local MAX_DEPTH = 128

-- Below 2^63 a whole number is written in digits, also where it is a double.
local LONG_LIMIT = 2 ^ 63

-- By bytes: `<` of strings follows the locale.
local function precedes(left, right)
  for index = 1, math.min(#left, #right) do
    local a, b = left:byte(index), right:byte(index)
    if a ~= b then return a < b end
  end
  return #left < #right
end

local function fault(place, message, ...)
  return nil, (place == "" and "the value" or place) .. " " .. message:format(...)
end

local function write_number(value, place)
  if value ~= value or value == math.huge or value == -math.huge then
    return fault(place, "is %s, which JSON has no number for", number.shown(value))
  end
  local integer = number.to_integer(value)
  if integer then return number.integer_text(integer) end
  if value % 1 == 0 and value > -LONG_LIMIT and value < LONG_LIMIT then return ("%.0f"):format(value) end
  return number.float_text(value)
end

local function write_string(value, place)
  local _, wrong = core.utf8_length(value)
  if wrong then return fault(place, "must be UTF-8; byte %d begins no character", wrong) end
  return json.quote(value)
end

local write

local function write_list(state, value, shape, place, depth)
  local count, message = sequence.length(value)
  if not count then return fault(place, "%s", visible.text(message, 200)) end
  local parts = {}
  for index = 1, count do
    local text, failure = write(state, value[index], shape and shape.item, path_of.item(place, index), depth + 1)
    if not text then return nil, failure end
    parts[index] = text
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

-- The keys in their order, all of which must be texts.
local function keys_of(value, place)
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then
      return fault(place, "has the key %s; the keys of an object are strings, those of a list 1, 2, 3 without a hole",
        visible.value(key, 60))
    end
    keys[#keys + 1] = key
  end
  table.sort(keys, precedes)
  return keys
end

-- The shape of a member; false: there is none of that name.
local function shape_within(shape, key)
  if not shape then return nil end
  if not shape.by_name then return shape.value end
  local member = shape.by_name[key]
  return member and member.shape or false
end

local function write_object(state, value, shape, place, depth)
  local keys, message = keys_of(value, place)
  if not keys then return nil, message end
  for index, key in ipairs(keys) do
    local inner = shape_within(shape, key)
    if inner == false then
      return fault(place, "has a member %s, which the output of %s does not have there; name the operation that "
        .. "gave it, or none", visible.text(key, 60), state.operation)
    end
    -- Keys of what is sensitive are not shown.
    local within = shape and shape.sensitive and place or path_of.member(place, visible.text(key, 60))
    local name, failure = write_string(key, within)
    local text
    if name then text, failure = write(state, value[key], inner, within, depth + 1) end
    if not text then return nil, failure end
    keys[index] = name .. ":" .. text
  end
  return "{" .. table.concat(keys, ",") .. "}"
end

local function is_list(value, shape)
  if shape then return shape.type == "list" end
  return value[1] ~= nil
end

local function write_table(state, value, shape, place, depth)
  if state.within[value] then return fault(place, "contains itself, which JSON can't say") end
  if depth > MAX_DEPTH then return fault(place, "is nested more than %d deep", MAX_DEPTH) end
  state.within[value] = true
  local text, message = (is_list(value, shape) and write_list or write_object)(state, value, shape, place, depth)
  state.within[value] = nil
  return text, message
end

local function is_container(shape)
  return shape and (shape.members or shape.item or shape.value) and true or false
end

function write(state, value, shape, place, depth)
  local kind = type(value)
  if value == json.null then return "null" end
  if is_container(shape) and kind ~= "table" then
    return fault(place, "is a %s where the output of %s has a table", kind, state.operation)
  end
  if kind == "table" then return write_table(state, value, is_container(shape) and shape or nil, place, depth) end
  if kind == "string" then return write_string(value, place) end
  if kind == "number" then return write_number(value, place) end
  if kind == "boolean" then return tostring(value) end
  return fault(place, "is a %s, which JSON has no form for", kind)
end

local function refuse(message, ...)
  raise(errors.new("ClientError", { message = message:format(...) }))
end

local function find_operation(name)
  if type(name) ~= "string" then
    refuse("json takes a value and the name of the operation whose output it is, not a %s%s", type(name),
      type(name) == "table" and "; a call returns output and meta, and parentheses keep the first: "
        .. 'backup.json((client:list_backup_vaults()), "ListBackupVaults")' or "")
  end
  local operation, nearest = codec.new():operation(name)
  if operation then return operation end
  refuse("AWS Backup has no operation %s%s", visible.value(name, 60),
    nearest and ("; did you mean " .. nearest .. "?") or "")
end

--- See backup.json.
---@param value any
---@param name? string
---@return string
function json_text.write(value, name)
  local operation = name ~= nil and find_operation(name) or nil
  if value == nil then refuse("json must be given a value, such as what a call returned; nil is none") end
  local shape = operation and operation.output or nil
  local text, message = write({ within = {}, operation = operation and operation.name }, value, shape, "", 1)
  if not text then refuse("%s", "json can't write it: " .. message) end
  return text
end

return json_text
