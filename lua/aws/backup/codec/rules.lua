--- Rules that AWS documents and the model does not carry, checked before anything is sent.
---
--- Each comes from the API reference or from an answer of the service; what the service would accept is never
--- refused. A row says of which member, what holds (in the words of `src/model.h`), and what is told if it does not:
--- the rule and, after a semicolon, the way out, or a function from the core's record to that.

local rules = {}

local ARN_FORM = "must be an ARN, arn:partition:service:region:account:resource"

--- "Backups transitioned to cold storage must be stored in cold storage for a minimum of 90 days".
local function after_move(fault)
  return ("must be at least %d (MoveToColdStorageAfterDays is %d, and backups stay in cold storage for at least 90 "
    .. "days); delete later, or leave the move out"):format(fault.other + 90, fault.other)
end

-- Neither keys nor values are shown.
local TAG_FAULTS = {
  ["long key"] = "has a key that is not 1 to 128 characters long; change it",
  ["reserved key"] = 'has a key that begins with "aws:", which is reserved; rename it',
  ["long value"] = "has a value of more than 256 characters; shorten it",
}

local ROWS = {
  -- Lifecycles: -1 keeps for ever; 0 days to cold storage is taken for "not set".
  { "Lifecycle.MoveToColdStorageAfterDays", "range:-1:36500",
    "must be 1 to 36500 days; -1 or leaving it out means never" },
  { "Lifecycle.DeleteAfterDays", "range:-1:36500:0", "must be 1 to 36500 days; -1 or leaving it out keeps for ever" },
  { "Lifecycle.DeleteAfterDays", "after:MoveToColdStorageAfterDays:90:1:36500", after_move },
  { "StartBackupJobInput.StartWindowMinutes", "range:60:52560000",
    "must be 60 to 52560000 minutes; left out, it is 8 hours" },
  { "StartBackupJobInput.CompleteWindowMinutes", "range:1:52560000", "must be 1 to 52560000 minutes" },
  { "StartBackupJobInput.ResourceArn", "arn::", ARN_FORM },
  { "StartBackupJobInput.LogicallyAirGappedBackupVaultArn", "arn::", ARN_FORM },
  { "StartBackupJobInput.IamRoleArn", "arn:iam:role/",
    "must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/service-role/NAME" },
  { "StartBackupJobInput.BackupOptions", "entry:WindowsVSS:enabled|disabled",
    'must be "enabled" or "disabled", in lower case' },
  { "StartBackupJobInput.RecoveryPointTags", "tags", function(fault) return TAG_FAULTS[fault.what] end },
}

--- The rules as lines for the core, each with the number of its row.
---@return string[]
function rules.lines()
  local by_member, found = {}, {}
  for number, row in ipairs(ROWS) do
    if not by_member[row[1]] then
      found[#found + 1] = row[1]
      by_member[row[1]] = #found
    end
    local place = by_member[row[1]]
    found[place] = ("%s %s#%d"):format(found[place], row[2], number)
  end
  return found
end

--- What is told of a value that breaks a rule.
---@param fault table  # the core's record; number: of the row
---@return string
function rules.message(fault)
  local message = ROWS[fault.number][3]
  return type(message) == "function" and message(fault) or message
end

return rules
