local backup = require "aws.backup"
local cjson = require "cjson"
local core = require "aws.backup.core"

local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
local ROLE = "arn:aws:iam::123456789012:role/backup"
local TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"

-- A service that gives one scripted answer after the other and keeps the requests it saw. An answer is a response, or
-- { kind, message } for a transport's failure.
local function scripted(...)
  local answers, requests = { ... }, {}
  local function transport(request)
    local copy = { headers = {} }
    for name, value in pairs(request) do if name ~= "headers" then copy[name] = value end end
    for name, value in pairs(request.headers) do copy.headers[name] = value end
    requests[#requests + 1] = copy
    local answer = table.remove(answers, 1) or error("the script has no more answers")
    if answer.kind then return nil, answer.kind, answer.message end
    return answer
  end
  return transport, requests
end

local function ok(body, headers)
  return { status = 200, headers = headers or { ["x-amzn-requestid"] = "rid-1" }, body = body or "{}" }
end

local function fails(status, name, message)
  return { status = status, headers = { ["x-amzn-errortype"] = name, ["x-amzn-requestid"] = "rid-9" },
    body = cjson.encode { Message = message, Code = "ERROR_1" } }
end

local function new(transport, more)
  local slept = {}
  local options = {
    region = "eu-west-1", credentials = { access_key_id = "AKID", secret_access_key = SECRET },
    transport = transport, env = {}, random = function() return 1 end,
    runtime = { sleep = function(seconds) slept[#slept + 1] = seconds end },
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return backup.client(options), slept
end

local function caught(fn, ...)
  local fine, err = pcall(fn, ...)
  assert.is_false(fine)
  return err
end

local function start(client, more)
  local params = { BackupVaultName = "Default", ResourceArn = TABLE, IamRoleArn = ROLE }
  for name, value in pairs(more or {}) do params[name] = value end
  return client:start_backup_job(params)
end

describe("backup.client", function()
  it("raises typed errors for what it is given", function()
    assert.is_true(backup.is(caught(backup.client, { env = {} }), "NoRegionError"))
    assert.is_true(backup.is(caught(backup.client, { env = {}, region = "a/b" }), "ConfigError"))
    assert.is_true(backup.is(caught(backup.client, { env = {}, endpoint_url = "http://h" }), "NoRegionError"))
    assert.is_true(backup.is(caught(backup.client, { env = {}, region = "eu-west-1", endpoint_url = "h" }),
      "EndpointError"))
    assert.is_true(backup.is(caught(backup.client, { env = {}, region = "eu-west-1", credentials = {} }),
      "CredentialsError"))
  end)

  it("tells in meta where it goes and what it can", function()
    local client = new(scripted())
    assert.equal("eu-west-1", client.meta.region)
    assert.equal("https://backup.eu-west-1.amazonaws.com", client.meta.endpoint)
    assert.equal("aws", client.meta.partition)
    assert.equal(115, #client.meta.operations)
    client.meta.operations[1] = "broken"
    assert.equal(115, #new(scripted()).meta.operations)
    assert.not_equal("broken", new(scripted()).meta.operations[1])
  end)

  it("has the version of the C core that it was built with", function()
    assert.equal(core._VERSION, backup._VERSION)
  end)

  it("shows no secret to whoever prints or walks over it", function()
    local client = new(scripted())
    assert.equal("aws.backup.Client (eu-west-1, https://backup.eu-west-1.amazonaws.com)", tostring(client))
    for name in pairs(client) do assert.equal("meta", name) end
  end)

  it("has a method for each operation, and raises at once with the nearest name for any other", function()
    local client = new(scripted())
    for _, name in ipairs(client.meta.operations) do
      local method = require("aws.backup.codec.naming").snake_case(name)
      assert.equal("function", type(client[method]), method)
    end
    local err = caught(function() return client.start_backupjob end)
    assert.truthy(tostring(err):find("did you mean start_backup_job?", 1, true))
    assert.is_true(backup.is(err, "ClientError"))
    err = caught(client.call, client, "StartBackupJobs", {})
    assert.truthy(tostring(err):find("did you mean StartBackupJob?", 1, true))
  end)

  it("says so when a method is called with a dot", function()
    local client = new(scripted())
    local err = caught(client.start_backup_job, { BackupVaultName = "v" })
    assert.truthy(tostring(err):find("client:start_backup_job(...)", 1, true))
  end)

  it("leaves a transport of the caller's own open", function()
    local closed = false
    local own = { send = function() return ok() end, close = function() closed = true end }
    new(own):close()
    assert.is_false(closed)
  end)

  it("raises once it is closed, and closes twice without harm", function()
    local client = new(scripted())
    client:close()
    client:close()
    assert.truthy(tostring(caught(client.list_backup_jobs, client)):find("closed", 1, true))
  end)
end)

describe("a call", function()
  it("tells of a clock that it can't sign by", function()
    for _, wrong in ipairs { 0 / 0, 1e15 } do
      local transport, requests = scripted(ok("{}"))
      local fine, err = pcall(start, new(transport, { clock = function() return wrong end }))
      assert.is_false(fine)
      assert.is_true(backup.is(err, "ClientError"))
      assert.matches("the clock says .*, which is no time to sign with", err.message)
      assert.equal(0, #requests)
    end
  end)

  it("signs each request by the second of its moment", function()
    local now = 1767323045.2
    local transport, requests = scripted(ok("{}"), ok("{}"), ok("{}"))
    local client = new(transport, { clock = function() return now end })
    for _, moment in ipairs { 1767323045.2, 1767323045.9996, 1767323046.0 } do
      now = moment
      start(client)
    end
    assert.equal("20260102T030405Z", requests[1].headers["x-amz-date"])
    assert.equal("20260102T030405Z", requests[2].headers["x-amz-date"])
    assert.equal("20260102T030406Z", requests[3].headers["x-amz-date"])
  end)

  it("sends a signed request and returns output and meta", function()
    local answer = '{"BackupJobId":"J","CreationDate":1516925490.087,"IsParent":false,"New":1}'
    local transport, requests = scripted(ok(answer))
    local client = new(transport, { clock = function() return 1767323045 end, uuid = function() return "the-uuid" end })
    local job, meta = start(client)
    assert.same({ BackupJobId = "J", CreationDate = 1516925490.087, IsParent = false }, job)
    assert.equal("rid-1", meta.request_id)
    assert.equal(200, meta.http_status)
    assert.equal(1, meta.attempts)
    assert.equal("rid-1", meta.headers["x-amzn-requestid"])
    assert.equal("number", type(meta.elapsed))

    local request = requests[1]
    assert.equal("PUT", request.method)
    assert.equal("https://backup.eu-west-1.amazonaws.com/backup-jobs", request.url)
    assert.equal("backup.eu-west-1.amazonaws.com", request.host)
    assert.equal("/backup-jobs", request.path)
    assert.is_nil(request.query)
    assert.equal(10, request.connect_timeout)
    assert.equal(60, request.read_timeout)
    assert.equal("20260102T030405Z", request.headers["x-amz-date"])
    assert.equal("application/json", request.headers["content-type"])
    assert.equal("identity", request.headers["accept-encoding"])
    assert.equal("the-uuid", request.headers["amz-sdk-invocation-id"])
    assert.equal("attempt=1; max=3", request.headers["amz-sdk-request"])
    assert.truthy(request.headers["user-agent"]:find("^lua%-aws%-backup/[%d.]+ ua/2%.1 os/.- lang/lua"))
    assert.truthy(request.headers.authorization:find(
      "AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/backup/aws4_request, "
      .. "SignedHeaders=content-type;host;x-amz-date, Signature=", 1, true))
    assert.same({ BackupVaultName = "Default", ResourceArn = TABLE, IamRoleArn = ROLE, IdempotencyToken = "the-uuid" },
      cjson.decode(request.body))
  end)

  it("signs what it sends: the signature of a request with an ARN in its path agrees with the signer", function()
    local transport, requests = scripted(ok())
    local client = new(transport, { clock = function() return 1767323045 end })
    client:describe_protected_resource { ResourceArn = TABLE }
    local request = requests[1]
    assert.equal("/resources/arn%3Aaws%3Adynamodb%3Aeu-west-1%3A123456789012%3Atable%2Forders", request.path)
    local signed = core.new_signer():sign(
      { method = "GET", path = request.path, headers = { host = request.host, ["x-amz-date"] = "20260102T030405Z" } },
      { access_key_id = "AKID", secret_access_key = SECRET },
      { region = "eu-west-1", service = "backup", timestamp = "20260102T030405Z" })
    assert.equal(signed.authorization, request.headers.authorization)
  end)

  it("sends and signs the session token", function()
    local transport, requests = scripted(ok())
    local keys = { access_key_id = "A", secret_access_key = "S", session_token = "T" }
    local client = new(transport, { credentials = keys })
    client:list_backup_vaults()
    assert.equal("T", requests[1].headers["x-amz-security-token"])
    assert.truthy(requests[1].headers.authorization:find("x-amz-security-token", 1, true))
  end)

  it("joins a custom endpoint's path and query with its own", function()
    local transport, requests = scripted(ok())
    new(transport, { endpoint_url = "http://localhost:4566/base/?a=b" }):list_backup_jobs { MaxResults = 5 }
    assert.equal("http://localhost:4566/base/backup-jobs/?a=b&maxResults=5", requests[1].url)
    assert.equal("localhost:4566", requests[1].headers.host)
  end)

  it("is the same by name, in both forms of the name", function()
    local transport, requests = scripted(ok(), ok(), ok())
    local client = new(transport)
    client:call("ListBackupVaults", {})
    client:call("list_backup_vaults")
    client:list_backup_vaults {}
    for index = 1, 3 do assert.equal("/backup-vaults/", requests[index].path) end
  end)

  it("raises all faults of its parameters at once, and sends nothing", function()
    local transport, requests = scripted()
    local err = caught(start, new(transport), { ResourceArn = "x", StartWindowMinutes = 30,
      Lifecycle = { MoveToColdStorageAfterDays = 30, DeleteAfterDays = 60 }, Vault = "?" })
    assert.is_true(backup.is(err, "ParamValidationError"))
    assert.equal("StartBackupJob", err.operation)
    local paths = {}
    for _, violation in ipairs(err.violations) do paths[violation.path] = violation.message end
    assert.truthy(paths["ResourceArn"])
    assert.truthy(paths["StartWindowMinutes"])
    assert.truthy(paths["Lifecycle.DeleteAfterDays"])
    assert.truthy(paths["Vault"])
    assert.equal(0, #requests)
    assert.is_true(backup.is(caught(function() new(transport):start_backup_job("Default") end), "ParamValidationError"))
  end)

  it("sends what the service takes although its model's patterns do not", function()
    local transport, requests = scripted(ok(), ok())
    local client = new(transport)
    client:list_recovery_points_by_backup_vault { BackupVaultName = "aws/efs/automatic-backup-vault" }
    client:list_backup_job_summaries { AccountId = "ANY" }
    assert.equal("/backup-vaults/aws%2Fefs%2Fautomatic-backup-vault/recovery-points/", requests[1].path)
    assert.equal("AccountId=ANY", requests[2].query)
  end)

  it("does not send an empty token of a page", function()
    local transport, requests = scripted()
    local client = new(transport)
    for _, method in ipairs { "list_backup_jobs", "list_frameworks", "list_backup_access_points" } do
      local err = caught(client[method], client, { NextToken = "" })
      assert.is_true(backup.is(err, "ParamValidationError"))
      assert.matches("leave it out for the first page", tostring(err), 1, true)
    end
    assert.equal(0, #requests)
  end)

  it("checks shapes only, or nothing, when told so", function()
    local transport, requests = scripted(ok(), ok())
    start(new(transport, { validate = "shape" }), { StartWindowMinutes = 30 })
    local err = caught(start, new(transport, { validate = "shape" }), { StartWindowMinutes = "30" })
    assert.is_true(backup.is(err, "ParamValidationError"))
    new(transport, { validate = false }):start_backup_job {}
    assert.equal(2, #requests)
  end)

  it("leaves the caller's parameters as they are", function()
    local params = { BackupVaultName = "Default", ResourceArn = TABLE, IamRoleArn = ROLE }
    new(scripted(ok())):start_backup_job(params)
    assert.is_nil(params.IdempotencyToken)
  end)

  it("takes an empty answer for an empty output", function()
    assert.same({}, (new(scripted({ status = 200, headers = {}, body = "" })):stop_backup_job { BackupJobId = "J" }))
  end)
end)

describe("a failing call", function()
  it("raises the service's exception with all that is known", function()
    local err = caught(start, new(scripted(fails(400, "InvalidParameterValueException:http://x/", "bad role"))))
    assert.equal("InvalidParameterValueException", err.code)
    assert.equal("bad role", err.message)
    assert.equal("StartBackupJob", err.operation)
    assert.equal(400, err.http_status)
    assert.equal("rid-9", err.request_id)
    assert.equal(1, err.attempts)
    assert.is_false(err.retryable)
    assert.equal("ERROR_1", err.details.Code)
    for _, class in ipairs({ "InvalidParameterValueException", "ServiceError", "Error" }) do
      assert.is_true(err:is(class))
      assert.is_true(backup.is(err, class))
    end
    assert.is_false(backup.is(err, "ClientError"))
    assert.truthy(tostring(err):find("bad role", 1, true))
    assert.is_nil(tostring(err):find("\n", 1, true))
  end)

  it("tries a transient failure again with the same token, another signature and the same invocation id", function()
    local now = 1767323045
    local transport, requests = scripted(fails(500, "ServiceUnavailableException", "later"),
      { kind = "reset", message = "connection reset" }, ok('{"BackupJobId":"J"}'))
    local client, slept = new(transport, { clock = function() now = now + 1; return now end })
    local job, meta = start(client)
    assert.equal("J", job.BackupJobId)
    assert.equal(3, meta.attempts)
    assert.same({ 0.05, 0.1 }, slept)
    local tokens, signatures = {}, {}
    for index, request in ipairs(requests) do
      tokens[cjson.decode(request.body).IdempotencyToken] = true
      signatures[request.headers.authorization] = true
      assert.equal("attempt=" .. index .. "; max=3", request.headers["amz-sdk-request"])
      assert.equal(requests[1].headers["amz-sdk-invocation-id"], request.headers["amz-sdk-invocation-id"])
    end
    local function size(set) local count = 0 for _ in pairs(set) do count = count + 1 end return count end
    assert.equal(1, size(tokens))
    assert.equal(3, size(signatures))
  end)

  it("gives up after the last attempt with the last failure", function()
    local throttled = function() return fails(400, "ThrottlingException", "Rate exceeded") end
    local client, slept = new(scripted(throttled(), throttled(), throttled()))
    local err = caught(start, client)
    assert.equal("ThrottlingException", err.code)
    assert.equal(3, err.attempts)
    assert.is_true(err.retryable)
    assert.same({ 1, 2 }, slept)
  end)

  it("is not tried again when it would fail again", function()
    for _, answer in ipairs({ fails(400, "LimitExceededException", "quota"), fails(403, "AccessDeniedException", ""),
        { kind = "tls", message = "certificate" }, ok("<html>login</html>") }) do
      local transport, requests = scripted(answer)
      caught(start, new(transport))
      assert.equal(1, #requests)
    end
  end)

  it("raises a TransportError that names its kind and the endpoint", function()
    local err = caught(start, new(scripted({ kind = "tls", message = "certificate has expired" })))
    assert.is_true(backup.is(err, "TransportError"))
    assert.equal("tls", err.kind)
    assert.truthy(tostring(err):find("certificate has expired", 1, true))
    assert.truthy(tostring(err):find("backup.eu-west-1.amazonaws.com", 1, true))
  end)

  it("raises a ResponseError for a success that can't be understood", function()
    local err = caught(start, new(scripted(ok("<html>login</html>", { ["content-type"] = "text/html" }))))
    assert.is_true(backup.is(err, "ResponseError"))
    assert.equal(200, err.http_status)
    assert.truthy(tostring(err):find("text/html", 1, true))
  end)

  it("says what a transport must return that returns something else", function()
    local function returning(value) return function() return value end end
    local hostile = setmetatable({}, { __index = function() error("touched") end })
    local answers = {
      { function() end, "no answer and no reason" },
      { returning {}, "without a numeric status (it is nothing)" },
      { returning "200", "a string, which is an answer without a numeric status" },
      { returning(false), "a boolean, which is" },
      { returning { status = "200" }, "without a numeric status (it is a string)" },
      { returning { status = 0 / 0 }, "whose status is NaN" },
      { returning { status = math.huge }, "whose status is infinity" },
      { returning { status = 200.5 }, "whose status is 200.5" },
      { returning { status = 100 }, "whose status is 100" },
      { returning { status = -200 }, "whose status is -200" },
      { returning { status = 600 }, "whose status is 600" },
      { returning { status = 200, body = 7 }, "whose body is a number" },
      { returning { status = 200, body = {} }, "whose body is a table" },
      { returning { status = 403, body = true }, "whose body is a boolean" },
      { returning { status = 200, headers = "x: y" }, "whose headers are a string" },
      { returning { status = 200, headers = { "x: y" } }, "a header whose name is a number" },
      { returning { status = 200, headers = { Date = { "now" } } }, "header Date is a table" },
      { returning { status = 503, headers = { ["Retry-After"] = 5 } }, "header Retry-After is a number" },
      { returning { status = 200, headers = { ["a\27b"] = 5 } }, "header a\\x1Bb is a number" },
    }
    for _, case in ipairs(answers) do
      local err = caught(start, new(case[1]))
      assert.is_true(backup.is(err, "ResponseError"), tostring(err))
      assert.same({ "StartBackupJob", 1, false }, { err.operation, err.attempts, err.retryable })
      local text = tostring(err)
      assert.truthy(text:find(case[2], 1, true), text)
      assert.truthy(text:find("must return { status = 200, headers = { name = value }, body = text }", 1, true), text)
      assert.is_nil(text:find("%.lua:%d"), text)
    end
    assert.is_true(backup.is(caught(start, new(returning(hostile))), "TransportError"))
  end)

  it("tells why a transport has no answer", function()
    local failures = {
      { function() return nil, "reset", "gone" end, "reset", "gone" },
      { function() return nil, "connection refused" end, "protocol", "connection refused" },
      { function() return nil, nil, "no route" end, "protocol", "no route" },
      { function() return nil, 7, 8 end, "protocol", "8" },
      { function() return nil, "reset", setmetatable({}, { __tostring = function() return {} end }) end, "reset",
        "a table" },
      { function() error("my transport is broken", 0) end, "raised", "raised an error: my transport is broken" },
      { function() error({}) end, "raised", "raised an error: table" },
      { function() error() end, "raised", "raised an error: nil" },
    }
    for _, case in ipairs(failures) do
      local err = caught(start, new(case[1], { retry_mode = "off" }))
      assert.is_true(backup.is(err, "TransportError"), tostring(err))
      assert.equal(case[2], err.kind)
      assert.truthy(tostring(err):find(case[3], 1, true), tostring(err))
    end
  end)

  it("takes upper-case names of headers and a status that is a float", function()
    local _, meta = start(new(function()
      return { status = 200.0, headers = { ["X-Amzn-RequestId"] = "rid", ["X-A"] = "1", ["x-a"] = "2" }, body = "{}" }
    end))
    assert.same({ "rid", 200, "2" }, { meta.request_id, meta.http_status, meta.headers["x-a"] })
  end)

  it("sends each attempt as it should be, whatever a transport did to the request before", function()
    local seen = {}
    start(new(function(request)
      seen[#seen + 1] = request.headers["amz-sdk-invocation-id"] .. request.url
      for name in pairs(request) do request[name] = nil end
      if #seen < 3 then return nil, "reset", "gone" end
      return ok()
    end))
    assert.same({ seen[1], seen[1], seen[1] }, seen)
  end)

  it("waits in a transport that yields", function()
    local result
    local routine = coroutine.wrap(function()
      result = start(new(function() return coroutine.yield("waiting") end))
    end)
    assert.equal("waiting", routine())
    routine(ok('{"BackupJobId":"J"}'))
    assert.equal("J", result.BackupJobId)
  end)

  it("lets Ctrl-C through a transport", function()
    assert.equal("x.lua:1: interrupted!", caught(start, new(function() error("x.lua:1: interrupted!", 0) end)))
  end)

  it("says of a redirect that it is one, where it points and what to correct, and shows no path of it", function()
    local cases = {
      { 301, "http://evil/", "to http://evil," },
      { 302, "https://other.example/a?token=sesame", "to https://other.example," },
      { 303, "https://other.example:8443/x", "to https://other.example:8443," },
      { 307, "HTTPS://Other.Example:443?sesame", "to https://other.example," },
      { 308, "//other.example/sesame", "to https://other.example," },
      { 302, "/login?next=sesame", "to https://backup.eu-west-1.amazonaws.com," },
      { 302, "login", "to https://backup.eu-west-1.amazonaws.com," },
      { 302, "https://user:sesame@other.example/", "to https://other.example," },
      { 302, "https://other.example\\sesame", "to https://other.example," },
      { 302, " https://[2001:db8::1]:8443/sesame", "to https://[2001:db8::1]:8443," },
      { 302, "ftp://other.example/sesame", "to a place that is no http or https URL," },
      { 302, "https://", "to a place that is no http or https URL," },
      { 302, "https://h:99999/sesame", "to a place that is no http or https URL," },
      { 302, "https://" .. ("h"):rep(100000), "to https://hhh" },
      { 302, "\27[2J", "to https://backup.eu-west-1.amazonaws.com," },
      { 302, "", "that names no place," }, { 302, nil, "that names no place," }, { 304, nil, "that names no place," },
      { 300, nil, "that names no place," }, { 399, nil, "that names no place," },
    }
    for _, case in ipairs(cases) do
      local transport, requests = scripted({ status = case[1], headers = { Location = case[2] }, body = "<html>" })
      local err = caught(start, new(transport))
      local text = tostring(err)
      assert.is_true(backup.is(err, "ServiceError"))
      assert.same({ case[1], 1, false }, { err.http_status, #requests, err.retryable })
      assert.truthy(text:find(("a redirect (HTTP %d) %s"):format(case[1], case[3]), 1, true), text)
      assert.truthy(text:find("correct endpoint_url", 1, true), text)
      assert.is_nil(text:find("sesame", 1, true), text)
      assert.is_true(#text < 1000)
    end
  end)

  it("says of a redirect over libcurl where it points", function()
    local server = require("spec.core.server").start()
    local moved = "HTTP/1.1 307 x\r\nLocation: http://elsewhere.example/sesame\r\nContent-Length: 0\r\n\r\n"
    local client = backup.client { region = "eu-west-1", env = {}, endpoint_url = server.url
      .. server.sending(moved, "close"), credentials = { access_key_id = "AKID", secret_access_key = SECRET } }
    local text = tostring(caught(client.list_backup_vaults, client))
    server:stop()
    assert.truthy(text:find("a redirect (HTTP 307) to http://elsewhere.example,", 1, true), text)
    assert.is_nil(text:find("/sesame", 1, true))
  end)

  it("stops trying when the time for the whole call would run out", function()
    local transport, requests = scripted(fails(400, "ThrottlingException", "slow"), ok())
    local client = new(transport, { timeout = 0.5 })
    assert.equal("ThrottlingException", caught(start, client).code)
    assert.equal(1, #requests)
    assert.is_true(requests[1].timeout > 0 and requests[1].timeout <= 0.5)
  end)

  it("asks for credentials anew on each attempt, and raises a CredentialsError by itself", function()
    local given = 0
    local client = new(scripted(fails(500, "InternalFailure", ""), ok()), { credentials = function()
      given = given + 1
      return { access_key_id = "AKID", secret_access_key = SECRET }
    end })
    client:list_backup_vaults()
    assert.equal(2, given)
    local sealed = new(scripted(), { credentials = function() error("sealed") end })
    local err = caught(sealed.list_backup_vaults, sealed)
    assert.is_true(backup.is(err, "CredentialsError"))
    assert.equal("ListBackupVaults", err.operation)
    local none = backup.client {
      region = "eu-west-1", env = { AWS_EC2_METADATA_DISABLED = "true" }, transport = scripted(),
    }
    assert.is_true(backup.is(caught(none.list_backup_vaults, none), "NoCredentialsError"))
    assert.is_true(backup.is(caught(none.credentials, none), "NoCredentialsError"))
  end)

  it("never shows a secret or a tag", function()
    for _, answer in ipairs({ fails(403, "InvalidSignatureException", "no"), { kind = "dns", message = "no host" } }) do
      local client = new(scripted(answer, answer, answer))
      local err = caught(start, client, { RecoveryPointTags = { owner = "alice@example" } })
      local shown = tostring(err) .. tostring(err.message)
      assert.is_nil(shown:find(SECRET, 1, true))
      assert.is_nil(shown:find("alice@example", 1, true))
    end
  end)
end)

describe("hooks", function()
  it("see each step of a call, free of secrets", function()
    local events = {}
    local function record(name) return function(event) event.name = name; events[#events + 1] = event end end
    local client = new(scripted(fails(500, "InternalFailure", ""), ok()), { on = {
      request = record("request"), response = record("response"), retry = record("retry"),
      credentials = record("credentials"),
    } })
    start(client)
    local names = {}
    for index, event in ipairs(events) do
      names[index] = event.name
      for _, value in pairs(event) do assert.is_nil(tostring(value):find(SECRET, 1, true)) end
    end
    assert.same({ "credentials", "request", "response", "retry", "credentials", "request", "response" }, names)
    assert.equal(500, events[3].http_status)
    assert.equal("StartBackupJob", events[4].operation)
    assert.equal(0.05, events[4].delay)
  end)
end)

describe("client:credentials", function()
  it("returns what the next call would use, as a copy", function()
    local client = new(scripted(ok()))
    local found = client:credentials()
    assert.equal("AKID", found.access_key_id)
    found.access_key_id = "OTHER"
    assert.equal("AKID", client:credentials().access_key_id)
  end)
end)

describe("another model", function()
  it("is called by the same client", function()
    local transport, requests = scripted(ok('{"answer":42}'))
    local client = new(transport, { model = {
      operations = { Ask = { name = "Ask", http = { method = "POST", requestUri = "/ask/{who}" },
        input = { shape = "AskInput" }, output = { shape = "AskOutput" } } },
      shapes = {
        AskInput = { type = "structure", required = { "who" }, members = {
          who = { shape = "Text", location = "uri", locationName = "who" }, what = { shape = "Text" } } },
        AskOutput = { type = "structure", members = { answer = { shape = "Number" } } },
        Text = { type = "string" }, Number = { type = "integer" },
      },
    } })
    assert.same({ answer = 42 }, (client:ask { who = "a/b", what = "?" }))
    assert.equal("/ask/a%2Fb", requests[1].path)
    assert.equal('{"what":"?"}', requests[1].body)
    assert.same({ "Ask" }, client.meta.operations)
  end)
end)

describe("with the emulator", function()
  it("a job is started, followed and described", function()
    local emulator = require("aws.backup.emulator").new { region = "eu-west-1" }
    local client = backup.client {
      region = "eu-west-1", env = {}, transport = emulator,
      credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = SECRET },
      runtime = { sleep = function(seconds) emulator:advance(seconds) end },
    }
    assert.is_true(backup.is(caught(start, client), "vault_missing"))
    client:create_backup_vault { BackupVaultName = "Default" }
    local states = {}
    local job = client:wait_for_backup_job(start(client).BackupJobId, { on_progress = function(seen)
      if states[#states] ~= seen.State then states[#states + 1] = seen.State end
    end })
    assert.equal("COMPLETED", job.State)
    assert.equal("COMPLETED", states[#states])
    assert.is_true(#states >= 2)
    local point = client:describe_recovery_point {
      BackupVaultName = "Default", RecoveryPointArn = job.RecoveryPointArn,
    }
    assert.equal(TABLE, point.ResourceArn)
  end)
end)
