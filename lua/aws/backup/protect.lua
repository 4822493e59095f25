--- `pcall` for functions that may yield. In Lua 5.1 a coroutine can't yield across pcall; there the function gets a
-- coroutine of its own, whose yields are handed on to the caller's scheduler.

local lineage = require "aws.backup.runtime.lineage"

local unpack = table.unpack or unpack -- luacheck: ignore

-- Told by the name, not tried out: to yield while a module is loaded is what a host such as nginx can't bear.
local function pcall_yields()
  return _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil
end

local function pack(...)
  return { n = select("#", ...), ... }
end

local function through_coroutine(fn, ...)
  if not coroutine.running() then return pcall(fn, ...) end -- nothing yields in the main one
  -- Lua 5.1 makes coroutines of Lua functions only.
  local inner = coroutine.create(function(...) return fn(...) end)
  lineage.adopt(inner)
  local results = pack(coroutine.resume(inner, ...))
  while results[1] and coroutine.status(inner) ~= "dead" do
    results = pack(coroutine.resume(inner, coroutine.yield(unpack(results, 2, results.n))))
  end
  return unpack(results, 1, results.n)
end

---@type fun(fn: function, ...): boolean, ...
return pcall_yields() and pcall or through_coroutine
