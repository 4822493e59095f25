--- Backup jobs: starting, describing, listing and stopping them.

local failure = require "aws.backup.emulator.failure"
local fingerprint = require "aws.backup.emulator.fingerprint"
local job_input = require "aws.backup.emulator.job_input"
local job_view = require "aws.backup.emulator.job_view"
local lifecycle = require "aws.backup.emulator.lifecycle"
local machine = require "aws.backup.emulator.job_machine"
local messages = require "aws.backup.emulator.messages"
local paging = require "aws.backup.emulator.paging"
local resources = require "aws.backup.emulator.resources"
local vaults = require "aws.backup.emulator.vaults"

local backup_jobs = { operations = {} }

-- Minutes. The start window's default is documented; StartBackupJob has no documented default for the
-- other, plan rules do.
local DEFAULT_START_WINDOW = 480
local DEFAULT_COMPLETE_WINDOW = 10080

-- Where a job's recovery point goes. Fully managed types go to the logically air-gapped vault, if one is
-- named; the others stay in the vault, and the job says so.
local function destination(params, resource)
  local air_gapped = params.LogicallyAirGappedBackupVaultArn
  if not air_gapped then return params.BackupVaultName end
  if not resource.traits.managed then return params.BackupVaultName, messages.NOT_AIR_GAPPED end
  return air_gapped:match("^.*:(.+)$") or air_gapped, nil
end

local function new_job(world, params, resource)
  local created, traits = world:now(), resource.traits
  local vault_name, issue = destination(params, resource)
  local options = params.BackupOptions or {}
  return {
    id = world.new_uuid(), resource = resource, role_arn = params.IamRoleArn, issue = issue,
    vault_name = vault_name, vault = world.vaults:get(vault_name),
    created = created,
    start_by = created + (params.StartWindowMinutes or DEFAULT_START_WINDOW) * 60,
    complete_by = created + (params.CompleteWindowMinutes or DEFAULT_COMPLETE_WINDOW) * 60,
    lifecycle = lifecycle.effective(params.Lifecycle, traits),
    tags = params.RecoveryPointTags or {}, options = params.BackupOptions, index = params.Index,
    backup_type = resource.type == "EC2" and options.WindowsVSS == "enabled" and "WindowsVSS" or nil,
    seconds = world.durations[resource.type],
    size = traits.size, transferred = traits.transferred or traits.size,
  }
end

local function with_children(world, params, job)
  job.children, job.seconds = {}, 0
  for index, part in ipairs(resources.parts(world, job.resource)) do
    local child = new_job(world, params, part)
    child.parent = job
    job.children[index], job.seconds = child, math.max(job.seconds, child.seconds)
  end
  return job
end

local function start_answer(job)
  return {
    BackupJobId = job.id, CreationDate = job.created, IsParent = job.children ~= nil,
    RecoveryPointArn = job.early_point_arn,
  }
end

-- The answer to a request that was answered before: a repeat with the same token does nothing.
local function repeated(world, key, params)
  local first = world.requests[key]
  if not first then return nil end
  if first.fingerprint ~= fingerprint.of(params) then
    return failure.invalid("IdempotencyToken was used before, with other parameters")
  end
  return first.answer
end

local function create(world, params)
  local resource, message = resources.identify(world, params.ResourceArn)
  if not resource then return failure.invalid(message) end
  local fine, refusal = job_input.check(world, params, resource)
  if not fine then return nil, refusal end
  local vault, missing = vaults.find(world, params.BackupVaultName)
  if not vault then return nil, missing end
  local job = new_job(world, params, resource)
  if resource.traits.composite then with_children(world, params, job) end
  if resource.traits.early_point then
    job.point_arn = resource.traits.point(world, job)
    job.early_point_arn = job.point_arn
  end
  return job
end

function backup_jobs.operations.StartBackupJob(world, params)
  local token = params.IdempotencyToken
  local key = token and token ~= "" and "StartBackupJob " .. token or nil
  if key then
    local answer, refusal = repeated(world, key, params)
    if answer or refusal then return answer, refusal end
  end
  local job, refusal = create(world, params)
  if not job then return nil, refusal end
  machine.submit(world, job)
  local answer = start_answer(job)
  if key then
    job.request_key = key
    world.requests[key] = { fingerprint = fingerprint.of(params), answer = answer }
  end
  return answer
end

local function find(world, id)
  local job = world.jobs:get(id)
  if job then return job end
  return failure.not_found(("Backup job %s does not exist."):format(id))
end

function backup_jobs.operations.DescribeBackupJob(world, params)
  local job, refusal = find(world, params.BackupJobId)
  if not job then return nil, refusal end
  return job_view.describe(world, job)
end

function backup_jobs.operations.StopBackupJob(world, params)
  local job, refusal = find(world, params.BackupJobId)
  if not job then return nil, refusal end
  if job.resource.traits.unstoppable then
    return failure.refused(("Backup jobs of %s can't be stopped."):format(job.resource.type))
  end
  if machine.is_over(job) then
    return failure.refused(("Backup job %s is %s already."):format(job.id, job.state))
  end
  machine.stop(world, job)
  return {}
end

-- Whether a job matches each filter. Those of time are strict, as "before" and "after" say.
local FILTERS = {
  ByResourceArn = function(job, value) return job.resource.arn == value end,
  ByState = function(job, value) return job.state == value end,
  ByBackupVaultName = function(job, value) return job.vault_name == value end,
  ByCreatedBefore = function(job, value) return job.created < value end,
  ByCreatedAfter = function(job, value) return job.created > value end,
  ByResourceType = function(job, value) return job.resource.type == value end,
  ByCompleteBefore = function(job, value) return job.completed ~= nil and job.completed < value end,
  ByCompleteAfter = function(job, value) return job.completed ~= nil and job.completed > value end,
  ByParentJobId = function(job, value) return job.parent ~= nil and job.parent.id == value end,
  ByMessageCategory = function(job, value)
    return value == "AGGREGATE_ALL" or messages.category(job.state, job.message) == value
  end,
  ByAccountId = function(_, value, world) return value == "*" or value == world.account_id end,
}

function backup_jobs.operations.ListBackupJobs(world, params)
  local function walk(after) return world.jobs:newest_first(after) end
  local function keep(job)
    for name, matches in pairs(FILTERS) do
      if params[name] ~= nil and not matches(job, params[name], world) then return false end
    end
    return true
  end
  local items, token = paging.cut(world, "ListBackupJobs", params, walk, keep)
  return paging.render("BackupJobs", items, token, function(job) return job_view.list_item(world, job) end)
end

return backup_jobs
