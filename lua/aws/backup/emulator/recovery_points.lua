--- Recovery points: describing, listing and deleting them, and changing their lifecycle.

local arn = require "aws.backup.emulator.arn"
local failure = require "aws.backup.emulator.failure"
local lifecycle = require "aws.backup.emulator.lifecycle"
local paging = require "aws.backup.emulator.paging"
local point_life = require "aws.backup.emulator.point_life"
local point_view = require "aws.backup.emulator.point_view"
local resources = require "aws.backup.emulator.resources"
local vaults = require "aws.backup.emulator.vaults"

local recovery_points = { operations = {} }

local function not_found()
  return failure.not_found("Cannot find recovery point.", { Code = "ERROR_2603" })
end

-- The recovery point that a call names by vault and ARN.
local function find(world, params)
  if not vaults.is_own_account(world, params.BackupVaultAccountId) then return not_found() end
  if not arn.parse(params.RecoveryPointArn) then
    return failure.invalid("Invalid RecoveryPointArn: " .. params.RecoveryPointArn)
  end
  local vault, refusal = vaults.find(world, params.BackupVaultName)
  if not vault then return nil, refusal end
  local point = vault.points:get(params.RecoveryPointArn)
  if not point then return not_found() end
  return point
end

function recovery_points.operations.DescribeRecoveryPoint(world, params)
  local point, refusal = find(world, params)
  if not point then return nil, refusal end
  return point_view.describe(point)
end

-- Whether a recovery point matches each filter.
local FILTERS = {
  ByResourceArn = function(point, value) return point.resource.arn == value end,
  ByResourceType = function(point, value) return point.resource.type == value end,
  ByCreatedBefore = function(point, value) return point.created < value end,
  ByCreatedAfter = function(point, value) return point.created > value end,
  -- Only the jobs of a plan make recovery points that belong to one.
  ByBackupPlanId = function(point, value) return point.plan_id == value end,
  ByParentRecoveryPointArn = function(point, value) return point.parent ~= nil and point.parent.arn == value end,
}

local function matches_filters(point, params)
  for name, matches in pairs(FILTERS) do
    if params[name] ~= nil and not matches(point, params[name]) then return false end
  end
  return true
end

function recovery_points.operations.ListRecoveryPointsByBackupVault(world, params)
  local vault, refusal = vaults.find(world, params.BackupVaultName)
  if not vault then return nil, refusal end
  -- A snapshot's own ARN is a frequent slip: the filter takes what was backed up.
  if params.ByResourceArn and not resources.identify(world, params.ByResourceArn) then
    return failure.invalid("Unsupported resource type: " .. params.ByResourceArn)
  end
  local foreign = not vaults.is_own_account(world, params.BackupVaultAccountId)
  local function walk(after) return vault.points:newest_first(after) end
  local function keep(point) return not foreign and matches_filters(point, params) end
  local items, token = paging.cut(world, "ListRecoveryPointsByBackupVault", params, walk, keep)
  return paging.render("RecoveryPoints", items, token, point_view.in_vault)
end

function recovery_points.operations.ListRecoveryPointsByResource(world, params)
  local resource, message = resources.identify(world, params.ResourceArn)
  if not resource then return failure.invalid(message) end
  local entry = world.protected:get(params.ResourceArn)
  local function walk(after)
    if not entry then return function() end end
    return entry.points:newest_first(after)
  end
  -- Nothing here is made by anybody but AWS Backup, so ManagedByAWSBackupOnly changes nothing.
  local items, token = paging.cut(world, "ListRecoveryPointsByResource", params, walk, function() return true end)
  return paging.render("RecoveryPoints", items, token, point_view.of_resource)
end

function recovery_points.operations.DeleteRecoveryPoint(world, params)
  local point, refusal = find(world, params)
  if not point then return nil, refusal end
  if point.vault.locked then
    return failure.refused("Recovery point cannot be deleted: backup vault " .. point.vault.name .. " is locked.")
  end
  if point.status == "CREATING" then
    return nil, failure.new("InvalidResourceStateException",
      "Recovery point cannot be deleted while it is being created.")
  end
  point_life.delete(world, point)
  return {}
end

-- The lifecycle that a recovery point will have. In cold storage the move is past and stays as it was.
local function wanted_lifecycle(point, given)
  local wanted = {}
  for name, value in pairs(given or {}) do wanted[name] = value end
  if point.storage_class == "COLD" then
    local moved_after = point.lifecycle.MoveToColdStorageAfterDays
    if (wanted.MoveToColdStorageAfterDays or moved_after) ~= moved_after then
      return failure.refused("MoveToColdStorageAfterDays cannot be changed: the recovery point is in cold storage.")
    end
    wanted.MoveToColdStorageAfterDays = moved_after
    wanted.OptInToArchiveForSupportedResources = point.lifecycle.OptInToArchiveForSupportedResources
  end
  local fine, message = lifecycle.check(wanted)
  if not fine then return failure.invalid(message) end
  return wanted
end

local function check_changeable(point)
  if point.status == "CREATING" or point.status == "DELETING" then
    return failure.refused("The lifecycle cannot be changed: the recovery point is " .. point.status .. ".")
  end
  if point.vault.locked then
    return failure.refused("The lifecycle cannot be changed: backup vault " .. point.vault.name .. " is locked.")
  end
  return true
end

-- Both members are replaced: what a call leaves out is cleared.
function recovery_points.operations.UpdateRecoveryPointLifecycle(world, params)
  local point, refusal = find(world, params)
  if not point then return nil, refusal end
  local fine, unchangeable = check_changeable(point)
  if not fine then return nil, unchangeable end
  local wanted, invalid = wanted_lifecycle(point, params.Lifecycle)
  if not wanted then return nil, invalid end
  point.lifecycle = lifecycle.effective(wanted, point.resource.traits)
  point.calculated = lifecycle.calculate(point.lifecycle, point.created)
  point_life.plan(world, point)
  return {
    BackupVaultArn = point.vault.arn, RecoveryPointArn = point.arn,
    Lifecycle = point.lifecycle, CalculatedLifecycle = point.calculated,
  }
end

return recovery_points
