local helper = require "spec.emulator.helper"

local ACCOUNT = "us-east-1:123456789012"
local DAY = 86400

describe("a recovery point", function()
  local target

  before_each(function() target = helper.with_vault() end)

  -- Runs a job and returns the ARN of its recovery point.
  local function back_up(changes)
    local id = helper.start(target, changes)
    target:advance(3600)
    return helper.describe(target, id).RecoveryPointArn
  end

  local function describe_point(arn)
    return helper.must(target, "DescribeRecoveryPoint", { BackupVaultName = "vault", RecoveryPointArn = arn })
  end

  local function refused(name, arn, changes)
    local params = { BackupVaultName = "vault", RecoveryPointArn = arn }
    for key, value in pairs(changes or {}) do params[key] = value end
    return helper.refused(target, name, params)
  end

  it("is being created while its job runs, and cannot be deleted or changed meanwhile", function()
    local id = helper.start(target)
    target:advance(120)
    local arn = helper.describe(target, id).RecoveryPointArn
    assert.are.equal("CREATING", describe_point(arn).Status)
    assert.are.equal("InvalidResourceStateException", refused("DeleteRecoveryPoint", arn).code)
    assert.are.equal("InvalidRequestException", refused("UpdateRecoveryPointLifecycle", arn).code)
    assert.are.equal(0, #helper.must(target, "ListProtectedResources").Results)
  end)

  it("shows what the job made", function()
    local arn = back_up { Lifecycle = { DeleteAfterDays = 7 } }
    local point = describe_point(arn)
    assert.are.equal("COMPLETED", point.Status)
    assert.are.equal("WARM", point.StorageClass)
    assert.are.equal(helper.VOLUME, point.ResourceArn)
    assert.are.equal("EBS", point.ResourceType)
    assert.are.equal(helper.ROLE, point.IamRoleArn)
    assert.are.equal(helper.START, point.CreationDate)
    assert.are.equal(helper.START + 600, point.CompletionDate)
    assert.are.equal(8 * 1024 * 1024 * 1024, point.BackupSizeInBytes)
    assert.are.same({ DeleteAfterDays = 7 }, point.Lifecycle)
    assert.are.same({ DeleteAt = helper.START + 7 * DAY }, point.CalculatedLifecycle)
    assert.are.equal("BACKUP_VAULT", point.VaultType)
    assert.is_true(point.IsEncrypted)
    assert.is_false(point.IsParent)
  end)

  it("has no lifecycle where none was given", function()
    local point = describe_point(back_up())
    assert.is_nil(point.Lifecycle)
    assert.is_nil(point.CalculatedLifecycle)
  end)

  it("is indexed if the job says so", function()
    local id = helper.start(target, { Index = "ENABLED" })
    target:advance(601)
    local arn = helper.describe(target, id).RecoveryPointArn
    assert.are.equal("PENDING", describe_point(arn).IndexStatus)
    target:advance(600)
    assert.are.equal("ACTIVE", describe_point(arn).IndexStatus)
  end)

  it("cannot be found under another ARN, vault or account", function()
    local arn = back_up()
    for _, changes in ipairs { { RecoveryPointArn = arn .. "0" }, { BackupVaultAccountId = "999988887777" } } do
      local failure = refused("DescribeRecoveryPoint", arn, changes)
      assert.are.equal("ResourceNotFoundException", failure.code)
      assert.are.equal("Cannot find recovery point.", failure.message)
      assert.are.equal("ERROR_2603", failure.details.Code)
    end
    assert.are.equal("ResourceNotFoundException",
      refused("DescribeRecoveryPoint", arn, { BackupVaultName = "nowhere" }).code)
    assert.are.equal("InvalidParameterValueException",
      refused("DescribeRecoveryPoint", arn, { RecoveryPointArn = "snap-0123" }).code)
  end)

  describe("in a list", function()
    local volume, file_system

    before_each(function()
      volume = back_up()
      file_system = back_up { ResourceArn = helper.FILE_SYSTEM }
    end)

    local function of_vault(params)
      local all = { BackupVaultName = "vault" }
      for key, value in pairs(params or {}) do all[key] = value end
      local arns = {}
      for index, point in ipairs(helper.must(target, "ListRecoveryPointsByBackupVault", all).RecoveryPoints) do
        arns[index] = point.RecoveryPointArn
      end
      return arns
    end

    it("of a vault comes newest first", function()
      assert.are.same({ file_system, volume }, of_vault())
    end)

    it("of a vault is chosen by each filter", function()
      assert.are.same({ volume }, of_vault { ByResourceArn = helper.VOLUME })
      assert.are.same({ file_system }, of_vault { ByResourceType = "EFS" })
      assert.are.same({ volume }, of_vault { ByCreatedBefore = helper.START + 3600 })
      assert.are.same({ file_system }, of_vault { ByCreatedAfter = helper.START })
      assert.are.same({}, of_vault { ByBackupPlanId = "plan" })
      assert.are.same({}, of_vault { ByParentRecoveryPointArn = volume })
      assert.are.same({}, of_vault { BackupVaultAccountId = "999988887777" })
      assert.are.same({}, of_vault { ByResourceArn = helper.VOLUME, ByResourceType = "EFS" })
    end)

    it("of a vault refuses the snapshot's ARN where the volume's belongs", function()
      local failure = helper.refused(target, "ListRecoveryPointsByBackupVault",
        { BackupVaultName = "vault", ByResourceArn = volume })
      assert.are.equal("InvalidParameterValueException", failure.code)
      assert.are.equal("Unsupported resource type: " .. volume, failure.message)
    end)

    it("of a vault that is not there is refused", function()
      assert.are.equal("ResourceNotFoundException",
        helper.refused(target, "ListRecoveryPointsByBackupVault", { BackupVaultName = "nowhere" }).code)
    end)

    it("of a resource has the size under another name", function()
      local points = helper.must(target, "ListRecoveryPointsByResource", { ResourceArn = helper.VOLUME }).RecoveryPoints
      assert.are.equal(1, #points)
      assert.are.equal(volume, points[1].RecoveryPointArn)
      assert.are.equal(8 * 1024 * 1024 * 1024, points[1].BackupSizeBytes)
      assert.is_nil(points[1].BackupSizeInBytes)
    end)

    it("of a resource is empty where there is none, and refuses what is no resource", function()
      local none = "arn:aws:dynamodb:" .. ACCOUNT .. ":table/none"
      assert.are.same({}, helper.must(target, "ListRecoveryPointsByResource", { ResourceArn = none }).RecoveryPoints)
      assert.are.equal("InvalidParameterValueException",
        helper.refused(target, "ListRecoveryPointsByResource", { ResourceArn = volume }).code)
    end)

    it("comes in pages", function()
      local output = helper.must(target, "ListRecoveryPointsByBackupVault",
        { BackupVaultName = "vault", MaxResults = 1 })
      assert.are.equal(file_system, output.RecoveryPoints[1].RecoveryPointArn)
      output = helper.must(target, "ListRecoveryPointsByBackupVault",
        { BackupVaultName = "vault", MaxResults = 1, NextToken = output.NextToken })
      assert.are.equal(volume, output.RecoveryPoints[1].RecoveryPointArn)
      assert.is_nil(output.NextToken)
      local failure = helper.refused(target, "ListRecoveryPointsByResource",
        { ResourceArn = helper.VOLUME, NextToken = "nonsense" })
      assert.are.equal("InvalidParameterValueException", failure.code)
    end)
  end)

  describe("that is deleted", function()
    it("is DELETING for a while, then gone", function()
      local arn = back_up()
      local params = { BackupVaultName = "vault", RecoveryPointArn = arn }
      assert.are.same({}, helper.must(target, "DeleteRecoveryPoint", params))
      assert.are.equal("DELETING", describe_point(arn).Status)
      helper.must(target, "DeleteRecoveryPoint", params)
      assert.are.equal("InvalidRequestException", refused("UpdateRecoveryPointLifecycle", arn).code)
      target:advance(60)
      assert.are.equal("Cannot find recovery point.", refused("DescribeRecoveryPoint", arn).message)
      assert.are.equal("Cannot find recovery point.", refused("DeleteRecoveryPoint", arn).message)
      assert.are.equal(0, helper.count(target))
    end)

    it("leaves the nested ones of a composite behind, without their parent", function()
      local arn = back_up { ResourceArn = helper.STACK }
      helper.must(target, "DeleteRecoveryPoint", { BackupVaultName = "vault", RecoveryPointArn = arn })
      target:advance(60)
      local points = helper.points(target)
      assert.are.equal(3, #points)
      assert.is_nil(points[1].ParentRecoveryPointArn)
    end)
  end)

  describe("with a lifecycle", function()
    local COLD = { ResourceArn = helper.FILE_SYSTEM,
      Lifecycle = { MoveToColdStorageAfterDays = 30, DeleteAfterDays = 120 } }

    it("moves to cold storage and is deleted, each in its time", function()
      local arn = back_up(COLD)
      target:advance(30 * DAY - 3600 - 1)
      assert.are.equal("WARM", describe_point(arn).StorageClass)
      target:advance(1)
      assert.are.equal("COLD", describe_point(arn).StorageClass)
      target:advance(90 * DAY - 1)
      assert.are.equal("COMPLETED", describe_point(arn).Status)
      target:advance(8 * 3600 + 1)
      assert.are.equal("Cannot find recovery point.", refused("DescribeRecoveryPoint", arn).message)
    end)

    it("ignores cold storage for a type that has none", function()
      local arn = back_up { ResourceArn = "arn:aws:rds:" .. ACCOUNT .. ":db:orders",
        Lifecycle = { MoveToColdStorageAfterDays = 30, DeleteAfterDays = 120 } }
      assert.are.same({ DeleteAfterDays = 120 }, describe_point(arn).Lifecycle)
      target:advance(31 * DAY)
      assert.are.equal("WARM", describe_point(arn).StorageClass)
    end)

    it("of a volume moves to cold storage only if it opted in", function()
      local without = back_up { Lifecycle = { MoveToColdStorageAfterDays = 1 } }
      local with = back_up {
        Lifecycle = { MoveToColdStorageAfterDays = 1, OptInToArchiveForSupportedResources = true } }
      target:advance(2 * DAY)
      assert.are.equal("WARM", describe_point(without).StorageClass)
      assert.are.equal("COLD", describe_point(with).StorageClass)
    end)

    it("takes another one in whole: what is left out is cleared", function()
      local arn = back_up(COLD)
      local output = helper.must(target, "UpdateRecoveryPointLifecycle",
        { BackupVaultName = "vault", RecoveryPointArn = arn, Lifecycle = { DeleteAfterDays = 200 } })
      assert.are.equal(arn, output.RecoveryPointArn)
      assert.are.same({ DeleteAfterDays = 200 }, output.Lifecycle)
      assert.are.same({ DeleteAt = helper.START + 200 * DAY }, output.CalculatedLifecycle)
      target:advance(150 * DAY)
      assert.are.equal("WARM", describe_point(arn).StorageClass)
      helper.must(target, "UpdateRecoveryPointLifecycle", { BackupVaultName = "vault", RecoveryPointArn = arn })
      assert.is_nil(describe_point(arn).Lifecycle)
      target:advance(1000 * DAY)
      assert.are.equal("COMPLETED", describe_point(arn).Status)
    end)

    it("is deleted soon if the new time is past already", function()
      local arn = back_up()
      target:advance(10 * DAY)
      helper.must(target, "UpdateRecoveryPointLifecycle",
        { BackupVaultName = "vault", RecoveryPointArn = arn, Lifecycle = { DeleteAfterDays = 1 } })
      target:advance(8 * 3600)
      assert.are.equal("Cannot find recovery point.", refused("DescribeRecoveryPoint", arn).message)
    end)

    it("keeps the rules when it is changed", function()
      local failure = refused("UpdateRecoveryPointLifecycle", back_up(),
        { Lifecycle = { MoveToColdStorageAfterDays = 10, DeleteAfterDays = 20 } })
      assert.are.equal("InvalidParameterValueException", failure.code)
      assert.matches("90 days apart", failure.message)
    end)

    it("in cold storage keeps its move, and may be deleted later", function()
      local arn = back_up(COLD)
      target:advance(40 * DAY)
      assert.are.equal("InvalidRequestException", refused("UpdateRecoveryPointLifecycle", arn,
        { Lifecycle = { MoveToColdStorageAfterDays = 50, DeleteAfterDays = 150 } }).code)
      local output = helper.must(target, "UpdateRecoveryPointLifecycle",
        { BackupVaultName = "vault", RecoveryPointArn = arn, Lifecycle = { DeleteAfterDays = 365 } })
      assert.are.same({ MoveToColdStorageAfterDays = 30, DeleteAfterDays = 365 }, output.Lifecycle)
      assert.matches("90 days apart", refused("UpdateRecoveryPointLifecycle", arn,
        { Lifecycle = { DeleteAfterDays = 100 } }).message)
    end)
  end)

  describe("in a locked vault", function()
    it("can be neither deleted nor changed", function()
      helper.must(target, "CreateLogicallyAirGappedBackupVault",
        { BackupVaultName = "gap", MinRetentionDays = 7, MaxRetentionDays = 30 })
      local arn = back_up { ResourceArn = helper.FILE_SYSTEM, Lifecycle = { DeleteAfterDays = 7 },
        LogicallyAirGappedBackupVaultArn = "arn:aws:backup:" .. ACCOUNT .. ":backup-vault:gap" }
      for _, name in ipairs { "DeleteRecoveryPoint", "UpdateRecoveryPointLifecycle" } do
        local failure = refused(name, arn, { BackupVaultName = "gap" })
        assert.are.equal("InvalidRequestException", failure.code)
        assert.matches("gap is locked", failure.message)
      end
    end)
  end)
end)
