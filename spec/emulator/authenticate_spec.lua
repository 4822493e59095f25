local core = require "aws.backup.core"
local helper = require "spec.emulator.helper"
local parse = require "aws.backup.codec.parse"
local time = require "aws.backup.codec.time"

local MISMATCH = "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
  .. "Access Key and signing method. Consult the service documentation for details."

describe("the signature of a request", function()
  local target

  before_each(function() target = helper.with_vault() end)

  -- Sends a request; the code and the message of the refusal, or nil.
  local function refusal(request)
    local response = target:send(request)
    if response.status < 300 then return nil end
    local failure = parse.failure(helper.codec:operation("ListBackupVaults"), response)
    assert.are.equal(403, response.status)
    assert.are.equal(failure.code, response.headers["x-amzn-errortype"])
    return failure.code, failure.message
  end

  local function signed(options)
    return helper.request("ListBackupVaults", {}, options)
  end

  local function with_authorization(pattern, replacement)
    local request = signed()
    request.headers.authorization = request.headers.authorization:gsub(pattern, replacement)
    return request
  end

  it("is taken when it is right", function()
    assert.is_nil(refusal(signed()))
    assert.is_nil(refusal(helper.request("CreateBackupVault", { BackupVaultName = "new" })))
  end)

  it("is taken when other headers are signed too, in headers of any case", function()
    local request = helper.request("CreateBackupVault", { BackupVaultName = "new" })
    request.headers["amz-sdk-request"], request.headers["content-length"] = "attempt=1", tostring(#request.body)
    request.headers.authorization = nil
    helper.sign(request, { signed_headers = {
      "amz-sdk-request", "content-length", "content-type", "host", "x-amz-date",
    } })
    local headers = {}
    for name, value in pairs(request.headers) do headers[name:upper()] = value end
    request.headers = headers
    assert.is_nil(refusal(request))
  end)

  it("is missing", function()
    local request = signed()
    request.headers.authorization = nil
    local code, message = refusal(request)
    assert.are.equal("MissingAuthenticationTokenException", code)
    assert.are.equal("Missing Authentication Token", message)
  end)

  it("is in the query, which is not supported", function()
    local request = signed()
    request.headers.authorization = nil
    request.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00"
    local code, message = refusal(request)
    assert.are.equal("IncompleteSignatureException", code)
    assert.matches("Presigned requests are not supported", message)
  end)

  it("is malformed", function()
    for _, case in ipairs {
      { "^AWS4%-HMAC%-SHA256", "Basic" }, { "^.*$", "AWS4-HMAC-SHA256" }, { "^.*$", "AWS4-HMAC-SHA256 nonsense" },
      { "Signature=%x+", "Signature" }, { ", Signature=%x+", "" }, { "SignedHeaders=[^,]+, ", "" },
      { "Credential=[^,]+, ", "" }, { "/aws4_request", "" }, { "Credential=AKIDEXAMPLE", "Credential=" },
    } do
      assert.are.equal("IncompleteSignatureException", (refusal(with_authorization(case[1], case[2]))))
    end
  end)

  it("has no date, or none that can be read", function()
    local request = signed()
    request.headers["x-amz-date"] = nil
    assert.are.equal("IncompleteSignatureException", (refusal(request)))
    for _, stamp in ipairs { "2026-01-02T03:04:05Z", "20261302T030405Z", "" } do
      request.headers["x-amz-date"] = stamp
      assert.are.equal("IncompleteSignatureException", (refusal(request)))
    end
  end)

  it("takes its time from the header Date if there is no X-Amz-Date", function()
    local request = signed()
    request.headers.date, request.headers["x-amz-date"] = time.http_date(helper.START), nil
    local result = core.new_signer():sign(
      { method = request.method, path = request.path, headers = request.headers },
      helper.CREDENTIALS, { region = "us-east-1", service = "backup", timestamp = "20260102T030405Z" },
      { signed_headers = { "date", "host" } })
    request.headers.authorization = result.authorization
    assert.is_nil(refusal(request))
    request.headers.authorization = signed().headers.authorization
    assert.are.equal("InvalidSignatureException", (refusal(request)))
  end)

  it("is of a key that nobody knows", function()
    local code, message = refusal(signed { credentials = { access_key_id = "AKIDOTHER", secret_access_key = "x" } })
    assert.are.equal("UnrecognizedClientException", code)
    assert.are.equal("The security token included in the request is invalid.", message)
  end)

  it("is made with another secret", function()
    local code, message = refusal(signed {
      credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wrong" } })
    assert.are.equal("InvalidSignatureException", code)
    assert.are.equal(MISMATCH, message)
  end)

  it("does not cover what was sent", function()
    local function changed(change)
      local request = helper.request("CreateBackupVault", { BackupVaultName = "new" })
      change(request)
      assert.are.equal("InvalidSignatureException", (refusal(request)))
    end
    changed(function(request) request.method = "POST" end)
    changed(function(request) request.path = "/backup-vaults/other" end)
    changed(function(request) request.query = "a=b" end)
    changed(function(request) request.body = "{ }" end)
    changed(function(request) request.headers.host = "elsewhere" end)
    changed(function(request) request.headers["content-type"] = "text/plain" end)
  end)

  it("does not sign what must be signed", function()
    local function unsigned(names, headers)
      local request = helper.request("CreateBackupVault", { BackupVaultName = "new" })
      for name, value in pairs(headers or {}) do request.headers[name] = value end
      helper.sign(request, { signed_headers = names })
      local code, message = refusal(request)
      assert.are.equal("InvalidSignatureException", code)
      return message
    end
    assert.matches("'Host' must be", unsigned { "content-type", "x-amz-date" })
    assert.matches("'x%-amz%-date' must be", unsigned { "content-type", "host" })
    assert.matches("'content%-type' must be", unsigned { "host", "x-amz-date" })
    assert.matches("'x%-amz%-meta' must be",
      unsigned({ "content-type", "host", "x-amz-date" }, { ["x-amz-meta"] = "a" }))
  end)

  it("names a header that is not there", function()
    local code = refusal(with_authorization("SignedHeaders=", "SignedHeaders=absent;"))
    assert.are.equal("InvalidSignatureException", code)
  end)

  it("comes with the hash of another body, or with none at all", function()
    local function hashed(value)
      local request = helper.request("CreateBackupVault", { BackupVaultName = "new" })
      request.headers["x-amz-content-sha256"] = value
      return helper.sign(request)
    end
    assert.are.equal("InvalidSignatureException", (refusal(hashed(core.sha256_hex("other")))))
    assert.are.equal("InvalidSignatureException", (refusal(hashed("UNSIGNED-PAYLOAD"))))
    local request = helper.request("CreateBackupVault", { BackupVaultName = "new" })
    assert.is_nil(refusal(hashed(core.sha256_hex(request.body))))
  end)

  describe("has a scope", function()
    local function scoped(options)
      local code, message = refusal(signed(options))
      assert.are.equal("InvalidSignatureException", code)
      return message
    end

    it("of another region", function()
      assert.are.equal("Credential should be scoped to a valid region, not 'eu-west-1'.",
        scoped { region = "eu-west-1" })
    end)

    it("of another service", function()
      assert.are.equal("Credential should be scoped to correct service: 'backup'.", scoped { service = "s3" })
    end)

    it("with another end", function()
      local code, message = refusal(with_authorization("aws4_request", "aws5_request"))
      assert.are.equal("InvalidSignatureException", code)
      assert.are.equal("Credential should be scoped with a valid terminator: 'aws4_request'.", message)
    end)

    it("of another day than its time", function()
      local code, message = refusal(with_authorization("/20260102/", "/20260101/"))
      assert.are.equal("InvalidSignatureException", code)
      assert.matches("'20260101' != '20260102'", message)
    end)
  end)

  describe("has a time", function()
    local function at(offset)
      return refusal(signed { timestamp = time.amz_date(helper.START + offset) })
    end

    it("within fifteen minutes", function()
      assert.is_nil(at(-900))
      assert.is_nil(at(900))
    end)

    it("too early", function()
      local code, message = at(-901)
      assert.are.equal("InvalidSignatureException", code)
      assert.are.equal("Signature expired: 20260102T024904Z is now earlier than 20260102T024905Z "
        .. "(20260102T030405Z - 15 min.)", message)
    end)

    it("too late", function()
      local code, message = at(901)
      assert.are.equal("InvalidSignatureException", code)
      assert.are.equal("Signature not yet current: 20260102T031906Z is still later than 20260102T031905Z "
        .. "(20260102T030405Z + 15 min.)", message)
    end)

    it("that is measured by the wall clock, not by the emulator's own time", function()
      target:advance(10 * 86400)
      assert.is_nil(refusal(signed()))
    end)
  end)

  describe("of temporary credentials", function()
    local SESSION = {
      access_key_id = "ASIAEXAMPLE", secret_access_key = "secret", session_token = "TOKEN",
      expiration = helper.START + 3600,
    }

    local function session(changes)
      local copy = {}
      for name, value in pairs(SESSION) do copy[name] = value end
      for name, value in pairs(changes or {}) do copy[name] = value end
      return copy
    end

    local function with(entry, used)
      target = helper.new { credentials = { entry } }
      return refusal(signed { credentials = used })
    end

    it("is taken with its session token", function()
      assert.is_nil(with(SESSION, SESSION))
    end)

    it("is refused without the token, or with another", function()
      local without = session()
      without.session_token = nil
      assert.are.equal("UnrecognizedClientException", (with(SESSION, without)))
      assert.are.equal("UnrecognizedClientException", (with(SESSION, session { session_token = "OTHER" })))
      assert.are.equal("UnrecognizedClientException", (with(without, SESSION)))
    end)

    it("is refused once they have expired", function()
      local code, message = with(session { expiration = "2026-01-02T03:04:05Z" }, SESSION)
      assert.are.equal("ExpiredTokenException", code)
      assert.are.equal("The security token included in the request is expired", message)
    end)
  end)

  it("is checked before the path is", function()
    local request = signed()
    request.path, request.headers.authorization = "/nowhere", nil
    assert.are.equal("MissingAuthenticationTokenException", (refusal(request)))
  end)
end)
