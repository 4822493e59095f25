--- Runs a gathering (see aws.backup.runtime.scheduler) inside nginx, which resumes coroutines itself: a few light
--- threads go through the functions, each taking the next one when it has ended one.
--
-- Only whoever spawned a light thread can kill it, and whoever is killed itself kills nobody. So the threads are
-- spawned by one that does nothing else: it ends with the gathering, or when the one that waits for the gathering is
-- seen to be dead, and they end with it.

-- luacheck: std ngx_lua

local has_ended = require "aws.backup.runtime.has_ended"

local light_threads = {}
light_threads.__index = light_threads

-- How soon the death of whoever waits is noticed.
local BEAT_SECONDS = 0.2

local function is_over(self)
  return self.cancelled or self.gathering:is_over() or has_ended(self.owner)
end

-- None once the gathering has what it wants or has failed, or nobody wants it any more.
local function take_job(self)
  local job = self.jobs[self.next_job]
  if not job or is_over(self) then return nil end
  self.jobs[self.next_job] = nil
  self.next_job = self.next_job + 1
  return job
end

local function work(self)
  local job = take_job(self)
  while job do
    job.ended(pcall(job.fn, unpack(job, 1, job.count)))
    self.gathering:start_more()
    if is_over(self) then self.changed:post(1) end
    job = take_job(self)
  end
  self.working = self.working - 1
end

-- Spawns the workers, and stays until they have ended or have to end.
local function supervise(self)
  local threads = {}
  for index = 1, self.working do threads[index] = assert(ngx.thread.spawn(work, self)) end
  while not is_over(self) do self.changed:wait(BEAT_SECONDS) end
  -- nginx keeps a thread that has ended until it was waited for.
  local end_thread = self.working > 0 and ngx.thread.kill or ngx.thread.wait
  for _, thread in ipairs(threads) do end_thread(thread) end
end

--- see scheduler:spawn
function light_threads:spawn(_, ended, fn, ...)
  self.last_job = self.last_job + 1
  self.jobs[self.last_job] = { ended = ended, fn = fn, count = select("#", ...), ... }
end

--- see scheduler:takes_more
function light_threads:takes_more()
  return self.next_job > self.last_job
end

--- see scheduler:cancel
function light_threads:cancel()
  self.cancelled = true
end

--- Runs a gathering until it is over, in a phase that may wait; see scheduler.run.
---@param gathering table
function light_threads.run(gathering)
  local self = setmetatable({
    gathering = gathering, jobs = {}, next_job = 1, last_job = 0, working = 0, owner = coroutine.running(),
    changed = require("ngx.semaphore").new(0),
  }, light_threads)
  gathering.scheduler = self
  gathering:start_more()
  -- What is begun at first is as much as may be under way at a time.
  self.working = self.last_job
  assert(ngx.thread.wait(assert(ngx.thread.spawn(supervise, self))))
end

return light_threads
