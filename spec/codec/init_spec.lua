local codec = require "aws.backup.codec"
local fragments = require "spec.codec.fragments"

describe("codec", function()
  it("finds operations by both forms of their names and compiles each once", function()
    local instance = codec.new()
    local operation = assert(instance:operation("StartBackupJob"))
    assert.equal("StartBackupJob", operation.name)
    assert.equal("start_backup_job", operation.method_name)
    assert.equal("PUT", operation.http_method)
    assert.equal("IdempotencyToken", operation.idempotency_member)
    assert.is_true(operation.idempotent)
    assert.equal(200, operation.response_code)
    assert.equal(operation, instance:operation("start_backup_job"))
  end)

  it("suggests the nearest name in the form that was asked for", function()
    local instance = codec.new()
    assert.same({ nil, "start_backup_job" }, { instance:operation("start_backup_jobs") })
    assert.same({ nil, "StartBackupJob" }, { instance:operation("StartBackupJbo") })
    assert.same({ nil, "StartBackupJob" }, { instance:operation("Start_Backup_Job") })
    assert.is_nil((instance:operation("zzzzzzzzzzzzzzzz")))
  end)

  it("is one for all of AWS Backup, and another for each model of a caller's own", function()
    assert.equal(codec.new():operation("StartBackupJob"), codec.new():operation("StartBackupJob"))
    local source = codec.from_model_table { operations = { Op = { name = "Op" } }, shapes = {} }
    assert.are_not.equal(codec.new(source):operation("Op"), codec.new(source):operation("Op"))
  end)

  it("keeps the model's order of members, and sorts them where the model tells none", function()
    local names = {}
    local output = codec.new():operation("StartBackupJob").output
    for index, member in ipairs(output.members) do names[index] = member.name end
    assert.same({ "BackupJobId", "RecoveryPointArn", "CreationDate", "IsParent" }, names)
    local operation = fragments.operation(
      { name = "Op", http = { method = "GET", requestUri = "/" }, input = { shape = "In" } },
      { In = { type = "structure", members = { B = { shape = "S" }, A = { shape = "S" } } }, S = { type = "string" } })
    assert.equal("A", operation.input.members[1].name)
  end)

  it("follows shapes that refer to themselves", function()
    local inner = fragments.everything().input.by_name.Inner.shape
    assert.equal(inner, inner.by_name.Next.shape)
  end)

  it("says what is wrong with a model that does not hold together", function()
    local function compile(operation, shapes)
      return pcall(fragments.operation, operation, shapes)
    end
    local _, message = compile({ name = "Op", input = { shape = "Gone" } })
    assert.equal("the model refers to a shape that it does not hold: Gone", message)
    _, message = compile({ name = "Op", http = { method = "GET", requestUri = "/{gone}" } })
    assert.equal("no member for the label {gone} of /{gone}", message)
  end)

  it("knows which operations take a vault that exists, and whether anything else could be missing", function()
    local instance = codec.new()
    for name, expected in pairs {
      StartBackupJob = "only", DescribeBackupVault = "only", DeleteBackupVault = "only",
      GetBackupVaultNotifications = "only", ListRecoveryPointsByBackupVault = "only",
      DescribeRecoveryPoint = "among", StartCopyJob = "among", RevokeRestoreAccessBackupVault = "among",
      CreateBackupVault = false, CreateRestoreAccessBackupVault = false, ListBackupJobs = false,
      DescribeBackupJob = false, GetSupportedResourceTypes = false,
    } do
      assert.equal(expected, instance:operation(name).takes_vault or false, name)
    end
  end)
end)
