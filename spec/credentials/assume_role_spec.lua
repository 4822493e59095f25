local assume_role = require "aws.backup.credentials.assume_role"
local errors = require "aws.backup.errors"
local play = require "spec.services.sts"
local services = require "spec.services.server"

local NOW, ROLE, FOUND, BASE = play.NOW, play.ROLE, play.FOUND, play.BASE
local DEVICE = "arn:aws:iam::123456789012:mfa/me"

-- A provider of base credentials that counts how often it was asked.
local function counting(found, reason)
  local base = { name = "keys", asked = 0 }
  function base.get(self, deadline)
    self.asked, self.deadline = self.asked + 1, deadline
    return found, reason
  end
  return base
end

describe("the provider of a role's credentials", function()
  local server

  setup(function() server = services.start() end)
  teardown(function() server:stop() end)
  before_each(function() server:script { play.good() } end)

  local function new_world(settings) return play.context(server, settings) end

  local function provider_with(changes, settings, context)
    local spec = { profile = "p", role_arn = ROLE, base = counting(BASE) }
    for name, value in pairs(changes or {}) do spec[name] = value end
    return assume_role.new(context or new_world(settings), spec), spec
  end

  local function failure_of(changes, settings)
    local provider, spec = provider_with(changes, settings)
    local found, err = provider:get()
    assert.is_nil(found)
    return err, spec
  end

  local function forms()
    local found = {}
    for index, seen in ipairs(server:seen()) do found[index] = play.form(seen.body) end
    return found
  end

  it("replaces base credentials that STS calls expired, once, if there are others", function()
    local expired = { method = "POST", path = "/", status = 400, times = 1, body =
      "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>no</Message></Error></ErrorResponse>" }
    for _, has_others in ipairs({ true, false }) do
      server:script { expired, play.good() }
      local base = counting(BASE)
      function base.renew() return has_others end
      local found, err = provider_with({ base = base }):get()
      assert.equal(has_others, found ~= nil)
      assert.equal(has_others and 2 or 1, #server:seen())
      if not has_others then assert.equal("ExpiredToken", err.details.code) end
    end
  end)

  it("asks STS with what the profile says, in the name of the base credentials", function()
    local provider, spec = provider_with {
      external_id = "x:1", duration_seconds = "7200", role_session_name = "me", region = "eu-west-1",
      features = { "o" },
    }
    local deadline = require("aws.backup.core").monotonic() + 60
    assert.same({
      access_key_id = FOUND.access_key_id, secret_access_key = FOUND.secret_access_key,
      session_token = FOUND.session_token, expiration = NOW + 3600, account_id = "123456789012",
      features = { "o", "i" },
    }, assert(provider:get(deadline)))
    assert.same({ { Action = "AssumeRole", Version = "2011-06-15", RoleArn = ROLE, RoleSessionName = "me",
      DurationSeconds = "7200", ExternalId = "x:1" } }, forms())
    assert.is_true(play.is_signed(server:seen()[1], BASE, "eu-west-1"))
    assert.equal(deadline, spec.base.deadline)
  end)

  it("names sessions after itself and the time if the profile does not", function()
    local context = new_world()
    local provider = provider_with(nil, nil, context)
    assert(provider:get())
    context.advance(5)
    assert(provider:get())
    local seen = forms()
    assert.equal("lua-aws-backup-" .. NOW, seen[1].RoleSessionName)
    assert.equal("lua-aws-backup-" .. NOW + 5, seen[2].RoleSessionName)
  end)

  it("asks nobody for anything before its credentials are needed, and anew each time they are", function()
    local provider, spec = provider_with()
    assert.equal(0, spec.base.asked)
    assert.same({}, server:seen())
    assert(provider:get())
    assert(provider:get())
    assert.equal(2, spec.base.asked)
    assert.equal(2, #server:seen())
  end)

  it("may be the base of another role", function()
    local context = new_world()
    local first = provider_with(nil, nil, context)
    local second = provider_with({ base = first, role_arn = ROLE .. "2" }, nil, context)
    assert(second:get())
    local seen = server:seen()
    assert.equal(ROLE, play.form(seen[1].body).RoleArn)
    assert.equal(ROLE .. "2", play.form(seen[2].body).RoleArn)
    assert.is_true(play.is_signed(seen[1], BASE, "us-east-1"))
    assert.is_true(play.is_signed(seen[2], FOUND, "us-east-1"))
    assert.equal(FOUND.session_token, seen[2].headers["x-amz-security-token"])
  end)

  it("explains the limit of an hour where the base is a role", function()
    server:script { play.good { times = 1 },
      play.refusal(400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit") }
    local context = new_world()
    local first = provider_with(nil, nil, context)
    local _, err = provider_with({ base = first, duration_seconds = 43200 }, nil, context):get()
    assert.equal("43200", forms()[2].DurationSeconds)
    assert.truthy(tostring(err):find("lasts 3600 s at most: lower duration_seconds", 1, true))
  end)

  it("fails where its base gives none, and says which", function()
    local err = failure_of { base = counting(nil, "AWS_ACCESS_KEY_ID is not set") }
    assert.is_true(err:is("CredentialsError"))
    for _, part in ipairs { ROLE, 'profile "p"', "keys: AWS_ACCESS_KEY_ID is not set" } do
      assert.truthy(tostring(err):find(part, 1, true))
    end
    local broken = errors.new("ConfigError", { message = "the profile base is not there" })
    assert.equal(broken, failure_of { base = counting(nil, broken) })
    assert.same({}, server:seen())
  end)

  it("refuses what STS would before anybody is asked", function()
    for _, changes in ipairs { { duration_seconds = "1h" }, { role_session_name = "a b" }, { external_id = "" },
        { role_arn = "role" } } do
      local err, spec = failure_of(changes)
      assert.truthy(tostring(err):find(next(changes) .. " must be", 1, true))
      assert.truthy(tostring(err):find('profile "p"', 1, true))
      assert.equal(0, spec.base.asked)
    end
    assert.same({}, server:seen())
  end)

  it("tells what STS answered", function()
    server:script { play.refusal(403, "AccessDenied", "not authorized to perform: sts:AssumeRole") }
    local err = failure_of()
    assert.is_true(err:is("CredentialsError"))
    for _, part in ipairs { ROLE, 'profile "p"', "AccessDenied", "not authorized to perform", "bad-request" } do
      assert.truthy(tostring(err):find(part, 1, true))
    end
  end)

  describe("with an MFA device", function()
    it("sends the code that the caller's function gives, and asks for another at each fetch", function()
      local asked = {}
      local provider = provider_with({ mfa_serial = DEVICE }, { mfa_code = function(serial)
        asked[#asked + 1] = serial
        return ("00000%d"):format(#asked)
      end })
      assert(provider:get())
      assert(provider:get())
      local seen = forms()
      assert.same({ DEVICE, DEVICE }, asked)
      assert.same({ DEVICE, "000001" }, { seen[1].SerialNumber, seen[1].TokenCode })
      assert.equal("000002", seen[2].TokenCode)
    end)

    it("fails at once where there is no such function, and tells to give one", function()
      local err, spec = failure_of { mfa_serial = DEVICE }
      assert.is_true(err:is("CredentialsError"))
      for _, part in ipairs { ROLE, DEVICE, "mfa_code = function(serial)" } do
        assert.truthy(tostring(err):find(part, 1, true))
      end
      assert.equal(0, spec.base.asked)
      assert.same({}, server:seen())
    end)

    it("fails where the function fails, gives nothing or no code of six digits", function()
      for message, ask in pairs {
        ["the device is lost"] = function() error("the device is lost", 0) end,
        ["nobody answered"] = function() return nil, "nobody answered" end,
        ["it returned nil"] = function() end,
        ["mfa_code must be exactly 6 digits"] = function() return "12 345" end,
        ["6 digits, not a table"] = function() return {} end,
        ["6 digits, not 123456"] = function() return 123456 end,
      } do
        local err = failure_of({ mfa_serial = DEVICE }, { mfa_code = ask })
        assert.is_true(err:is("CredentialsError"))
        assert.truthy(tostring(err):find(message, 1, true), tostring(err))
        assert.truthy(tostring(err):find(ROLE, 1, true))
      end
      assert.same({}, server:seen())
    end)

    it("lets the function yield, because whoever types needs time", function()
      local function ask() return coroutine.yield("code?") end
      local provider = provider_with({ mfa_serial = DEVICE }, { mfa_code = ask })
      local running = coroutine.create(function() return provider:get() end)
      assert.same({ true, "code?" }, { coroutine.resume(running) })
      local _, found = coroutine.resume(running, "123456")
      assert.equal(FOUND.access_key_id, found.access_key_id)
      assert.equal("123456", forms()[1].TokenCode)
    end)

    it("does not show a code", function()
      server:script { play.refusal(403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA code") }
      local err = failure_of({ mfa_serial = DEVICE }, { mfa_code = function() return "918273" end })
      assert.is_nil(tostring(err):find("918273", 1, true))
      assert.truthy(tostring(err):find("MultiFactorAuthentication failed", 1, true))
    end)
  end)
end)
