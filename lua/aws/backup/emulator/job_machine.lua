--- The life of a backup job: its states, what moves it from one to the next, and when.
---
---     CREATED --> RUNNING --> COMPLETED | PARTIAL | FAILED
---        \--> PENDING --^        (PENDING: another job holds the resource)
---     CREATED, PENDING, RUNNING --> EXPIRED      a window has passed
---     CREATED, PENDING, RUNNING --> ABORTING --> ABORTED      StopBackupJob
---
--- A composite job (a CloudFormation stack, an EKS cluster) runs nothing itself: it starts its children, and ends when
--- the last of them ends.

local lifecycle = require "aws.backup.emulator.lifecycle"
local messages = require "aws.backup.emulator.messages"
local point_life = require "aws.backup.emulator.point_life"
local tag_rules = require "aws.backup.emulator.tag_rules"

local machine = {}

-- Virtual seconds from a job's creation to its first attempt to run, and from ABORTING to ABORTED.
local START_SECONDS = 60
local ABORT_SECONDS = 30
-- A job is listed, and its idempotency token known, for 30 days after its end.
local REMEMBERED_SECONDS = 30 * 86400

local TERMINAL = { ABORTED = true, COMPLETED = true, FAILED = true, EXPIRED = true, PARTIAL = true }

--- True for a job in a state that it will not leave.
---@param job table
---@return boolean
function machine.is_over(job)
  return TERMINAL[job.state] or false
end

local run, settle

local function forget(world, job)
  world.schedule:after(REMEMBERED_SECONDS, function()
    world.jobs:remove(job.id)
    if job.request_key then world.requests[job.request_key] = nil end
  end)
end

local function cancel_events(world, job)
  for _, event in pairs(job.events) do world.schedule:cancel(event) end
  job.events = {}
end

local function settle_point(world, job)
  local point = job.point
  if not point then return end
  if job.state == "COMPLETED" or job.state == "PARTIAL" then
    point_life.complete(world, point, job, job.state)
  else
    job.point, job.point_arn = nil, nil
    point_life.remove(world, point)
  end
end

