--- Whether the running coroutine can yield where it stands. What it can't yield across is a function of the C library
-- that calls back (table.sort, string.gsub); in Lua 5.1 also pcall, metamethods and iterators.

local lineage = require "aws.backup.runtime.lineage"

local yielding = {}

local IS_5_1 = _VERSION == "Lua 5.1"

-- C functions that let a yield pass.
local LETS_PASS = IS_5_1 and {} or { [pcall] = true, [xpcall] = true, [dofile] = true }

-- Lua 5.1 tells nowhere that a function is a metamethod: it is one of those that were called without a name. The others
-- of these, such as (function() end)(), are rare enough to be taken for one, which costs speed alone. What ends in a
-- tail call has left no trace; if that was a metamethod or an iterator, the yield raises.
local function may_be_metamethod(frame, caller)
  return frame.name == nil and caller ~= nil and caller.what ~= "C" and caller.what ~= "tail"
end

local function holds_up(frame, caller)
  if frame.what == "C" then return not LETS_PASS[frame.func] end
  if not IS_5_1 or frame.what == "tail" then return false end
  return frame.name == "(for generator)" or may_be_metamethod(frame, caller)
end

-- Goes down the stack of a coroutine. Its topmost function is left out: of one that has resumed another it is the one
-- that resumed, of the running one it is debug.getinfo.
local function frames_let_pass(thread)
  local level = 1
  local frame = debug.getinfo(thread, level, "nSf")
  while frame do
    level = level + 1
    local caller = debug.getinfo(thread, level, "nSf")
    if holds_up(frame, caller) then return false end
    frame = caller
  end
  return true
end

-- For the Lua versions that can't be asked.
local function stacks_let_pass()
  local thread = coroutine.running()
  while thread and frames_let_pass(thread) do thread = lineage.outer(thread) end
  return thread == nil
end

local let_pass = coroutine.isyieldable or stacks_let_pass -- luacheck: ignore

--- The coroutine that a yield here would suspend (see aws.backup.runtime.lineage); nil if none can.
---@return thread?
function yielding.target()
  local root = lineage.root()
  if root and let_pass() then return root end
  return nil
end

return yielding
