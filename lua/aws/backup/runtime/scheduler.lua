--- Runs coroutines beside each other in one thread: each gives its waits to the scheduler that resumes it, which waits
--- for all of them at once and resumes those whose wait is over.
--
-- A task is such a coroutine; its waits are those of aws.backup.runtime.waits. A gathering is what tasks come from:
-- `start_more(self)` spawns as many as it wants now, `is_over(self)` tells whether it has all that it wants of them.
--
-- A wait can't be given away where the running coroutine can't yield (aws.backup.runtime.yielding), or is one that the
-- task has made for itself, a generator for instance. Whoever waits there drives the scheduler from where it stands:
-- the tasks that are suspended go on, and the wait ends later where one of them takes long.

local core = require "aws.backup.core"
local errors = require "aws.backup.errors"
local interrupt = require "aws.backup.interrupt"
local lineage = require "aws.backup.runtime.lineage"
local protect = require "aws.backup.protect"
local raise = require "aws.backup.raise"
local slice = require "aws.backup.runtime.slice"
local waits = require "aws.backup.runtime.waits"
local yielding = require "aws.backup.runtime.yielding"

local unpack = table.unpack or unpack -- luacheck: ignore

local scheduler = {}
scheduler.__index = scheduler

-- Every wait that drives the scheduler lies on the C stack above the one before it, of which Lua allows 200 levels in
-- all. Beyond so many a wait drives nothing and just blocks.
local DEEPEST = 8

-- Who resumes a coroutine is a fact about that coroutine and no state of the clients that wait in it. An entry goes
-- with its task, or with the scheduler if a host drops it.
local task_of = setmetatable({}, { __mode = "kv" })

local function new()
  return setmetatable({ tasks = {}, waits = waits.new(), gatherings = {}, depth = 0, idle_turns = 0, slept_ahead = 0 },
    scheduler)
end

-- Seconds that never jump, and never lag behind what a host has slept: its time may be a virtual one.
local function now(self)
  return core.monotonic() + self.slept_ahead
end

-- Tasks.

local function strange_yield()
  return errors.new("ClientError", { message = "a function that runs in parallel yielded by itself, and nobody is "
    .. "there to resume it; only the calls and waits of clients may wait in it: do other waiting before or after" })
end

-- What the standalone interpreters raise on Ctrl-C: LuaJIT in whatever coroutine runs, PUC Lua in the main one alone.
local IS_LUAJIT = rawget(_G, "jit") ~= nil

local function is_interrupt(failure)
  return IS_LUAJIT and interrupt.is(failure)
end

-- Lua 5.4 runs what was declared with <close> in a coroutine that nobody will resume.
local close = coroutine.close or function() end -- luacheck: ignore

-- Leaves a task where it is, for good.
local function shut(self, task)
  self.tasks[task] = nil
  self.waits:drop(task)
  if coroutine.status(task.thread) == "suspended" then close(task.thread) end
end

local function conclude(self, task, fine, value)
  shut(self, task)
  task.ended(fine, value)
  self.waits:look_at(task.gathering)
end

local function resume(self, task, ...)
  local outer = self.current
  self.current, self.idle_turns = task, 0
  local fine, value = coroutine.resume(task.thread, ...)
  self.current = outer
  if task.cancelled then return shut(self, task) end
  if coroutine.status(task.thread) ~= "suspended" then
    task_of[task.thread] = nil
    if not fine and is_interrupt(value) then error(value, 0) end
    conclude(self, task, fine, value)
  elseif not task.wait then
    task.cancelled = { failure = strange_yield() }
    conclude(self, task, false, task.cancelled.failure)
  end
end

--- Runs a function as a task, up to its first wait.
---@param gathering table  whom the task works for
---@param ended fun(fine: boolean, value: any)  told how it ended; must neither wait nor raise
---@param fn function
function scheduler:spawn(gathering, ended, fn, ...)
  -- Lua 5.1 makes coroutines of Lua functions only.
  local thread = coroutine.create(function(...) return fn(...) end)
  local task = { scheduler = self, gathering = gathering, ended = ended, thread = thread }
  self.tasks[task], task_of[thread] = true, task
  resume(self, task, ...)
end

--- Whether the running task, having done what it was spawned for, may go on with what another would be spawned for.
---@param gathering table
---@return boolean
function scheduler:takes_more(gathering)
  local task = self.current
  -- Whoever drives must get a turn between two functions that never wait: there Ctrl-C comes through.
  if not task.has_waited then return false end
  task.has_waited = false
  return self.depth <= 1 or self.driven_for.gathering == gathering -- see start_more
end

-- Cancelling. The wait of a cancelled task raises once, so that what the function holds is given back; if it waits
-- again, it is left there.

local function check_cancelled(task)
  local cancelled = task.cancelled
  if not cancelled or cancelled.told then return end
  cancelled.told = true
  error(cancelled.failure, 0)
end

local function cancel_task(self, task, failure)
  task.cancelled = { failure = failure }
  if coroutine.status(task.thread) ~= "suspended" then return end
  self.waits:drop(task)
  coroutine.resume(task.thread)
  shut(self, task)
end

-- A task within a task works for both gatherings.
local function works_for(task, gathering)
  while task do
    if gathering == nil or task.gathering == gathering then return true end
    task = task.gathering.task
  end
  return false
end

local function remove(list, value)
  for index = #list, 1, -1 do
    if list[index] == value then table.remove(list, index) end
  end
end

