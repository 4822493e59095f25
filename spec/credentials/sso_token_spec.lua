local cjson = require "cjson"

local contexts = require "spec.services.context"
local core = require "aws.backup.core"
local home = require "spec.services.home"
local servers = require "spec.services.server"
local sso_token = require "aws.backup.credentials.sso_token"
local time = require "aws.backup.codec.time"

local START = contexts.START
local START_URL = "https://example.awsapps.com/start"

-- Every secret of these specs begins with this, so that none can hide.
local SECRET = "SECRET-"

local function at(seconds)
  return time.iso8601(START + seconds)
end

-- A cache file as the AWS CLI writes it; false takes a member out.
local function cached(seconds, changes)
  local document = {
    accessToken = SECRET .. "old", expiresAt = at(seconds), refreshToken = SECRET .. "refresh-1",
    clientId = "client", clientSecret = SECRET .. "client", registrationExpiresAt = at(86400),
    startUrl = START_URL, region = "eu-west-1",
  }
  for name, value in pairs(changes or {}) do document[name] = value or nil end
  return cjson.encode(document)
end

local function renewal(changes)
  local answer = { accessToken = SECRET .. "new", expiresIn = 28800, refreshToken = SECRET .. "refresh-2",
    tokenType = "Bearer" }
  for name, value in pairs(changes or {}) do answer[name] = value or nil end
  return cjson.encode(answer)
end

local REFUSAL = { method = "POST", path = "/token", status = 400,
  headers = { ["x-amzn-ErrorType"] = "InvalidGrantException" },
  body = '{"error":"invalid_grant","error_description":"Invalid refresh token provided"}' }

-- The SHA-1 of "corp" and of the start URL.
local CACHE_FILE = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
local LEGACY_FILE = ".aws/sso/cache/e8be5486177c5b5392bd9aa76563515b29358e6e.json"

