--- Foreign text made fit for a message: one line, no control bytes, not too long.

local core = require "aws.backup.core"

local visible = {}

local LONGEST_VALUE = 500

local NAMES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(character)
  return NAMES[character] or ("\\x%02X"):format(character:byte())
end

--- Shows control bytes and what is not UTF-8 as escapes, and cuts what is longer, never inside a character of UTF-8.
---@param text string
---@param limit? integer  # bytes; absent: no limit
---@return string
function visible.text(text, limit)
  local cut = limit and #text > limit
  if cut then
    local last = limit
    while last > 0 and text:find("^[\128-\191]", last + 1) do last = last - 1 end
    text = text:sub(1, last)
  end
  -- Complements, because patterns of Lua 5.1 cannot hold a zero byte.
  text = text:gsub(core.utf8_length(text) and "[^\32-\126\128-\255]" or "[^\32-\126]", escape)
  return cut and text .. "..." or text
end

--- Any value as a text for a message, whatever its metatable does.
---@param value any
---@param limit? integer  # bytes
---@return string
function visible.value(value, limit)
  local told, text = pcall(tostring, value)
  if not told or type(text) ~= "string" then text = "a " .. type(value) end
  return visible.text(text, limit or LONGEST_VALUE)
end

return visible
