--- What the tasks of a scheduler wait for, and which of them may go on. A task has one wait at a time, `task.wait`.
--
-- A wait is one of
--
--     { seconds = }              until they have passed
--     { engine =, transfer = }   until the transfer has ended
--     { gathering = }            until it is over (see aws.backup.runtime.scheduler)

local agenda = require "aws.backup.runtime.agenda"
local arrivals = require "aws.backup.runtime.arrivals"

local waits = {}
waits.__index = waits

--- None.
function waits.new()
  return setmetatable({ agenda = agenda.new(), per_engine = {}, over = {}, first_over = 1, last_over = 0 }, waits)
end

local function add_over(self, wait)
  self.last_over = self.last_over + 1
  self.over[self.last_over] = wait
  if self.wake then self.wake() end
end

-- Engines, each with the number of waits for its transfers.
local function count(self, engine, more)
  local waiting = (self.per_engine[engine] or 0) + more
  if waiting == 0 or waiting == more then self.listed = nil end
  self.per_engine[engine] = waiting > 0 and waiting or nil
end

local wait_class = {}
wait_class.__index = wait_class

-- see aws.backup.runtime.arrivals
function wait_class:arrived()
  count(self.waits, self.engine, -1)
  add_over(self.waits, self)
end

--- Ends the wait of a task that does not wait any more, if it has one; a transfer is cancelled.
---@param task table
function waits:drop(task)
  local wait = task.wait
  task.wait = nil
  if not wait then return end
  if wait.gathering then wait.gathering.awaited_by = nil end
  if wait.transfer and not wait.transfer:done() then
    arrivals.expect(wait.transfer, nil)
    wait.transfer:cancel()
    count(self, wait.engine, -1)
  end
end

--- Begins the wait of a task.
---@param task table
---@param wait table
---@param moment number  now
function waits:begin(task, wait, moment)
  self:drop(task) -- one that Lua did not let it wait, see aws.backup.runtime.yielding
  wait.task, wait.waits, task.wait = task, self, wait
  if wait.transfer then
    arrivals.expect(wait.transfer, setmetatable(wait, wait_class))
    count(self, wait.engine, 1)
  elseif wait.seconds then
    self.agenda:add(moment + wait.seconds, wait)
  else
    wait.gathering.awaited_by = wait
  end
end

--- Ends the wait for a gathering, if there is one and it is over.
---@param gathering table
function waits:look_at(gathering)
  local wait = gathering.awaited_by
  if not wait or not gathering:is_over() then return end
  gathering.awaited_by = nil
  add_over(self, wait)
end

--- Ends the waits that have lasted long enough.
---@param moment number  now
function waits:look_at_clock(moment)
  while self.agenda:next_time() <= moment do add_over(self, self.agenda:take()) end
end

--- When the next wait ends by time alone; math.huge: none does.
---@return number moment
function waits:next_time()
  return self.agenda:next_time()
end

--- The engines whose transfers are waited for; not to be changed.
---@return table[]
function waits:engines()
  if not self.listed then
    self.listed = {}
    for engine in pairs(self.per_engine) do self.listed[#self.listed + 1] = engine end
  end
  return self.listed
end

--- Whether somebody may go on; see aws.backup.runtime.foreign, whose `asleep` this is.
---@return boolean
function waits:is_served()
  return self.first_over <= self.last_over
end

--- The next task that may go on, taken off; nil if there is none.
---@return table? task
function waits:take()
  while self:is_served() do
    local wait = self.over[self.first_over]
    self.over[self.first_over] = nil
    self.first_over = self.first_over + 1
    if wait.task.wait == wait then
      wait.task.wait = nil
      return wait.task
    end
  end
  self.first_over, self.last_over = 1, 0
  return nil
end

return waits
