--- From decoded JSON to values, by shape.
---
--- Services are not always exact, so an answer is read leniently: `"5"` is taken for an integer and `"true"` for
--- a boolean, unknown members are dropped and null is absent. Read strictly (the emulator reads requests so),
--- every JSON type must be the shape's own.

local base64 = require "aws.backup.codec.base64"
local json = require "aws.backup.codec.json"
local number = require "aws.backup.codec.number"
local path = require "aws.backup.codec.path"
local time = require "aws.backup.codec.time"

local read = {}

local wrapped_number = json.wrapped_number

-- Readers return the value, or nil, message, path from the value on inwards.
local READERS = {}

--- What a decoded value is called in JSON.
local function json_type(value)
  if json.is_null(value) then return "null" end
  if type(value) == "table" then return #value > 0 and "an array" or "an object" end
  if type(value) == "number" or wrapped_number(value) then return "a number" end
  return "a " .. type(value)
end

local function mismatch(expected, value)
  return nil, ("should be %s, but is %s"):format(expected, json_type(value)), ""
end

--- An object of JSON. An empty one and an empty array look the same once decoded.
local function is_object(value)
  return type(value) == "table" and #value == 0
end

local function is_array(value)
  return type(value) == "table" and (#value > 0 or next(value) == nil)
end

local function value_of(shape, value, strict)
  local reader = READERS[shape.type]
  if not reader then return nil, ("has a type that is not supported: %s"):format(shape.type), "" end
  return reader(shape, value, strict)
end

function READERS.structure(shape, value, strict)
  if not is_object(value) then return mismatch("an object", value) end
  local result, by_wire, tags = {}, shape.by_wire, 0
  for wire, item in pairs(value) do
    local member = by_wire[wire]
    if member and item ~= json.null then
      local read_value, message, inner = value_of(member.shape, item, strict)
      if read_value == nil then return nil, message, path.join(member.name, inner) end
      result[member.name] = read_value
      tags = tags + 1
    end
  end
  if shape.union and tags > 1 then return nil, "should have one member only", "" end
  return result
end

function READERS.list(shape, value, strict)
  if not is_array(value) then return mismatch("an array", value) end
  local result, count, item_shape = {}, 0, shape.item
  for index = 1, #value do
    local item = value[index]
    if item ~= json.null then
      local read_value, message, inner = value_of(item_shape, item, strict)
      if read_value == nil then return nil, message, path.join(path.item("", index), inner) end
      count = count + 1
      result[count] = read_value
    end
  end
  return result
end

function READERS.map(shape, value, strict)
  if not is_object(value) then return mismatch("an object", value) end
  local result, value_shape = {}, shape.value
  for key, item in pairs(value) do
    if item ~= json.null then
      local read_value, message, inner = value_of(value_shape, item, strict)
      if read_value == nil then
        return nil, message, shape.sensitive and "" or path.join(path.member("", key), inner)
      end
      result[key] = read_value
    end
  end
  return result
end

--- A decoded string, number or boolean as text.
---@param value any
---@return string?  # nil for anything else
function read.plain_text(value)
  if type(value) == "string" then return wrapped_number(value) or value end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "number" then return nil end
  local integer = number.to_integer(value)
  return integer and number.integer_text(integer) or number.float_text(value)
end

function READERS.string(_, value, strict)
  if type(value) == "string" and value:byte() ~= 255 then return value end
  local text = not strict and read.plain_text(value)
  if not text then return mismatch("a string", value) end
  return text
end

function READERS.boolean(_, value, strict)
  if type(value) == "boolean" then return value end
  if not strict and value == "true" then return true end
  if not strict and value == "false" then return false end
  return mismatch("true or false", value)
end

local INTEGER_FAULTS = {
  syntax = "should be an integer, but is a string",
  fraction = "should be an integer, but has a fraction",
  range = "does not fit in 64 bits",
  precision = "cannot be held exactly by this Lua's numbers; Lua 5.3 and later can",
}

function READERS.integer(_, value, strict)
  local integer, reason
  local digits = wrapped_number(value)
  if type(value) == "number" then
    integer, reason = number.to_integer(value)
  elseif digits or (type(value) == "string" and not strict) then
    integer, reason = number.parse_integer(digits or value)
  else
    return mismatch("an integer", value)
  end
  if not integer then return nil, INTEGER_FAULTS[reason], "" end
  return integer
end

local SPECIAL_FLOATS = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }

function READERS.float(_, value, strict)
  if type(value) == "number" then return value end
  local digits = wrapped_number(value)
  if type(value) == "string" then
    local float = SPECIAL_FLOATS[value] or ((digits or not strict) and number.parse(digits or value))
    if float then return float end
  end
  return mismatch("a number", value)
end

--- A time in any of the forms that services write: epoch seconds as number or text, ISO 8601, HTTP dates.
function READERS.timestamp(_, value, strict)
  local digits = wrapped_number(value)
  local seconds
  if type(value) == "number" then
    seconds = value
  elseif type(value) == "string" and (digits or not strict) then
    seconds = number.parse(digits or value) or time.parse(value) or time.parse_http_date(value)
  end
  if not seconds then return mismatch("a time", value) end
  if not (seconds >= time.MIN and seconds <= time.MAX) then
    return nil, "is no time of the years 1 to 9999", ""
  end
  return number.round_seconds(seconds)
end

function READERS.blob(_, value)
  local bytes = type(value) == "string" and base64.decode(value)
  if not bytes then return mismatch("Base64", value) end
  return bytes
end

READERS.long, READERS.double = READERS.integer, READERS.float

--- Reads a decoded value.
---@param shape aws.backup.codec.Shape
---@param value any  # as `json.decode` returns it, not null
---@param strict? boolean
---@return any value
---@return string? message  # value is nil then
---@return string? where  # path of the value that is wrong
function read.value(shape, value, strict)
  return value_of(shape, value, strict)
end

--- Reads a value from a text that is not JSON: a label, a query parameter, a header.
---@param shape aws.backup.codec.Shape
---@param text string
---@return any value
---@return string? message
function read.text(shape, text)
  return value_of(shape, text, false)
end

return read
