--- One text for the parameters of a call, the same whatever the order of their keys: two calls ask for the
--- same thing if their fingerprints are equal.

local core = require "aws.backup.core"

local fingerprint = {}

local function canonical(value, out, ignored)
  if type(value) ~= "table" then
    local text = type(value) == "number" and ("%.17g"):format(value) or tostring(value)
    out[#out + 1] = ("%s%d:%s"):format(type(value):sub(1, 1), #text, text)
    return
  end
  local keys = {}
  for key in pairs(value) do
    if not (ignored and ignored[key]) then keys[#keys + 1] = key end
  end
  table.sort(keys, function(one, other) return tostring(one) < tostring(other) end)
  out[#out + 1] = "{"
  for _, key in ipairs(keys) do
    canonical(key, out)
    canonical(value[key], out)
  end
  out[#out + 1] = "}"
end

--- The fingerprint of parameters.
---@param params table  # strings, numbers, booleans and tables of them
---@param ignored? table<string, boolean>  # top-level members that don't count
---@return string  # hex
function fingerprint.of(params, ignored)
  local out = {}
  canonical(params, out, ignored)
  return core.sha256_hex(table.concat(out))
end

return fingerprint
