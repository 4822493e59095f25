--- What StartBackupJob checks beyond the model. The resource itself, the role's permissions and the vault's
--- lock are looked at later, by the job.

local arn = require "aws.backup.emulator.arn"
local failure = require "aws.backup.emulator.failure"
local lifecycle = require "aws.backup.emulator.lifecycle"
local tag_rules = require "aws.backup.emulator.tag_rules"

local job_input = {}

-- Minutes. Source: developer guide, on-demand backups; API reference of StartBackupJob.
local SHORTEST_START_WINDOW = 60
local LONGEST_WINDOW = 52560000

-- Which options there are; each is enabled or disabled.
local OPTIONS = { WindowsVSS = true, BackupACLs = true, BackupObjectTags = true }

local function check_windows(params)
  local start_window, complete_window = params.StartWindowMinutes, params.CompleteWindowMinutes
  if start_window and (start_window < SHORTEST_START_WINDOW or start_window > LONGEST_WINDOW) then
    return failure.invalid("Invalid StartWindowMinutes. It must be at least 60 and at most 52560000 minutes")
  end
  if complete_window and (complete_window < 1 or complete_window > LONGEST_WINDOW) then
    return failure.invalid("Invalid CompleteWindowMinutes. It must be at least 1 and at most 52560000 minutes")
  end
  if start_window and complete_window and complete_window <= start_window then
    return failure.invalid("Invalid CompleteWindowMinutes. It must be longer than StartWindowMinutes")
  end
  return true
end

local function check_role(world, params)
  if not arn.is_role(params.IamRoleArn) then
    return failure.invalid("Invalid IamRoleArn: " .. params.IamRoleArn)
  end
  if not arn.is_passable_role(world, params.IamRoleArn) then
    return failure.invalid("IAM Role ARN cannot be assumed by AWS Backup")
  end
  return true
end

local function check_options(params)
  for key, value in pairs(params.BackupOptions or {}) do
    if not OPTIONS[key] then return failure.invalid("Invalid BackupOptions: there is no option " .. key) end
    if value ~= "enabled" and value ~= "disabled" then
      return failure.invalid(("Invalid BackupOptions: %s is enabled or disabled, not %s"):format(key, value))
    end
  end
  return true
end

local function check_index(params, resource)
  if params.Index == "ENABLED" and not resource.traits.index then
    return failure.invalid("Index is for EBS and S3 only, not for " .. resource.type)
  end
  return true
end

local function check_air_gapped_vault(world, params)
  local text = params.LogicallyAirGappedBackupVaultArn
  if not text then return true end
  local parts = arn.parse(text)
  local name = parts and parts.service == "backup" and parts.resource:match("^backup%-vault:(.+)$")
  if not name or text ~= arn.of(world, "backup", "backup-vault:" .. name) then
    return failure.invalid(
      "LogicallyAirGappedBackupVaultArn is not the ARN of a vault of this account and region: " .. text)
  end
  local vault = world.vaults:get(name)
  if not vault then return failure.not_found(("Backup vault %s does not exist."):format(name)) end
  if vault.type ~= "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" then
    return failure.invalid("LogicallyAirGappedBackupVaultArn is not a logically air-gapped vault: " .. text)
  end
  return true
end

local function check_lifecycle(params)
  local fine, message = lifecycle.check(params.Lifecycle)
  if not fine then return failure.invalid(message) end
  return true
end

local function check_tags(params)
  return tag_rules.check(params.RecoveryPointTags or {}, "RecoveryPointTags")
end

--- Checks the parameters of StartBackupJob.
---@param world table
---@param params table  # they fit the model
---@param resource table  # what ResourceArn stands for
---@return any? fine
---@return table? failure
function job_input.check(world, params, resource)
  local checks = {
    function() return check_role(world, params) end,
    function() return check_windows(params) end,
    function() return check_lifecycle(params) end,
    function() return check_options(params) end,
    function() return check_index(params, resource) end,
    function() return check_tags(params) end,
    function() return check_air_gapped_vault(world, params) end,
  }
  for _, check in ipairs(checks) do
    local fine, refusal = check()
    if not fine then return nil, refusal end
  end
  return true
end

return job_input
