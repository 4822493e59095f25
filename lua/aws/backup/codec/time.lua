--- Points in time and their texts, by arithmetic alone: no locale, no time zone, no C library.
---
--- Times are seconds since 1970-01-01T00:00:00Z, kept to the millisecond.

local ascii = require "aws.backup.ascii"
local number = require "aws.backup.codec.number"

local floor = math.floor

local time = {}

--- The first and the last second that ISO 8601 can write with four digits of year.
time.MIN = -62135596800
time.MAX = 253402300799.999

local DAY = 86400
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }
local WEEKDAYS = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }
local MONTH_NUMBER = {}
for index, name in ipairs(MONTHS) do MONTH_NUMBER[ascii.lower(name)] = index end

--- Days from 1970-01-01 to a date of the proleptic Gregorian calendar; years begin in March, so that the
--- leap day is the last of its year.
local function days_from_date(year, month, day)
  if month <= 2 then year = year - 1 end
  local era = floor(year / 400)
  local year_of_era = year - era * 400
  local day_of_year = floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  local day_of_era = year_of_era * 365 + floor(year_of_era / 4) - floor(year_of_era / 100) + day_of_year
  return era * 146097 + day_of_era - 719468
end

--- The date of a day counted from 1970-01-01.
local function date_from_days(days)
  days = days + 719468
  local era = floor(days / 146097)
  local day_of_era = days - era * 146097
  local year_of_era = floor((day_of_era - floor(day_of_era / 1460) + floor(day_of_era / 36524)
    - floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year_of_era + floor(year_of_era / 4) - floor(year_of_era / 100))
  local shifted = floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - floor((153 * shifted + 2) / 5) + 1
  local month = shifted < 10 and shifted + 3 or shifted - 9
  local year = year_of_era + era * 400
  return month <= 2 and year + 1 or year, month, day
end

--- Splits seconds into calendar fields, rounding to the millisecond; `days` and `whole` count days and seconds.
local function fields(seconds)
  local milliseconds = floor(seconds * 1000 + 0.5)
  local whole = floor(milliseconds / 1000)
  local days = floor(whole / DAY)
  local rest = whole - days * DAY
  local year, month, day = date_from_days(days)
  return {
    year = year, month = month, day = day,
    hour = floor(rest / 3600), minute = floor(rest % 3600 / 60), second = rest % 60,
    millisecond = milliseconds - whole * 1000, weekday = WEEKDAYS[days % 7 + 1],
    days = days, whole = whole,
  }
end

local function in_range(seconds)
  return seconds >= time.MIN and seconds <= time.MAX
end

--- Whether a time can be written: not if it lies outside the years 1 to 9999, or is no number at all.
---@param seconds number
---@return boolean
time.is_writable = in_range

time.fields, time.days_from_date = fields, days_from_date

local OUT_OF_RANGE = "a time must lie in the years 1 to 9999"

--- Writes a time as ISO 8601 in UTC, with milliseconds only if there are any.
---@param seconds number
---@return string? text
---@return string? message  # outside the years 1 to 9999
function time.iso8601(seconds)
  if not in_range(seconds) then return nil, OUT_OF_RANGE end
  local at = fields(seconds)
  local fraction = at.millisecond > 0 and (".%03d"):format(at.millisecond) or ""
  return ("%04d-%02d-%02dT%02d:%02d:%02d%sZ"):format(
    at.year, at.month, at.day, at.hour, at.minute, at.second, fraction)
end

--- Writes a time as the X-Amz-Date header has it: 20260102T030405Z (whole seconds).
---@param seconds number
---@return string? text
---@return string? message
function time.amz_date(seconds)
  if not in_range(seconds) then return nil, OUT_OF_RANGE end
  local at = fields(floor(seconds))
  return ("%04d%02d%02dT%02d%02d%02dZ"):format(at.year, at.month, at.day, at.hour, at.minute, at.second)
end

--- Writes a time as HTTP headers have it: Fri, 02 Jan 2026 03:04:05 GMT (whole seconds).
---@param seconds number
---@return string? text
---@return string? message
function time.http_date(seconds)
  if not in_range(seconds) then return nil, OUT_OF_RANGE end
  local at = fields(floor(seconds))
  return ("%s, %02d %s %04d %02d:%02d:%02d GMT"):format(
    at.weekday, at.day, MONTHS[at.month], at.year, at.hour, at.minute, at.second)
end

local function days_in_month(year, month)
  if month == 2 then
    local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
    return leap and 29 or 28
  end
  return (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
end

--- Seconds of a calendar time in UTC, or nil if there is no such time. Second 60 is a leap second.
local function seconds_from(year, month, day, hour, minute, second, fraction)
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if year < 1 or month < 1 or month > 12 or day < 1 or day > days_in_month(year, month) then return nil end
  if hour > 23 or minute > 59 or second > 60 then return nil end
  local whole = days_from_date(year, month, day) * DAY + hour * 3600 + minute * 60 + second
  if fraction == "" then return whole end
  -- Three digits and the one that rounds them.
  local tenths_of_ms = tonumber((fraction .. "000"):sub(1, 4))
  return number.round_seconds((whole * 1000 + floor((tenths_of_ms + 5) / 10)) / 1000)
end

--- Seconds east of UTC of a zone as it is written, or nil. No zone at all means UTC.
local function zone_offset(zone)
  local upper = zone:upper()
  if upper == "" or upper == "Z" or upper == "GMT" or upper == "UTC" or upper == "UT" then return 0 end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d?%d?)$")
  if not sign or #minutes == 1 then return nil end
  hours, minutes = tonumber(hours), tonumber(minutes ~= "" and minutes or "0")
  if hours > 23 or minutes > 59 then return nil end
  local offset = hours * 3600 + minutes * 60
  return sign == "-" and -offset or offset
end

--- Moves a local time to UTC by its zone.
local function at_zone(seconds, zone)
  local offset = zone_offset(zone)
  if not seconds or not offset then return nil end
  local result = seconds - offset
  return in_range(result) and result or nil
end

--- Reads an ISO 8601 date or date and time. Without a zone it is UTC; a date alone is its first second.
---@param text string
---@return number? seconds  # nil if it is none
function time.parse(text)
  local year, month, day, rest = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$")
  if not year then return nil end
  if rest == "" then return seconds_from(year, month, day, 0, 0, 0, "") end
  local hour, minute, tail = rest:match("^[Tt ](%d%d):(%d%d)(.*)$")
  if not hour then return nil end
  local second, fraction = "0", ""
  if tail:sub(1, 1) == ":" then
    second, tail = tail:match("^:(%d%d)(.*)$")
    if not second then return nil end
    local digits, after = tail:match("^[.,](%d+)(.*)$")
    if digits then fraction, tail = digits, after end
  end
  return at_zone(seconds_from(year, month, day, hour, minute, second, fraction), (tail:gsub("^ ", "")))
end

--- Reads a date of RFC 1123, RFC 822 (two digits of year) or RFC 850, or of C's asctime.
---@param text string
---@return number? seconds
function time.parse_http_date(text)
  local day, month, year, clock, zone = text:match("^%a*,? *(%d%d?)[ -](%a%a%a)[ -](%d+) ([%d:.]+) *(.-)$")
  if not day then
    month, day, clock, year = text:match("^%a%a%a (%a%a%a) +(%d%d?) ([%d:.]+) (%d%d%d%d)$")
    zone = "GMT"
  end
  month = month and MONTH_NUMBER[ascii.lower(month)]
  local hour, minute, second, fraction = (clock or ""):match("^(%d%d):(%d%d):(%d%d)%.?(%d*)$")
  if not month or not hour or (#year ~= 2 and #year ~= 4) then return nil end
  -- The sliding century of RFC 6265: 70 to 99 are 19xx.
  if #year == 2 then year = (tonumber(year) >= 70 and "19" or "20") .. year end
  return at_zone(seconds_from(year, month, day, hour, minute, second, fraction), zone)
end

return time
