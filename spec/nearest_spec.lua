local nearest = require "aws.backup.nearest"

describe("nearest.among", function()
  local names = { start_backup_job = true, stop_backup_job = true, list_backup_jobs = true, region = true }

  it("finds a name with a letter too many, too few or changed", function()
    assert.equal("start_backup_job", nearest.among("start_backup_jobb", names))
    assert.equal("region", nearest.among("regon", names))
    assert.equal("stop_backup_job", nearest.among("stup_backup_job", names))
  end)

  it("takes another case, hyphens and missing underscores for the same name", function()
    assert.equal("start_backup_job", nearest.among("StartBackupJob", names))
    assert.equal("list_backup_jobs", nearest.among("list-backup-jobs", names))
  end)

  it("suggests nothing where nothing is near", function()
    assert.is_nil(nearest.among("describe_table", names))
    assert.is_nil(nearest.among("", { quite_long = true }))
  end)

  it("gives the first by alphabet when two are equally near", function()
    assert.equal("abcde1", nearest.among("abcde", { abcde2 = true, abcde1 = true, abcde3 = true }))
  end)

  it("passes over keys that are no strings", function()
    assert.equal("region", nearest.among("region", { 1, 2, region = true }))
  end)
end)
