local codec = require "aws.backup.codec"
local validate = require "aws.backup.codec.validate"

local instance = codec.new()

local function job(changes)
  local params = {
    BackupVaultName = "Default", ResourceArn = "arn:aws:s3:::bucket", IamRoleArn = "arn:aws:iam::123456789012:role/r",
  }
  for name, value in pairs(changes or {}) do params[name] = value end
  return params
end

--- The paths that are at fault.
local function paths(operation, params, level)
  local _, violations = validate.check(instance:operation(operation), params, level == nil and true or level)
  local found = {}
  for index, violation in ipairs(violations or {}) do found[index] = violation.path end
  return found
end

local function lifecycle(move, delete)
  return paths("StartBackupJob", job { Lifecycle = { MoveToColdStorageAfterDays = move, DeleteAfterDays = delete } })
end

describe("the documented rules", function()
  it("ask for 90 days in cold storage", function()
    assert.same({}, lifecycle(30, 120))
    assert.same({}, lifecycle(1, 91))
    assert.same({ "Lifecycle.DeleteAfterDays" }, lifecycle(30, 119))
    assert.same({ "Lifecycle.DeleteAfterDays" }, lifecycle(30, 30))
  end)

  it("let -1 keep for ever, and 0 days to cold storage count as not set", function()
    for _, pair in ipairs { { -1, -1 }, { 30, -1 }, { -1, 7 }, { 0, 7 }, { nil, 1 }, { 30, nil }, { nil, 36500 } } do
      assert.same({}, lifecycle(pair[1], pair[2]))
    end
  end)

  it("bound the days", function()
    assert.same({ "Lifecycle.DeleteAfterDays" }, lifecycle(nil, 0))
    assert.same({ "Lifecycle.DeleteAfterDays" }, lifecycle(nil, 36501))
    assert.same({ "Lifecycle.DeleteAfterDays" }, lifecycle(nil, -2))
    assert.same({ "Lifecycle.MoveToColdStorageAfterDays" }, lifecycle(36501, nil))
    assert.same({ "Lifecycle.MoveToColdStorageAfterDays" }, lifecycle(-2, nil))
    assert.same({ "Lifecycle.MoveToColdStorageAfterDays" }, lifecycle(1e15, 120))
  end)

  it("leave to the shapes what is no whole number", function()
    assert.same({ "Lifecycle.MoveToColdStorageAfterDays" }, lifecycle(1.5, 20))
    assert.same({ "Lifecycle.DeleteAfterDays" }, lifecycle(30, 100.5))
    assert.same({ "Lifecycle.MoveToColdStorageAfterDays", "Lifecycle.DeleteAfterDays" }, lifecycle(0 / 0, math.huge))
    assert.same({ "StartWindowMinutes" }, paths("StartBackupJob", job { StartWindowMinutes = 30.5 }))
  end)

  it("hold wherever a lifecycle is sent", function()
    local bad = { MoveToColdStorageAfterDays = 10, DeleteAfterDays = 20 }
    assert.same({ "BackupPlan.Rules[1].Lifecycle.DeleteAfterDays",
      "BackupPlan.Rules[1].CopyActions[1].Lifecycle.DeleteAfterDays" }, paths("CreateBackupPlan", {
        BackupPlan = { BackupPlanName = "p", Rules = { {
          RuleName = "r", TargetBackupVaultName = "Default", Lifecycle = bad,
          CopyActions = { { DestinationBackupVaultArn = "arn:aws:backup:eu-west-1:123456789012:backup-vault:v",
            Lifecycle = bad } },
        } } },
      }))
    assert.same({ "Lifecycle.DeleteAfterDays" }, paths("UpdateRecoveryPointLifecycle",
      { BackupVaultName = "vault", RecoveryPointArn = "arn:aws:backup:eu-west-1:123456789012:recovery-point:x",
        Lifecycle = bad }))
  end)

  it("bound the windows", function()
    for _, value in ipairs { 60, 480, 52560000 } do
      assert.same({}, paths("StartBackupJob", job { StartWindowMinutes = value }))
    end
    for _, value in ipairs { 59, 30, 0, -1, 52560001 } do
      assert.same({ "StartWindowMinutes" }, paths("StartBackupJob", job { StartWindowMinutes = value }))
    end
    assert.same({}, paths("StartBackupJob", job { CompleteWindowMinutes = 1, StartWindowMinutes = 480 }))
    for _, value in ipairs { 0, -5, 52560001 } do
      assert.same({ "CompleteWindowMinutes" }, paths("StartBackupJob", job { CompleteWindowMinutes = value }))
    end
  end)

  it("ask for well-formed ARNs of any service and partition", function()
    for _, arn in ipairs { "arn:aws:ec2:us-east-1:123456789012:volume/vol-1", "arn:aws-cn:s3:::b", "arn:aws:s3:::b/k",
      "arn:aws:ec2:us-east-1::image/ami-1", "arn:aws-us-gov:rds:us-gov-west-1:123456789012:db:x",
      "arn:aws:ssm-sap:eu-west-1:123456789012:HANA/app",
      "arn:aws:timestream:eu-west-1:123456789012:database/d/table/t" } do
      assert.same({}, paths("StartBackupJob", job { ResourceArn = arn }), arn)
    end
    for _, arn in ipairs { "", "vol-0123", "arn:aws:s3", "arn:aws:ec2:us-east-1:123456789012:", "ARN:aws:s3:::b",
      " arn:aws:s3:::b" } do
      assert.same({ "ResourceArn" }, paths("StartBackupJob", job { ResourceArn = arn }), arn)
    end
    assert.same({ "LogicallyAirGappedBackupVaultArn" },
      paths("StartBackupJob", job { LogicallyAirGappedBackupVaultArn = "my-vault" }))
  end)

  it("ask for the ARN of a role", function()
    for _, arn in ipairs { "arn:aws:iam::123456789012:role/service-role/R", "arn:aws-cn:iam::123456789012:role/R" } do
      assert.same({}, paths("StartBackupJob", job { IamRoleArn = arn }))
    end
    for _, arn in ipairs { "R", "role/R", "arn:aws:iam::123456789012:user/u", "arn:aws:iam::123456789012:role/",
      "arn:aws:sts::123456789012:assumed-role/R/s" } do
      assert.same({ "IamRoleArn" }, paths("StartBackupJob", job { IamRoleArn = arn }), arn)
    end
  end)

  it("ask for the right case of options and index, and leave other options alone", function()
    assert.same({}, paths("StartBackupJob", job { BackupOptions = { WindowsVSS = "disabled", BackupACLs = "x" } }))
    assert.same({ "BackupOptions.WindowsVSS" },
      paths("StartBackupJob", job { BackupOptions = { WindowsVSS = "Enabled" } }))
    assert.same({}, paths("StartBackupJob", job { Index = "DISABLED" }))
    assert.same({ "Index" }, paths("StartBackupJob", job { Index = "enabled" }))
  end)

  it("bound the tags", function()
    assert.same({}, paths("StartBackupJob", job { RecoveryPointTags = { [("é"):rep(128)] = ("é"):rep(256), b = "" } }))
    assert.same({ "RecoveryPointTags" }, paths("StartBackupJob", job { RecoveryPointTags = { [("k"):rep(129)] = "" } }))
    assert.same({ "RecoveryPointTags" }, paths("StartBackupJob", job { RecoveryPointTags = { [""] = "" } }))
    assert.same({ "RecoveryPointTags" }, paths("StartBackupJob", job { RecoveryPointTags = { ["aws:x"] = "" } }))
    assert.same({ "RecoveryPointTags" }, paths("StartBackupJob", job { RecoveryPointTags = { k = ("v"):rep(257) } }))
    assert.same({}, paths("StartBackupJob", job { RecoveryPointTags = {} }))
  end)

  it("are left to the service at the level of shapes", function()
    local params = job { StartWindowMinutes = 30, Index = "enabled", ResourceArn = "x" }
    assert.same({}, paths("StartBackupJob", params, "shape"))
  end)

  it("do not hold for another service's shapes of the same names", function()
    local other = codec.new(codec.from_model_table {
      operations = {
        Op = { name = "Op", http = { method = "PUT", requestUri = "/" }, input = { shape = "Lifecycle" } },
      },
      shapes = { Lifecycle = { type = "structure", members = { DeleteAfterDays = { shape = "Long" } } },
        Long = { type = "long" } },
    })
    assert.is_true(validate.check(other:operation("Op"), { DeleteAfterDays = 0 }, true))
  end)
end)
