--- Values of enums that are right but for the case of their letters. Enums are open: what is like none is new.

local ascii = require "aws.backup.ascii"

local enums = {}

--- The value that a text is but for its case.
---@param shape { enum: string[]? }
---@param text string
---@return string?  # nil: the text is a value, or like none
function enums.meant(shape, text)
  local found, lowered = nil, ascii.lower(text)
  for _, value in ipairs(shape.enum or {}) do
    if value == text then return nil end
    if ascii.lower(value) == lowered then found = found or value end
  end
  return found
end

return enums
