--- Lifecycles: what the service takes, what it makes of it, and when it acts.

local lifecycle = {}

local DAY = 86400

-- Source: API reference of Lifecycle. A backup stays in cold storage for at least this long.
local COLD_STORAGE_DAYS = 90
local LONGEST_DAYS = 36500

-- -1 takes a setting away, and 0 days to cold storage is what infrastructure tools send for "not set".
local function is_set(days)
  return days ~= nil and days ~= -1
end

--- Checks a lifecycle as a caller gives it.
---@param given? table  # Lifecycle of the API
---@return true?
---@return string? message  # the service's own words
function lifecycle.check(given)
  local cold_after, delete_after = (given or {}).MoveToColdStorageAfterDays, (given or {}).DeleteAfterDays
  if cold_after == 0 then cold_after = nil end
  if is_set(cold_after) and (cold_after < 1 or cold_after > LONGEST_DAYS) then
    return nil, "Invalid lifecycle. MoveToColdStorageAfterDays cannot be less than 1 or more than 36500 days"
  end
  if is_set(delete_after) and (delete_after < 1 or delete_after > LONGEST_DAYS) then
    return nil, "Invalid lifecycle. DeleteAfterDays cannot be less than 1 or more than 36500 days"
  end
  if is_set(cold_after) and is_set(delete_after) and delete_after < cold_after + COLD_STORAGE_DAYS then
    return nil, "Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays"
  end
  return true
end

--- What is left of a lifecycle for a type of resource. Cold storage is ignored, not refused, where a type
--- has none; for EBS it must be opted into.
---@param given? table  # checked
---@param traits table  # of the resource type
---@return table? lifecycle  # nil: kept for ever
function lifecycle.effective(given, traits)
  if not given then return nil end
  local opted_in = given.OptInToArchiveForSupportedResources
  local effective = { OptInToArchiveForSupportedResources = opted_in }
  if traits.cold == true or (traits.cold == "opt_in" and opted_in) then
    local cold_after = given.MoveToColdStorageAfterDays
    if is_set(cold_after) and cold_after ~= 0 then effective.MoveToColdStorageAfterDays = cold_after end
  end
  if is_set(given.DeleteAfterDays) then effective.DeleteAfterDays = given.DeleteAfterDays end
  return next(effective) and effective or nil
end

--- When a lifecycle acts on what was created at a moment.
---@param effective? table  # what `effective` returned
---@param created number  # epoch seconds
---@return { MoveToColdStorageAt: number?, DeleteAt: number? }? calculated
function lifecycle.calculate(effective, created)
  local cold_after = effective and effective.MoveToColdStorageAfterDays
  local delete_after = effective and effective.DeleteAfterDays
  if not cold_after and not delete_after then return nil end
  return {
    MoveToColdStorageAt = cold_after and created + cold_after * DAY,
    DeleteAt = delete_after and created + delete_after * DAY,
  }
end

--- True if a lifecycle keeps within what a vault's lock allows. No lifecycle means for ever.
---@param effective? table
---@param vault { min_retention: integer?, max_retention: integer? }
---@return boolean
function lifecycle.fits_vault(effective, vault)
  local days = effective and effective.DeleteAfterDays or math.huge
  return days >= (vault.min_retention or 0) and days <= (vault.max_retention or math.huge)
end

return lifecycle
