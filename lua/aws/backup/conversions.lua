--- From the text of an environment variable, or of a key in a profile, to a setting's value.
--
-- A conversion takes a text that is not blank and returns the value, or nil and a complaint that stands behind the
-- name of where the text was found: 'must be true or false, not "yes"'. Letter case and blanks around do not matter
-- where a value is one of a few words or a number.

local ascii = require "aws.backup.ascii"
local endpoint_url = require "aws.backup.endpoint_url"
local region = require "aws.backup.region"

local conversions = {}

---@alias aws.backup.Conversion fun(text: string): any, string?

local function complaint(rule, text)
  return nil, ("must be %s, not %q"):format(rule, text)
end

---@type aws.backup.Conversion
function conversions.text(text)
  return text
end

-- The one setting for which a blank value does not count as none.
---@type aws.backup.Conversion
function conversions.path(text)
  if text:find("%S") then return text end
  return nil, "is blank; name a file or a directory there, or take it out"
end

-- The AWS SDKs differ about other words than true: some take them for false. Here they are a mistake, so that nobody
-- turns FIPS on with "yes" and goes without.
---@type aws.backup.Conversion
function conversions.boolean(text)
  local word = ascii.lower(ascii.trim(text))
  if word == "true" then return true end
  if word == "false" then return false end
  return complaint("true or false", text)
end

-- For what people turn on for a moment, and so are used to write as a digit.
---@type aws.backup.Conversion
function conversions.switch(text)
  local word = ascii.lower(ascii.trim(text))
  if word == "1" or word == "true" then return true end
  if word == "0" or word == "false" then return false end
  return complaint("1 or 0", text)
end

---@param minimum integer
---@param maximum? integer
---@return aws.backup.Conversion
function conversions.whole(minimum, maximum)
  local rule = maximum and ("a whole number from %d to %d"):format(minimum, maximum)
    or ("a whole number, at least %d"):format(minimum)
  return function(text)
    local digits = ascii.trim(text):match("^%d+$")
    local value = digits and #digits < 10 and tonumber(digits)
    if value and value >= minimum and value <= (maximum or value) then return value end
    return complaint(rule, text)
  end
end

--- One of a few words.
---@param ... string  in lower case
---@return aws.backup.Conversion
function conversions.one_of(...)
  local words, last = { ... }, select("#", ...)
  local allowed = {}
  for _, word in ipairs(words) do allowed[word] = true end
  local rule = table.concat(words, ", ", 1, last - 1) .. " or " .. words[last]
  return function(text)
    local word = ascii.lower(ascii.trim(text))
    if allowed[word] then return word end
    return complaint(rule, text)
  end
end

--- The items of a list with commas between them, blanks dropped.
---@type aws.backup.Conversion
function conversions.list(text)
  local items = {}
  for item in text:gsub("%s", ""):gmatch("[^,]+") do items[#items + 1] = item end
  return items
end

---@type aws.backup.Conversion
function conversions.region(text)
  if region.is_valid(text) then return text end
  return complaint(region.RULE, text)
end

---@type aws.backup.Conversion
function conversions.url(text)
  local parts, fault = endpoint_url.parse(text)
  if parts then return text end
  return nil, ("names %q, which %s"):format(endpoint_url.shown(text), fault)
end

return conversions
