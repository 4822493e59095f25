local helper = require "spec.emulator.helper"

describe("ListBackupJobs", function()
  local target, volume, file_system, failed, waiting

  -- Four jobs: one of a volume, completed; one of a file system, completed later in another vault; one of a volume,
  -- failed; one that has just begun.
  before_each(function()
    target = helper.with_vault()
    target:create_vault("other")
    volume = helper.start(target)
    target:advance(1000)
    file_system = helper.start(target, { ResourceArn = helper.FILE_SYSTEM, BackupVaultName = "other" })
    target:advance(1000)
    failed = helper.start(target)
    target:fail_job(helper.VOLUME, "Access Denied trying to call AWS Backup service")
    target:advance(1000)
    waiting = helper.start(target, { ResourceArn = helper.FILE_SYSTEM })
  end)

  local function list(params)
    local ids = {}
    for index, job in ipairs(helper.must(target, "ListBackupJobs", params).BackupJobs) do
      ids[index] = job.BackupJobId
    end
    return ids
  end

  it("lists all jobs, the newest first", function()
    assert.are.same({ waiting, failed, file_system, volume }, list())
  end)

  it("shows a job as DescribeBackupJob does", function()
    for _, job in ipairs(helper.must(target, "ListBackupJobs").BackupJobs) do
      assert.are.same(helper.describe(target, job.BackupJobId), job)
    end
  end)

  it("chooses by each filter", function()
    assert.are.same({ failed, volume }, list { ByResourceArn = helper.VOLUME })
    assert.are.same({ file_system, volume }, list { ByState = "COMPLETED" })
    assert.are.same({ file_system }, list { ByBackupVaultName = "other" })
    assert.are.same({ file_system, volume }, list { ByCreatedBefore = helper.START + 2000 })
    assert.are.same({ waiting, failed }, list { ByCreatedAfter = helper.START + 1000 })
    assert.are.same({ waiting, file_system }, list { ByResourceType = "EFS" })
    assert.are.same({ waiting, failed, file_system, volume }, list { ByAccountId = "123456789012" })
    assert.are.same({}, list { ByAccountId = "999988887777" })
    assert.are.same({ file_system, volume }, list { ByCompleteBefore = helper.START + 2000 })
    assert.are.same({ failed, file_system }, list { ByCompleteAfter = helper.START + 600 })
    assert.are.same({}, list { ByParentJobId = volume })
    assert.are.same({ failed }, list { ByMessageCategory = "AccessDenied" })
    assert.are.same({ file_system, volume }, list { ByMessageCategory = "SUCCESS" })
    assert.are.same({ waiting, failed, file_system, volume }, list { ByMessageCategory = "AGGREGATE_ALL" })
  end)

  it("chooses what matches all of its filters", function()
    assert.are.same({ volume }, list { ByState = "COMPLETED", ByResourceType = "EBS" })
    assert.are.same({}, list { ByState = "COMPLETED", ByResourceType = "EBS", ByBackupVaultName = "other" })
    assert.are.same({ failed },
      list { ByCreatedAfter = helper.START + 1, ByCreatedBefore = helper.START + 3000, ByResourceArn = helper.VOLUME })
  end)

  it("forgets jobs thirty days after their end", function()
    target:advance(29 * 86400)
    assert.are.equal(4, #list())
    target:advance(2 * 86400)
    assert.are.same({}, list())
  end)

  describe("in pages", function()
    local function page(params)
      local output = helper.must(target, "ListBackupJobs", params)
      local ids = {}
      for index, job in ipairs(output.BackupJobs) do ids[index] = job.BackupJobId end
      return ids, output.NextToken
    end

    it("gives a token until the last page", function()
      local first, token = page { MaxResults = 3 }
      assert.are.same({ waiting, failed, file_system }, first)
      local second, last = page { MaxResults = 3, NextToken = token }
      assert.are.same({ volume }, second)
      assert.is_nil(last)
      assert.is_nil(select(2, page { MaxResults = 4 }))
    end)

    it("stays in place while jobs come and go", function()
      local _, token = page { MaxResults = 2 }
      helper.start(target)
      assert.are.same({ file_system, volume }, (page { NextToken = token }))
    end)

    it("takes another page size with a token, but no other filters", function()
      local _, token = page { MaxResults = 1, ByResourceArn = helper.VOLUME }
      assert.are.same({ volume }, (page { MaxResults = 50, NextToken = token, ByResourceArn = helper.VOLUME }))
      local failure = helper.refused(target, "ListBackupJobs", { NextToken = token })
      assert.are.equal("InvalidParameterValueException", failure.code)
      assert.matches("NextToken", failure.message)
    end)

    it("refuses a token that is not its own", function()
      local _, token = page { MaxResults = 1 }
      local other = helper.with_vault()
      for _, foreign in ipairs { "nonsense", token .. "0", "x" .. token } do
        assert.are.equal("InvalidParameterValueException",
          helper.refused(target, "ListBackupJobs", { NextToken = foreign }).code)
      end
      assert.are.equal("InvalidParameterValueException",
        helper.refused(other, "ListBackupJobs", { NextToken = token }).code)
      assert.are.equal("InvalidParameterValueException",
        helper.refused(target, "ListBackupVaults", { NextToken = token }).code)
    end)
  end)
end)
