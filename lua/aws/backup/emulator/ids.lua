--- Names that nobody can guess, all made from UUIDs: a test that hands in its own UUIDs decides them all.

local core = require "aws.backup.core"

local ids = {}

--- A random UUID.
---@return string
function ids.uuid()
  local made, message = core.uuid()
  -- Without randomness the emulator can't name anything: no caller could go on.
  return made or error("no random bytes: " .. message, 0)
end

--- Hex digits that follow from a text, and look as if they did not.
---@param text string
---@param digits integer  # 1 to 64
---@return string
function ids.hex(text, digits)
  return core.sha256_hex(text):sub(1, digits)
end

--- A UUID that follows from a text.
---@param text string
---@return string
function ids.uuid_of(text)
  local hex = core.sha256_hex(text)
  -- The digits of RFC 9562's version 4 and its variant.
  return table.concat({
    hex:sub(1, 8), hex:sub(9, 12), "4" .. hex:sub(14, 16), "8" .. hex:sub(18, 20), hex:sub(21, 32),
  }, "-")
end

--- A fraction from 0 to below 1 that follows from a text.
---@param text string
---@return number
function ids.fraction(text)
  return tonumber(core.sha256_hex(text):sub(1, 6), 16) / 0x1000000
end

return ids
