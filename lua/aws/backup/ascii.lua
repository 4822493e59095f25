--- Letters as protocols mean them. `string.lower` and `%w` follow the locale of the C library: under a Turkish one
--- "I" may not become "i", and a header is not found; under a Latin one "é" is a letter, also in a host name.

local ascii = {}

local LOWER = {}
for code = ("A"):byte(), ("Z"):byte() do
  LOWER[string.char(code)] = string.char(code + 32)
end

--- The text with A to Z in lower case and every other byte as it was.
---@param text string
---@return string
function ascii.lower(text)
  return (text:gsub("[A-Z]", LOWER))
end

-- LuaJIT's own knows no locale, and is a good deal faster.
if rawget(_G, "jit") then ascii.lower = string.lower end

local BLANKS = " \t\n\v\f\r"
local IS_BLANK = {}
for index = 1, #BLANKS do IS_BLANK[BLANKS:byte(index)] = true end

--- The text without the blanks around it. By scanning from both ends: a pattern that ends in blanks looks at each run
--- of them within the text as often as it is long.
---@param text string
---@return string
function ascii.trim(text)
  local first, last = text:find("[^ \t\n\v\f\r]"), #text
  if not first then return "" end
  while IS_BLANK[text:byte(last)] do last = last - 1 end
  return text:sub(first, last)
end

--- Whether a text has a control character of ASCII in it.
---@param text string
---@return boolean
function ascii.has_control(text)
  return text:find("[%z\1-\31\127]") ~= nil
end

--- A copy of headers with their names in lower case.
---@param headers? table<string, any>
---@return table<string, any>
function ascii.lower_names(headers)
  local lowered = {}
  for name, value in pairs(headers or {}) do lowered[ascii.lower(tostring(name))] = value end
  return lowered
end

return ascii
