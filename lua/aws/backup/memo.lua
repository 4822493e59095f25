--- Remembers what a function has found, for a few keys: those that come again and again.

local memo = {}

-- A client talks to its endpoint and to those of its credentials.
local MOST_KEYS = 16

--- A function that asks `find` once for each key. With one key too many it forgets all and begins anew.
---@param find fun(key: string): any, ...  what comes first is remembered, unless it is nil; the rest is handed on once
---@return fun(key: string): any, ...
function memo.new(find)
  local known, count = {}, 0

  local function remember(key, found, ...)
    if found ~= nil then
      if count == MOST_KEYS then known, count = {}, 0 end
      known[key], count = found, count + 1
    end
    return found, ...
  end

  return function(key)
    local found = known[key]
    if found ~= nil then return found end
    return remember(key, find(key))
  end
end

return memo
