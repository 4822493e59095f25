local helper = require "spec.emulator.helper"

describe("a protected resource", function()
  local target

  before_each(function()
    target = helper.with_vault()
    target:create_vault("other")
  end)

  local function back_up(changes)
    local id = helper.start(target, changes)
    target:advance(3600)
    return helper.describe(target, id).RecoveryPointArn
  end

  local function listed(name, params)
    local arns = {}
    for index, resource in ipairs(helper.must(target, name, params).Results) do arns[index] = resource.ResourceArn end
    return arns
  end

  it("is one that has a recovery point", function()
    assert.are.same({}, listed("ListProtectedResources"))
    back_up()
    back_up { ResourceArn = helper.FILE_SYSTEM, BackupVaultName = "other" }
    target:fail_job("arn:aws:s3:::photos", "broken")
    back_up { ResourceArn = "arn:aws:s3:::photos" }
    assert.are.same({ helper.VOLUME, helper.FILE_SYSTEM }, listed("ListProtectedResources"))
  end)

  it("shows its newest recovery point", function()
    back_up()
    local newest = back_up { BackupVaultName = "other" }
    local resource = helper.must(target, "DescribeProtectedResource", { ResourceArn = helper.VOLUME })
    assert.are.same({
      ResourceArn = helper.VOLUME, ResourceType = "EBS", LastBackupTime = helper.START + 3600 + 600,
      LastBackupVaultArn = "arn:aws:backup:us-east-1:123456789012:backup-vault:other", LastRecoveryPointArn = newest,
    }, resource)
    assert.are.same({ resource }, helper.must(target, "ListProtectedResources").Results)
  end)

  it("is listed by vault with what that vault holds", function()
    local first = back_up()
    back_up { BackupVaultName = "other" }
    back_up { ResourceArn = helper.FILE_SYSTEM, BackupVaultName = "other" }
    assert.are.same({ helper.VOLUME }, listed("ListProtectedResourcesByBackupVault", { BackupVaultName = "vault" }))
    assert.are.same({ helper.VOLUME, helper.FILE_SYSTEM },
      listed("ListProtectedResourcesByBackupVault", { BackupVaultName = "other" }))
    assert.are.equal(first, helper.must(target, "ListProtectedResourcesByBackupVault",
      { BackupVaultName = "vault" }).Results[1].LastRecoveryPointArn)
    assert.are.same({}, listed("ListProtectedResourcesByBackupVault",
      { BackupVaultName = "vault", BackupVaultAccountId = "999988887777" }))
    assert.are.equal("ResourceNotFoundException",
      helper.refused(target, "ListProtectedResourcesByBackupVault", { BackupVaultName = "nowhere" }).code)
  end)

  it("comes in pages", function()
    back_up()
    back_up { ResourceArn = helper.FILE_SYSTEM }
    local output = helper.must(target, "ListProtectedResources", { MaxResults = 1 })
    assert.are.equal(helper.VOLUME, output.Results[1].ResourceArn)
    output = helper.must(target, "ListProtectedResources", { NextToken = output.NextToken })
    assert.are.equal(helper.FILE_SYSTEM, output.Results[1].ResourceArn)
    assert.is_nil(output.NextToken)
  end)

  it("is protected no more when its last recovery point is gone", function()
    local arn = back_up()
    helper.must(target, "DeleteRecoveryPoint", { BackupVaultName = "vault", RecoveryPointArn = arn })
    target:advance(60)
    assert.are.same({}, listed("ListProtectedResources"))
    assert.are.equal("ResourceNotFoundException",
      helper.refused(target, "DescribeProtectedResource", { ResourceArn = helper.VOLUME }).code)
    assert.are.equal("InvalidParameterValueException",
      helper.refused(target, "DescribeProtectedResource", { ResourceArn = "vol-1" }).code)
  end)
end)
