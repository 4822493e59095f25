local codec = require "aws.backup.codec"
local fragments = require "spec.codec.fragments"
local json = require "aws.backup.codec.json"
local number = require "aws.backup.codec.number"
local samples = require "tools.golden.samples"
local validate = require "aws.backup.codec.validate"

local instance = codec.new()
local start = instance:operation("StartBackupJob")
local everything = fragments.everything()

--- Violations as "path: message" texts.
local function faults(operation, params, level)
  local fine, violations = validate.check(operation, params, level == nil and true or level)
  local texts = {}
  for index, violation in ipairs(violations or {}) do
    texts[index] = violation.path .. ": " .. violation.message
    assert.is_string(violation.rule)
  end
  assert.equal(#texts == 0 and true or nil, fine)
  return texts
end

--- The same without the list of members that ends the message of one that is unknown.
local function brief(texts)
  for index, text in ipairs(texts) do
    texts[index] = text:gsub("; there are .*", ""):gsub(" There are .*", "")
  end
  return texts
end

local function job(changes)
  local params = {
    BackupVaultName = "Default", ResourceArn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
    IamRoleArn = "arn:aws:iam::123456789012:role/service-role/AWSBackupDefaultServiceRole",
  }
  for name, value in pairs(changes or {}) do params[name] = value end
  return params
end

local function check_everything(params, level)
  return faults(everything, params, level)
end

describe("codec.validate", function()
  it("lets a good request pass at every level", function()
    local params = job {
      Lifecycle = { MoveToColdStorageAfterDays = 30, DeleteAfterDays = 120 }, StartWindowMinutes = 60.0,
      RecoveryPointTags = { team = "payments" }, BackupOptions = { WindowsVSS = "enabled" }, Index = json.null,
    }
    assert.same({}, faults(start, params))
    assert.same({}, faults(start, params, "shape"))
  end)

  it("reports all faults at once, each with its path", function()
    assert.same({
      "unknown_thing: is no member here", "BackupVaultName: is required, but absent",
      "IamRoleArn: is required, but absent", "StartWindowMinutes: must be an integer, not a string",
      "Lifecycle.DeleteAfterDays: must be a whole number, not 1.5",
    }, brief(faults(start, { ResourceArn = "arn:aws:s3:::b", StartWindowMinutes = "60",
      Lifecycle = { DeleteAfterDays = 1.5 }, unknown_thing = 1 })))
  end)

  it("takes null for absent", function()
    assert.same({ "BackupVaultName: is required, but absent" }, faults(start, job { BackupVaultName = json.null }))
    assert.same({}, faults(start, job { unknown = json.null }))
  end)

  it("checks operations without input too", function()
    local types = instance:operation("GetSupportedResourceTypes")
    assert.same({}, faults(types, nil))
    assert.same({ "x: is no member here" }, faults(types, { x = 1 }))
    assert.same({ ": must be a table, not a string" }, faults(types, "x"))
    assert.same({ ": must be a table, not a string" }, faults(start, "x"))
  end)

  describe("unknown members", function()
    it("are answered with the name that was meant", function()
      for given, meant in pairs {
        backup_vault_name = "BackupVaultName", backupVaultName = "BackupVaultName", IAMRoleArn = "IamRoleArn",
        ResourceARN = "ResourceArn", Lifecyle = "Lifecycle", CompletionWindowMinutes = "CompleteWindowMinutes",
      } do
        assert.same({ given .. ": is no member here; did you mean " .. meant .. "?" },
          brief(faults(start, job { [given] = 1 })))
      end
    end)

    it("are recognised by their names on the wire", function()
      local list = instance:operation("ListBackupJobs")
      assert.same({ "createdAfter: is no member here; did you mean ByCreatedAfter?",
        "maxResults: is no member here; did you mean MaxResults?" },
        brief(faults(list, { createdAfter = 1, maxResults = 5 })))
    end)

    it("get no suggestion where nothing is near", function()
      assert.same({ "Zzzzzzzzz: is no member here" }, brief(faults(start, job { Zzzzzzzzz = 1 })))
    end)

    it("are found at every depth", function()
      assert.same({ "Lifecycle.DeleteAfter: is no member here; did you mean DeleteAfterDays?" },
        brief(faults(start, job { Lifecycle = { DeleteAfter = 5 } })))
    end)

    it("list the members that there are, once for a structure and not without bound", function()
      assert.same({ "A: is no member here; there are BackupJobId", "B: is no member here",
        "BackupJobId: is required, but absent" }, faults(instance:operation("DescribeBackupJob"), { A = 1, B = 2 }))
      local members = {}
      for index = 1, 99 do members[("M%02d"):format(index)] = { shape = "Text" } end
      local wide = fragments.operation({ name = "Wide", input = { shape = "In" } },
        { In = { type = "structure", members = members }, Text = { type = "string" } })
      local text = faults(wide, { Zzzzzzz = 1 })[1]
      assert.matches("M20, and 79 more$", text)
      assert.is_true(#text < 200)
    end)

    it("are told by the habits of boto3", function()
      for _, case in ipairs {
        { "StartBackupJob", "Tags", "RecoveryPointTags" }, { "UntagResource", "TagKeys", "TagKeyList" },
        { "DescribeBackupJob", "JobId", "BackupJobId" }, { "DescribeCopyJob", "JobId", "CopyJobId" },
        { "DescribeRestoreJob", "JobId", "RestoreJobId" }, { "StartBackupJob", "VaultName", "BackupVaultName" },
        { "StartBackupJob", "RoleArn", "IamRoleArn" }, { "CreateBackupVault", "Tags", "BackupVaultTags" },
        { "ListBackupJobs", "Marker", "NextToken" }, { "ListBackupJobs", "PageSize", "MaxResults" },
        { "ListBackupJobs", "Status", "ByState" }, { "ListTags", "Arn", "ResourceArn" },
        { "StartBackupJob", "ClientToken", "IdempotencyToken" },
      } do
        local texts = faults(instance:operation(case[1]), { [case[2]] = "x" })
        local wanted = case[2] .. ": is no member here; did you mean " .. case[3] .. "?"
        assert.truthy(texts[1]:find(wanted, 1, true), texts[1])
      end
    end)
  end)

  describe("types", function()
    it("are strict, with the way out where there is one", function()
      assert.same({ "Text: must be a string, not a number; use tostring() or quotes" }, check_everything { Text = 5 })
      assert.same({ "Text: must be UTF-8; byte 1 begins no character" }, check_everything { Text = "\255" })
      assert.same({ "Flag: must be true or false, not a number" }, check_everything { Flag = 1 })
      assert.same({ "Whole: must be an integer, not a boolean" }, check_everything { Whole = true })
      assert.same({ "Inner: must be a table, not a string" }, check_everything { Inner = "x" })
      assert.same({ "Items: must be a list, not a string" }, check_everything { Items = "x" })
      assert.same({ "Ratio: must be a number, not a string" }, check_everything { Ratio = "1" })
    end)

    it("take 32 and 64 bits as the model says", function()
      assert.same({ "Whole: must fit in 32 bits (-2147483648 to 2147483647), not 2147483648" },
        check_everything { Whole = number.parse_integer("2147483648") })
      assert.same({}, check_everything { Big = 2147483648 })
      assert.equal(1, #check_everything { Big = 2 ^ 64 })
      assert.equal(1, #check_everything { Big = 0 / 0 })
      assert.equal(number.HAS_INTEGERS and 0 or 1, #check_everything { Big = 2 ^ 53 })
    end)

    it("take times as seconds or ISO 8601", function()
      for _, value in ipairs { 0, -1.5, 1767323045.087, "2026-01-02", "2026-01-02T03:04:05+01:00" } do
        assert.same({}, check_everything { When = value })
      end
      assert.same({ 'When: must be an ISO 8601 date or time such as 2026-01-02T03:04:05Z, not "soon"; '
        .. "or pass seconds since the epoch" }, check_everything { When = "soon" })
      assert.truthy(check_everything({ When = 1767323045087 })[1]:find("in seconds, not milliseconds", 1, true))
      assert.equal(1, #check_everything { When = 0 / 0 })
      assert.equal(1, #check_everything { When = {} })
    end)

    it("refuse lists with holes or names", function()
      assert.same({ "Items: must be a list without holes, but item 2 is missing" },
        check_everything { Items = { "ab", nil, "cd" } })
      assert.same({ "Items: must be a list, but has a string key" }, check_everything { Items = { a = "ab" } })
      assert.same({ "Items[2]: must be a string, not a table" }, check_everything { Items = { "ab", {} } })
    end)

    it("tell those who pass a list for a map how to write it", function()
      assert.same({ "Table: must have string keys, but has a key that is a number; write it as { key = value }" },
        check_everything { Table = { { Key = "a", Value = "b" } } })
    end)

    it("ask for exactly one member of a union", function()
      assert.same({}, check_everything { Choice = { A = "x" } })
      assert.same({ "Choice: must have exactly one member set, but has 2" },
        check_everything { Choice = { A = "x", B = 1 } })
      assert.same({ "Choice: must have exactly one member set, but has 0" }, check_everything { Choice = {} })
    end)
  end)

  describe("limits", function()
    it("has minima at every level and maxima at the full one only", function()
      assert.same({ "Whole: must be at least 1, not 0" }, check_everything({ Whole = 0 }, "shape"))
      assert.same({ "Items[1]: must have at least 2 characters, but has 1" },
        check_everything({ Items = { "é" } }, "shape"))
      assert.same({ "Bytes: must have at least 1 byte, but has 0" }, check_everything({ Bytes = "" }, "shape"))
      local long = { Whole = 11, Items = { "abcde", "ab", "ab", "ab" } }
      assert.same({}, check_everything(long, "shape"))
      assert.same({ "Whole: must be at most 10, not 11", "Items: must have at most 3 items, but has 4",
        "Items[1]: must have at most 4 characters, but has 5" }, check_everything(long))
    end)

    it("counts characters, not bytes", function()
      assert.same({}, check_everything { Items = { "éééé" } })
    end)

    it("checks patterns at the full level only", function()
      local create, params = instance:operation("CreateBackupVault"), { BackupVaultName = "no blanks" }
      assert.same({ 'BackupVaultName: must be 2 to 50 letters, digits, hyphens or underscores, not "no blanks"' },
        faults(create, params))
      assert.same({}, faults(create, params, "shape"))
    end)

    it("points out a value of an enum that differs by case only, at the full level", function()
      local list = instance:operation("ListBackupJobs")
      assert.same({ 'ByState: must be "COMPLETED", not "Completed"; upper and lower case count' },
        faults(list, { ByState = "Completed" }))
      assert.same({}, faults(list, { ByState = "Completed" }, "shape"))
      assert.same({}, faults(list, { ByState = "COMPLETED" }))
      assert.same({ 'BackupVaultEvents[1]: must be "BACKUP_JOB_FAILED", not "backup_job_failed"; '
        .. "upper and lower case count" }, faults(instance:operation("PutBackupVaultNotifications"),
          { BackupVaultName = "v", SNSTopicArn = "arn", BackupVaultEvents = { "backup_job_failed", "NEW" } }))
      assert.same({}, faults(start, job { Index = "PAUSED" }))
    end)

    it("never checks enums nor the pattern of resource types", function()
      assert.same({}, faults(instance:operation("ListBackupJobs"),
        { ByState = "SOMETHING_NEW", ByResourceType = "SAP HANA on Amazon EC2" }))
    end)

    it("refuses an empty token of a page at every level, for each operation that takes one", function()
      local count = 0
      for _, name in ipairs(instance.model.names) do
        local operation = instance:operation(name)
        local member = operation.input and operation.input.by_name.NextToken
        if member then
          count = count + 1
          local params = samples.params(operation, false)
          params.NextToken = ""
          for _, level in ipairs { true, "shape" } do
            assert.same({ "NextToken: must not be empty; leave it out for the first page" },
              faults(operation, params, level), name)
          end
          params.NextToken = json.null
          assert.same({}, faults(operation, params), name)
        end
      end
      assert.equal(32, count)
    end)

    it("knows the token of a page by the paginators of its model, whatever its name is", function()
      local source = {
        operations = {
          List = { name = "List", http = { method = "GET", requestUri = "/" }, input = { shape = "In" } },
        },
        shapes = { In = { type = "structure", members = { Marker = { shape = "Text" }, Upload = { shape = "Text" },
          Other = { shape = "Text" } } }, Text = { type = "string" } },
        paginators = { List = { input_token = { "Marker", "Upload" } } },
      }
      local list = codec.new(codec.from_model_table(source)):operation("List")
      assert.same({ "Marker: must not be empty; leave it out for the first page",
        "Upload: must not be empty; leave it out for the first page" },
        faults(list, { Marker = "", Upload = "", Other = "" }))
    end)

    it("refuses labels that would lead elsewhere, at every level", function()
      local describe_vault = instance:operation("DescribeBackupVault")
      assert.same({ "BackupVaultName: must not be empty: it is part of the request's path" },
        faults(describe_vault, { BackupVaultName = "" }, "shape"))
      assert.same({ "BackupVaultName: must not be a directory name: it is part of the request's path, not \"..\"" },
        faults(describe_vault, { BackupVaultName = ".." }, "shape"))
      assert.same({}, faults(describe_vault, { BackupVaultName = "aws/efs/automatic-backup-vault" }))
    end)
  end)

  describe("sensitive members", function()
    it("never show keys or values", function()
      local texts = table.concat(check_everything {
        Secret = { hidden_key_too_long = "hidden value", k = 5, [7] = "x" }, SecretItems = { "hidden item", 9 },
      }, "\n")
      assert.is_nil(texts:find("hidden", 1, true))
      assert.truthy(texts:find("Secret: a key in it must have at most 4 characters, but has 19", 1, true))
      assert.truthy(texts:find("Secret: a value in it must have at most 4 characters, but has 12", 1, true))
      assert.truthy(texts:find("Secret: a value in it must be a string, not a number", 1, true))
      assert.truthy(texts:find("SecretItems[1]: must have at most 4 characters", 1, true))
    end)

    it("are hidden in the tags of a backup job", function()
      local texts = faults(start, job {
        RecoveryPointTags = { ["aws:hidden"] = ("hidden"):rep(50), [("hidden"):rep(30)] = "x", hidden = 5 },
      })
      assert.same({
        "RecoveryPointTags: a value in it must be a string, not a number; use tostring() or quotes",
        "RecoveryPointTags: has a key that is not 1 to 128 characters long; change it",
        'RecoveryPointTags: has a key that begins with "aws:", which is reserved; rename it',
        "RecoveryPointTags: has a value of more than 256 characters; shorten it",
      }, texts)
    end)
  end)

  it("shows control characters and long values fit for a message", function()
    local text = faults(instance:operation("CreateBackupVault"), { BackupVaultName = "a\n\0" .. ("x"):rep(500) })[1]
    assert.truthy(text:find('"a\\n\\x00xxx', 1, true))
    assert.is_true(#text < 200)
  end)

  it("ends on tables that contain themselves, with one fault", function()
    local loop = { Name = "x" }
    loop.Next = loop
    local texts = check_everything { Inner = loop }
    assert.equal(1, #texts)
    assert.truthy(texts[1]:find("nested too deep", 1, true))
  end)

  it("changes nothing of what it is given", function()
    local params = job { Lifecycle = { DeleteAfterDays = 30.0 } }
    faults(start, params)
    assert.same(job { Lifecycle = { DeleteAfterDays = 30.0 } }, params)
  end)
end)
