--- Foreign text on a person's terminal: nothing in it steers the terminal, and it is measured by the columns that it
-- takes there, not by its bytes.

local core = require "aws.backup.core"

local terminal_text = {}

-- One character of UTF-8. (Patterns of Lua 5.1 cannot hold a zero byte.)
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

local function code_of(character)
  local first, second, third, fourth = character:byte(1, 4)
  if not second then return first end
  if not third then return (first - 192) * 64 + second - 128 end
  if not fourth then return (first - 224) * 4096 + (second - 128) * 64 + third - 128 end
  return (first - 240) * 262144 + (second - 128) * 4096 + (third - 128) * 64 + fourth - 128
end

local function is_within(ranges, code)
  for index = 1, #ranges, 2 do
    if code < ranges[index] then return false end
    if code <= ranges[index + 1] then return true end
  end
  return false
end

-- What steers a terminal or the direction of its text, ends a line or can't be seen.
local STEERING = {
  0, 31, 127, 159, 0x061C, 0x061C, 0x200B, 0x200F, 0x2028, 0x202E, 0x2060, 0x2069, 0xFEFF, 0xFEFF, 0xFFF9, 0xFFFB,
}
-- Marks that stand over the character before them.
local NARROWEST = { 0x0300, 0x036F, 0x1AB0, 0x1AFF, 0x1DC0, 0x1DFF, 0x20D0, 0x20FF, 0xFE00, 0xFE0F, 0xFE20, 0xFE2F }
-- Those of East Asia and pictures, which take two columns.
local WIDE = {
  0x1100, 0x115F, 0x2E80, 0x303E, 0x3041, 0xA4CF, 0xA960, 0xA97C, 0xAC00, 0xD7A3, 0xF900, 0xFAFF, 0xFE30, 0xFE6F,
  0xFF00, 0xFF60, 0xFFE0, 0xFFE6, 0x1F300, 0x1F64F, 0x1F680, 0x1F6FF, 0x1F900, 0x1F9FF, 0x20000, 0x3FFFD,
}

local function columns_of(character)
  if #character == 1 then return 1 end
  local code = code_of(character)
  return is_within(NARROWEST, code) and 0 or is_within(WIDE, code) and 2 or 1
end

--- The text with a blank for whatever steers a terminal, and a question mark for each byte that is not UTF-8.
---@param text string
---@return string
function terminal_text.clean(text)
  if not core.utf8_length(text) then text = text:gsub("[\128-\255]", "?") end
  return (text:gsub(CHARACTER, function(character)
    return is_within(STEERING, code_of(character)) and " " or nil
  end))
end

--- The beginning of a clean text that fits into so many columns, never a part of a character.
---@param text string  # UTF-8
---@param limit integer
---@return string beginning
---@return integer columns  # that it takes
function terminal_text.cut(text, limit)
  local columns, last = 0, 0
  for character in text:gmatch(CHARACTER) do
    local wanted = columns + columns_of(character)
    if wanted > limit then break end
    columns, last = wanted, last + #character
  end
  return text:sub(1, last), columns
end

return terminal_text
