--- Rules that AWS documents and the model does not carry, checked before anything is sent.
---
--- Each comes from the API reference or from an answer of the service; what the service would accept is never
--- refused. A rule gets the value of a structure and `report(member, value, message)`, or `report(member, nil,
--- message)` where the value must not be shown. Members of the wrong type are reported already and skipped here.

local rules = {}

local FOREVER = -1
local MAX_DAYS = 36500
local DAYS_IN_COLD_STORAGE = 90
local MIN_START_WINDOW = 60
local MAX_WINDOW = 52560000

--- A whole number, or nil: anything else is reported as a wrong type.
local function whole(value)
  return type(value) == "number" and value % 1 == 0 and value or nil
end

local function string_of(value)
  return type(value) == "string" and value or nil
end

--- Lifecycles: "Backups transitioned to cold storage must be stored in cold storage for a minimum of 90 days";
--- -1 keeps for ever; 0 days to cold storage is taken for "not set".
local function lifecycle(value, report)
  local move, delete = whole(value.MoveToColdStorageAfterDays), whole(value.DeleteAfterDays)
  if move and (move < FOREVER or move > MAX_DAYS) then
    report("MoveToColdStorageAfterDays", move, "must be 1 to 36500 days; -1 or leaving it out means never")
    move = nil
  end
  if delete and (delete < FOREVER or delete == 0 or delete > MAX_DAYS) then
    report("DeleteAfterDays", delete, "must be 1 to 36500 days; -1 or leaving it out keeps for ever")
    return
  end
  if move and delete and move >= 1 and delete >= 1 and delete < move + DAYS_IN_COLD_STORAGE then
    report("DeleteAfterDays", delete, ("must be at least %d (MoveToColdStorageAfterDays is %d, and backups stay in "
      .. "cold storage for at least %d days); delete later, or leave the move out"):format(
        move + DAYS_IN_COLD_STORAGE, move, DAYS_IN_COLD_STORAGE))
  end
end

local function windows(value, report)
  local start, complete = whole(value.StartWindowMinutes), whole(value.CompleteWindowMinutes)
  if start and (start < MIN_START_WINDOW or start > MAX_WINDOW) then
    report("StartWindowMinutes", start, "must be 60 to 52560000 minutes; left out, it is 8 hours")
  end
  if complete and (complete < 1 or complete > MAX_WINDOW) then
    report("CompleteWindowMinutes", complete, "must be 1 to 52560000 minutes")
  end
end

--- `arn:partition:service:region:account:resource`; region and account may be empty.
local function is_arn(text)
  return text:find("^arn:[^:%s]+:[^:%s]+:[^:%s]*:[^:%s]*:%S") ~= nil
end

local ARN_FORM = "must be an ARN, arn:partition:service:region:account:resource"

local function arns(value, report)
  for _, member in ipairs { "ResourceArn", "LogicallyAirGappedBackupVaultArn" } do
    local text = string_of(value[member])
    if text and not is_arn(text) then report(member, text, ARN_FORM) end
  end
  local role = string_of(value.IamRoleArn)
  if role and not (is_arn(role) and role:find("^arn:[^:]*:iam:[^:]*:[^:]*:role/%S")) then
    report("IamRoleArn", role,
      "must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/service-role/NAME")
  end
end

local function options(value, report)
  local backup_options = value.BackupOptions
  local vss = type(backup_options) == "table" and string_of(backup_options.WindowsVSS)
  if vss and vss ~= "enabled" and vss ~= "disabled" then
    report("BackupOptions.WindowsVSS", vss, 'must be "enabled" or "disabled", in lower case')
  end
  local index = string_of(value.Index)
  if index and index ~= "ENABLED" and index ~= "DISABLED" then
    report("Index", index, 'must be "ENABLED" or "DISABLED", in upper case')
  end
end

--- Tags: neither keys nor values are shown.
local function tags(value, report, length)
  if type(value.RecoveryPointTags) ~= "table" then return end
  local long_key, reserved_key, long_value = false, false, false
  for key, tag in pairs(value.RecoveryPointTags) do
    local key_length, tag_length = string_of(key) and length(key), string_of(tag) and length(tag)
    long_key = long_key or (key_length and (key_length < 1 or key_length > 128))
    reserved_key = reserved_key or (string_of(key) and key:find("^aws:"))
    long_value = long_value or (tag_length and tag_length > 256)
  end
  if long_key then report("RecoveryPointTags", nil, "has a key that is not 1 to 128 characters long; change it") end
  if reserved_key then
    report("RecoveryPointTags", nil, 'has a key that begins with "aws:", which is reserved; rename it')
  end
  if long_value then report("RecoveryPointTags", nil, "has a value of more than 256 characters; shorten it") end
end

--- Rules by the name of a structure.
rules.BY_SHAPE = {
  Lifecycle = { lifecycle },
  StartBackupJobInput = { windows, arns, options, tags },
}

return rules