describe("sso_token", function()
  local server, place, context

  setup(function() server = servers.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:script {}
    place = home.new()
    context = contexts.new { home = place.path, settings = { profile = {} },
      env = { AWS_ENDPOINT_URL_SSO_OIDC = server.url } }
  end)
  after_each(function() place:remove() end)

  local function source(more)
    local options = { session = "corp", start_url = START_URL, region = "eu-west-1",
      login_command = "aws sso login --profile dev" }
    for name, value in pairs(more or {}) do options[name] = value or nil end
    return sso_token.new(context, options)
  end

  local function has(text, part)
    assert.truthy(text:find(part, 1, true), ("%q is not in %q"):format(part, text))
  end

  local function without_secrets()
    assert.is_nil(table.concat(context.logged, "\n"):find(SECRET, 1, true))
  end

  local function failure(from)
    local token, err = (from or source()).get()
    assert.is_nil(token)
    assert.is_true(err:is("CredentialsError"))
    assert.is_nil(tostring(err):find(SECRET, 1, true))
    has(err.message, 'run "aws sso login --profile dev"')
    without_secrets()
    return err.message
  end

  local function token_is(expected, from)
    assert.equal(SECRET .. expected, (from or source()).get())
    without_secrets()
  end

  -- In the place of the server: calls `answer(request)`, and counts.
  local function played_by(answer, sleep)
    local calls = { count = 0 }
    local function send(_, request)
      calls.count = calls.count + 1
      return answer(request)
    end
    context = contexts.new { home = place.path, settings = { profile = {} }, sleep = sleep,
      transport = { send = send } }
    return calls
  end

  describe("reading the cache", function()
    it("names the cache file by the SHA-1 of the session name", function()
      place:write(CACHE_FILE, cached(3600))
      token_is("old")
    end)

    it("names the cache file of the legacy form by the SHA-1 of the start URL", function()
      place:write(LEGACY_FILE, cached(3600))
      token_is("old", source { session = false })
    end)

    it("reads it anew each time", function()
      place:write(CACHE_FILE, cached(3600))
      local from = source()
      token_is("old", from)
      place:write(CACHE_FILE, cached(7200, { accessToken = SECRET .. "other" }))
      token_is("other", from)
    end)

    it("takes expiresAt with Z, and with UTC as old writers had it", function()
      for _, text in ipairs { "2026-01-02T04:00:00Z", "2026-01-02T04:00:00UTC" } do
        place:write(CACHE_FILE, cached(0, { expiresAt = text }))
        token_is("old")
      end
      for _, text in ipairs { "2026-01-02T03:00:00Z", "2026-01-02T03:00:00UTC" } do
        place:write(LEGACY_FILE, cached(0, { expiresAt = text }))
        has(failure(source { session = false }), "it has expired")
      end
    end)

    it("asks for a login where the file is missing", function()
      local message = failure()
      has(message, 'there is no valid SSO token for "corp"')
      has(message, CACHE_FILE .. " does not exist")
    end)

    it("treats a corrupt file like a missing one", function()
      for text, expected in pairs {
        [""] = "is not valid JSON", [cached(3600):sub(1, -20)] = "is not valid JSON",
        ["[]"] = "is not a JSON object", ['"' .. SECRET .. '"'] = "is not a JSON object",
        ["{}"] = "has no accessToken, no expiresAt",
        [cached(3600, { accessToken = false })] = "has no accessToken",
        [cached(3600, { expiresAt = cjson.null })] = "has no expiresAt",
        [cached(3600, { accessToken = 17 })] = "has no accessToken that is a text without blanks",
        [cached(3600, { accessToken = SECRET .. "\r\nx: y" })] = "has no accessToken that is a text without blanks",
        [cached(3600, { accessToken = { SECRET } })] = "has no accessToken that is a text without blanks",
        [cached(3600, { expiresAt = START + 3600 })] = "has no expiresAt that is a time",
        [cached(3600, { expiresAt = SECRET })] = "has no expiresAt that is a time",
        [cached(3600, { refreshToken = 17 })] = "has no refreshToken that is a text",
      } do
        place:write(CACHE_FILE, text)
        has(failure(), expected)
      end
    end)

    it("asks for a login where the file can't be read", function()
      place:write(CACHE_FILE, (" "):rep(256 * 1024) .. cached(3600))
      has(failure(), "is larger than 256 KiB")
      os.remove(place.path .. "/" .. CACHE_FILE)
      place:write(CACHE_FILE .. "/x", "")
      has(failure(), "is not a regular file")
      context.files = { read = function() return nil, "denied", "cannot read 'x': Permission denied" end }
      has(failure(), "is not readable for this user")
      context.files = { read = function() return nil, "io", "cannot read 'x': Input/output error" end }
      has(failure(), "can't be read: cannot read 'x': Input/output error")
    end)

    it("needs a home directory", function()
      context = contexts.new {}
      context.home = nil
      has(failure(), "set HOME")
    end)

    it("writes the name of a session for a person, not for a terminal", function()
      has(failure(source { session = "a\27[2Jb" }), 'for "a\\x1B[2Jb"')
    end)
  end)

  describe("renewing", function()
    it("leaves a token alone that lasts longer than 15 minutes", function()
      place:write(CACHE_FILE, cached(901))
      token_is("old")
      assert.same({}, server:seen())
    end)

    it("renews a token in its last 15 minutes, and writes it back", function()
      server:script { { method = "POST", path = "/token", body = renewal() } }
      place:write(CACHE_FILE, cached(900))
      token_is("new")
      assert.same({
        accessToken = SECRET .. "new", expiresAt = at(28800), refreshToken = SECRET .. "refresh-2",
        clientId = "client", clientSecret = SECRET .. "client", registrationExpiresAt = at(86400),
        startUrl = START_URL, region = "eu-west-1",
      }, cjson.decode(place:read(CACHE_FILE)))
      token_is("new")
      assert.equal(1, #server:seen())
    end)

    it("asks for it in JSON, unsigned", function()
      server:script { { method = "POST", path = "/token", body = renewal() } }
      place:write(CACHE_FILE, cached(60))
      token_is("new")
      local request = server:seen()[1]
      assert.equal("application/json", request.headers["content-type"])
      assert.is_nil(request.headers.authorization)
      assert.same({ clientId = "client", clientSecret = SECRET .. "client", grantType = "refresh_token",
        refreshToken = SECRET .. "refresh-1" }, cjson.decode(request.body))
    end)

    it("asks in the region of the session, not in the client's", function()
      local asked
      played_by(function(request)
        asked = request.url
        return { status = 200, headers = {}, body = renewal() }
      end)
      place:write(CACHE_FILE, cached(60))
      token_is("new")
      assert.equal("https://oidc.eu-west-1.amazonaws.com/token", asked)
    end)

    it("renews a token that has expired", function()
      server:script { { method = "POST", path = "/token", body = renewal() } }
      place:write(CACHE_FILE, cached(-86400))
      token_is("new")
    end)

    it("keeps what others keep in the file, and the refresh token if no new one comes", function()
      server:script { { method = "POST", path = "/token", body = renewal { refreshToken = false } } }
      local kept = '"extra": {"list": [], "object": {}, "long": 12345678901234567890, "null": null}, '
      place:write(CACHE_FILE, "{ " .. kept .. cached(60):sub(2))
      token_is("new")
      local text = place:read(CACHE_FILE)
      assert.equal("{ " .. kept, text:sub(1, #kept + 2))
      assert.equal(SECRET .. "refresh-1", cjson.decode(text).refreshToken)
    end)

    it("writes the file for its owner alone", function()
      server:script { { method = "POST", path = "/token", body = renewal() } }
      place:write(CACHE_FILE, cached(60))
      token_is("new")
      local pipe = assert(io.popen("stat -c %a " .. place.path .. "/" .. CACHE_FILE))
      assert.equal("600", pipe:read("*l"))
      pipe:close()
    end)

    it("takes expiresIn as an integer and as a float", function()
      for _, number in ipairs { "3600", "3600.0", "3.6e3" } do
        server:script { { method = "POST", path = "/token",
          body = ('{"accessToken":"%snew","expiresIn":%s}'):format(SECRET, number) } }
        place:write(CACHE_FILE, cached(60))
        token_is("new")
        assert.equal(at(3600), cjson.decode(place:read(CACHE_FILE)).expiresAt)
      end
    end)

    it("never renews the legacy form, and asks nobody when it has expired", function()
      place:write(LEGACY_FILE, cached(60))
      token_is("old", source { session = false })
      place:write(LEGACY_FILE, cached(0))
      has(failure(source { session = false }), "it has expired")
      assert.same({}, server:seen())
    end)
  end)

  describe("when a renewal is not possible or fails", function()
    it("keeps the token as long as it is valid, where the file lacks what a renewal needs", function()
      for _, name in ipairs { "refreshToken", "clientId", "clientSecret", "registrationExpiresAt" } do
        place:write(CACHE_FILE, cached(60, { [name] = false }))
        token_is("old")
        place:write(CACHE_FILE, cached(-1, { [name] = false }))
        has(failure(), "its cache file has no " .. name)
      end
      assert.same({}, server:seen())
    end)

    it("keeps the token as long as it is valid, where the registration has expired", function()
      place:write(CACHE_FILE, cached(60, { registrationExpiresAt = at(0) }))
      token_is("old")
      place:write(CACHE_FILE, cached(-1, { registrationExpiresAt = at(0) }))
      has(failure(), "the registration of the client that logged in has expired")
      assert.same({}, server:seen())
    end)

    it("keeps the token as long as it is valid, where the service refuses", function()
      server:script { REFUSAL }
      place:write(CACHE_FILE, cached(60))
      token_is("old")
      has(table.concat(context.logged, "\n"), "Invalid refresh token provided")
      place:write(CACHE_FILE, cached(0))
      has(failure(), "127.0.0.1 answered HTTP 400, invalid_grant: Invalid refresh token provided")
      assert.equal(cached(0), place:read(CACHE_FILE))
    end)

    it("shows nothing of an answer that makes no sense, and leaves the file as it is", function()
      for body, expected in pairs {
        ["<html>" .. SECRET .. "</html>"] = "the answer is not valid JSON",
        ["[]"] = "the answer is not a JSON object",
        [renewal { accessToken = false }] = "the answer has no accessToken",
        [renewal { expiresIn = false }] = "the answer has no expiresIn",
        [renewal { expiresIn = "3600" }] = "the answer has no expiresIn that is a number",
        [renewal { expiresIn = 0 }] = "the answer has an expiresIn that is no lifetime",
        [renewal { expiresIn = 1e300 }] = "the answer has an expiresIn that is no lifetime",
        [renewal { accessToken = SECRET .. "\n" }] = "the answer has no accessToken that is a text without blanks",
      } do
        server:script { { method = "POST", path = "/token", body = body } }
        place:write(CACHE_FILE, cached(-1))
        has(failure(), expected)
        assert.equal(cached(-1), place:read(CACHE_FILE))
      end
      server:script { { method = "POST", path = "/token", status = 403, body = "<html>" .. SECRET .. "</html>" } }
      has(failure(), "127.0.0.1 answered HTTP 403: Forbidden")
    end)

    it("tries once in the advisory part of the window, and up to three times in the last 10 minutes", function()
      local bad = { method = "POST", path = "/token", status = 503, body = "busy" }
      server:script { bad }
      place:write(CACHE_FILE, cached(700))
      token_is("old")
      assert.equal(1, #server:seen())
      server:script { bad }
      place:write(CACHE_FILE, cached(599))
      token_is("old")
      assert.equal(3, #server:seen())
      server:script { { method = "POST", path = "/token", status = 500, times = 1 },
        { method = "POST", path = "/token", close = true, times = 1 },
        { method = "POST", path = "/token", body = renewal() } }
      token_is("new")
    end)

    it("advises to wait where the service is busy or does not answer, not only to log in again", function()
      for _, bad in ipairs { { status = 429 }, { status = 503 }, { close = true } } do
        bad.method, bad.path = "POST", "/token"
        server:script { bad }
        place:write(CACHE_FILE, cached(0))
        has(failure(), 'try again in a moment, or run "')
      end
      server:script { REFUSAL }
      has(failure(), '); run "')
    end)

    it("tries at most once in 60 seconds", function()
      server:script { REFUSAL }
      place:write(CACHE_FILE, cached(700))
      local from = source()
      token_is("old", from)
      context.advance(59)
      token_is("old", from)
      assert.equal(1, #server:seen())
      context.advance(1)
      token_is("old", from)
      assert.equal(2, #server:seen())
      place:write(CACHE_FILE, cached(0))
      has(failure(from), "Invalid refresh token provided")
      assert.equal(2, #server:seen())
    end)

    it("tries at once where whoever tried before was dropped in the midst of it", function()
      place:write(CACHE_FILE, cached(-1))
      local calls = played_by(function()
        coroutine.yield()
        return { status = 200, headers = {}, body = renewal() }
      end)
      local from = source()
      assert(coroutine.resume(coroutine.create(function() from.get() end)))
      local get = coroutine.wrap(function() return from.get() end)
      get()
      assert.equal(SECRET .. "new", get())
      assert.equal(2, calls.count)
    end)

    it("does not wait longer than the call may take", function()
      server:script { { method = "POST", path = "/token", delay = 3 } }
      place:write(CACHE_FILE, cached(60))
      local started = core.monotonic()
      assert.equal(SECRET .. "old", source().get(context.monotonic() + 0.2))
      assert.is_true(core.monotonic() - started < 2)
    end)

    it("says so where the endpoint can't be found", function()
      place:write(CACHE_FILE, cached(-1))
      context.env.AWS_ENDPOINT_URL_SSO_OIDC = nil
      has(failure(source { region = "evil.example/" }), "evil.example/")
    end)
  end)

  describe("with other processes at the same file", function()
    it("does not renew what another process has renewed already", function()
      place:write(CACHE_FILE, cached(60))
      local from = source()
      place:write(CACHE_FILE, cached(28800, { accessToken = SECRET .. "theirs" }))
      token_is("theirs", from)
      assert.same({}, server:seen())
    end)

    it("takes what another process got where it was faster and the service refuses us", function()
      place:write(CACHE_FILE, cached(-1))
      local calls = played_by(function()
        place:write(CACHE_FILE, cached(28800, { accessToken = SECRET .. "theirs" }))
        return { status = REFUSAL.status, headers = REFUSAL.headers, body = REFUSAL.body }
      end)
      token_is("theirs")
      assert.equal(1, calls.count)
      assert.same({}, context.slept)
    end)

    it("gives the faster process a moment to write its file", function()
      place:write(CACHE_FILE, cached(-1))
      local slept = {}
      played_by(function() return { status = REFUSAL.status, headers = REFUSAL.headers, body = REFUSAL.body } end,
        function(seconds)
          slept[#slept + 1] = seconds
          if #slept == 2 then place:write(CACHE_FILE, cached(28800, { accessToken = SECRET .. "theirs" })) end
        end)
      token_is("theirs")
      assert.same({ 0.1, 0.1 }, slept)
    end)

    it("does not replace a token that another process wrote meanwhile and that lasts longer", function()
      place:write(CACHE_FILE, cached(60))
      local theirs = cached(86400, { accessToken = SECRET .. "theirs" })
      played_by(function()
        place:write(CACHE_FILE, theirs)
        return { status = 200, headers = {}, body = renewal() }
      end)
      token_is("theirs")
      assert.equal(theirs, place:read(CACHE_FILE))
    end)

    it("replaces what another process wrote meanwhile if ours lasts longer, or theirs is no token", function()
      for _, theirs in ipairs { cached(61), '{"accessToken":' } do
        place:write(CACHE_FILE, cached(60))
        played_by(function()
          place:write(CACHE_FILE, theirs)
          return { status = 200, headers = {}, body = renewal() }
        end)
        token_is("new")
        assert.equal(SECRET .. "new", cjson.decode(place:read(CACHE_FILE)).accessToken)
      end
    end)

    it("does not bring a token back that somebody removed by logging out", function()
      place:write(CACHE_FILE, cached(60))
      played_by(function()
        os.remove(place.path .. "/" .. CACHE_FILE)
        return { status = 200, headers = {}, body = renewal() }
      end)
      local from = source()
      token_is("new", from)
      has(failure(from), "does not exist")
    end)
  end)

  describe("where the file can't be written", function()
    local function read_only()
      local real = context.files
      context.files = { read = real.read, replace = function(path)
        return nil, "denied", ("cannot write '%s': Read-only file system"):format(path)
      end }
    end

    it("uses the renewed token all the same, and says so in the log", function()
      server:script { { method = "POST", path = "/token", body = renewal() } }
      place:write(CACHE_FILE, cached(60))
      read_only()
      token_is("new")
      has(table.concat(context.logged, "\n"), "could not be written")
    end)

    it("keeps the renewed token in memory while the file is what it was, and renews from there", function()
      server:script { { method = "POST", path = "/token", body = renewal() } }
      place:write(CACHE_FILE, cached(60))
      read_only()
      local from = source()
      token_is("new", from)
      token_is("new", from)
      assert.equal(1, #server:seen())
      context.advance(28000)
      token_is("new", from)
      local seen = server:seen()
      assert.equal(2, #seen)
      assert.equal(SECRET .. "refresh-2", cjson.decode(seen[2].body).refreshToken)
      place:write(CACHE_FILE, cached(100000, { accessToken = SECRET .. "login" }))
      token_is("login", from)
    end)
  end)
end)
