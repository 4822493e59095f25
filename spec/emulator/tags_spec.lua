local helper = require "spec.emulator.helper"

local VAULT = "arn:aws:backup:us-east-1:123456789012:backup-vault:vault"

describe("tags", function()
  local target

  before_each(function() target = helper.with_vault() end)

  local function of(arn)
    return helper.must(target, "ListTags", { ResourceArn = arn }).Tags
  end

  local function back_up(changes)
    local id = helper.start(target, changes)
    target:advance(3600)
    return helper.describe(target, id).RecoveryPointArn
  end

  it("of a vault are those that it was made with", function()
    helper.must(target, "CreateBackupVault", { BackupVaultName = "tagged", BackupVaultTags = { team = "storage" } })
    assert.are.same({ team = "storage" }, of("arn:aws:backup:us-east-1:123456789012:backup-vault:tagged"))
    assert.are.same({}, of(VAULT))
  end)

  it("are added, replaced and taken away", function()
    helper.must(target, "TagResource", { ResourceArn = VAULT, Tags = { a = "1", ["b c"] = "ünï" } })
    helper.must(target, "TagResource", { ResourceArn = VAULT, Tags = { a = "2", d = "" } })
    assert.are.same({ a = "2", ["b c"] = "ünï", d = "" }, of(VAULT))
    helper.must(target, "UntagResource", { ResourceArn = VAULT, TagKeyList = { "a", "d", "nothing" } })
    assert.are.same({ ["b c"] = "ünï" }, of(VAULT))
  end)

  it("of a recovery point are those of its job", function()
    local arn = back_up { RecoveryPointTags = { ticket = "OPS-1" } }
    assert.are.same({ ticket = "OPS-1" }, of(arn))
    helper.must(target, "TagResource", { ResourceArn = arn, Tags = { more = "x" } })
    assert.are.same({ ticket = "OPS-1", more = "x" }, of(arn))
  end)

  it("of a volume's recovery point are taken away elsewhere", function()
    local volume, file_system = back_up { RecoveryPointTags = { a = "1" } },
      back_up { ResourceArn = helper.FILE_SYSTEM, RecoveryPointTags = { a = "1" } }
    assert.are.equal("InvalidParameterValueException",
      helper.refused(target, "UntagResource", { ResourceArn = volume, TagKeyList = { "a" } }).code)
    helper.must(target, "UntagResource", { ResourceArn = file_system, TagKeyList = { "a" } })
    assert.are.same({}, of(file_system))
  end)

  it("are not to be had for DynamoDB without its advanced features", function()
    helper.must(target, "UpdateRegionSettings", { ResourceTypeManagementPreference = { DynamoDB = false } })
    local arn = back_up { ResourceArn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders" }
    local failure = helper.refused(target, "ListTags", { ResourceArn = arn })
    assert.are.equal("ERROR_3930", failure.details.Code)
  end)

  it("are at most fifty", function()
    local tags = {}
    for index = 1, 50 do tags["key" .. index] = "x" end
    helper.must(target, "TagResource", { ResourceArn = VAULT, Tags = tags })
    helper.must(target, "TagResource", { ResourceArn = VAULT, Tags = { key50 = "y" } })
    assert.are.equal("LimitExceededException",
      helper.refused(target, "TagResource", { ResourceArn = VAULT, Tags = { key51 = "x" } }).code)
    assert.are.equal("InvalidParameterValueException",
      helper.refused(target, "TagResource", { ResourceArn = VAULT, Tags = { ["aws:x"] = "x" } }).code)
  end)

  it("come in pages, by their keys", function()
    helper.must(target, "TagResource", { ResourceArn = VAULT, Tags = { a = "1", b = "2", c = "3" } })
    local first = helper.must(target, "ListTags", { ResourceArn = VAULT, MaxResults = 2 })
    assert.are.same({ a = "1", b = "2" }, first.Tags)
    local second = helper.must(target, "ListTags", { ResourceArn = VAULT, MaxResults = 2, NextToken = first.NextToken })
    assert.are.same({ c = "3" }, second.Tags)
    assert.is_nil(second.NextToken)
    assert.are.equal("InvalidParameterValueException",
      helper.refused(target, "ListTags", { ResourceArn = VAULT, NextToken = "nonsense" }).code)
  end)

  it("of what is not there are not found", function()
    for _, call in ipairs {
      { "TagResource", { Tags = { a = "b" } } }, { "UntagResource", { TagKeyList = { "a" } } }, { "ListTags", {} },
    } do
      local name, params = call[1], call[2]
      params.ResourceArn = VAULT .. "2"
      assert.are.equal("ResourceNotFoundException", helper.refused(target, name, params).code)
      params.ResourceArn = "arn:aws:ec2:us-east-1::snapshot/snap-01"
      local failure = helper.refused(target, name, params)
      assert.are.equal("ResourceNotFoundException", failure.code)
      assert.are.equal("ERROR_2603", failure.details.Code)
      params.ResourceArn = "vault"
      assert.are.equal("InvalidParameterValueException", helper.refused(target, name, params).code)
    end
  end)
end)
