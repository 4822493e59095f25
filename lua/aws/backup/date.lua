--- Times for people: `backup.date` writes what os.date would, of the times that the service gives. In UTC, with the
-- fraction that they have, and in the words of the locale "C": os.date of Lua 5.3 and newer takes no fraction, each Lua
-- knows other conversions, and a locale changes the names.

local errors = require "aws.backup.errors"
local number = require "aws.backup.codec.number"
local raise = require "aws.backup.raise"
local time = require "aws.backup.codec.time"
local visible = require "aws.backup.codec.visible"

local floor = math.floor

local date = {}

local MONTHS = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December" }
local WEEKDAYS = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" }

-- More than this is no time in seconds, but may be one in milliseconds.
local PLAUSIBLE = 1e11

--- Weeks of a year that begin on a day of the week (0 is Sunday); the days before the first of them are week 0.
local function week_from(at, first)
  return floor((at.yday + 6 - (at.wday - 1 - first) % 7) / 7)
end

local function weeks_of_iso_year(year)
  local function ends_on(of) return (of + floor(of / 4) - floor(of / 100) + floor(of / 400)) % 7 end
  return (ends_on(year) == 4 or ends_on(year - 1) == 3) and 53 or 52
end

--- The year and the week of ISO 8601: weeks begin on Monday, and belong to the year that has their Thursday.
local function iso_week(at)
  local week = floor((at.yday - ((at.wday + 5) % 7 + 1) + 10) / 7)
  if week < 1 then return at.year - 1, weeks_of_iso_year(at.year - 1) end
  if week > weeks_of_iso_year(at.year) then return at.year + 1, 1 end
  return at.year, week
end

local function of_twelve(hour)
  return (hour + 11) % 12 + 1
end

local function two(value)
  return ("%02d"):format(value)
end

-- Those that are made of others, and those that are not.
local COMPOSED = {
  D = "%m/%d/%y", F = "%Y-%m-%d", R = "%H:%M", T = "%H:%M:%S", X = "%H:%M:%S", c = "%a %b %e %H:%M:%S %Y", h = "%b",
  r = "%I:%M:%S %p", x = "%m/%d/%y",
}
local CONVERSIONS = {
  A = function(at) return WEEKDAYS[at.wday] end,
  a = function(at) return WEEKDAYS[at.wday]:sub(1, 3) end,
  B = function(at) return MONTHS[at.month] end,
  b = function(at) return MONTHS[at.month]:sub(1, 3) end,
  C = function(at) return two(floor(at.year / 100)) end,
  d = function(at) return two(at.day) end,
  e = function(at) return ("%2d"):format(at.day) end,
  G = function(at) return ("%04d"):format((iso_week(at))) end,
  g = function(at) return two(iso_week(at) % 100) end,
  H = function(at) return two(at.hour) end,
  I = function(at) return two(of_twelve(at.hour)) end,
  j = function(at) return ("%03d"):format(at.yday) end,
  M = function(at) return two(at.min) end,
  m = function(at) return two(at.month) end,
  n = function() return "\n" end,
  p = function(at) return at.hour < 12 and "AM" or "PM" end,
  S = function(at) return two(at.sec) end,
  s = function(at) return ("%.0f"):format(at.whole) end,
  t = function() return "\t" end,
  U = function(at) return two(week_from(at, 0)) end,
  u = function(at) return ("%d"):format((at.wday + 5) % 7 + 1) end,
  V = function(at) return two(select(2, iso_week(at))) end,
  W = function(at) return two(week_from(at, 1)) end,
  w = function(at) return ("%d"):format(at.wday - 1) end,
  Y = function(at) return ("%04d"):format(at.year) end,
  y = function(at) return two(at.year % 100) end,
  Z = function() return "UTC" end,
  z = function() return "+0000" end,
  ["%"] = function() return "%" end,
}

local function refuse(message, ...)
  raise(errors.new("ClientError", { message = message:format(...) }))
end

local function check_seconds(seconds)
  if type(seconds) ~= "number" then
    refuse("date must be given a time in seconds since 1970 (UTC), as job.CreationDate is, not %s",
      seconds == nil and "nil: a member that the answer does not have is nil"
        or "a " .. type(seconds) .. (type(seconds) == "table" and "; name the member that has the time" or ""))
  end
  if time.is_writable(seconds) then return end
  refuse("date must be given a time in the years 1 to 9999, in seconds since 1970 (UTC), not %s%s",
    number.shown(seconds), seconds > PLAUSIBLE and seconds < PLAUSIBLE * 1e6
      and "; divide milliseconds by 1000" or "")
end

local function known_conversions()
  local names = {}
  for _, list in ipairs { COMPOSED, CONVERSIONS } do
    for letter in pairs(list) do names[#names + 1] = letter ~= "%" and "%" .. letter or nil end
  end
  table.sort(names)
  return names
end

local function expand(format, at)
  -- E and O ask for another calendar or other digits; the locale "C" has none.
  local text = format:gsub("%%([EO]?)(.?)", function(modifier, letter)
    if COMPOSED[letter] then return (expand(COMPOSED[letter], at)) end
    local convert = CONVERSIONS[letter]
    if convert then return convert(at) end
    refuse("date knows no conversion %%%s in the format %s; it knows %s, and %%%% is a percent sign",
      visible.value(modifier .. letter), visible.value(format, 100), table.concat(known_conversions(), " "))
  end)
  return text
end

-- As os.date("*t") has them: days of the week are counted from Sunday, those of the year from January 1st.
local function fields_of(split)
  return {
    year = split.year, month = split.month, day = split.day, hour = split.hour, min = split.minute, sec = split.second,
    wday = (split.days + 4) % 7 + 1, yday = split.days - time.days_from_date(split.year, 1, 1) + 1, isdst = false,
  }
end

--- See backup.date.
---@param seconds number
---@param format? string
---@return string|table
function date.write(seconds, format)
  check_seconds(seconds)
  if format == nil then return (time.iso8601(seconds)) end
  if type(format) ~= "string" then
    refuse('the format of date must be a string as for os.date, such as "%%F %%T", not a %s', type(format))
  end
  format = format:gsub("^!", "") -- UTC, which it is anyhow
  local split = time.fields(seconds)
  local at = fields_of(split)
  if format:find("^%*t") then return at end
  at.whole = split.whole
  return expand(format, at)
end

return date
