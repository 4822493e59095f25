local helper = require "spec.emulator.helper"

local KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-1111-2222-3333-444455556666"

describe("a vault", function()
  local target

  before_each(function() target = helper.new() end)

  local function create(name, params)
    local all = { BackupVaultName = name }
    for key, value in pairs(params or {}) do all[key] = value end
    return helper.must(target, "CreateBackupVault", all)
  end

  it("is made, and its name, ARN and time are answered, nothing else", function()
    assert.are.same({
      BackupVaultName = "Nightly-1_a", CreationDate = helper.START,
      BackupVaultArn = "arn:aws:backup:us-east-1:123456789012:backup-vault:Nightly-1_a",
    }, create("Nightly-1_a"))
  end)

  it("does not exist until it is made, not even Default", function()
    local failure = helper.refused(target, "DescribeBackupVault", { BackupVaultName = "Default" })
    assert.are.equal(403, failure.status)
    assert.are.equal("AccessDeniedException", failure.code)
    assert.are.equal("Insufficient privileges to perform this action.", failure.message)
  end)

  it("is described with the account's own key where none was given", function()
    create("one", { CreatorRequestId = "request-1" })
    create("two")
    local vault = helper.must(target, "DescribeBackupVault", { BackupVaultName = "one" })
    assert.matches("^arn:aws:kms:us%-east%-1:123456789012:key/%x+", vault.EncryptionKeyArn)
    assert.are.equal(helper.must(target, "DescribeBackupVault", { BackupVaultName = "two" }).EncryptionKeyArn,
      vault.EncryptionKeyArn)
    assert.are.equal("BACKUP_VAULT", vault.VaultType)
    assert.are.equal("AVAILABLE", vault.VaultState)
    assert.are.equal(0, vault.NumberOfRecoveryPoints)
    assert.are.equal("request-1", vault.CreatorRequestId)
    assert.is_false(vault.Locked)
    assert.is_nil(vault.EncryptionKeyType)
  end)

  it("keeps the key that it was given", function()
    create("one", { EncryptionKeyArn = KEY })
    local vault = helper.must(target, "DescribeBackupVault", { BackupVaultName = "one" })
    assert.are.equal(KEY, vault.EncryptionKeyArn)
    assert.are.equal("CUSTOMER_MANAGED_KMS_KEY", vault.EncryptionKeyType)
  end)

  it("is refused with a key that is none of this region", function()
    for _, key in ipairs {
      "alias/aws/backup", (KEY:gsub("us%-east%-1", "eu-west-1")), (KEY:gsub("kms", "iam")), KEY .. " ",
    } do
      local failure = helper.refused(target, "CreateBackupVault", { BackupVaultName = "one", EncryptionKeyArn = key })
      assert.are.equal("InvalidParameterValueException", failure.code)
      assert.matches("EncryptionKeyArn", failure.message)
    end
  end)

  it("is refused a second time, whatever the request's id, and the answer shows the first", function()
    create("one", { CreatorRequestId = "request-1" })
    for _, id in ipairs { "request-1", "request-2" } do
      local failure = helper.refused(target, "CreateBackupVault", { BackupVaultName = "one", CreatorRequestId = id })
      assert.are.equal(400, failure.status)
      assert.are.equal("AlreadyExistsException", failure.code)
      assert.are.equal("Backup vault with the same name already exists", failure.message)
      assert.are.equal("request-1", failure.details.CreatorRequestId)
      assert.matches(":backup%-vault:one$", failure.details.Arn)
    end
    create("One")
  end)

  it("is refused with tags that cannot be, which the message does not show", function()
    for _, tags in ipairs {
      { ["aws:topsecret"] = "x" }, { [("k"):rep(129)] = "x" }, { key = ("topsecret"):rep(40) },
      { ["topsecret!"] = "x" },
      { key = "topsecret#" }, { [""] = "x" },
    } do
      local failure = helper.refused(target, "CreateBackupVault", { BackupVaultName = "one", BackupVaultTags = tags })
      assert.are.equal("InvalidParameterValueException", failure.code)
      assert.matches("BackupVaultTags", failure.message)
      assert.is_nil(failure.message:find("topsecret", 1, true))
    end
  end)

  it("is refused with a request's id that cannot be one", function()
    for _, id in ipairs { "", "a b", ("x"):rep(51) } do
      local failure = helper.refused(target, "CreateBackupVault", { BackupVaultName = "one", CreatorRequestId = id })
      assert.are.equal("InvalidParameterValueException", failure.code)
      assert.matches("CreatorRequestId", failure.message)
    end
  end)

  it("is refused beyond 300", function()
    for index = 1, 300 do target:create_vault("v" .. index) end
    assert.are.equal("LimitExceededException",
      helper.refused(target, "CreateBackupVault", { BackupVaultName = "more" }).code)
  end)

  it("is deleted when it is empty", function()
    create("one")
    helper.must(target, "DeleteBackupVault", { BackupVaultName = "one" })
    assert.are.equal("AccessDeniedException",
      helper.refused(target, "DescribeBackupVault", { BackupVaultName = "one" }).code)
    assert.are.equal("ResourceNotFoundException",
      helper.refused(target, "DeleteBackupVault", { BackupVaultName = "one" }).code)
  end)

  it("is not deleted while it holds recovery points", function()
    create("vault")
    helper.start(target)
    target:advance(3600)
    local failure = helper.refused(target, "DeleteBackupVault", { BackupVaultName = "vault" })
    assert.are.equal("InvalidRequestException", failure.code)
    assert.are.equal("Backup vault cannot be deleted because it contains recovery points.", failure.message)
    assert.are.equal("ERROR_9101", failure.details.Code)
    assert.are.equal("1", failure.details.Context)
  end)

  it("counts a recovery point for a while after it was deleted", function()
    create("vault")
    helper.start(target)
    target:advance(3600)
    local point = helper.points(target)[1]
    helper.must(target, "DeleteRecoveryPoint",
      { BackupVaultName = "vault", RecoveryPointArn = point.RecoveryPointArn })
    assert.are.equal("InvalidRequestException",
      helper.refused(target, "DeleteBackupVault", { BackupVaultName = "vault" }).code)
    target:advance(60)
    helper.must(target, "DeleteBackupVault", { BackupVaultName = "vault" })
  end)

  it("of another account is not there", function()
    create("one")
    local failure = helper.refused(target, "DescribeBackupVault",
      { BackupVaultName = "one", BackupVaultAccountId = "999988887777" })
    assert.are.equal("AccessDeniedException", failure.code)
  end)

  describe("in a list", function()
    local function names(params)
      local found = {}
      for index, vault in ipairs(helper.must(target, "ListBackupVaults", params).BackupVaultList) do
        found[index] = vault.BackupVaultName
      end
      return table.concat(found, " ")
    end

    before_each(function()
      for _, name in ipairs { "v1", "v3", "v2" } do create(name) end
      helper.must(target, "CreateLogicallyAirGappedBackupVault",
        { BackupVaultName = "gap", MinRetentionDays = 7, MaxRetentionDays = 30 })
    end)

    it("comes in the order of creation", function()
      assert.are.equal("v1 v3 v2 gap", names())
    end)

    it("is chosen by its type, and never shared", function()
      assert.are.equal("gap", names { ByVaultType = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" })
      assert.are.equal("v1 v3 v2", names { ByVaultType = "BACKUP_VAULT" })
      assert.are.equal("", names { ByShared = true })
      assert.are.equal("v1 v3 v2 gap", names { ByShared = false })
    end)
  end)

  describe("that is logically air-gapped", function()
    it("is being made for a while and locked from the start", function()
      local made = helper.must(target, "CreateLogicallyAirGappedBackupVault",
        { BackupVaultName = "gap", MinRetentionDays = 7, MaxRetentionDays = 30 })
      assert.are.equal("CREATING", made.VaultState)
      target:advance(60)
      local vault = helper.must(target, "DescribeBackupVault", { BackupVaultName = "gap" })
      assert.are.equal("AVAILABLE", vault.VaultState)
      assert.are.equal("LOGICALLY_AIR_GAPPED_BACKUP_VAULT", vault.VaultType)
      assert.is_true(vault.Locked)
      assert.are.equal(7, vault.MinRetentionDays)
      assert.are.equal(30, vault.MaxRetentionDays)
      assert.are.equal("AWS_OWNED_KMS_KEY", vault.EncryptionKeyType)
    end)

    it("needs a range of at least seven days", function()
      for _, range in ipairs { { 6, 30 }, { 30, 7 }, { 7, 36501 } } do
        assert.are.equal("InvalidParameterValueException", helper.refused(target, "CreateLogicallyAirGappedBackupVault",
          { BackupVaultName = "gap", MinRetentionDays = range[1], MaxRetentionDays = range[2] }).code)
      end
      assert.are.equal("MissingParameterValueException", helper.refused(target, "CreateLogicallyAirGappedBackupVault",
        { BackupVaultName = "gap" }).code)
    end)
  end)
end)
