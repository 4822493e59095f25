--- Paths that say where in a table a value is: `BackupPlan.Rules[2].RuleName`, counted as Lua does.

local path = {}

--- Appends a member or a map's key.
---@param base string
---@param key any
---@return string
function path.member(base, key)
  key = tostring(key)
  if not key:find("^[%a_][%w_%-]*$") then
    key = ("[%q]"):format(key):gsub("\\\n", "\\n")
    return base .. key
  end
  return base == "" and key or base .. "." .. key
end

--- Appends the index of a list's item.
---@param base string
---@param index integer
---@return string
function path.item(base, index)
  return ("%s[%d]"):format(base, index)
end

--- Puts an outer part in front of a path.
---@param outer string
---@param inner string
---@return string
function path.join(outer, inner)
  if inner == "" or inner:sub(1, 1) == "[" then return outer .. inner end
  return outer == "" and inner or outer .. "." .. inner
end

return path
