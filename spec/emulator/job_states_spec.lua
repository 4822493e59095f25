local helper = require "spec.emulator.helper"

local ACCOUNT = "us-east-1:123456789012"

describe("a backup job", function()
  local target

  before_each(function() target = helper.with_vault() end)

  local function state(id)
    return helper.describe(target, id).State
  end

  it("goes from CREATED over RUNNING to COMPLETED", function()
    local id = helper.start(target, { Lifecycle = { DeleteAfterDays = 7 } })
    local job = helper.describe(target, id)
    assert.are.equal("CREATED", job.State)
    assert.are.equal("0.0", job.PercentDone)
    assert.are.equal(helper.START, job.CreationDate)
    assert.are.equal(helper.START + 480 * 60, job.StartBy)
    assert.is_nil(job.RecoveryPointArn)
    assert.is_nil(job.CompletionDate)
    target:advance(60 + 270)
    job = helper.describe(target, id)
    assert.are.equal("RUNNING", job.State)
    assert.are.equal("50.0", job.PercentDone)
    assert.are.equal(8 * 1024 * 1024 * 1024, job.BackupSizeInBytes)
    assert.are.equal(3 * 1024 * 1024 * 1024 / 2, job.BytesTransferred)
    assert.are.equal(helper.START + 600, job.ExpectedCompletionDate)
    assert.matches("snapshot/snap%-", job.RecoveryPointArn)
    assert.is_nil(job.MessageCategory)
    target:advance(1000)
    job = helper.describe(target, id)
    assert.are.equal("COMPLETED", job.State)
    assert.are.equal("100.0", job.PercentDone)
    assert.are.equal(helper.START + 600, job.CompletionDate)
    assert.are.equal("SUCCESS", job.MessageCategory)
    assert.is_nil(job.StatusMessage)
    assert.is_nil(job.CreatedBy)
  end)

  it("shows what it was given and what belongs to it", function()
    local id = helper.start(target, { Lifecycle = { DeleteAfterDays = 7 }, BackupOptions = { BackupACLs = "enabled" },
      ResourceArn = "arn:aws:s3:::photos" })
    local job = helper.describe(target, id)
    assert.are.equal("123456789012", job.AccountId)
    assert.are.equal("vault", job.BackupVaultName)
    assert.are.equal("arn:aws:backup:" .. ACCOUNT .. ":backup-vault:vault", job.BackupVaultArn)
    assert.are.equal("BACKUP_VAULT", job.VaultType)
    assert.are.equal("UNLOCKED", job.VaultLockState)
    assert.are.equal("arn:aws:s3:::photos", job.ResourceArn)
    assert.are.equal("S3", job.ResourceType)
    assert.are.equal("photos", job.ResourceName)
    assert.are.equal(helper.ROLE, job.IamRoleArn)
    assert.are.same({ DeleteAfterDays = 7 }, job.RecoveryPointLifecycle)
    assert.are.same({ BackupACLs = "enabled" }, job.BackupOptions)
    assert.matches("^arn:aws:kms:", job.EncryptionKeyArn)
    assert.is_true(job.IsEncrypted)
    assert.is_false(job.IsParent)
  end)

  it("rises in PercentDone without reaching 100 before its end", function()
    local id = helper.start(target)
    local last = -1
    for _ = 1, 119 do
      target:advance(5)
      local job = helper.describe(target, id)
      local percent = tonumber(job.PercentDone)
      assert.is_true(percent >= last and percent < 100)
      last = percent
    end
    target:advance(5)
    assert.are.equal("100.0", helper.describe(target, id).PercentDone)
  end)

  it("leaves the same trace in one leap as in small steps", function()
    local function trace(steps)
      local world = helper.with_vault()
      local ids = {}
      for index = 1, 3 do ids[index] = helper.start(world) end
      for _ = 1, steps do world:advance(6000 / steps) end
      local times = {}
      for index, id in ipairs(ids) do times[index] = helper.describe(world, id).CompletionDate - helper.START end
      return times
    end
    assert.are.same({ 600, 1140, 1680 }, trace(1))
    assert.are.same({ 600, 1140, 1680 }, trace(100))
  end)

  it("has sizes by its type", function()
    local function done(arn)
      local id = helper.start(target, { ResourceArn = arn })
      target:advance(3600)
      return helper.describe(target, id)
    end
    local rds = done("arn:aws:rds:" .. ACCOUNT .. ":db:orders")
    assert.are.equal(0, rds.BackupSizeInBytes)
    local aurora = done("arn:aws:rds:" .. ACCOUNT .. ":cluster:orders")
    assert.is_nil(aurora.BackupSizeInBytes)
    assert.is_nil(aurora.BytesTransferred)
  end)

  it("has the type WindowsVSS only for an instance with that option", function()
    local instance = "arn:aws:ec2:" .. ACCOUNT .. ":instance/i-01"
    local with = helper.start(target, { ResourceArn = instance, BackupOptions = { WindowsVSS = "enabled" } })
    local without = helper.start(target, { ResourceArn = instance, BackupOptions = { WindowsVSS = "disabled" } })
    assert.are.equal("WindowsVSS", helper.describe(target, with).BackupType)
    assert.is_nil(helper.describe(target, without).BackupType)
  end)

  it("takes as long as the emulator is told", function()
    target = helper.with_vault { durations = { EBS = 86400 } }
    local id = helper.start(target)
    target:advance(86000)
    assert.are.equal("RUNNING", state(id))
    target:advance(1000)
    assert.are.equal("COMPLETED", state(id))
  end)

  it("is described as not found if nobody started it", function()
    for _, name in ipairs { "DescribeBackupJob", "StopBackupJob" } do
      local failure = helper.refused(target, name, { BackupJobId = "0a1b2c3d-0000-1111-2222-333344445555" })
      assert.are.equal("ResourceNotFoundException", failure.code)
      assert.are.equal(400, failure.status)
    end
  end)

  it("fails if its vault is gone when it starts, or its tags are too many", function()
    local id = helper.start(target)
    helper.must(target, "DeleteBackupVault", { BackupVaultName = "vault" })
    target:advance(60)
    local job = helper.describe(target, id)
    assert.are.equal("FAILED", job.State)
    assert.are.equal("Backup job failed because backup vault ARN does not exist.", job.StatusMessage)
    assert.are.equal("InvalidParameters", job.MessageCategory)
    target:create_vault("vault")
    local tags = {}
    for index = 1, 51 do tags["key" .. index] = "x" end
    id = helper.start(target, { RecoveryPointTags = tags })
    target:advance(60)
    assert.are.equal("The resultant tag set must not have more than 50 user tags.",
      helper.describe(target, id).StatusMessage)
  end)

  describe("of a busy resource", function()
    it("waits in PENDING and runs when its turn comes", function()
      local one, two, three = helper.start(target), helper.start(target), helper.start(target)
      target:advance(60)
      assert.are.same({ "RUNNING", "PENDING", "PENDING" }, { state(one), state(two), state(three) })
      assert.are.equal("", helper.describe(target, two).StatusMessage)
      target:advance(540)
      assert.are.same({ "COMPLETED", "RUNNING", "PENDING" }, { state(one), state(two), state(three) })
      assert.is_nil(helper.describe(target, two).StatusMessage)
      target:advance(540)
      assert.are.same({ "COMPLETED", "COMPLETED", "RUNNING" }, { state(one), state(two), state(three) })
    end)

    it("does not wait for jobs of other resources", function()
      local one, other = helper.start(target), helper.start(target, { ResourceArn = helper.FILE_SYSTEM })
      target:advance(60)
      assert.are.same({ "RUNNING", "RUNNING" }, { state(one), state(other) })
    end)

    it("expires if its start window passes meanwhile", function()
      target = helper.with_vault { durations = { EBS = 2 * 3600 } }
      local one = helper.start(target)
      local two = helper.start(target, { StartWindowMinutes = 60 })
      local three = helper.start(target, { StartWindowMinutes = 180 })
      target:advance(3600)
      local job = helper.describe(target, two)
      assert.are.equal("EXPIRED", job.State)
      assert.are.equal("Backup job failed because there was a running job for the same resource.", job.StatusMessage)
      assert.are.equal(helper.START + 3600, job.CompletionDate)
      target:advance(3 * 3600)
      assert.are.same({ "COMPLETED", "EXPIRED", "RUNNING" }, { state(one), state(two), state(three) })
    end)

    it("goes on when the job before it fails or is stopped", function()
      local one, two, three = helper.start(target), helper.start(target), helper.start(target)
      target:advance(60)
      target:fail_job(helper.VOLUME, "broken")
      assert.are.same({ "FAILED", "RUNNING", "PENDING" }, { state(one), state(two), state(three) })
      helper.must(target, "StopBackupJob", { BackupJobId = two })
      assert.are.equal("PENDING", state(three))
      target:advance(60)
      assert.are.same({ "ABORTED", "RUNNING" }, { state(two), state(three) })
    end)
  end)

  describe("with a complete window", function()
    it("expires when it passes, counted from the creation", function()
      target = helper.with_vault { durations = { EBS = 3 * 3600 } }
      local id = helper.start(target, { StartWindowMinutes = 60, CompleteWindowMinutes = 61 })
      target:advance(61 * 60 - 1)
      assert.are.equal("RUNNING", state(id))
      target:advance(1)
      local job = helper.describe(target, id)
      assert.are.equal("EXPIRED", job.State)
      assert.are.equal("Backup job expired before completion.", job.StatusMessage)
      assert.are.equal(helper.START + 61 * 60, job.CompletionDate)
      assert.is_nil(job.RecoveryPointArn)
      assert.are.equal(0, helper.count(target))
    end)

    it("of seven days if none is given", function()
      target = helper.with_vault { durations = { EBS = 8 * 86400 } }
      local id = helper.start(target)
      target:advance(7 * 86400 - 1)
      assert.are.equal("RUNNING", state(id))
      target:advance(1)
      assert.are.equal("EXPIRED", state(id))
    end)
  end)

  describe("that is stopped", function()
    for name, seconds in pairs { CREATED = 0, RUNNING = 120 } do
      it("in " .. name .. " goes over ABORTING to ABORTED", function()
        local id = helper.start(target)
        target:advance(seconds)
        assert.are.equal(name, state(id))
        assert.are.same({}, helper.must(target, "StopBackupJob", { BackupJobId = id }))
        assert.are.equal("ABORTING", state(id))
        helper.must(target, "StopBackupJob", { BackupJobId = id })
        target:advance(60)
        local job = helper.describe(target, id)
        assert.are.equal("ABORTED", job.State)
        assert.are.equal("Backup job was stopped by user.", job.StatusMessage)
        assert.is_number(job.CompletionDate)
        assert.is_nil(job.RecoveryPointArn)
        assert.are.same({}, helper.points(target))
      end)
    end

    it("in PENDING never runs", function()
      local one, two = helper.start(target), helper.start(target)
      target:advance(60)
      helper.must(target, "StopBackupJob", { BackupJobId = two })
      target:advance(10)
      assert.are.equal("ABORTING", state(two))
      target:advance(600)
      assert.are.same({ "COMPLETED", "ABORTED" }, { state(one), state(two) })
    end)

    it("is refused when it is over", function()
      local id = helper.start(target)
      target:advance(3600)
      local failure = helper.refused(target, "StopBackupJob", { BackupJobId = id })
      assert.are.equal("InvalidRequestException", failure.code)
      assert.matches("COMPLETED", failure.message)
    end)

    it("is refused for types that cannot be stopped", function()
      for _, arn in ipairs {
        "arn:aws:rds:" .. ACCOUNT .. ":db:a", "arn:aws:rds:" .. ACCOUNT .. ":cluster:a",
        "arn:aws:rds:" .. ACCOUNT .. ":cluster:docdb", "arn:aws:rds:" .. ACCOUNT .. ":cluster:neptune",
        "arn:aws:fsx:" .. ACCOUNT .. ":file-system/fs-01", "arn:aws:ssm-sap:" .. ACCOUNT .. ":HANA/a",
      } do
        local id = helper.start(target, { ResourceArn = arn })
        assert.are.equal("InvalidRequestException", helper.refused(target, "StopBackupJob", { BackupJobId = id }).code)
        assert.are.equal("CREATED", state(id))
      end
    end)
  end)

  describe("that a test lets fail", function()
    it("fails at once if it is under way", function()
      local id = helper.start(target)
      target:advance(120)
      assert.are.equal(id, target:fail_job(helper.VOLUME, "The specified volume was not found."))
      local job = helper.describe(target, id)
      assert.are.equal("FAILED", job.State)
      assert.are.equal("The specified volume was not found.", job.StatusMessage)
      assert.are.equal(helper.START + 120, job.CompletionDate)
      assert.is_nil(job.RecoveryPointArn)
      target:advance(3600)
      assert.are.equal("FAILED", state(id))
    end)

    it("fails midway if it begins later, and only once", function()
      assert.is_nil(target:fail_job(helper.VOLUME, "Access Denied trying to call AWS Backup service"))
      local id = helper.start(target)
      target:advance(120)
      assert.are.equal("RUNNING", state(id))
      target:advance(400)
      local job = helper.describe(target, id)
      assert.are.equal("FAILED", job.State)
      assert.are.equal("AccessDenied", job.MessageCategory)
      assert.is_true(tonumber(job.PercentDone) < 100)
      id = helper.start(target)
      target:advance(3600)
      assert.are.equal("COMPLETED", state(id))
    end)

    it("must have a resource and a message", function()
      assert.has_error(function() target:fail_job(nil, "x") end)
      assert.has_error(function() target:fail_job(helper.VOLUME, "") end)
      assert.has_error(function() target:fail_job(helper.VOLUME) end)
    end)
  end)

  describe("of a stack", function()
    local id

    local function children()
      return helper.must(target, "ListBackupJobs", { ByParentJobId = id }).BackupJobs
    end

    before_each(function() id = helper.start(target, { ResourceArn = helper.STACK }) end)

    it("has children that run and end with it", function()
      local parent = helper.describe(target, id)
      assert.is_true(parent.IsParent)
      assert.are.equal(3, parent.NumberOfChildJobs)
      assert.are.same({ CREATED = 3 }, parent.ChildJobsInState)
      assert.are.equal(3, #children())
      for _, child in ipairs(children()) do
        assert.is_false(child.IsParent)
        assert.are.equal(id, child.ParentJobId)
      end
      target:advance(180)
      parent = helper.describe(target, id)
      assert.are.equal("RUNNING", parent.State)
      assert.are.same({ RUNNING = 3 }, parent.ChildJobsInState)
      target:advance(3600)
      parent = helper.describe(target, id)
      assert.are.equal("COMPLETED", parent.State)
      assert.are.same({ COMPLETED = 3 }, parent.ChildJobsInState)
      assert.are.equal("100.0", parent.PercentDone)
    end)

    it("is PARTIAL if a child fails, and says how many", function()
      target:fail_job(children()[1].ResourceArn, "Table not found.")
      target:advance(3600)
      local parent = helper.describe(target, id)
      assert.are.equal("PARTIAL", parent.State)
      assert.are.same({ COMPLETED = 2, FAILED = 1 }, parent.ChildJobsInState)
      assert.are.equal("1 of 3 child jobs did not complete.", parent.StatusMessage)
      local point = helper.must(target, "DescribeRecoveryPoint",
        { BackupVaultName = "vault", RecoveryPointArn = parent.RecoveryPointArn })
      assert.are.equal("PARTIAL", point.Status)
      assert.is_true(point.IsParent)
    end)

    it("is PARTIAL if a child is stopped", function()
      target:advance(180)
      helper.must(target, "StopBackupJob", { BackupJobId = children()[2].BackupJobId })
      target:advance(3600)
      local parent = helper.describe(target, id)
      assert.are.equal("PARTIAL", parent.State)
      assert.are.same({ COMPLETED = 2, ABORTED = 1 }, parent.ChildJobsInState)
    end)

    it("is FAILED if all children fail", function()
      for _, child in ipairs(children()) do target:fail_job(child.ResourceArn, "broken") end
      target:advance(3600)
      local parent = helper.describe(target, id)
      assert.are.equal("FAILED", parent.State)
      assert.are.equal("broken", parent.StatusMessage)
      assert.are.same({}, helper.points(target))
    end)

    it("takes its children along when it fails or is stopped itself", function()
      target:advance(180)
      helper.must(target, "StopBackupJob", { BackupJobId = id })
      assert.are.same({ ABORTING = 3 }, helper.describe(target, id).ChildJobsInState)
      target:advance(60)
      local parent = helper.describe(target, id)
      assert.are.equal("ABORTED", parent.State)
      assert.are.same({ ABORTED = 3 }, parent.ChildJobsInState)
      local other = helper.start(target, { ResourceArn = helper.STACK })
      target:advance(180)
      target:fail_job(helper.STACK, "broken")
      parent = helper.describe(target, other)
      assert.are.equal("FAILED", parent.State)
      assert.are.same({ FAILED = 3 }, parent.ChildJobsInState)
    end)

    it("fails as a whole if a test wants it to, however fast its children are", function()
      target = helper.with_vault { durations = { EBS = 1, EFS = 1, DynamoDB = 1 } }
      target:fail_job(helper.STACK, "broken")
      id = helper.start(target, { ResourceArn = helper.STACK })
      target:advance(3600)
      local parent = helper.describe(target, id)
      assert.are.equal("FAILED", parent.State)
      assert.are.equal("broken", parent.StatusMessage)
    end)

    it("waits with its children for another job of the stack", function()
      local second = helper.start(target, { ResourceArn = helper.STACK, StartWindowMinutes = 60 })
      target:advance(300)
      local parent = helper.describe(target, second)
      assert.are.equal("PENDING", parent.State)
      assert.are.same({ CREATED = 3 }, parent.ChildJobsInState)
      target:advance(3600)
      assert.are.same({ COMPLETED = 3 }, helper.describe(target, second).ChildJobsInState)
    end)

    it("expires with its children", function()
      target = helper.with_vault { durations = { EBS = 7200 } }
      id = helper.start(target, { ResourceArn = helper.STACK, CompleteWindowMinutes = 60 })
      target:advance(3600)
      local parent = helper.describe(target, id)
      assert.are.equal("EXPIRED", parent.State)
      assert.are.same({ COMPLETED = 2, EXPIRED = 1 }, parent.ChildJobsInState)
    end)

    it("makes a recovery point that its children's belong to", function()
      target:advance(3600)
      local points = helper.points(target)
      assert.are.equal(4, #points)
      local parent_arn = helper.describe(target, id).RecoveryPointArn
      local nested = helper.points(target, { ByParentRecoveryPointArn = parent_arn })
      assert.are.equal(3, #nested)
      for _, point in ipairs(nested) do
        assert.are.equal(parent_arn, point.ParentRecoveryPointArn)
        assert.are.equal(point.ResourceArn, point.CompositeMemberIdentifier)
      end
    end)
  end)
end)
