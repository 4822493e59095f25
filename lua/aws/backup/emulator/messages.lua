--- The texts in a job's StatusMessage, in the service's own words (developer guide, reasons for problematic
--- jobs), and the categories that belong to them.

local messages = {
  VAULT_MISSING = "Backup job failed because backup vault ARN does not exist.",
  RETENTION_OUT_OF_RANGE = "Backup job failed because the lifecycle is outside the valid range for backup vault.",
  TOO_MANY_TAGS = "The resultant tag set must not have more than 50 user tags.",
  RESOURCE_BUSY = "Backup job failed because there was a running job for the same resource.",
  EXPIRED = "Backup job expired before completion.",
  STOPPED = "Backup job was stopped by user.",
  NOT_AIR_GAPPED = "Backup job completed successfully to the target backup vault. This resource type is not supported "
    .. "by logically air-gapped backup vault.",
}

--- The text of a composite job that ended PARTIAL.
---@param failed integer
---@param all integer
---@return string
function messages.some_children_failed(failed, all)
  return ("%d of %d child jobs did not complete."):format(failed, all)
end

local ACCESS_DENIED = { "Access Denied", "not authorized", "cannot be assumed", "access to KMS key is denied" }

local function is_access_denied(message)
  for _, words in ipairs(ACCESS_DENIED) do
    if message:find(words, 1, true) then return true end
  end
  return false
end

-- Faults of what the caller asked for, found only once the job was to run.
local INVALID = {
  [messages.VAULT_MISSING] = true, [messages.RETENTION_OUT_OF_RANGE] = true, [messages.TOO_MANY_TAGS] = true,
}

local OF_STATE = { ABORTED = "Aborted", EXPIRED = "Expired", PARTIAL = "Partial" }

--- The MessageCategory of a job. The service documents a few values only (SUCCESS, AccessDenied,
--- InvalidParameters); the others are the emulator's own.
---@param state string
---@param message? string
---@return string? category  # nil while the job is not over
function messages.category(state, message)
  if state == "COMPLETED" then return message and "CompletedWithIssues" or "SUCCESS" end
  if state ~= "FAILED" then return OF_STATE[state] end
  if is_access_denied(message) then return "AccessDenied" end
  return INVALID[message] and "InvalidParameters" or "Failed"
end

return messages
