local helper = require "spec.emulator.helper"

describe("the parameters of a call", function()
  local target

  before_each(function() target = helper.with_vault() end)

  -- Sends a request that the codec would not write.
  local function send(method, path, query, body)
    local headers = { host = "h" }
    if body then headers["content-type"] = "application/json" end
    local response = target:send(helper.sign {
      method = method, path = path, query = query, body = body, headers = headers })
    return response.headers["x-amzn-errortype"], response.body, response.status
  end

  it("are refused as a whole if the body is no JSON object", function()
    for _, body in ipairs { "{", "nonsense", "[]", "[1]", '"x"', "1", "null", "true", "{\"a\":1}x" } do
      local code, _, status = send("PUT", "/backup-jobs", nil, body)
      assert.are.equal("SerializationException", code)
      assert.are.equal(400, status)
    end
  end)

  it("must have the JSON types of the model", function()
    for _, body in ipairs {
      '{"BackupVaultName":1}', '{"StartWindowMinutes":"60"}', '{"StartWindowMinutes":60.5}', '{"Lifecycle":[1]}',
      '{"Lifecycle":{"DeleteAfterDays":"7"}}', '{"Lifecycle":{"OptInToArchiveForSupportedResources":"true"}}',
      '{"RecoveryPointTags":[{"Key":"a","Value":"b"}]}', '{"RecoveryPointTags":{"a":1}}', '{"BackupOptions":"x"}',
    } do
      assert.are.equal("SerializationException", (send("PUT", "/backup-jobs", nil, body)))
    end
  end)

  it("do not quote a sensitive value that has the wrong type", function()
    local _, body = send("PUT", "/backup-jobs", nil, '{"RecoveryPointTags":{"topsecret":1}}')
    assert.is_nil(body:find("topsecret", 1, true))
  end)

  it("may hold null for absent, and members that the model does not know", function()
    local code, body = send("PUT", "/backup-jobs", nil, '{"BackupVaultName":null,"Future":1}')
    assert.are.equal("MissingParameterValueException", code)
    assert.matches("BackupVaultName, ResourceArn, IamRoleArn", body)
  end)

  it("may come without a body where nothing in it is required", function()
    assert.is_nil((send("PUT", "/backup-vaults/another")))
  end)

  it("must have the types of the model in the query", function()
    for _, query in ipairs { "maxResults=x", "maxResults=1.5", "createdAfter=yesterday", "maxResults=%FF" } do
      assert.are.equal("SerializationException", (send("GET", "/backup-jobs/", query)))
    end
    assert.are.equal("SerializationException", (send("GET", "/backup-vaults/", "shared=maybe")))
  end)

  it("take an empty value in the query for none, and the first of two", function()
    assert.is_nil((send("GET", "/backup-jobs/", "maxResults=&state=")))
    assert.is_nil((send("GET", "/backup-jobs/", "maxResults=5&maxResults=x&unknown=1")))
  end)

  it("must not have an empty token for a page: the first page has none", function()
    for _, path in ipairs { "/backup-jobs/", "/backup-vaults/", "/backup-vaults/vault/recovery-points/" } do
      local code, body = send("GET", path, "nextToken=")
      assert.are.equal("InvalidParameterValueException", code)
      assert.matches("NextToken", body, 1, true)
    end
    for _, name in ipairs { "ListBackupJobs", "ListBackupVaults", "ListTags" } do
      local params = { NextToken = "", ResourceArn = name == "ListTags" and "arn:aws:backup:x" or nil }
      local failure = helper.refused(target, name, params)
      assert.are.same({ "InvalidParameterValueException", 400 }, { failure.code, failure.status })
    end
  end)

  it("must be UTF-8 in the path", function()
    assert.are.equal("SerializationException", (send("GET", "/backup-vaults/%FF%FE")))
  end)

  it("name everything required that is missing", function()
    local code, body = send("POST", "/tags/arn%3Aaws%3Abackup", nil, "{}")
    assert.are.equal("MissingParameterValueException", code)
    assert.matches("Tags", body)
  end)

  it("must fit the patterns, ranges and values of the model", function()
    local function invalid(name, params, member)
      local failure = helper.refused(target, name, params)
      assert.are.equal("InvalidParameterValueException", failure.code)
      assert.are.equal(400, failure.status)
      assert.matches(member, failure.message, 1, true)
    end
    invalid("CreateBackupVault", { BackupVaultName = "a b" }, "BackupVaultName")
    invalid("CreateBackupVault", { BackupVaultName = "x" }, "BackupVaultName")
    invalid("CreateBackupVault", { BackupVaultName = ("x"):rep(51) }, "BackupVaultName")
    invalid("CreateLogicallyAirGappedBackupVault",
      { BackupVaultName = "a/b", MinRetentionDays = 7, MaxRetentionDays = 30 }, "BackupVaultName")
    invalid("StartBackupJob", helper.job { Index = "enabled" }, "Index")
    invalid("StartBackupJob", helper.job { BackupOptions = { ["a b"] = "enabled" } }, "BackupOptions")
    invalid("ListBackupJobs", { MaxResults = 0 }, "MaxResults")
    invalid("ListBackupJobs", { MaxResults = 1001 }, "MaxResults")
    invalid("ListBackupJobs", { ByState = "DONE" }, "ByState")
    invalid("ListBackupVaults", { ByVaultType = "VAULT" }, "ByVaultType")
  end)

  it("may name a resource type with spaces, and * for all accounts", function()
    assert.is_table(helper.must(target, "ListBackupJobs", { ByResourceType = "SAP HANA on Amazon EC2" }))
    for _, account in ipairs { "*", "ANY", "ROOT", "12" } do
      assert.is_table(helper.must(target, "ListBackupJobs", { ByAccountId = account }))
    end
  end)

  it("may name a vault as AWS itself does, wherever a vault is looked up", function()
    local name = "aws/efs/automatic-backup-vault"
    assert.are.equal("ResourceNotFoundException",
      helper.refused(target, "StartBackupJob", helper.job { BackupVaultName = name }).code)
    local arn = target:create_vault(name)
    assert.are.equal("arn:aws:backup:us-east-1:123456789012:backup-vault:" .. name, arn)
    assert.are.equal(arn, helper.must(target, "DescribeBackupVault", { BackupVaultName = name }).BackupVaultArn)
    helper.must(target, "TagResource", { ResourceArn = arn, Tags = { team = "files" } })
    assert.are.same({ team = "files" }, helper.must(target, "ListTags", { ResourceArn = arn }).Tags)
    local job = helper.must(target, "StartBackupJob", helper.job { BackupVaultName = name })
    local jobs = helper.must(target, "ListBackupJobs", { ByBackupVaultName = name }).BackupJobs
    assert.are.same({ 1, job.BackupJobId }, { #jobs, jobs[1].BackupJobId })
    target:advance(7200)
    local points = helper.must(target, "ListRecoveryPointsByBackupVault", { BackupVaultName = name }).RecoveryPoints
    assert.are.equal(1, #points)
    assert.are.equal("InvalidParameterValueException",
      helper.refused(target, "CreateBackupVault", { BackupVaultName = "aws/efs/mine" }).code)
    for _, wrong in ipairs { "aws/", "a/b", "aws/efs/", "aws/ b" } do
      assert.has_error(function() target:create_vault(wrong) end)
    end
  end)

  it("may name a role with any path that IAM takes", function()
    for _, role in ipairs { "role/service-role/r", "role/a/b/c/r", "role/a!b:c/r", "role/r+=,.@_-" } do
      helper.must(target, "StartBackupJob", helper.job { IamRoleArn = "arn:aws:iam::123456789012:" .. role })
    end
    for _, wrong in ipairs { "role/", "role/a/", "role/a b", "role/a!b" } do
      assert.are.equal("InvalidParameterValueException", helper.refused(target, "StartBackupJob",
        helper.job { IamRoleArn = "arn:aws:iam::123456789012:" .. wrong }).code)
    end
  end)
end)
