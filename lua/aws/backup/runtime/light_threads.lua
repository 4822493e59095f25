--- Runs a gathering (see aws.backup.runtime.scheduler) inside nginx, which resumes coroutines itself: a few light
--- threads go through the functions, each taking the next one when it has ended one.

-- luacheck: std ngx_lua

local light_threads = {}
light_threads.__index = light_threads

-- A semaphore can't be waited for without end.
local LONGEST_WAIT_SECONDS = 60

-- None once the gathering has what it wants, or has failed.
local function take_job(self)
  local job = self.jobs[self.next_job]
  if not job or self.gathering:is_over() then return nil end
  self.jobs[self.next_job] = nil
  self.next_job = self.next_job + 1
  return job
end

local function work(self)
  local job = take_job(self)
  while job do
    job.ended(pcall(job.fn, unpack(job, 1, job.count)))
    self.gathering:start_more()
    if self.gathering:is_over() then self.over:post(1) end
    job = take_job(self)
  end
  self.working = self.working - 1
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
  for _, thread in ipairs(self.threads) do ngx.thread.kill(thread) end
end

--- Runs a gathering until it is over, in a phase that may wait; see scheduler.run.
---@param gathering table
function light_threads.run(gathering)
  local self = setmetatable({
    gathering = gathering, jobs = {}, next_job = 1, last_job = 0, threads = {}, working = 0,
    over = require("ngx.semaphore").new(0),
  }, light_threads)
  gathering.scheduler = self
  gathering:start_more()
  -- What is begun at first is as much as may be under way at a time. Only whoever spawns a thread can wait for it.
  self.working = self.last_job
  for index = 1, self.working do self.threads[index] = assert(ngx.thread.spawn(work, self)) end
  while not gathering:is_over() do self.over:wait(LONGEST_WAIT_SECONDS) end
  if self.working > 0 then return end
  -- nginx keeps a thread that has ended until it was waited for.
  for _, thread in ipairs(self.threads) do ngx.thread.wait(thread) end
end

return light_threads
