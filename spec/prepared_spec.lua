local backup = require "aws.backup"
local cjson = require "cjson"
local core = require "aws.backup.core"

local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
local TOKEN = "session-token-of-somebody"

local function new(more)
  local options = {
    region = "eu-west-1", env = {}, clock = function() return 1767323045 end, uuid = function() return "the-uuid" end,
    credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = SECRET, session_token = TOKEN },
    transport = function() error("nothing may be sent") end,
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return backup.client(options)
end

local PARAMS = {
  BackupVaultName = "Default", ResourceArn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
  IamRoleArn = "arn:aws:iam::123456789012:role/o'brien", RecoveryPointTags = { owner = "alice@example" },
}

describe("client:prepare", function()
  it("returns the request that a call would send, and sends nothing", function()
    local request = new():prepare("StartBackupJob", PARAMS)
    assert.equal("PUT", request.method)
    assert.equal("https://backup.eu-west-1.amazonaws.com/backup-jobs", request.url)
    assert.equal("/backup-jobs", request.path)
    assert.equal("backup.eu-west-1.amazonaws.com", request.host)
    assert.same({ owner = "alice@example" }, cjson.decode(request.body).RecoveryPointTags)
    assert.equal("the-uuid", cjson.decode(request.body).IdempotencyToken)
    assert.equal("20260102T030405Z", request.headers["x-amz-date"])
  end)

  it("signs it", function()
    local request = new():prepare("describe_protected_resource", { ResourceArn = PARAMS.ResourceArn })
    local signed = core.new_signer():sign({ method = "GET", path = request.path, headers = {
      host = request.host, ["x-amz-date"] = "20260102T030405Z", ["x-amz-security-token"] = TOKEN,
    } }, { access_key_id = "AKIDEXAMPLE", secret_access_key = SECRET },
      { region = "eu-west-1", service = "backup", timestamp = "20260102T030405Z" })
    assert.equal(signed.authorization, request.headers.authorization)
  end)

  it("is taken by the emulator as it is", function()
    local emulator = require("aws.backup.emulator").new {
      region = "eu-west-1", clock = function() return 1767323045 end,
      credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = SECRET, session_token = TOKEN },
    }
    local response = emulator:send(new():prepare("CreateBackupVault", { BackupVaultName = "Default" }))
    assert.equal(200, response.status, response.body)
  end)

  it("raises what the call would raise before it is sent", function()
    local client = new()
    local ok, err = pcall(client.prepare, client, "StartBackupJob", {})
    assert.is_false(ok)
    assert.is_true(backup.is(err, "ParamValidationError"))
    ok, err = pcall(client.prepare, client, "StartBackupJobs")
    assert.is_false(ok)
    assert.truthy(tostring(err):find("did you mean", 1, true))
    local none = new { credentials = function() return nil, "sealed" end }
    ok, err = pcall(none.prepare, none, "ListBackupVaults")
    assert.is_false(ok)
    assert.is_true(backup.is(err, "CredentialsError"))
  end)
end)

describe("a prepared request as curl", function()
  it("shows method, URL, headers and body, quoted for a shell", function()
    local command = new():prepare("StartBackupJob", PARAMS):as_curl()
    assert.truthy(command:find("curl -X PUT 'https://backup.eu-west-1.amazonaws.com/backup-jobs'", 1, true))
    assert.truthy(command:find("-H 'content-type: application/json'", 1, true))
    assert.truthy(command:find("Credential=AKIDEXAMPLE/20260102/eu-west-1/backup/aws4_request", 1, true))
    assert.truthy(command:find([[role/o'\''brien]], 1, true))
    assert.truthy(command:find("--data-binary '{", 1, true))
  end)

  it("hides secrets and sensitive members, in tostring too", function()
    local request = new():prepare("StartBackupJob", PARAMS)
    local signature = request.headers.authorization:match("Signature=(%x+)")
    for _, text in ipairs { request:as_curl(), tostring(request) } do
      for _, secret in ipairs { SECRET, TOKEN, "alice@example", "owner", signature } do
        assert.is_nil(text:find(secret, 1, true), secret)
      end
      assert.truthy(text:find("Signature=HIDDEN", 1, true))
    end
  end)

  it("hides a sensitive member of the query", function()
    local request = new():prepare("RevokeRestoreAccessBackupVault", {
      BackupVaultName = "Default", RestoreAccessBackupVaultArn = "arn:aws:backup:eu-west-1:1:backup-vault:x",
      RequesterComment = "fired today",
    })
    assert.truthy(request.url:find("fired%20today", 1, true))
    assert.is_nil(request:as_curl():find("fired", 1, true))
    assert.truthy(request:as_curl():find("requesterComment=HIDDEN", 1, true))
  end)

  it("hides lists, and keeps what is not sensitive", function()
    local params = { ResourceArn = PARAMS.ResourceArn, TagKeyList = { "owner" } }
    local command = new():prepare("UntagResource", params):as_curl()
    assert.is_nil(command:find("owner", 1, true))
    assert.truthy(command:find('{"TagKeyList":["HIDDEN"]}', 1, true))
    command = new():prepare("CreateBackupPlan", { BackupPlan = { BackupPlanName = "nightly", Rules = {
      { RuleName = "all", TargetBackupVaultName = "Default", RecoveryPointTags = { owner = "alice" } } } } }):as_curl()
    assert.is_nil(command:find("alice", 1, true))
    assert.truthy(command:find('"RuleName":"all"', 1, true))
  end)
end)
