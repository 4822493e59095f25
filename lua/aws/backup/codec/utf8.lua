--- UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.

local utf8 = {}

--- How many bytes follow a first byte, and what the second byte may be.
local function sequence(first)
  if first < 0xC2 then return nil end
  if first < 0xE0 then return 1, 0x80, 0xBF end
  if first == 0xE0 then return 2, 0xA0, 0xBF end
  if first == 0xED then return 2, 0x80, 0x9F end
  if first < 0xF0 then return 2, 0x80, 0xBF end
  if first == 0xF0 then return 3, 0x90, 0xBF end
  if first < 0xF4 then return 3, 0x80, 0xBF end
  if first == 0xF4 then return 3, 0x80, 0x8F end
  return nil
end

--- Counts the characters of a text.
---@param text string
---@return integer? count  # nil if the text is not UTF-8
---@return integer? position  # of the first byte that is wrong
function utf8.length(text)
  if not text:find("[\128-\255]") then return #text end
  local count, position, size = 0, 1, #text
  while position <= size do
    local first = text:byte(position)
    if first >= 0x80 then
      local following, low, high = sequence(first)
      if not following then return nil, position end
      for offset = 1, following do
        local byte = text:byte(position + offset)
        if not byte or byte < low or byte > high then return nil, position end
        low, high = 0x80, 0xBF
      end
      position = position + following
    end
    position, count = position + 1, count + 1
  end
  return count
end

return utf8
