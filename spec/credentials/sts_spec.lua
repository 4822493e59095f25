local new_context = require("spec.services.context").new
local play = require "spec.services.sts"
local refresh = require "aws.backup.credentials.refresh"
local services = require "spec.services.server"
local sts = require "aws.backup.credentials.sts"
local time = require "aws.backup.codec.time"

local BASE, NOW, ROLE, SESSION, TOKEN, FOUND = play.BASE, play.NOW, play.ROLE, play.SESSION, play.TOKEN, play.FOUND
local WEB = "AssumeRoleWithWebIdentity"
local WHERE = play.params().where

describe("STS", function()
  local server

  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  local function new_world(settings, overrides) return play.context(server, settings, overrides) end

  local assume, assume_with_token = play.assume, play.assume_with_token
  local function failure_of(...) return play.failure_of(server, ...) end

  describe("asked for a role", function()
    it("gets a form with exactly what was given", function()
      server:script { play.good() }
      assert(assume(new_world(), { role_session_name = "s.e", duration_seconds = 3600, external_id = "x:/=1" }))
      local seen = server:seen()[1]
      assert.equal("POST", seen.method)
      assert.equal("/", seen.path)
      assert.is_nil(seen.query)
      assert.equal("application/x-www-form-urlencoded; charset=utf-8", seen.headers["content-type"])
      assert.equal("Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FR"
        .. "&RoleSessionName=s.e&DurationSeconds=3600&ExternalId=x%3A%2F%3D1", seen.body)
      assert.equal("lua-aws-backup/spec", seen.headers["user-agent"])
    end)

    it("gets no parameter that nobody gave, and a code where there is an MFA device", function()
      server:script { play.good() }
      assert(assume(new_world()))
      assert(assume(new_world(), { mfa_serial = "arn:aws:iam::123456789012:mfa/me", mfa_code = "012345" }))
      local seen = server:seen()
      assert.same({ Action = "AssumeRole", Version = "2011-06-15", RoleArn = ROLE, RoleSessionName = "se" },
        play.form(seen[1].body))
      local form = play.form(seen[2].body)
      assert.equal("arn:aws:iam::123456789012:mfa/me", form.SerialNumber)
      assert.equal("012345", form.TokenCode)
    end)

    it("gets a session name made of the time if nobody gave one", function()
      server:script { play.good() }
      local context = new_world()
      assert(sts.new(context):assume_role({ role_arn = ROLE }, BASE))
      local name = play.form(server:seen()[1].body).RoleSessionName
      assert.equal(("lua-aws-backup-%d"):format(NOW), name)
      assert.is_true(#name <= 64)
    end)

    it("gets a signature of the base credentials for the service sts and the region", function()
      server:script { play.good() }
      assert(assume(new_world()))
      assert(assume(new_world(), nil, SESSION, "eu-west-1"))
      local seen = server:seen()
      assert.is_true(play.is_signed(seen[1], BASE, "us-east-1"))
      assert.is_nil(seen[1].headers["x-amz-security-token"])
      assert.is_true(play.is_signed(seen[2], SESSION, "eu-west-1"))
      assert.equal(SESSION.session_token, seen[2].headers["x-amz-security-token"])
      assert.truthy(seen[2].headers.authorization:find("x-amz-security-token", 1, true))
      assert.equal(time.amz_date(NOW), seen[2].headers["x-amz-date"])
    end)

    it("gives keys, token, expiration, the account of the role and the id of the way", function()
      server:script { play.good() }
      local found = assert(assume(new_world(), { features = { "o", "n" } }))
      assert.same({
        access_key_id = FOUND.access_key_id, secret_access_key = FOUND.secret_access_key,
        session_token = FOUND.session_token, expiration = NOW + 3600, account_id = "123456789012",
        features = { "o", "n", "i" },
      }, found)
    end)

    it("is asked below the path of the endpoint that is configured for it", function()
      server:script { play.good() }
      assert(assume(new_world(nil, { env = { AWS_ENDPOINT_URL_STS = server.url .. "/sts?x=1" } })))
      local seen = server:seen()[1]
      assert.equal("/sts/", seen.path)
      assert.equal("x=1", seen.query)
      assert.is_true(play.is_signed(seen, BASE, "us-east-1"))
    end)
  end)

  describe("asked with the token of an identity provider", function()
    it("gets the token and no signature", function()
      server:script { play.good { action = WEB } }
      assert(assume_with_token(new_world()))
      local seen = server:seen()[1]
      assert.equal("Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
        .. "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FR&RoleSessionName=se&WebIdentityToken=" .. TOKEN,
        seen.body)
      for _, name in ipairs { "authorization", "x-amz-date", "x-amz-security-token" } do
        assert.is_nil(seen.headers[name])
      end
    end)

    it("gives what it gives for a role, with the id of the other way", function()
      server:script { play.good { action = WEB } }
      local found = assert(assume_with_token(new_world(), nil, { features = { "q" } }))
      assert.equal(FOUND.secret_access_key, found.secret_access_key)
      assert.equal("123456789012", found.account_id)
      assert.same({ "q", "k" }, found.features)
    end)

    it("fails at once with the reason why there is no token", function()
      server:script { play.good { action = WEB } }
      local found, err = assume_with_token(new_world(), function() return nil, "the file is gone" end)
      assert.is_nil(found)
      assert.truthy(tostring(err):find("the file is gone", 1, true))
      assert.is_nil(err.attempts)
      assert.same({}, server:seen())
    end)

    it("never shows the token", function()
      server:script { play.refusal(400, "ExpiredTokenException", "Token " .. TOKEN .. " expired") }
      local context = new_world()
      local _, err = assume_with_token(context)
      assert.is_nil(play.secret_in(tostring(err)))
      assert.is_nil(play.secret_in(table.concat(context.logged, "\n")))
      assert.truthy(tostring(err):find("Token HIDDEN expired", 1, true))
      assert.truthy(tostring(err):find("does whatever writes it still run", 1, true))
      for _, bad in ipairs { "abc", TOKEN:rep(1000) } do
        _, err = assume_with_token(new_world(), function() return bad end)
        assert.is_nil(tostring(err):find(bad, 1, true))
        assert.truthy(tostring(err):find("web_identity_token must be 4 to 20000 characters", 1, true))
      end
    end)
  end)

  describe("which refuses", function()
    it("is shown with role, code, message, request id and what to do, after one attempt", function()
      for _, case in ipairs {
        { 403, "AccessDenied", "needs sts:AssumeRole" }, { 400, "ExpiredTokenException", "have expired" },
        { 403, "ExpiredToken", "have expired" }, { 403, "InvalidClientTokenId", "not active" },
        { 403, "SignatureDoesNotMatch", "not the one of its key id" }, { 400, "ValidationError", "duration_seconds" },
        { 403, "RegionDisabledException", "activate STS" }, { 400, "MalformedPolicyDocument", "" },
        { 400, "PackedPolicyTooLarge", "" }, { 400, "SomethingNew", "" },
      } do
        local status, code, advice = case[1], case[2], case[3]
        local err, seen = failure_of { play.refusal(status, code, "User &quot;u&quot; may not") }
        assert.equal(1, #seen, code)
        local text = tostring(err)
        for _, part in ipairs { ROLE, WHERE, ("HTTP %d, %s"):format(status, code), 'User "u" may not', "bad-request",
            advice } do
          assert.truthy(text:find(part, 1, true), text)
        end
        assert.equal("bad-request", err.request_id)
        assert.same({ role_arn = ROLE, code = code, http_status = status }, err.details)
        assert.is_nil(err.http_status)
        assert.is_false(err.retryable)
      end
    end)

    it("is shown with what concerns the token where there is one", function()
      for code, advice in pairs {
        AccessDenied = "sts:AssumeRoleWithWebIdentity", IDPRejectedClaim = "have it write another",
        ValidationError = "role_session_name",
      } do
        server:script { play.refusal(403, code, "no") }
        local _, err = assume_with_token(new_world())
        assert.equal(1, #server:seen(), code)
        assert.truthy(tostring(err):find(advice, 1, true), tostring(err))
      end
    end)

    it("does not show the keys that it quotes", function()
      local quoted = ("Canonical: %s|%s|%s|%s"):format(SESSION.session_token, SESSION.secret_access_key,
        SESSION.access_key_id, "BASETOKEN%2FBASETOKEN%2BBASETOKEN%3D%3D")
      local err = failure_of({ play.refusal(403, "SignatureDoesNotMatch", quoted) }, nil, nil, SESSION)
      assert.truthy(tostring(err):find("Canonical: HIDDEN|HIDDEN|HIDDEN|HIDDEN", 1, true))
    end)

    it("is shown in one line that is not too long", function()
      local err = failure_of { play.refusal(403, "AccessDenied", "two\nlines &#x9B;" .. ("x"):rep(5000)) }
      assert.is_nil(tostring(err):find("\n", 1, true))
      assert.truthy(tostring(err):find("two\\nlines", 1, true))
      assert.is_true(#tostring(err) < 1500)
    end)

    it("is told apart where a role is assumed with another role for too long", function()
      local script = { play.refusal(400, "ValidationError", "The requested DurationSeconds exceeds the limit") }
      local err = failure_of(script, nil, { duration_seconds = "7200" }, SESSION)
      assert.truthy(tostring(err):find("lasts 3600 s at most", 1, true))
      for _, other in ipairs { { "3600", SESSION }, { "7200", BASE }, { nil, SESSION } } do
        err = failure_of(script, nil, { duration_seconds = other[1] }, other[2])
        assert.is_nil(tostring(err):find("lasts 3600 s at most", 1, true))
      end
    end)

    it("tells of a redirect where it points, and shows no path of it", function()
      local err = failure_of { { status = 302, body = "<html>", headers = { location = "https://h.example/sesame" } } }
      assert.truthy(err.message:find("a redirect (HTTP 302) to https://h.example, which is not followed", 1, true))
      assert.is_nil(err.message:find("sesame", 1, true))
    end)

    it("names its request id by the header where there is no other", function()
      local err = failure_of { { status = 403, body = "", headers = { ["x-amzn-requestid"] = "header-id" } } }
      assert.equal("header-id", err.request_id)
    end)
  end)

  describe("with an answer that makes no sense", function()
    it("is not asked again, and nothing of the answer is shown", function()
      local good = play.good().body
      for body, message in pairs {
        [good:gsub("<SessionToken>.-</SessionToken>", "")] = "SessionToken is missing",
        [good:gsub("<Credentials>.*</Credentials>", "")] = "Credentials is missing",
        [good:sub(1, 500)] = "not the XML that STS writes",
        ["<html><body>Log in to " .. FOUND.session_token .. "</body></html>"] = "<html>",
        [""] = "not the XML that STS writes", ["{}"] = "not the XML that STS writes",
        [good:gsub("AssumeRole", WEB)] = "<AssumeRoleWithWebIdentityResponse>",
        [good:gsub("<Expiration>[^<]*", "<Expiration>soon")] = "Expiration holds no time",
      } do
        local err, seen = failure_of { { body = body, headers = { ["x-amzn-requestid"] = "header-id" } } }
        assert.equal(1, #seen)
        assert.truthy(tostring(err):find(message, 1, true), tostring(err))
        assert.truthy(tostring(err):find("STS answered HTTP 200, but", 1, true))
        assert.equal("header-id", err.request_id)
      end
    end)

    it("that leads elsewhere is not followed", function()
      local err, seen = failure_of { { status = 307, headers = { location = server.url .. "/elsewhere" } } }
      assert.equal(1, #seen)
      assert.truthy(tostring(err):find("STS answered HTTP 307", 1, true))
    end)

    it("that is longer than any of STS is not read", function()
      local err, seen = failure_of { { body = ("x"):rep(2 ^ 20 - 1) } }
      assert.equal(1, #seen)
      assert.truthy(tostring(err):find("more than 65536 bytes", 1, true))
    end)

    it("that has expired already is refused by whoever keeps credentials", function()
      server:script { play.good { expiration = NOW - 1 } }
      local context = new_world()
      local provider = { name = "role", get = function() return assume(context) end }
      local found, err = refresh.new(provider, context):get()
      assert.is_nil(found)
      assert.truthy(tostring(err):find("expired", 1, true))
    end)
  end)

  it("writes attempts that failed into the log, and no secret", function()
    local _, _, context = failure_of({ play.refusal(500, "InternalFailure", SESSION.session_token) }, nil, nil, SESSION)
    local lines = table.concat(context.logged, "\n")
    assert.truthy(lines:find("AssumeRole, attempt 2: STS answered HTTP 500, InternalFailure: HIDDEN", 1, true))
  end)
end)

describe("the endpoint of STS", function()
  -- Where a request goes, and for which region it is signed.
  local function asked(region, settings, env)
    local sent
    local context = new_context {
      settings = settings, env = env or {}, region = "ap-south-1",
      transport = { send = function(_, request)
        sent = request
        return nil, "dns", "no such host"
      end },
    }
    local _, err = sts.new(context):assume_role({ role_arn = ROLE }, BASE, region)
    if not sent then return nil, err end
    return sent.url, sent.headers.authorization:match("/([^/]*)/sts/aws4_request"), sent
  end

  it("is that of the profile's region, else that of the client's", function()
    local url, signed_for = asked("eu-west-1")
    assert.equal("https://sts.eu-west-1.amazonaws.com/", url)
    assert.equal("eu-west-1", signed_for)
    local sent
    url, signed_for, sent = asked(nil)
    assert.equal("https://sts.ap-south-1.amazonaws.com/", url)
    assert.equal("ap-south-1", signed_for)
    assert.equal("sts.ap-south-1.amazonaws.com", sent.headers.host)
    assert.is_nil(sent.direct)
  end)

  it("follows legacy mode, partition, FIPS and dual-stack", function()
    local legacy, fips, dual = { sts_regional_endpoints = "legacy" }, { use_fips = true }, { use_dualstack = true }
    local both = { use_fips = true, use_dualstack = true }
    for _, case in ipairs {
      { "eu-west-1", legacy, "sts.amazonaws.com", "us-east-1" },
      { "us-west-2", legacy, "sts.amazonaws.com", "us-east-1" },
      { "eu-south-1", legacy, "sts.eu-south-1.amazonaws.com" },
      { "aws-global", nil, "sts.amazonaws.com", "us-east-1" },
      { "cn-north-1", nil, "sts.cn-north-1.amazonaws.com.cn" },
      { "us-east-2", fips, "sts-fips.us-east-2.amazonaws.com" },
      { "us-gov-west-1", fips, "sts.us-gov-west-1.amazonaws.com" },
      { "eu-west-1", dual, "sts.eu-west-1.api.aws" },
      { "eu-west-1", both, "sts-fips.eu-west-1.api.aws" },
    } do
      local url, signed_for = asked(case[1], case[2])
      assert.equal("https://" .. case[3] .. "/", url)
      assert.equal(case[4] or case[1], signed_for)
    end
  end)

  it("is the configured one, signed for the region", function()
    local url, signed_for = asked("eu-west-1", nil, { AWS_ENDPOINT_URL_STS = "https://vpce.example:8443/base" })
    assert.equal("https://vpce.example:8443/base/", url)
    assert.equal("eu-west-1", signed_for)
    assert.equal("http://localhost:4566/", (asked("eu-west-1", nil, { AWS_ENDPOINT_URL = "http://localhost:4566" })))
  end)

  it("that can't be found fails with the role and the reason", function()
    local url, err = asked("no/region")
    assert.is_nil(url)
    assert.is_true(err:is("CredentialsError"))
    assert.truthy(tostring(err):find(ROLE, 1, true))
    assert.truthy(tostring(err):find("no/region", 1, true))
  end)
end)
