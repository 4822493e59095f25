--- The check that every table of options goes through: names that exist, values of the right kind.

local nearest = require "aws.backup.nearest"

local options = {}

local function shown(value)
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  return "a " .. type(value)
end

--- Checks options.
---@param given any  what the caller passed
---@param checks table<string, fun(value: any): boolean, string>  by name: whether a value fits, and the rule
---@param owner string  whose options these are, for the message: "a client"
---@param secret? table<string, boolean>  options whose value must not be shown
---@return true?, string? message
function options.check(given, checks, owner, secret)
  if type(given) ~= "table" then
    return nil, string.format("the options of %s are a table, not %s", owner, type(given))
  end
  for name, value in pairs(given) do
    local check = checks[name]
    if not check then
      local suggestion = nearest.among(tostring(name), checks)
      return nil, string.format("%s has no option %s%s", owner, tostring(name),
        suggestion and ("; did you mean " .. suggestion .. "?") or "")
    end
    local fits, rule = check(value)
    if not fits then
      return nil, string.format("the option %s must be %s, not %s", name, rule,
        secret and secret[name] and "a " .. type(value) or shown(value))
    end
  end
  return true
end

return options
