local helper = require "spec.emulator.helper"

local ACCOUNT = "us-east-1:123456789012"

describe("StartBackupJob", function()
  local target

  before_each(function() target = helper.with_vault() end)

  local function invalid(changes, words)
    local failure = helper.refused(target, "StartBackupJob", helper.job(changes))
    assert.are.equal("InvalidParameterValueException", failure.code)
    assert.are.equal(400, failure.status)
    assert.matches(words, failure.message, 1, true)
  end

  it("answers id, time and whether the job is a parent", function()
    local answer = helper.must(target, "StartBackupJob", helper.job())
    assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", answer.BackupJobId)
    assert.are.same({ BackupJobId = answer.BackupJobId, CreationDate = helper.START, IsParent = false }, answer)
  end)

  it("gives times to the millisecond", function()
    target:advance(0.08749)
    assert.are.equal(helper.START + 0.087, helper.must(target, "StartBackupJob", helper.job()).CreationDate)
  end)

  -- Resource, type, pattern of the recovery point's ARN.
  local TYPES = {
    { "arn:aws:ec2:" .. ACCOUNT .. ":volume/vol-0123456789abcdef0", "EBS",
      "^arn:aws:ec2:us%-east%-1::snapshot/snap%-%x+$" },
    { "arn:aws:ec2:" .. ACCOUNT .. ":instance/i-0123456789abcdef0", "EC2",
      "^arn:aws:ec2:us%-east%-1::image/ami%-%x+$" },
    { "arn:aws:elasticfilesystem:" .. ACCOUNT .. ":file-system/fs-0123abcd", "EFS",
      "^arn:aws:backup:us%-east%-1:123456789012:recovery%-point:[%x-]+$", early = true },
    { "arn:aws:rds:" .. ACCOUNT .. ":db:orders", "RDS",
      ":rds:us%-east%-1:123456789012:snapshot:awsbackup:job%-[%x-]+$" },
    { "arn:aws:rds:" .. ACCOUNT .. ":cluster:orders", "Aurora", ":cluster%-snapshot:awsbackup:job%-[%x-]+$" },
    { "arn:aws:rds:" .. ACCOUNT .. ":cluster:my-docdb-1", "DocumentDB", ":cluster%-snapshot:awsbackup:job%-[%x-]+$" },
    { "arn:aws:rds:" .. ACCOUNT .. ":cluster:neptune1", "Neptune", ":cluster%-snapshot:awsbackup:job%-[%x-]+$" },
    { "arn:aws:dsql:" .. ACCOUNT .. ":cluster/abc123", "DSQL", ":recovery%-point:[%x-]+$" },
    { "arn:aws:dynamodb:" .. ACCOUNT .. ":table/orders", "DynamoDB",
      "^arn:aws:backup:us%-east%-1:123456789012:recovery%-point:[%x-]+$", early = true },
    { "arn:aws:s3:::my.bucket-1", "S3", ":recovery%-point:my%.bucket%-1%-20260102030405%-%x+$" },
    { "arn:aws:fsx:" .. ACCOUNT .. ":file-system/fs-0123abcd", "FSx",
      ":fsx:us%-east%-1:123456789012:backup/backup%-%x+$" },
    { "arn:aws:fsx:" .. ACCOUNT .. ":volume/fs-01/fsvol-02", "FSx", ":backup/backup%-%x+$" },
    { "arn:aws:storagegateway:" .. ACCOUNT .. ":gateway/sgw-12/volume/vol-34", "Storage Gateway",
      "::snapshot/snap%-%x+$" },
    { "arn:aws:redshift:" .. ACCOUNT .. ":cluster:dw", "Redshift",
      ":redshift:.*:snapshot:resource/awsbackup:job%-[%x-]+$" },
    { "arn:aws:redshift-serverless:" .. ACCOUNT .. ":namespace/0a-1b", "Redshift Serverless",
      ":redshift%-serverless:.*:snapshot:resource/awsbackup:job%-[%x-]+$" },
    { "arn:aws:timestream:" .. ACCOUNT .. ":database/d/table/t", "Timestream", ":recovery%-point:[%x-]+_%w+$" },
    { "arn:aws:ssm-sap:" .. ACCOUNT .. ":HANA/prod/DB", "SAP HANA on Amazon EC2", ":recovery%-point:[%x-]+$" },
    { "arn:aws:backup-gateway:" .. ACCOUNT .. ":vm/vm-123", "VirtualMachine", ":recovery%-point:[%x-]+$" },
    { helper.STACK, "CloudFormation", ":recovery%-point:[%x-]+$", parent = true },
    { "arn:aws:eks:" .. ACCOUNT .. ":cluster/prod", "EKS", ":recovery%-point:[%x-]+$", parent = true },
  }

  for _, case in ipairs(TYPES) do
    it("backs up " .. case[1], function()
      local answer = helper.must(target, "StartBackupJob", helper.job { ResourceArn = case[1] })
      assert.are.equal(case.early or false, answer.RecoveryPointArn ~= nil)
      assert.are.equal(case.parent or false, answer.IsParent)
      assert.are.equal("CREATED", helper.describe(target, answer.BackupJobId).State)
      target:advance(3600)
      local job = helper.describe(target, answer.BackupJobId)
      assert.are.equal("COMPLETED", job.State)
      assert.are.equal(case[2], job.ResourceType)
      assert.matches(case[3], job.RecoveryPointArn)
      assert.are.equal(answer.RecoveryPointArn or job.RecoveryPointArn, job.RecoveryPointArn)
    end)
  end

  it("backs up DynamoDB with the service's own backups where the advanced features are off", function()
    helper.must(target, "UpdateRegionSettings", { ResourceTypeManagementPreference = { DynamoDB = false } })
    local answer = helper.must(target, "StartBackupJob",
      helper.job { ResourceArn = "arn:aws:dynamodb:" .. ACCOUNT .. ":table/orders" })
    assert.is_nil(answer.RecoveryPointArn)
    target:advance(3600)
    assert.are.equal("arn:aws:dynamodb:" .. ACCOUNT .. ":table/orders/backup/01767323045000-",
      helper.describe(target, answer.BackupJobId).RecoveryPointArn:sub(1, -9))
  end)

  it("refuses what is no ARN of a resource of this account and region", function()
    for _, case in ipairs {
      { "vol-0123456789abcdef0", "Invalid ARN" },
      { "arn:aws:ec2:us-east-1::snapshot/snap-0123", "Unsupported resource type" },
      { "arn:aws:sqs:" .. ACCOUNT .. ":queue", "Unsupported resource type" },
      { "arn:aws:ec2:eu-west-1:123456789012:volume/vol-01", "is not in account" },
      { "arn:aws:ec2:us-east-1:999988887777:volume/vol-01", "is not in account" },
      { "arn:aws-cn:ec2:" .. ACCOUNT .. ":volume/vol-01", "is not in account" },
    } do
      invalid({ ResourceArn = case[1] }, case[2])
    end
  end)

  it("refuses what is no role, or one that AWS Backup cannot assume", function()
    invalid({ IamRoleArn = "admin" }, "IamRoleArn")
    invalid({ IamRoleArn = "arn:aws:iam::123456789012:user/me" }, "IamRoleArn")
    for _, role in ipairs {
      "arn:aws:iam::999988887777:role/backup",
      "arn:aws:iam::123456789012:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
    } do
      invalid({ IamRoleArn = role }, "IAM Role ARN cannot be assumed by AWS Backup")
    end
  end)

  it("refuses windows outside their bounds", function()
    invalid({ StartWindowMinutes = 59 }, "StartWindowMinutes")
    invalid({ StartWindowMinutes = 52560001 }, "StartWindowMinutes")
    invalid({ CompleteWindowMinutes = 0 }, "CompleteWindowMinutes")
    invalid({ CompleteWindowMinutes = 52560001 }, "CompleteWindowMinutes")
    invalid({ StartWindowMinutes = 60, CompleteWindowMinutes = 60 }, "CompleteWindowMinutes")
    assert.is_string(helper.start(target, { StartWindowMinutes = 60, CompleteWindowMinutes = 61 }))
    assert.is_string(helper.start(target, { CompleteWindowMinutes = 120 }))
  end)

  it("refuses a lifecycle that breaks the rules", function()
    invalid({ Lifecycle = { MoveToColdStorageAfterDays = 30, DeleteAfterDays = 100 } },
      "Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays")
    invalid({ Lifecycle = { DeleteAfterDays = 0 } }, "Invalid lifecycle.")
  end)

  it("refuses options that there are not", function()
    invalid({ BackupOptions = { WindowsVSS = "Enabled" } }, "WindowsVSS")
    invalid({ BackupOptions = { Compress = "enabled" } }, "Compress")
    assert.is_string(helper.start(target, { BackupOptions = { WindowsVSS = "enabled" } }))
    assert.is_string(helper.start(target,
      { BackupOptions = { BackupACLs = "disabled", BackupObjectTags = "enabled" } }))
  end)

  it("refuses an index where there can be none", function()
    invalid({ Index = "ENABLED", ResourceArn = helper.FILE_SYSTEM }, "Index")
    assert.is_string(helper.start(target, { Index = "DISABLED", ResourceArn = helper.FILE_SYSTEM }))
    assert.is_string(helper.start(target, { Index = "ENABLED" }))
  end)

  it("refuses tags that cannot be, without showing them", function()
    local failure = helper.refused(target, "StartBackupJob",
      helper.job { RecoveryPointTags = { ["aws:topsecret"] = "x" } })
    assert.are.equal("InvalidParameterValueException", failure.code)
    assert.is_nil(failure.message:find("topsecret", 1, true))
  end)

  it("refuses a vault that is not there", function()
    local failure = helper.refused(target, "StartBackupJob", helper.job { BackupVaultName = "nowhere" })
    assert.are.equal("ResourceNotFoundException", failure.code)
    assert.are.equal(400, failure.status)
    assert.matches("nowhere", failure.message)
  end)

  it("names all that is missing", function()
    local failure = helper.refused(target, "StartBackupJob", {})
    assert.are.equal("MissingParameterValueException", failure.code)
    assert.matches("BackupVaultName, ResourceArn, IamRoleArn", failure.message, 1, true)
  end)

  describe("with an idempotency token", function()
    local function jobs()
      return helper.must(target, "ListBackupJobs").BackupJobs
    end

    it("answers a repeat with the first answer and starts nothing", function()
      local params = helper.job {
        IdempotencyToken = "t", Lifecycle = { DeleteAfterDays = 7 }, RecoveryPointTags = { a = "b" } }
      local first = helper.must(target, "StartBackupJob", params)
      target:advance(300)
      assert.are.same(first, helper.must(target, "StartBackupJob", params))
      target:advance(20 * 86400)
      assert.are.same(first, helper.must(target, "StartBackupJob", params))
      assert.are.equal(1, #jobs())
    end)

    it("refuses other parameters under the same token", function()
      helper.start(target, { IdempotencyToken = "t" })
      invalid({ IdempotencyToken = "t", Lifecycle = { DeleteAfterDays = 7 } }, "IdempotencyToken")
      invalid({ IdempotencyToken = "t", ResourceArn = helper.FILE_SYSTEM }, "IdempotencyToken")
      assert.are.equal(1, #jobs())
    end)

    it("starts another job under another token, or under none", function()
      for _, token in ipairs { "t1", "t2", "", "" } do helper.start(target, { IdempotencyToken = token }) end
      assert.are.equal(4, #jobs())
    end)

    it("does not remember a request that was refused", function()
      helper.refused(target, "StartBackupJob", helper.job { IdempotencyToken = "t", BackupVaultName = "later" })
      target:create_vault("later")
      assert.is_string(helper.start(target, { IdempotencyToken = "t", BackupVaultName = "later" }))
    end)

    it("knows it as long as it lists the job", function()
      local first = helper.start(target, { IdempotencyToken = "t" })
      target:advance(29 * 86400)
      assert.are.equal(first, helper.start(target, { IdempotencyToken = "t" }))
      target:advance(2 * 86400)
      assert.are.equal("ResourceNotFoundException",
        helper.refused(target, "DescribeBackupJob", { BackupJobId = first }).code)
      assert.are_not.equal(first, helper.start(target, { IdempotencyToken = "t" }))
    end)
  end)

  describe("with a logically air-gapped vault", function()
    local GAP = "arn:aws:backup:" .. ACCOUNT .. ":backup-vault:gap"

    before_each(function()
      helper.must(target, "CreateLogicallyAirGappedBackupVault",
        { BackupVaultName = "gap", MinRetentionDays = 7, MaxRetentionDays = 30 })
    end)

    local function run(changes)
      changes.LogicallyAirGappedBackupVaultArn = GAP
      local id = helper.start(target, changes)
      target:advance(3600)
      return helper.describe(target, id)
    end

    it("sends fully managed types there", function()
      local job = run { ResourceArn = helper.FILE_SYSTEM, Lifecycle = { DeleteAfterDays = 7 } }
      assert.are.equal("COMPLETED", job.State)
      assert.are.equal("gap", job.BackupVaultName)
      assert.are.equal("LOGICALLY_AIR_GAPPED_BACKUP_VAULT", job.VaultType)
      assert.are.equal("SUCCESS", job.MessageCategory)
    end)

    it("leaves the others where they are, and says so", function()
      local job = run { Lifecycle = { DeleteAfterDays = 7 } }
      assert.are.equal("COMPLETED", job.State)
      assert.are.equal("vault", job.BackupVaultName)
      assert.matches("not supported by logically air%-gapped backup vault", job.StatusMessage)
      assert.are_not.equal("SUCCESS", job.MessageCategory)
    end)

    it("fails the job, not the call, if the lifecycle is outside the vault's range", function()
      for _, lifecycle in ipairs { { DeleteAfterDays = 6 }, { DeleteAfterDays = 31 }, {} } do
        local job = run { ResourceArn = helper.FILE_SYSTEM, Lifecycle = lifecycle }
        assert.are.equal("FAILED", job.State)
        assert.are.equal("Backup job failed because the lifecycle is outside the valid range for backup vault.",
          job.StatusMessage)
      end
    end)

    it("refuses what is none of this account and region", function()
      for _, arn in ipairs { "gap", (GAP:gsub("us%-east%-1", "eu-west-1")) } do
        invalid({ LogicallyAirGappedBackupVaultArn = arn }, "LogicallyAirGappedBackupVaultArn")
      end
      invalid({ LogicallyAirGappedBackupVaultArn = (GAP:gsub("gap$", "vault")) }, "not a logically air-gapped vault")
      assert.are.equal("ResourceNotFoundException", helper.refused(target, "StartBackupJob",
        helper.job { LogicallyAirGappedBackupVaultArn = GAP .. "2" }).code)
    end)
  end)
end)
