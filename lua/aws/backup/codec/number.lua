--- Numbers and their texts: integers exact or refused, fractions the same under every locale.
---
--- Lua 5.3 and later have 64-bit integers. Lua 5.1, 5.2 and LuaJIT have doubles only, which hold every integer
--- up to 2^53 and only some beyond: there a larger one is refused where it may have been rounded.

local floor = math.floor
local math_type = rawget(math, "type")
local math_tointeger = rawget(math, "tointeger")

local number = {}

--- True where Lua itself has 64-bit integers.
number.HAS_INTEGERS = math_tointeger ~= nil

-- From here on a double can be the rounding of another integer.
local DOUBLE_LIMIT = 2 ^ 53

-- The first integer that 64 bits do not hold.
local LONG_LIMIT = 2 ^ 63

-- Where Lua has integers of its own, most values are told by one look.
local kind_of = math_type or type

--- Turns a number into an integer without losing anything.
---@param value any
---@return integer? integer
---@return string? reason  # "type", "fraction", "range" (beyond 64 bits) or "precision" (maybe rounded already)
function number.to_integer(value)
  if kind_of(value) == "integer" then return value end
  if type(value) ~= "number" then return nil, "type" end
  if value ~= value then return nil, "fraction" end
  if math_tointeger then
    local integer = math_tointeger(value)
    if integer then return integer end
    return nil, value == floor(value) and "range" or "fraction"
  end
  if value ~= floor(value) then return nil, "fraction" end
  if value >= DOUBLE_LIMIT or value <= -DOUBLE_LIMIT then return nil, "precision" end
  return value == 0 and 0 or value
end

--- Writes an integer in decimal digits, never with an exponent.
---@param integer integer  # as `to_integer` returns it
---@return string
function number.integer_text(integer)
  return (math_tointeger and "%d" or "%.0f"):format(integer)
end

--- Reads decimal digits as an integer.
local function digits_to_integer(text)
  local value = tonumber(text)
  if math_type then
    if math_type(value) == "integer" then return value end
    return nil, "range"
  end
  if value >= LONG_LIMIT or value < -LONG_LIMIT then return nil, "range" end
  local plain = text:gsub("^(%-?)0+(%d)", "%1%2")
  if ("%.0f"):format(value) == plain or value == 0 then return value == 0 and 0 or value end
  return nil, "precision"
end

--- Reads the text of a JSON number (or of a decimal number in a string) as an integer: `12`, `12.0`, `1.2e1`.
---@param text string
---@return integer? integer
---@return string? reason  # "syntax", "fraction", "range" or "precision"
function number.parse_integer(text)
  local _, last = text:find("^%-?%d+")
  local digits = last and text:sub(1, last)
  if digits and (last == #text or text:find("^%.0*$", last + 1)) then return digits_to_integer(digits) end
  local value = number.parse(text)
  if not value then return nil, "syntax" end
  if value >= DOUBLE_LIMIT or value <= -DOUBLE_LIMIT then return nil, "precision" end
  return number.to_integer(value)
end

--- The decimal point that the C library uses under the present locale.
local function decimal_point()
  return ("%.1f"):format(0.5):match("^0(.-)5$")
end

--- Reads a decimal number, with a dot whatever the locale says.
---@param text string
---@return number?  # nil if the text is no decimal number
function number.parse(text)
  -- One part after the other: none takes back what the one before has taken.
  local _, last = text:find("^%-?%d+")
  if not last then return nil end
  last = select(2, text:find("^%.%d*", last + 1)) or last
  last = select(2, text:find("^[eE][+-]?%d*", last + 1)) or last
  if last ~= #text then return nil end
  return tonumber(text) or tonumber((text:gsub("%.", (decimal_point():gsub("%%", "%%%%")))))
end

--- Writes a finite number with the fewest digits that read back as the same number.
---@param value number
---@return string
function number.float_text(value)
  local text
  for precision = 15, 17 do
    text = ("%." .. precision .. "g"):format(value)
    if tonumber(text) == value then break end
  end
  return (text:gsub("[^%d%-+e]+", "."))
end

--- Any number as a text for a message.
---@param value number
---@return string
function number.shown(value)
  if value ~= value then return "NaN" end
  if value == math.huge or value == -math.huge then return value > 0 and "infinity" or "-infinity" end
  return kind_of(value) == "integer" and number.integer_text(value) or number.float_text(value)
end

--- Writes seconds as an integer if they are whole and with up to three decimals if not.
---@param seconds number  # finite, rounded to the millisecond
---@return string
function number.seconds_text(seconds)
  local milliseconds = floor(math.abs(seconds) * 1000 + 0.5)
  local whole = floor(milliseconds / 1000)
  local rest = milliseconds - whole * 1000
  local text = ("%.0f"):format(whole)
  if rest > 0 then
    text = text .. (".%03d"):format(rest):gsub("0+$", "")
  end
  return seconds < 0 and milliseconds > 0 and "-" .. text or text
end

--- Rounds seconds to the millisecond; a whole number of seconds comes back as an integer.
---@param seconds number
---@return number
function number.round_seconds(seconds)
  local milliseconds = floor(seconds * 1000 + 0.5)
  if milliseconds % 1000 == 0 then return floor(milliseconds / 1000) end
  return milliseconds / 1000
end

--- Writes a duration for people, in whole milliseconds: no locale has a say in that.
---@param seconds number
---@return string
function number.milliseconds_text(seconds)
  return ("%d ms"):format(floor(seconds * 1000 + 0.5))
end

return number
