local cjson = require "cjson"

local contexts = require "spec.services.context"
local fakes = require "spec.credentials.fakes"
local home = require "spec.services.home"
local servers = require "spec.services.server"
local sso = require "aws.backup.credentials.sso"
local time = require "aws.backup.codec.time"

local START = contexts.START
local SECRET = "SECRET-"

-- Named by the SHA-1 of "corp" and of the start URL.
local CACHE_FILE = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
local LEGACY_FILE = ".aws/sso/cache/e8be5486177c5b5392bd9aa76563515b29358e6e.json"

local SESSION = [[
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://example.awsapps.com/start
sso_registration_scopes = sso:account:access
]]
local PROFILE = [[
[profile dev]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Backup Operator/é
]]
local LEGACY_PROFILE = [[
[profile dev]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = Backup
]]

local function answer(changes)
  local keys = { accessKeyId = "ASIASSO", secretAccessKey = SECRET .. "key", sessionToken = SECRET .. "session",
    expiration = (START + 3600) * 1000 }
  for name, value in pairs(changes or {}) do keys[name] = value or nil end
  return cjson.encode { roleCredentials = keys }
end

-- The server's clock is the one of the context.
local DATE = { date = time.http_date(START) }

local function portal(entry)
  entry.path = "/federation/credentials"
  entry.headers = entry.headers or DATE
  return entry
end

