--- A recovery point as the API shows it, in its three forms.

local point_view = {}

-- What all forms have.
local function common(point)
  return {
    RecoveryPointArn = point.arn, CreationDate = point.created, Status = point.status,
    EncryptionKeyArn = point.vault.key_arn, EncryptionKeyType = point.vault.key_type,
    BackupVaultName = point.vault.name, VaultType = point.vault.type,
    IsParent = point.is_parent, ParentRecoveryPointArn = point.parent and point.parent.arn or nil,
    ResourceName = point.resource.name, IndexStatus = point.index_status,
  }
end

--- As an item of ListRecoveryPointsByBackupVault.
---@param point table
---@return table item
function point_view.in_vault(point)
  local item = common(point)
  item.BackupVaultArn = point.vault.arn
  item.ResourceArn, item.ResourceType = point.resource.arn, point.resource.type
  item.IamRoleArn, item.IsEncrypted = point.role_arn, true
  item.InitiationDate, item.CompletionDate = point.initiated, point.completed
  item.BackupSizeInBytes = point.size
  item.Lifecycle, item.CalculatedLifecycle = point.lifecycle, point.calculated
  item.CompositeMemberIdentifier = point.parent and point.resource.arn or nil
  return item
end

--- As DescribeRecoveryPoint shows it.
---@param point table
---@return table output
function point_view.describe(point)
  local output = point_view.in_vault(point)
  output.StorageClass = point.storage_class
  return output
end

--- As an item of ListRecoveryPointsByResource, where the size has another name.
---@param point table
---@return table item
function point_view.of_resource(point)
  local item = common(point)
  item.BackupSizeBytes = point.size
  return item
end

return point_view
