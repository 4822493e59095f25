--- Following a job to its end. AWS Backup models no waiters, so the states are written here (API reference,
-- DescribeBackupJob).

local errors = require "aws.backup.errors"
local interrupt = require "aws.backup.interrupt"
local job_states = require "aws.backup.job_states"
local check_options = require("aws.backup.options").check
local protect = require "aws.backup.protect"
local raise = require "aws.backup.raise"

local wait = {}

-- Jobs take minutes to days: begin quickly for the short ones, then ask rarely. Ten to thirty seconds is what the
-- service bears from many pollers at once.
local DEFAULT_INTERVAL_SECONDS = 2
local DEFAULT_MAX_INTERVAL_SECONDS = 30
local GROWTH = 1.5

-- Directly after its start a job may not be visible everywhere yet.
local VISIBLE_WITHIN_SECONDS = 30
-- Failures in a row that are borne, each after the call's own retries.
local PATIENCE = 3

local function positive(value)
  return type(value) == "number" and value > 0, "a number of seconds greater than 0"
end

---@class aws.backup.WaitOptions
---@field timeout? number  # seconds; none by default, since a job's own windows end it
---@field interval? number  # seconds before the second look: 2; grows by half with each look
---@field max_interval? number  # seconds: 30, or interval if that is longer
---@field on_progress? fun(job: table)  # called with each description

local OPTIONS = {
  timeout = positive, interval = positive, max_interval = positive,
  on_progress = function(value) return type(value) == "function", "a function" end,
}

-- Time as the waiter sees it: never less than what it slept, so that a caller whose sleep moves a virtual clock
-- comes to its timeout too.
local function stopwatch(monotonic)
  local started, slept = monotonic(), 0
  return {
    elapsed = function() return math.max(monotonic() - started, slept) end,
    slept = function(seconds) slept = slept + seconds end,
  }
end

-- Whether a failed look at the job is worth another look.
local function bearable(failure, seen, elapsed, failures)
  if failure:is("ResourceNotFoundException") then return not seen and elapsed < VISIBLE_WITHIN_SECONDS end
  return failure.retryable == true and failures < PATIENCE
end

local function timed_out(id, job, seconds)
  local state = job and job.State or "not seen"
  return errors.new("WaitTimeoutError", {
    operation = "DescribeBackupJob", job = job,
    message = string.format("backup job %s has not ended after %d seconds (state: %s); it goes on without the waiter, "
      .. "wait again or stop it with stop_backup_job", id, math.floor(seconds + 0.5), state),
  })
end

local function ended_badly(job)
  local told = job.StatusMessage and job.StatusMessage ~= "" and job.StatusMessage or "no message was given"
  return errors.new("JobFailedError", {
    operation = "DescribeBackupJob", job = job,
    message = string.format("backup job %s ended %s: %s", tostring(job.BackupJobId), job.State, told),
  })
end

local function children_of(ask, id)
  local children, token = {}, nil
  repeat
    local page, failure = ask("ListBackupJobs", { ByParentJobId = id, NextToken = token })
    if not page then return nil, failure end
    for _, child in ipairs(page.BackupJobs or {}) do children[#children + 1] = child end
    if page.NextToken == token then break end
    token = page.NextToken
  until token == nil or token == ""
  return children
end

local function finished(ask, job)
  if job_states.FAILURE[job.State] then return nil, ended_badly(job) end
  if job.State ~= "PARTIAL" then return job end
  local children, failure = children_of(ask, job.BackupJobId)
  if not children then return nil, failure end
  return job, children
end

-- Ctrl-C ends the wait and not the job, so what is raised says so.
local function settle(id, ran, ...)
  if ran then return ... end
  raise(interrupt.with(("backup job %s goes on at AWS (stop_backup_job ends it)"):format(tostring(id)), (...)))
end

local function follow(ask, id, options, sleep, monotonic)
  local interval = options.interval or DEFAULT_INTERVAL_SECONDS
  local longest = math.max(interval, options.max_interval or DEFAULT_MAX_INTERVAL_SECONDS)
  local watch = stopwatch(monotonic)
  local last, failures = nil, 0

  while true do
    local job, failure = ask("DescribeBackupJob", { BackupJobId = id })
    if job then
      last, failures = job, 0
      if options.on_progress then options.on_progress(job) end
      if job_states.is_final(job.State) then return finished(ask, job) end
    else
      if not bearable(failure, last, watch.elapsed(), failures) then return nil, failure end
      failures = failures + 1
    end

    local left = options.timeout and options.timeout - watch.elapsed()
    if left and left <= 0 then return nil, timed_out(id, last, options.timeout) end
    local pause = left and math.min(interval, left) or interval
    sleep(pause)
    watch.slept(pause)
    interval = math.min(interval * GROWTH, longest)
  end
end

--- Asks for a backup job until it has ended. An unknown state counts as under way: the service may add one.
---@param ask fun(operation: string, params: table): table?, table?  output, or nil and an error
---@param id string
---@param options aws.backup.WaitOptions
---@param sleep fun(seconds: number)
---@param monotonic fun(): number
---@return table? job, table? children_or_err
function wait.backup_job(ask, id, options, sleep, monotonic)
  local fine, message = check_options(options, OPTIONS, "a wait")
  if not fine then return nil, errors.new("ConfigError", { message = message }) end
  return settle(id, protect(follow, ask, id, options, sleep, monotonic))
end

return wait
