--- Names that nobody can guess, all made from UUIDs: a test that hands in its own UUIDs decides them all.

local core = require "aws.backup.core"
local uuid = require "aws.backup.uuid"

local ids = {}

--- A random UUID.
---@return string
function ids.uuid()
  local made, message = uuid.random()
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
  return uuid.shaped(core.sha256_hex(text), "8")
end

--- A fraction from 0 to below 1 that follows from a text.
---@param text string
---@return number
function ids.fraction(text)
  return tonumber(core.sha256_hex(text):sub(1, 6), 16) / 0x1000000
end

return ids
