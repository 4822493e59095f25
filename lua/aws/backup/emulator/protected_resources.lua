--- Protected resources: those that have a recovery point.

local failure = require "aws.backup.emulator.failure"
local paging = require "aws.backup.emulator.paging"
local point_life = require "aws.backup.emulator.point_life"
local resources = require "aws.backup.emulator.resources"
local vaults = require "aws.backup.emulator.vaults"

local protected_resources = { operations = {} }

local function view(entry, vault)
  local newest = point_life.newest(entry, vault)
  return {
    ResourceArn = entry.resource.arn, ResourceType = entry.resource.type, ResourceName = entry.resource.name,
    LastBackupTime = newest.completed, LastBackupVaultArn = newest.vault.arn, LastRecoveryPointArn = newest.arn,
  }
end

local function list(world, operation, params, vault, keep)
  local function walk(after) return world.protected:oldest_first(after) end
  local items, token = paging.cut(world, operation, params, walk, keep)
  return paging.render("Results", items, token, function(entry) return view(entry, vault) end)
end

function protected_resources.operations.ListProtectedResources(world, params)
  return list(world, "ListProtectedResources", params, nil, function() return true end)
end

function protected_resources.operations.ListProtectedResourcesByBackupVault(world, params)
  local vault, refusal = vaults.find(world, params.BackupVaultName)
  if not vault then return nil, refusal end
  local foreign = not vaults.is_own_account(world, params.BackupVaultAccountId)
  local function keep(entry) return not foreign and point_life.newest(entry, vault) ~= nil end
  return list(world, "ListProtectedResourcesByBackupVault", params, vault, keep)
end

function protected_resources.operations.DescribeProtectedResource(world, params)
  local resource, message = resources.identify(world, params.ResourceArn)
  if not resource then return failure.invalid(message) end
  local entry = world.protected:get(params.ResourceArn)
  if not entry then return failure.not_found(("Resource %s is not protected."):format(params.ResourceArn)) end
  return view(entry)
end

return protected_resources
