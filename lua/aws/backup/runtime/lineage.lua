--- Which coroutine a yield suspends in the end. In Lua 5.1 a protected call that may be yielded across runs in a
-- coroutine of its own, which hands its yields on to the one that made it. Whoever wants to resume, or asks whose
-- coroutine runs, means the first of such a line.
--
-- What is kept here is a fact about coroutines, like their status, and no client's: an entry is set before its
-- coroutine runs, never changes, and goes with the coroutine.

local lineage = {}

local made_by = setmetatable({}, { __mode = "kv" })

local function running()
  local thread, is_main = coroutine.running()
  if is_main then return nil end
  return thread
end

--- Notes that a coroutine will hand its yields on to the running one.
---@param inner thread
function lineage.adopt(inner)
  made_by[inner] = running()
end

--- The coroutine that another one hands its yields on to, as far as it is known; nil: none.
---@param thread thread
---@return thread?
function lineage.outer(thread)
  -- The pcall of coxpcall does in Lua 5.1 what ours does, and can be asked. Elsewhere it is Lua's own.
  local coxpcall = package.loaded.coxpcall
  local asked = type(coxpcall) == "table" and coxpcall.running
  local outer = made_by[thread] or asked and asked ~= coroutine.running and asked(thread)
  return outer ~= thread and outer or nil
end

--- The coroutine that a yield here would suspend, as whoever resumes it knows it; nil in the main one, which can't
-- yield.
---@return thread?
function lineage.root()
  local thread, root = running(), nil
  while thread do
    root, thread = thread, lineage.outer(thread)
  end
  return root
end

return lineage
