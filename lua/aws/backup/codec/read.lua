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

local null = json.null
local to_integer, round_seconds = number.to_integer, number.round_seconds
local byte = string.byte

-- Readers return the value, or nil, message, path from the value on inwards. A table becomes its value in place, where
-- it can: it was decoded for nobody else.
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
  return type(value) == "table" and value[1] == nil
end

local function is_array(value)
  return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
end

function READERS.structure(shape, value, strict)
  if not is_object(value) then return mismatch("an object", value) end
  local result, by_wire, tags = shape.renamed and {} or value, shape.by_wire, 0
  for wire, item in next, value do
    local member, read_value = by_wire[wire], nil
    if member and item ~= null then
      local message, inner
      read_value, message, inner = READERS[member.shape.type](member.shape, item, strict)
      if read_value == nil then return nil, message, path.join(member.name, inner) end
      tags = tags + 1
    end
    if result == value then
      value[wire] = read_value
    elseif member then
      result[member.name] = read_value
    end
  end
  if shape.union and tags > 1 then return nil, "should have one member only", "" end
  return result
end

function READERS.list(shape, value, strict)
  if not is_array(value) then return mismatch("an array", value) end
  local size, count, item_shape = #value, 0, shape.item
  local read_item = READERS[item_shape.type]
  for index = 1, size do
    local item = value[index]
    if item ~= null then
      local read_value, message, inner = read_item(item_shape, item, strict)
      if read_value == nil then return nil, message, path.join(path.item("", index), inner) end
      count = count + 1
      value[count] = read_value
    end
  end
  for index = count + 1, size do value[index] = nil end
  return value
end

function READERS.map(shape, value, strict)
  if not is_object(value) then return mismatch("an object", value) end
  local item_shape = shape.value
  local read_item = READERS[item_shape.type]
  for key, item in next, value do
    local read_value
    if item ~= null then
      local message, inner
      read_value, message, inner = read_item(item_shape, item, strict)
      if read_value == nil then
        return nil, message, shape.sensitive and "" or path.join(path.member("", key), inner)
      end
    end
    value[key] = read_value
  end
  return value
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
  if type(value) == "string" and byte(value) ~= 255 then return value end
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
  local integer, reason = to_integer(value)
  if reason == "type" then
    local digits = wrapped_number(value)
    if not digits and (strict or type(value) ~= "string") then return mismatch("an integer", value) end
    integer, reason = number.parse_integer(digits or value)
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

--- The seconds of a time that is written as text: epoch seconds, ISO 8601 or an HTTP date.
local function seconds_of_text(value, strict)
  local digits = wrapped_number(value)
  if type(value) ~= "string" or (strict and not digits) then return nil end
  return number.parse(digits or value) or time.parse(value) or time.parse_http_date(value)
end

--- A time in any of the forms that services write.
function READERS.timestamp(_, value, strict)
  local seconds = type(value) == "number" and value or seconds_of_text(value, strict)
  if not seconds then return mismatch("a time", value) end
  if not (seconds >= time.MIN and seconds <= time.MAX) then
    return nil, "is no time of the years 1 to 9999", ""
  end
  return round_seconds(seconds)
end

function READERS.blob(_, value)
  local bytes = type(value) == "string" and base64.decode(value)
  if not bytes then return mismatch("Base64", value) end
  return bytes
end

READERS.long, READERS.double = READERS.integer, READERS.float

local function unsupported(shape)
  return nil, ("has a type that is not supported: %s"):format(shape.type), ""
end

setmetatable(READERS, { __index = function() return unsupported end })

--- Reads a decoded value. A table of it is used up: it may become the result.
---@param shape aws.backup.codec.Shape
---@param value any  # as `json.decode` returns it, not null
---@param strict? boolean
---@return any value
---@return string? message  # value is nil then
---@return string? where  # path of the value that is wrong
function read.value(shape, value, strict)
  return READERS[shape.type](shape, value, strict)
end

--- Reads a value from a text that is not JSON: a label, a query parameter, a header.
---@param shape aws.backup.codec.Shape
---@param text string
---@return any value
---@return string? message
function read.text(shape, text)
  return READERS[shape.type](shape, text, false)
end

return read
