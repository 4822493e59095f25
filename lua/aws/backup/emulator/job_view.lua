--- A backup job as the API shows it.

local messages = require "aws.backup.emulator.messages"

local job_view = {}

-- How far a job is, from 0 to 1. One that is not through yet never shows 100 %.
local function progress(world, job)
  if job.state == "COMPLETED" or job.state == "PARTIAL" then return 1 end
  if not job.started then return 0 end
  local elapsed = (job.completed or world:now()) - job.started
  return math.min(elapsed / (job.expected - job.started), 0.99)
end

-- "0.0" to "100.0", with a dot under every locale.
local function percent_text(fraction)
  local tenths = math.floor(fraction * 1000)
  return ("%d.%d"):format(math.floor(tenths / 10), tenths % 10)
end

local function children_by_state(job)
  local counts = {}
  for _, child in ipairs(job.children) do counts[child.state] = (counts[child.state] or 0) + 1 end
  return counts
end

--- A job as an item of ListBackupJobs.
---@param world table
---@param job table
---@return table item
function job_view.list_item(world, job)
  local done = progress(world, job)
  return {
    AccountId = world.account_id, BackupJobId = job.id,
    BackupVaultName = job.vault_name, BackupVaultArn = job.vault.arn,
    VaultType = job.vault.type, VaultLockState = job.vault.locked and "LOCKED" or "UNLOCKED",
    RecoveryPointArn = job.point_arn, RecoveryPointLifecycle = job.lifecycle,
    EncryptionKeyArn = job.vault.key_arn, IsEncrypted = true,
    ResourceArn = job.resource.arn, ResourceType = job.resource.type, ResourceName = job.resource.name,
    IamRoleArn = job.role_arn, BackupOptions = job.options, BackupType = job.backup_type,
    State = job.state, StatusMessage = job.message, MessageCategory = messages.category(job.state, job.message),
    CreationDate = job.created, InitiationDate = job.created, StartBy = job.start_by,
    ExpectedCompletionDate = job.expected, CompletionDate = job.completed, PercentDone = percent_text(done),
    BackupSizeInBytes = job.started and job.size or nil,
    BytesTransferred = job.started and job.transferred and math.floor(job.transferred * done) or nil,
    IsParent = job.children ~= nil, ParentJobId = job.parent and job.parent.id or nil,
  }
end

--- A job as DescribeBackupJob shows it: the item of the list, and what is known of its children.
---@param world table
---@param job table
---@return table output
function job_view.describe(world, job)
  local output = job_view.list_item(world, job)
  if job.children then
    output.NumberOfChildJobs, output.ChildJobsInState = #job.children, children_by_state(job)
  end
  return output
end

return job_view
