--- The check that every table of options goes through: names that exist, values of the right kind.

local habits = require "aws.backup.habits"
local nearest = require "aws.backup.nearest"

local options = {}

local function shown(value)
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  return "a " .. type(value)
end

--- Checks options.
---@param given any  what the caller passed
---@param checks table<string, fun(value: any): boolean, string, string?>  by name: whether a value fits, the rule,
---  and what is wrong within the value where that says more
---@param owner string  whose options these are, for the message: "a client"
---@param secret? table<string, boolean>  options whose value must not be shown
---@param by_habit? table<string, string>  what to write for names that others have, see `habits`
---@return true?, string? message
function options.check(given, checks, owner, secret, by_habit)
  if type(given) ~= "table" then
    return nil, string.format("the options of %s are a table, not %s%s", owner, type(given),
      by_habit and "; write { name = value }" or "")
  end
  for name, value in pairs(given) do
    local check = checks[name]
    if not check then
      local habit = by_habit and habits.look_up(by_habit, name)
      if habit then return nil, string.format("%s has no option %s; write %s", owner, tostring(name), habit) end
      local suggestion = nearest.among(tostring(name), checks)
      return nil, string.format("%s has no option %s%s", owner, tostring(name),
        suggestion and ("; did you mean " .. suggestion .. "?") or "")
    end
    local fits, rule, within = check(value)
    if not fits and within then return nil, string.format("the option %s must be %s; %s", name, rule, within) end
    if not fits then
      return nil, string.format("the option %s must be %s, not %s", name, rule,
        secret and secret[name] and "a " .. type(value) or shown(value))
    end
  end
  return true
end

return options
