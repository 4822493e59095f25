--- Backup vaults: making, describing, listing and deleting them.

local arn = require "aws.backup.emulator.arn"
local failure = require "aws.backup.emulator.failure"
local ids = require "aws.backup.emulator.ids"
local paging = require "aws.backup.emulator.paging"
local registry = require "aws.backup.emulator.registry"
local tag_rules = require "aws.backup.emulator.tag_rules"

local vaults = { operations = {} }

-- Vaults in a region of an account; a quota that the account can have raised.
local MOST_VAULTS = 300
-- Source: API reference of CreateLogicallyAirGappedBackupVault.
local SHORTEST_RETENTION_DAYS = 7
local LONGEST_RETENTION_DAYS = 36500
-- How long a logically air-gapped vault is being made, in virtual seconds.
local CREATION_SECONDS = 30

-- The key that stands behind the alias aws/backup: the same one for all vaults of the account and region.
local function default_key(world)
  return arn.of(world, "kms", "key/" .. ids.uuid_of("aws/backup " .. world.account_id .. world.region))
end

--- The vault of a name.
---@param world table
---@param name string
---@return table? vault
---@return table? failure  # ResourceNotFoundException
function vaults.find(world, name)
  local vault = world.vaults:get(name)
  if vault then return vault end
  return failure.not_found(("Backup vault %s does not exist."):format(name))
end

--- True if a call names no other account than this one.
---@param world table
---@param account_id? string
---@return boolean
function vaults.is_own_account(world, account_id)
  return account_id == nil or account_id == world.account_id
end

--- Makes a vault.
---@param world table
---@param name string  # not taken yet
---@param details? { key_arn: string?, request_id: string?, tags: table<string, string>? }
---@return table vault
function vaults.create(world, name, details)
  details = details or {}
  local vault = {
    name = name, arn = arn.of(world, "backup", "backup-vault:" .. name), type = "BACKUP_VAULT", state = "AVAILABLE",
    created = world:now(),
    key_arn = details.key_arn or default_key(world),
    key_type = details.key_arn and "CUSTOMER_MANAGED_KMS_KEY" or nil,
    request_id = details.request_id, tags = details.tags or {}, points = registry.new(), locked = false,
  }
  world.vaults:add(name, vault)
  return vault
end

local function check_key(world, key_arn)
  local parts = arn.parse(key_arn)
  if parts and parts.service == "kms" and parts.region == world.region and parts.partition == world.partition
    and parts.account ~= "" and parts.resource:find("^key/[A-Za-z0-9-]+$") then
    return true
  end
  return failure.invalid("EncryptionKeyArn is not the ARN of a KMS key of region " .. world.region .. ": " .. key_arn)
end

-- What both ways of making a vault check, and the vault they make.
local function create_checked(world, params)
  local request_id = params.CreatorRequestId
  if request_id and (#request_id < 1 or #request_id > 50 or request_id:find("[^A-Za-z0-9_.-]")) then
    return failure.invalid("CreatorRequestId must be 1 to 50 letters, digits or - _ .")
  end
  local existing = world.vaults:get(params.BackupVaultName)
  if existing then
    return nil, failure.new("AlreadyExistsException", "Backup vault with the same name already exists",
      { Arn = existing.arn, CreatorRequestId = existing.request_id })
  end
  local tags, refusal = tag_rules.check(params.BackupVaultTags or {}, "BackupVaultTags")
  if not tags then return nil, refusal end
  if params.EncryptionKeyArn then
    local fine, wrong_key = check_key(world, params.EncryptionKeyArn)
    if not fine then return nil, wrong_key end
  end
  if world.vaults.count >= MOST_VAULTS then
    return nil, failure.new("LimitExceededException",
      ("The limit of %d backup vaults is reached."):format(MOST_VAULTS))
  end
  return vaults.create(world, params.BackupVaultName,
    { key_arn = params.EncryptionKeyArn, request_id = request_id, tags = tags })
end

function vaults.operations.CreateBackupVault(world, params)
  local vault, refusal = create_checked(world, params)
  if not vault then return nil, refusal end
  return { BackupVaultName = vault.name, BackupVaultArn = vault.arn, CreationDate = vault.created }
end

-- Such a vault is locked from the start.
function vaults.operations.CreateLogicallyAirGappedBackupVault(world, params)
  local least, most = params.MinRetentionDays, params.MaxRetentionDays
  if least < SHORTEST_RETENTION_DAYS or most > LONGEST_RETENTION_DAYS or least > most then
    return failure.invalid(
      "MinRetentionDays must be at least 7, MaxRetentionDays at most 36500 and not less than MinRetentionDays")
  end
  local vault, refusal = create_checked(world, params)
  if not vault then return nil, refusal end
  vault.type, vault.state = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "CREATING"
  vault.locked, vault.min_retention, vault.max_retention = true, least, most
  vault.key_type = vault.key_type or "AWS_OWNED_KMS_KEY"
  world.schedule:after(CREATION_SECONDS, function() vault.state = "AVAILABLE" end)
  return {
    BackupVaultName = vault.name, BackupVaultArn = vault.arn, CreationDate = vault.created, VaultState = vault.state,
  }
end

local function describe(vault)
  return {
    BackupVaultName = vault.name, BackupVaultArn = vault.arn, VaultType = vault.type, VaultState = vault.state,
    EncryptionKeyArn = vault.key_arn, EncryptionKeyType = vault.key_type, CreationDate = vault.created,
    CreatorRequestId = vault.request_id, NumberOfRecoveryPoints = vault.points.count, Locked = vault.locked,
    MinRetentionDays = vault.min_retention, MaxRetentionDays = vault.max_retention,
  }
end

-- The service checks permissions before it looks whether there is such a vault: a missing one reads like a forbidden.
function vaults.operations.DescribeBackupVault(world, params)
  local vault = world.vaults:get(params.BackupVaultName)
  if not vault or not vaults.is_own_account(world, params.BackupVaultAccountId) then
    return nil, failure.new("AccessDeniedException", "Insufficient privileges to perform this action.")
  end
  return describe(vault)
end

function vaults.operations.ListBackupVaults(world, params)
  local function walk(after) return world.vaults:oldest_first(after) end
  local function keep(vault)
    -- There is no other account that could share a vault.
    return params.ByShared ~= true and (params.ByVaultType == nil or params.ByVaultType == vault.type)
  end
  local items, token = paging.cut(world, "ListBackupVaults", params, walk, keep)
  return paging.render("BackupVaultList", items, token, describe)
end

function vaults.operations.DeleteBackupVault(world, params)
  local vault, refusal = vaults.find(world, params.BackupVaultName)
  if not vault then return nil, refusal end
  if vault.points.count > 0 then
    return failure.refused("Backup vault cannot be deleted because it contains recovery points.",
      { Code = "ERROR_9101", Context = tostring(vault.points.count) })
  end
  world.vaults:remove(vault.name)
  return {}
end

return vaults
