--- Rules that AWS documents and the model does not carry, checked before anything is sent.
---
--- Each comes from the API reference or from an answer of the service; what the service would accept is never
--- refused. A rule gets the value of a structure and `report(member, value, message)`, or `report(member, nil,
--- message)` where the value must not be shown; it returns whether it holds, and what `report` returns is false.
--- Members of the wrong type are reported already and skipped here.

local core = require "aws.backup.core"

local sub, is_arn = string.sub, core.is_arn

local rules = {}

local FOREVER = -1
local MAX_DAYS = 36500
local DAYS_IN_COLD_STORAGE = 90
local MIN_START_WINDOW = 60
local MAX_WINDOW = 52560000
local MAX_TAG_KEY = 128
local MAX_TAG_VALUE = 256

--- A whole number, or nil: anything else is reported as a wrong type.
local function whole(value)
  return type(value) == "number" and value % 1 == 0 and value or nil
end

--- Lifecycles: "Backups transitioned to cold storage must be stored in cold storage for a minimum of 90 days";
--- -1 keeps for ever; 0 days to cold storage is taken for "not set".
local function lifecycle(value, report)
  local move, delete = whole(value.MoveToColdStorageAfterDays), whole(value.DeleteAfterDays)
  local holds = true
  if move and (move < FOREVER or move > MAX_DAYS) then
    holds = report("MoveToColdStorageAfterDays", move, "must be 1 to 36500 days; -1 or leaving it out means never")
    move = nil
  end
  if delete and (delete < FOREVER or delete == 0 or delete > MAX_DAYS) then
    return report("DeleteAfterDays", delete, "must be 1 to 36500 days; -1 or leaving it out keeps for ever")
  end
  if move and delete and move >= 1 and delete >= 1 and delete < move + DAYS_IN_COLD_STORAGE then
    holds = report("DeleteAfterDays", delete, ("must be at least %d (MoveToColdStorageAfterDays is %d, and backups "
      .. "stay in cold storage for at least %d days); delete later, or leave the move out"):format(
        move + DAYS_IN_COLD_STORAGE, move, DAYS_IN_COLD_STORAGE))
  end
  return holds
end

local function windows(value, report)
  local start, complete = whole(value.StartWindowMinutes), whole(value.CompleteWindowMinutes)
  local holds = true
  if start and (start < MIN_START_WINDOW or start > MAX_WINDOW) then
    holds = report("StartWindowMinutes", start, "must be 60 to 52560000 minutes; left out, it is 8 hours")
  end
  if complete and (complete < 1 or complete > MAX_WINDOW) then
    holds = report("CompleteWindowMinutes", complete, "must be 1 to 52560000 minutes")
  end
  return holds
end

local ARN_FORM = "must be an ARN, arn:partition:service:region:account:resource"

local function arns(value, report)
  local resource, vault, role = value.ResourceArn, value.LogicallyAirGappedBackupVaultArn, value.IamRoleArn
  local holds = true
  if type(resource) == "string" and not is_arn(resource) then holds = report("ResourceArn", resource, ARN_FORM) end
  if type(vault) == "string" and not is_arn(vault) then
    holds = report("LogicallyAirGappedBackupVaultArn", vault, ARN_FORM)
  end
  if type(role) == "string" and not is_arn(role, "iam", "role/") then
    holds = report("IamRoleArn", role,
      "must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/service-role/NAME")
  end
  return holds
end

local function options(value, report)
  local vss = type(value.BackupOptions) == "table" and value.BackupOptions.WindowsVSS
  local holds = true
  if type(vss) == "string" and vss ~= "enabled" and vss ~= "disabled" then
    holds = report("BackupOptions.WindowsVSS", vss, 'must be "enabled" or "disabled", in lower case')
  end
  return holds
end

--- Whether a text has more characters than so many; what has no more bytes need not be counted.
local function is_longer(text, limit, length)
  return #text > limit and (length(text) or 0) > limit
end

--- Tags: neither keys nor values are shown.
local function tags(value, report, length)
  if type(value.RecoveryPointTags) ~= "table" then return true end
  local long_key, reserved_key, long_value, holds = false, false, false, true
  for key, tag in pairs(value.RecoveryPointTags) do
    if type(key) == "string" then
      if key == "" or is_longer(key, MAX_TAG_KEY, length) then long_key = true end
      if sub(key, 1, 4) == "aws:" then reserved_key = true end
    end
    if type(tag) == "string" and is_longer(tag, MAX_TAG_VALUE, length) then long_value = true end
  end
  if long_key then
    holds = report("RecoveryPointTags", nil, "has a key that is not 1 to 128 characters long; change it")
  end
  if reserved_key then
    holds = report("RecoveryPointTags", nil, 'has a key that begins with "aws:", which is reserved; rename it')
  end
  if long_value then
    holds = report("RecoveryPointTags", nil, "has a value of more than 256 characters; shorten it")
  end
  return holds
end

--- Rules by the name of a structure.
rules.BY_SHAPE = {
  Lifecycle = { lifecycle },
  StartBackupJobInput = { windows, arns, options, tags },
}

return rules