-- How a composite ends, from how its children ended.
local function outcome_of(children)
  local completed, first, alike = 0, children[1].state, true
  for _, child in ipairs(children) do
    if child.state == "COMPLETED" then completed = completed + 1 end
    alike = alike and child.state == first
  end
  if completed == #children then return "COMPLETED" end
  if completed > 0 then return "PARTIAL", messages.some_children_failed(#children - completed, #children) end
  return alike and first or "FAILED", children[1].message
end

local function check_children(world, parent)
  if machine.is_over(parent) or parent.state == "ABORTING" then return end
  for _, child in ipairs(parent.children) do
    if not machine.is_over(child) then return end
  end
  if parent.failing then return settle(world, parent, "FAILED", parent.failing) end
  settle(world, parent, outcome_of(parent.children))
end

-- Lets the next job of a resource run, as an event of its own: a long queue that fails one by one must not nest.
local function hand_over(world, following)
  world.schedule:after(0, function()
    if following.state == "PENDING" then run(world, following) end
  end)
end

-- Ends a job for good. What it held is given on, and its children end with it.
function settle(world, job, state, message)
  if machine.is_over(job) then return end
  cancel_events(world, job)
  job.state, job.message, job.completed = state, message or job.issue, world:now()
  settle_point(world, job)
  for _, child in ipairs(job.children or {}) do settle(world, child, state, message) end
  forget(world, job)
  local following = world.occupancy:leave(job.resource.arn, job)
  if following then hand_over(world, following) end
  if job.parent then check_children(world, job.parent) end
end

-- Why a job can't go on at its start. The call was accepted all the same: the service looks at these later.
local function obstacle(job, vault)
  if not vault then return messages.VAULT_MISSING end
  if vault.locked and not lifecycle.fits_vault(job.lifecycle, vault) then return messages.RETENTION_OUT_OF_RANGE end
  if tag_rules.count(job.tags) > tag_rules.MOST then return messages.TOO_MANY_TAGS end
  return nil
end

local function start(world, job)
  if world.occupancy:take(job.resource.arn, job) then return run(world, job) end
  job.state, job.message = "PENDING", ""
end

-- What a job does once it runs: it fails if somebody asked for it, else it starts its children or comes to its end.
local function plan_course(world, job)
  job.failing, world.failures[job.resource.arn] = world.failures[job.resource.arn], nil
  if job.failing then
    local middle = (job.expected - job.started) / 2
    job.events.fail = world.schedule:after(middle, function() settle(world, job, "FAILED", job.failing) end)
  end
  if job.children then
    for _, child in ipairs(job.children) do
      -- One may have failed or been stopped before its parent ran.
      if child.state == "CREATED" then
        child.events.start = world.schedule:after(START_SECONDS, function() start(world, child) end)
      end
    end
  elseif not job.failing then
    job.events.finish = world.schedule:at(job.expected, function() settle(world, job, "COMPLETED") end)
  end
end

function run(world, job)
  local vault = world.vaults:get(job.vault_name)
  local reason = obstacle(job, vault)
  if reason then return settle(world, job, "FAILED", reason) end
  world.schedule:cancel(job.events.start_window)
  job.state, job.message, job.started = "RUNNING", nil, world:now()
  job.expected = job.started + (job.children and START_SECONDS or 0) + job.seconds
  job.point = point_life.begin(world, vault, job)
  job.point_arn = job.point.arn
  plan_course(world, job)
end

local function plan_windows(world, job)
  job.events.start_window = world.schedule:at(job.start_by, function()
    settle(world, job, "EXPIRED", job.state == "PENDING" and messages.RESOURCE_BUSY or messages.EXPIRED)
  end)
  job.events.complete_window = world.schedule:at(job.complete_by, function()
    settle(world, job, "EXPIRED", messages.EXPIRED)
  end)
end

--- Sets a job going. Children begin when their parent runs.
---@param world table
---@param job table  # see backup_jobs; its state is CREATED from here on
function machine.submit(world, job)
  job.state, job.events = "CREATED", {}
  world.jobs:add(job.id, job)
  plan_windows(world, job)
  for _, child in ipairs(job.children or {}) do machine.submit(world, child) end
  if not job.parent then
    job.events.start = world.schedule:after(START_SECONDS, function() start(world, job) end)
  end
end

--- Stops a job that is not over: ABORTING now, ABORTED soon.
---@param world table
---@param job table
function machine.stop(world, job)
  if machine.is_over(job) or job.state == "ABORTING" then return end
  cancel_events(world, job)
  job.state, job.message = "ABORTING", nil
  -- One that only waited must not come to run any more.
  if world.occupancy:holder(job.resource.arn) ~= job then world.occupancy:leave(job.resource.arn, job) end
  job.events.abort = world.schedule:after(ABORT_SECONDS, function() settle(world, job, "ABORTED", messages.STOPPED) end)
  for _, child in ipairs(job.children or {}) do machine.stop(world, child) end
end

-- The job of a resource that is under way: the one that holds it, else the oldest that is not over.
local function current(world, resource_arn)
  local holder = world.occupancy:holder(resource_arn)
  if holder then return holder end
  for _, job in world.jobs:oldest_first() do
    if job.resource.arn == resource_arn and not machine.is_over(job) then return job end
  end
  return nil
end

--- Makes a job of a resource fail: the one under way at once, or, if there is none, the next one midway.
---@param world table
---@param resource_arn string
---@param message string  # its StatusMessage
---@return string? job_id  # of the job that failed; nil: the next one will
function machine.fail(world, resource_arn, message)
  local job = current(world, resource_arn)
  if not job then
    world.failures[resource_arn] = message
    return nil
  end
  settle(world, job, "FAILED", message)
  return job.id
end

return machine
