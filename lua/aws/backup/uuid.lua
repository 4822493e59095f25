--- UUIDs of version 4 (RFC 9562), lower case with dashes.

local core = require "aws.backup.core"

local uuid = {}

--- 32 hex digits in the shape of a UUID; version and variant take the place of two of them.
---@param hex string
---@param variant string  one of 8, 9, a, b
---@return string
function uuid.shaped(hex, variant)
  return table.concat({
    hex:sub(1, 8), hex:sub(9, 12), "4" .. hex:sub(14, 16), variant .. hex:sub(18, 20), hex:sub(21, 32),
  }, "-")
end

--- A random UUID.
---@return string? uuid, string? message  nil if the system has no randomness to give
function uuid.random()
  local bytes, message = core.random(16)
  if not bytes then return nil, message end
  return uuid.shaped(core.hex(bytes), ("%x"):format(8 + bytes:byte(9) % 4))
end

return uuid
