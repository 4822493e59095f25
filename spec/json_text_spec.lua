-- backup.json: what other programs read.

local backup = require "aws.backup"
local cjson = require "cjson"

local json = backup.json

local function refused(...)
  local ran, err = pcall(json, ...)
  assert.is_false(ran)
  assert.is_true(backup.is(err, "ClientError"), tostring(err))
  return tostring(err)
end

local function told(wanted, ...)
  local message = refused(...)
  assert.truthy(message:find(wanted, 1, true), message)
end

describe("backup.json of an operation's output", function()
  it("writes an empty list as one, and an empty map or structure as one", function()
    assert.equal('{"BackupVaultList":[]}', json({ BackupVaultList = {} }, "ListBackupVaults"))
    assert.equal('{"Tags":{}}', json({ Tags = {} }, "list_tags"))
    assert.equal('{"BackupPlan":{"AdvancedBackupSettings":[],"Rules":[{"Lifecycle":{},"RecoveryPointTags":{}}]}}',
      json({ BackupPlan = { Rules = { { Lifecycle = {}, RecoveryPointTags = {} } }, AdvancedBackupSettings = {} } },
        "GetBackupPlan"))
    assert.equal("{}", json({}, "ListBackupVaults"))
    assert.equal("{}", json({}, "DeleteBackupVault"))
  end)

  it("takes either form of the name, and writes what a client returned", function()
    local emulator = require("aws.backup.emulator").new()
    local client = backup.client { region = "us-east-1", transport = emulator,
      credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" } }
    assert.equal('{"BackupVaultList":[]}', json((client:list_backup_vaults()), "list_backup_vaults"))
    client:create_backup_vault { BackupVaultName = "Default" }
    local vault = client:describe_backup_vault { BackupVaultName = "Default" }
    local read = cjson.decode(json(vault, "DescribeBackupVault"))
    assert.equal("Default", read.BackupVaultName)
    assert.equal(0, read.NumberOfRecoveryPoints)
    assert.is_true(math.abs(vault.CreationDate - read.CreationDate) < 0.0005)
  end)

  it("refuses what is no such output, and says where", function()
    told("BackupJobs must be a list, but has a string key", { BackupJobs = { a = 1 } }, "ListBackupJobs")
    told("BackupJobs is a string where the output of ListBackupJobs has a table", { BackupJobs = "" }, "ListBackupJobs")
    told("BackupJobs[1] has a member Bogus", { BackupJobs = { { Bogus = 1 } } }, "ListBackupJobs")
    told("the value has the key 1", { { BackupJobId = "a" } }, "ListBackupJobs")
    told("no operation ListBackupVault; did you mean ListBackupVaults?", {}, "ListBackupVault")
    told("no operation list_vaults", {}, "list_vaults")
  end)

  it("answers the two results of a call with the parentheses that keep the first", function()
    told('backup.json((client:list_backup_vaults()), "ListBackupVaults")', {}, { request_id = "r", attempts = 1 })
    told("not a boolean", {}, true)
  end)

  it("shows no key of what is sensitive", function()
    local message = refused({ Tags = { ["customer-4711"] = "\255" } }, "ListTags")
    assert.truthy(message:find("Tags must be UTF-8", 1, true), message)
    assert.is_nil(message:find("4711", 1, true))
  end)
end)

describe("backup.json of any value", function()
  it("writes sequences as arrays, other tables as objects with sorted keys", function()
    assert.equal('{"A":1,"B":[1,"two",true],"a":{},"b":{"x":false},"\195\164":0}',
      json { b = { x = false }, a = {}, B = { 1, "two", true }, A = 1, ["\195\164"] = 0 })
    assert.equal('"a\\"b\\\\\\n"', json 'a"b\\\n')
    assert.equal("true", json(true))
    assert.equal("null", json(cjson.null))
    assert.equal('{"":{"a":null}}', json { [""] = { a = cjson.null } })
  end)

  it("writes numbers exactly: integers in digits, fractions as short as they read back", function()
    assert.equal("[0,-1,3,1767322982.087,0.1,1e+300,9007199254740991]",
      json { 0, -1, 3.0, 1767322982.087, 0.1, 1e300, 9007199254740991 })
    assert.equal("[0,1000000000000000,9007199254740994]", json { -0.0, 1e15, 9007199254740994 })
    if math.type then -- luacheck: ignore (Lua 5.3 and newer)
      assert.equal("[9223372036854775807,-9223372036854775808]", json { math.maxinteger, math.mininteger }) -- luacheck: ignore
    end
  end)

  it("writes the same table twice, but none that contains itself", function()
    local shared = { 1 }
    assert.equal('{"a":[1],"b":[1]}', json { a = shared, b = shared })
    local own = { inner = { {} } }
    own.inner[1].outer = own
    told("inner[1].outer contains itself", own)
  end)

  it("refuses what JSON can't say, and names the place", function()
    told("a is NaN", { a = 0 / 0 })
    told("a[2] is -infinity", { a = { 1, -math.huge } })
    told('a["b c"] is a function', { a = { ["b c"] = print } })
    told("the value is a thread", coroutine.create(function() end))
    told("the value must be UTF-8; byte 2 begins no character", "a\255")
    told("must be UTF-8", { ["\255"] = 1 })
    told("must be a list, but has a string key", { 1, a = 2 })
    told("item 2 is missing", { 1, nil, 3 })
    told("has the key true", { [true] = 1 })
    told("must be given a value")
    local deep = {}
    for _ = 1, 200 do deep = { deep } end
    told("nested more than 128 deep", deep)
  end)
end)