describe("SSO", function()
  local server, place, context

  setup(function() server = servers.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:script { portal { body = answer() } }
    place = home.new()
  end)
  after_each(function() place:remove() end)

  local function write_token(file, seconds)
    place:write(file, cjson.encode { accessToken = SECRET .. "token", expiresAt = time.iso8601(START + seconds) })
  end

  local function provider(config, more)
    local shared = fakes.shared(config)
    local given = { home = place.path, shared = shared, settings = { profile = {} },
      env = { AWS_ENDPOINT_URL_SSO = server.url, AWS_ENDPOINT_URL_SSO_OIDC = server.url } }
    for name, value in pairs(more or {}) do given[name] = value end
    context = contexts.new(given)
    return sso.new(context, { profile_name = "dev", profile = shared.profile("dev") })
  end

  local function has(text, part)
    assert.truthy(text:find(part, 1, true), ("%q is not in %q"):format(part, text))
  end

  local function failure(config, class, deadline)
    local found, err = provider(config):get(deadline)
    assert.is_nil(found)
    assert.is_true(err:is(class or "CredentialsError"), tostring(err))
    assert.is_nil(tostring(err):find(SECRET, 1, true))
    assert.is_nil(table.concat(context.logged, "\n"):find(SECRET, 1, true))
    return err.message
  end

  describe("settings", function()
    it("let a profile without sso_account_id and sso_role_name to other providers", function()
      local found, reason = provider("[profile dev]\nregion = x\nsso_session = corp\n" .. SESSION):get()
      assert.is_nil(found)
      assert.equal('the profile "dev" has no sso_account_id and no sso_role_name', reason)
    end)

    it("name everything that is missing at once", function()
      for config, expected in pairs {
        ["[profile dev]\nsso_account_id = 1\n"] = "has no sso_role_name, no sso_region, no sso_start_url; run",
        ["[profile dev]\nsso_role_name = R\n"] = "has no sso_account_id, no sso_region, no sso_start_url; run",
        ["[profile dev]\nsso_role_name = R\nsso_account_id =\nsso_session = s\n[sso-session s]\nsso_region = x\n"] =
          "has no sso_account_id, no sso_start_url, nor has [sso-session s]; run",
      } do
        local message = failure(config, "ConfigError")
        has(message, 'the profile "dev" is set up for IAM Identity Center, but ' .. expected)
      end
    end)

    it("refuse a session that is not there", function()
      has(failure(PROFILE, "ConfigError"), 'names the sso_session "corp", but /home/me/.aws/config has no section '
        .. "[sso-session corp]")
    end)

    it("refuse a key that profile and session give different values", function()
      for key, value in pairs { sso_region = "us-east-1", sso_start_url = "https://other/start",
        sso_registration_scopes = "other" } do
        local message = failure(PROFILE .. key .. " = " .. value .. "\n" .. SESSION, "ConfigError")
        has(message, ('%s is "%s" in the profile "dev", but "'):format(key, value))
        has(message, '" in [sso-session corp]; take one of them out')
      end
    end)

    it("take a key that profile and session give the same value, and one that only the profile has", function()
      write_token(CACHE_FILE, 3600)
      assert(provider(PROFILE .. "sso_region = eu-west-1\n" .. SESSION):get())
      assert(provider(PROFILE .. "sso_region = eu-west-1\n[sso-session corp]\nsso_start_url = https://x/\n"):get())
    end)
  end)

  describe("role credentials", function()
    it("come from the portal for the cached token, by account and role", function()
      write_token(CACHE_FILE, 3600)
      assert.same({
        access_key_id = "ASIASSO", secret_access_key = SECRET .. "key", session_token = SECRET .. "session",
        expiration = START + 3600, account_id = "123456789012", features = { "r", "s" },
      }, assert(provider(PROFILE .. SESSION):get()))
      local seen = server:seen()
      assert.equal(1, #seen)
      assert.equal("GET", seen[1].method)
      assert.equal("role_name=Backup%20Operator%2F%C3%A9&account_id=123456789012", seen[1].query)
      assert.equal(SECRET .. "token", seen[1].headers["x-amz-sso_bearer_token"])
      assert.is_nil(seen[1].headers.authorization)
    end)

    it("come in the legacy form for the token of the start URL", function()
      write_token(LEGACY_FILE, 3600)
      local found = assert(provider(LEGACY_PROFILE):get())
      assert.equal("ASIASSO", found.access_key_id)
      assert.same({ "t", "u" }, found.features)
      assert.equal("role_name=Backup&account_id=123456789012", server:seen()[1].query)
    end)

    it("come from the region of the session, whatever the client's is", function()
      write_token(CACHE_FILE, 3600)
      local asked
      assert(provider(PROFILE .. SESSION, { env = {}, region = "us-east-1", transport = { send = function(_, request)
        asked = request.url
        return { status = 200, headers = DATE, body = answer() }
      end } }):get())
      assert.equal("https://portal.sso.eu-west-1.amazonaws.com/federation/credentials"
        .. "?role_name=Backup%20Operator%2F%C3%A9&account_id=123456789012", asked)
    end)

    it("are asked for with a renewed token where the cached one is about to expire", function()
      place:write(CACHE_FILE, cjson.encode { accessToken = SECRET .. "token", expiresAt = time.iso8601(START + 60),
        refreshToken = SECRET .. "refresh", clientId = "c", clientSecret = SECRET .. "client",
        registrationExpiresAt = time.iso8601(START + 86400) })
      server:script { portal { body = answer() },
        { method = "POST", path = "/token", body = '{"accessToken":"new","expiresIn":3600}' } }
      assert(provider(PROFILE .. SESSION):get())
      assert.equal("new", server:seen()[2].headers["x-amz-sso_bearer_token"])
    end)

    it("are fetched anew each time, with the token that is in the cache then", function()
      write_token(CACHE_FILE, 3600)
      local from = provider(PROFILE .. SESSION)
      assert(from:get())
      place:write(CACHE_FILE, cjson.encode { accessToken = "other", expiresAt = time.iso8601(START + 3600) })
      assert(from:get())
      assert.equal("other", server:seen()[2].headers["x-amz-sso_bearer_token"])
    end)

    it("have an expiration in milliseconds, by the server's clock", function()
      write_token(CACHE_FILE, 3600)
      server:script { portal { body = answer { expiration = (START + 3600) * 1000 + 500 } } }
      assert.equal(START + 3600.5, provider(PROFILE .. SESSION):get().expiration)
      server:script { portal { body = answer { expiration = (START + 7200) * 1000 },
        headers = { date = time.http_date(START + 3600) } } }
      assert.equal(START + 3600, provider(PROFILE .. SESSION):get().expiration)
    end)
  end)

  describe("failures", function()
    before_each(function() write_token(CACHE_FILE, 3600) end)

    it("ask for a login, and nobody else, where there is no valid token", function()
      write_token(CACHE_FILE, -1)
      has(failure(PROFILE .. SESSION), 'run "aws sso login --profile dev"')
      write_token(LEGACY_FILE, 0)
      has(failure(LEGACY_PROFILE), 'run "aws sso login --profile dev"')
      assert.same({}, server:seen())
    end)

    it("ask for a login where the portal does not take the token", function()
      server:script { portal { status = 401, headers = { ["x-amzn-ErrorType"] = "UnauthorizedException:http://x" },
        body = '{"message":"Session token not found or invalid"}' } }
      local message = failure(PROFILE .. SESSION)
      has(message, "the SSO session has expired or is not valid any more")
      has(message, "HTTP 401, UnauthorizedException: Session token not found or invalid")
      has(message, 'run "aws sso login --profile dev"')
      assert.equal(1, #server:seen())
    end)

    it("name code and message of the portal, and are not repeated", function()
      server:script { portal { status = 403, headers = { ["x-amzn-ErrorType"] = "ForbiddenException" },
        body = '{"message":"No access\\n"}' } }
      local message = failure(PROFILE .. SESSION)
      has(message, "gave no credentials for the role Backup Operator/é in account 123456789012: "
        .. "127.0.0.1 answered HTTP 403, ForbiddenException: No access\\n")
      assert.equal(1, #server:seen())
      server:script { portal { status = 404, body = '{"__type":"ResourceNotFoundException"}' } }
      has(failure(PROFILE .. SESSION), "answered HTTP 404, ResourceNotFoundException")
    end)

    it("tell of a redirect where it points, and show no path of it", function()
      server:script { portal { status = 302, headers = { location = "/sesame" }, body = "moved" } }
      local message = failure(PROFILE .. SESSION)
      has(message, "a redirect (HTTP 302) to http://127.0.0.1:")
      assert.is_nil(message:find("sesame", 1, true))
    end)

    it("are tried again where the server is in trouble, three times at most", function()
      server:script { portal { status = 500, times = 1 }, portal { status = 504, times = 1 },
        portal { body = answer() } }
      assert.equal("ASIASSO", provider(PROFILE .. SESSION):get().access_key_id)
      assert.equal(2, #context.slept)
      server:script { portal { status = 429, times = 1 }, portal { body = answer() } }
      assert(provider(PROFILE .. SESSION):get())
      server:script { portal { status = 503, body = "<html>" .. SECRET .. "</html>" } }
      has(failure(PROFILE .. SESSION), "127.0.0.1 answered HTTP 503: Service Unavailable")
      assert.equal(3, #server:seen())
      server:script { portal { close = true } }
      has(failure(PROFILE .. SESSION), "127.0.0.1 gave no answer (reset: ")
    end)

    it("end with the call's time", function()
      server:script { portal { delay = 3 } }
      local from = provider(PROFILE .. SESSION)
      local found, err = from:get(context.monotonic() + 0.2)
      assert.is_nil(found)
      has(err.message, "127.0.0.1 gave no answer (timeout: ")
      assert.equal(1, #server:seen())
    end)

    it("show nothing of an answer that makes no sense", function()
      for body, expected in pairs {
        [""] = "is not valid JSON", ["<html>" .. SECRET .. "</html>"] = "is not valid JSON",
        [answer():sub(1, -3)] = "is not valid JSON", ["[]"] = "is not a JSON object",
        ["{}"] = "has no roleCredentials",
        ['{"roleCredentials":"' .. SECRET .. '"}'] = "has no roleCredentials that is an object",
        [answer { accessKeyId = false, sessionToken = cjson.null }] =
          "has no roleCredentials.accessKeyId, no roleCredentials.sessionToken",
        [answer { expiration = "2026-01-02T04:04:05Z" }] = "has no roleCredentials.expiration that is a number",
      } do
        server:script { portal { body = body } }
        has(failure(PROFILE .. SESSION), 'the answer of IAM Identity Center for the profile "dev" ' .. expected)
      end
      server:script { portal { body = answer { secretAccessKey = SECRET .. "\n" } } }
      has(failure(PROFILE .. SESSION), "holds a blank or a control character")
    end)

    it("refuse credentials that have expired already", function()
      server:script { portal { body = answer { expiration = START * 1000 } } }
      has(failure(PROFILE .. SESSION), "have expired already; is the clock right?")
    end)

    it("tell of a region that is none", function()
      has(failure(PROFILE .. SESSION:gsub("eu%-west%-1", "evil.example/"), "ConfigError"), "evil.example/")
    end)
  end)

  it("writes the login command as a shell takes it", function()
    local shared = fakes.shared("[profile \"it's me\"]\n" .. PROFILE:gsub("^[^\n]*\n", "") .. SESSION)
    context = contexts.new { home = place.path, shared = shared, settings = { profile = {} } }
    local found, err = sso.new(context, { profile_name = "it's me", profile = shared.profile("it's me") }):get()
    assert.is_nil(found)
    has(err.message, [[run "aws sso login --profile 'it'\''s me'"]])
  end)
end)
