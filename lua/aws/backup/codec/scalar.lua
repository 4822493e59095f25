--- Values that are one text: in labels, query strings and headers, and inside JSON.
---
--- Writing gives `text` or `nil, message`. The message says what is asked for and, after a semicolon, what to do;
--- not the value: whoever knows the path decides whether it may be shown.

local base64 = require "aws.backup.codec.base64"
local number = require "aws.backup.codec.number"
local time = require "aws.backup.codec.time"
local core = require "aws.backup.core"

local scalar = {}

local to_integer = number.to_integer

--- What the model calls an integer has 32 bits, and a long has 64.
scalar.MIN_INT32, scalar.MAX_INT32 = -2147483648, 2147483647

local INTEGER_FAULTS = {
  fraction = "must be a whole number",
  range = "must fit in 64 bits",
  precision = "is 2^53 or more, where this Lua's numbers may have been rounded already",
}

--- Checks an integer of the model and returns it as one.
---@param shape aws.backup.codec.Shape  # of type integer or long
---@param value any
---@return integer? integer
---@return string? message
---@return string? rule  # "type" or "range"
function scalar.integer(shape, value)
  local integer, reason = to_integer(value)
  if not integer then
    if reason == "type" then return nil, "must be an integer, not a " .. type(value), "type" end
    return nil, INTEGER_FAULTS[reason], reason == "fraction" and "type" or "range"
  end
  if shape.type == "integer" and (integer > scalar.MAX_INT32 or integer < scalar.MIN_INT32) then
    return nil, "must fit in 32 bits (-2147483648 to 2147483647)", "range"
  end
  return integer
end

--- Checks a time and returns it as seconds.
---@param value any  # seconds since the epoch, or an ISO 8601 text
---@return number? seconds
---@return string? message
---@return string? rule
function scalar.timestamp(value)
  if type(value) == "string" then
    local seconds = time.parse(value)
    if seconds then return seconds end
    return nil, "must be an ISO 8601 date or time such as 2026-01-02T03:04:05Z; or pass seconds since the epoch", "type"
  end
  if type(value) ~= "number" then
    return nil, "must be seconds since the epoch or an ISO 8601 text, not a " .. type(value), "type"
  end
  -- The comparison is false for NaN too.
  if value >= time.MIN and value <= time.MAX then return value end
  return nil, "must lie in the years 1 to 9999; a time is in seconds, not milliseconds", "range"
end

--- Checks a text.
---@param value any
---@return string? text
---@return string? message
---@return string? rule
function scalar.string(value)
  if type(value) ~= "string" then
    local remedy = type(value) == "number" and "; use tostring() or quotes" or ""
    return nil, "must be a string, not a " .. type(value) .. remedy, "type"
  end
  local _, wrong = core.utf8_length(value)
  if wrong then return nil, ("must be UTF-8; byte %d begins no character"):format(wrong), "utf8" end
  return value
end

-- What JSON numbers can't be; rest-json writes these as strings, and takes them as such from a caller too.
local SPECIAL_FLOATS = { NaN = true, Infinity = true, ["-Infinity"] = true }

--- Writes a floating-point number.
local function float_text(value)
  if SPECIAL_FLOATS[value] then return value end
  if type(value) ~= "number" then return nil, "must be a number, not a " .. type(value), "type" end
  if value ~= value then return "NaN" end
  if value == math.huge then return "Infinity" end
  if value == -math.huge then return "-Infinity" end
  return number.float_text(value)
end

local function timestamp_text(shape, value, default_format)
  local seconds, message, rule = scalar.timestamp(value)
  if not seconds then return nil, message, rule end
  local format = shape.timestamp_format or default_format
  if format == "iso8601" then return time.iso8601(seconds) end
  if format == "rfc822" then return time.http_date(seconds) end
  return number.seconds_text(seconds)
end

local WRITERS = {
  string = function(_, value) return scalar.string(value) end,
  boolean = function(_, value)
    if type(value) ~= "boolean" then return nil, "must be true or false, not a " .. type(value), "type" end
    return tostring(value)
  end,
  integer = function(shape, value)
    local integer, message, rule = scalar.integer(shape, value)
    if not integer then return nil, message, rule end
    return number.integer_text(integer)
  end,
  float = function(_, value) return float_text(value) end,
  timestamp = timestamp_text,
  blob = function(_, value)
    if type(value) ~= "string" then return nil, "must be a string of bytes, not a " .. type(value), "type" end
    return base64.encode(value)
  end,
}
WRITERS.long, WRITERS.double = WRITERS.integer, WRITERS.float

--- Writes a value as text.
---@param shape aws.backup.codec.Shape
---@param value any
---@param timestamp_format string  # where the shape does not say: iso8601, rfc822 or unixTimestamp
---@return string? text
---@return string? message
---@return string? rule
function scalar.write(shape, value, timestamp_format)
  local writer = WRITERS[shape.type]
  if not writer then return nil, ("a %s has no place here"):format(shape.type), "type" end
  return writer(shape, value, timestamp_format)
end

return scalar