--- Ends the tasks that work for a gathering; all tasks if there is none.
---@param gathering? table
---@param failure any  what their waits raise
function scheduler:cancel(gathering, failure)
  local ending = {}
  for task in pairs(self.tasks) do
    if works_for(task, gathering) then ending[#ending + 1] = task end
  end
  for _, task in ipairs(ending) do
    if not task.cancelled then cancel_task(self, task, failure) end
    remove(self.gatherings, task.gathering)
  end
end

-- Driving.

-- Of the wait for which the scheduler is driven. Those of the tasks are told when they are over.
local function is_over(self, wait)
  if wait.transfer then return wait.transfer:done() end
  if wait.due then return wait.due <= now(self) end
  return wait.gathering:is_over()
end

-- From within a task only what it waits for is begun: all else would lie above it and keep it from going on.
local function start_more(self, wait)
  if self.depth > 1 then
    if wait.gathering then wait.gathering:start_more() end
    return
  end
  for _, gathering in ipairs(self.gatherings) do gathering:start_more() end
end

-- Whoever drives from within a task must not yield; at the bottom the host waits, if one of the tasks has brought one.
local function pause(self, engines, seconds)
  if self.depth > 1 or not self.host then return slice.wait(engines, seconds) end
  local started = core.monotonic()
  local slept = self.host.pause(engines, seconds, self.idle_turns, self.waits)
  self.idle_turns = self.idle_turns + 1
  self.slept_ahead = self.slept_ahead + math.max(0, slept - (core.monotonic() - started))
end

local function wait_for_next(self, wait)
  local engines, due = self.waits:engines(), math.min(self.waits:next_time(), wait.due or math.huge)
  if wait.engine and wait.engine ~= engines[1] then engines = { wait.engine, unpack(engines) } end
  pause(self, engines, math.max(0, due - now(self)))
end

local function drive(self, wait)
  local outer = self.driven_for
  self.depth, self.driven_for = self.depth + 1, wait
  while not is_over(self, wait) do
    start_more(self, wait)
    if self.waits:next_time() < math.huge then self.waits:look_at_clock(now(self)) end
    local task = self.waits:take()
    if task then
      if not task.cancelled then resume(self, task) end
    elseif not is_over(self, wait) then
      wait_for_next(self, wait)
    end
  end
  self.depth, self.driven_for = self.depth - 1, outer
end

-- From outside.

-- The task that the running code is part of: as its coroutine, or somewhere above it.
local function current_task()
  local root = lineage.root()
  local task = root and task_of[root]
  if task then return task end
  for thread, other in pairs(task_of) do
    if coroutine.status(thread) == "normal" then return other.scheduler.current end
  end
  return nil
end

--- Gives a wait of the running coroutine to the scheduler that resumes it, and comes back when it is over.
---@param wait table  see aws.backup.runtime.waits
---@param host? table  how to wait in the loop that all this runs in; see aws.backup.runtime.foreign
---@return boolean  false: no scheduler resumes the coroutine, or it can't yield
function scheduler.give(wait, host)
  local root = yielding.target()
  local task = root and task_of[root]
  if not task then return false end
  check_cancelled(task)
  if wait.transfer and wait.transfer:done() then return true end
  local self = task.scheduler
  self.host = host or self.host
  self.waits:begin(task, wait, now(self))
  coroutine.yield()
  task.has_waited = true
  check_cancelled(task)
  return true
end

--- Blocks for a wait of a task that can't be given away, and lets the other tasks go on meanwhile.
---@param wait table  see aws.backup.runtime.waits
---@return boolean  false: nothing runs in parallel here, or too many waits of this kind lie below
function scheduler.drive(wait)
  local task = current_task()
  if not task then return false end
  local self = task.scheduler
  if task.cancelled then error(task.cancelled.failure, 0) end
  if self.depth >= DEEPEST then return false end
  if wait.seconds then wait.due = now(self) + wait.seconds end
  drive(self, wait)
  check_cancelled(task)
  return true
end

-- In Lua 5.1 outside of the main coroutine nothing can be caught that yields for a host. No Ctrl-C comes through there,
-- and what was left behind by a host that raises goes with the collector.
local function drive_to_the_end(self, wait)
  if protect ~= pcall and lineage.root() then return drive(self, wait) end
  local fine, failure = pcall(drive, self, wait)
  if fine then return end
  self:cancel(nil, failure)
  raise(failure)
end

--- Raises again what a caller's function has raised, if it ends the program (Ctrl-C) or the running task: that is
-- nobody's to catch.
---@param raised any
function scheduler.pass_on(raised)
  interrupt.pass_on(raised)
  local task = current_task()
  if task and task.cancelled and rawequal(task.cancelled.failure, raised) then error(raised, 0) end
end

--- Runs a gathering until it is over: beside the tasks that run already, if the running code is part of one.
---@param gathering table  start_more(self), is_over(self); gets the fields `scheduler` and `task`
function scheduler.run(gathering)
  local task = current_task()
  if task and task.cancelled then error(task.cancelled.failure, 0) end
  local self = task and task.scheduler or new()
  local wait = { gathering = gathering }
  gathering.scheduler, gathering.task = self, task
  self.gatherings[#self.gatherings + 1] = gathering
  if not task then
    drive_to_the_end(self, wait)
  elseif gathering:is_over() or not scheduler.give(wait) then
    drive(self, wait)
  end
  remove(self.gatherings, gathering)
end

return scheduler
