local cjson = require "cjson"

local base64 = require "aws.backup.codec.base64"
local contexts = require "spec.services.context"
local core = require "aws.backup.core"
local home = require "spec.services.home"
local login = require "aws.backup.credentials.login"
local scenarios = require "spec.services.scenarios"
local servers = require "spec.services.server"
local time = require "aws.backup.codec.time"

local START = contexts.START
local SECRET = "SECRET-"
local ACCOUNT = "012345678910"
local SESSION = "arn:aws:sts::012345678910:assumed-role/Admin/admin"
local FILE_NAME = "4b0ba8f99f075c0633e122fd73346ce203a3faf18ea0310eb2d29df1bab2e255.json"
local CACHE_FILE = ".aws/login/cache/" .. FILE_NAME

local function with(document, changes)
  for name, value in pairs(changes or {}) do document[name] = value or nil end
  return document
end

-- A cache file as `aws login` writes it; false takes a member out.
local function cached(seconds, changes, key_changes)
  return cjson.encode(with({
    accessToken = with({
      accessKeyId = "ASIAOLD", secretAccessKey = SECRET .. "key-1", sessionToken = SECRET .. "session-1",
      accountId = ACCOUNT, expiresAt = time.iso8601(START + seconds),
    }, key_changes),
    clientId = "arn:aws:signin:::devtools/same-device", refreshToken = SECRET .. "refresh-1",
    idToken = SECRET .. "id-1", tokenType = "aws_sigv4", dpopKey = scenarios.DPOP_KEY,
  }, changes))
end

local function renewal(changes, key_changes)
  return cjson.encode(with({
    accessToken = with({ accessKeyId = "ASIANEW", secretAccessKey = SECRET .. "key-2",
      sessionToken = SECRET .. "session-2" }, key_changes),
    tokenType = "aws_sigv4", expiresIn = 900, refreshToken = SECRET .. "refresh-2", idToken = SECRET .. "id-2",
  }, changes))
end

local function refusal(name)
  return { status = 403, headers = { ["x-amzn-ErrorType"] = "AccessDeniedException" },
    body = cjson.encode { error = name, message = "Access was denied" } }
end

local function token_endpoint(entry)
  entry.method, entry.path = "POST", "/v1/token"
  return entry
end

describe("login", function()
  local server, place, context

  setup(function() server = servers.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:script { token_endpoint { body = renewal() } }
    place = home.new()
    context = contexts.new { home = place.path, settings = { profile = {} },
      env = { AWS_ENDPOINT_URL_SIGNIN = server.url } }
  end)
  after_each(function() place:remove() end)

  -- In the place of the server: calls `answer(request)`.
  local function played_by(answer, more)
    local calls = { count = 0 }
    local function send(_, request)
      calls.count = calls.count + 1
      return answer(request)
    end
    local given = { home = place.path, settings = { profile = {} }, transport = { send = send } }
    for name, value in pairs(more or {}) do given[name] = value end
    context = contexts.new(given)
    return calls
  end

  local function provider()
    return login.new(context, { login_session = SESSION, profile_name = "me" })
  end

  local function has(text, part)
    assert.truthy(text:find(part, 1, true), ("%q is not in %q"):format(part, text))
  end

  local function without_secrets(text)
    assert.is_nil(text:find(SECRET, 1, true))
    assert.is_nil(text:find("IDeTCkvzfWOg", 1, true))
  end

  local function failure(from)
    local found, err = (from or provider()):get()
    assert.is_nil(found)
    assert.is_true(err:is("CredentialsError"))
    has(err.message, 'of the login session "' .. SESSION .. '"')
    without_secrets(tostring(err) .. table.concat(context.logged))
    return err.message
  end

  local function key_is(expected, from)
    local found = assert((from or provider()):get())
    assert.equal(expected, found.access_key_id)
    without_secrets(table.concat(context.logged))
    return found
  end

  describe("the cache", function()
    it("is a file named by the SHA-256 of the login session", function()
      place:write(CACHE_FILE, cached(600))
      assert.same({
        access_key_id = "ASIAOLD", secret_access_key = SECRET .. "key-1", session_token = SECRET .. "session-1",
        expiration = START + 600, account_id = ACCOUNT, features = { "AC", "AD" },
      }, assert(provider():get()))
    end)

    it("may be in another directory", function()
      place:write("elsewhere/" .. FILE_NAME, cached(600))
      context.settings.login_cache_directory = place.path .. "/elsewhere"
      key_is("ASIAOLD")
    end)

    it("needs a directory", function()
      context.home = nil
      has(failure(), "set HOME or AWS_LOGIN_CACHE_DIRECTORY")
    end)

    it("asks for a login where it is missing, corrupt or lacks something", function()
      has(failure(), CACHE_FILE .. " does not exist")
      for text, expected in pairs {
        [""] = "is not valid JSON", [cached(600):sub(1, -10)] = "is not valid JSON",
        ["[]"] = "is not a JSON object",
        ["{}"] = "has no accessToken, no clientId, no dpopKey, no refreshToken",
        [cached(600, { refreshToken = false })] = "has no refreshToken",
        [cached(600, { dpopKey = cjson.null, clientId = "" })] = "has no clientId, no dpopKey",
        [cached(600, { accessToken = SECRET })] = "has no accessToken that is an object",
        [cached(600, {}, { secretAccessKey = false })] = "has no accessToken.secretAccessKey",
        [cached(600, {}, { expiresAt = 17 })] = "has no accessToken.expiresAt that is a time",
      } do
        place:write(CACHE_FILE, text)
        local message = failure()
        has(message, expected)
        has(message, 'run "aws login --profile me"')
      end
      assert.same({}, server:seen())
    end)

    it("may lack the account", function()
      place:write(CACHE_FILE, cached(600, {}, { accountId = false }))
      assert.is_nil(key_is("ASIAOLD").account_id)
    end)

    it("refuses keys that no header can carry", function()
      place:write(CACHE_FILE, cached(600, {}, { sessionToken = SECRET .. "\n" }))
      local found, err = provider():get()
      assert.is_nil(found)
      without_secrets(tostring(err))
      has(err.message, ('the sessionToken of the login session "%s" holds a blank'):format(SESSION))
    end)
  end)

  describe("a renewal", function()
    it("is not needed while more than 5 minutes are left", function()
      place:write(CACHE_FILE, cached(301))
      key_is("ASIAOLD")
      assert.same({}, server:seen())
    end)

    it("comes in the last 5 minutes and after the end, and gives the keys that are used", function()
      for _, seconds in ipairs { 300, 0, -86400 } do
        place:write(CACHE_FILE, cached(seconds))
        assert.same({
          access_key_id = "ASIANEW", secret_access_key = SECRET .. "key-2", session_token = SECRET .. "session-2",
          expiration = START + 900, account_id = ACCOUNT, features = { "AC", "AD" },
        }, assert(provider():get()))
      end
    end)

    it("is asked for in JSON with a proof of possession, unsigned", function()
      place:write(CACHE_FILE, cached(0))
      key_is("ASIANEW")
      local request = server:seen()[1]
      assert.same({ clientId = "arn:aws:signin:::devtools/same-device", grantType = "refresh_token",
        refreshToken = SECRET .. "refresh-1" }, cjson.decode(request.body))
      assert.equal("application/json", request.headers["content-type"])
      assert.is_nil(request.headers.authorization)
      local claims = request.headers.dpop:match("^[%w_-]+%.([%w_-]+)%.[%w_-]+$")
      claims = claims:gsub("-", "+"):gsub("_", "/") .. ("="):rep(-#claims % 4)
      assert.same({ htm = "POST", htu = server.url .. "/v1/token", iat = START,
        jti = "3f0c0c0e-7d5c-4a53-9a55-0d2f6a2f9f10" }, cjson.decode(base64.decode(claims)))
    end)

    it("goes to Sign-In in the client's region", function()
      for region, url in pairs {
        ["eu-west-1"] = "https://eu-west-1.signin.aws.amazon.com/v1/token",
        ["cn-north-1"] = "https://cn-north-1.signin.amazonaws.cn/v1/token",
        ["us-gov-west-1"] = "https://us-gov-west-1.signin.amazonaws-us-gov.com/v1/token",
        ["eusc-de-east-1"] = "https://eusc-de-east-1.signin.amazonaws-eusc.eu/v1/token",
      } do
        place:write(CACHE_FILE, cached(0))
        local asked
        played_by(function(request)
          asked = request.url
          return { status = 200, headers = {}, body = renewal() }
        end, { region = region })
        key_is("ASIANEW")
        assert.equal(url, asked)
      end
    end)

    it("writes the new refresh token back, keeps the account and what others keep there", function()
      place:write(CACHE_FILE, cached(0, { theirs = { 1, 2 } }, { nested = "x" }))
      key_is("ASIANEW")
      assert.same(cjson.decode(cached(900, { theirs = { 1, 2 }, refreshToken = SECRET .. "refresh-2",
        idToken = SECRET .. "id-2" }, { nested = "x", accessKeyId = "ASIANEW", secretAccessKey = SECRET .. "key-2",
        sessionToken = SECRET .. "session-2" })), cjson.decode(place:read(CACHE_FILE)))
    end)

    it("keeps idToken and tokenType where the answer has none", function()
      server:script { token_endpoint { body = renewal { idToken = false, tokenType = false } } }
      place:write(CACHE_FILE, cached(0))
      key_is("ASIANEW")
      local written = cjson.decode(place:read(CACHE_FILE))
      assert.equal(SECRET .. "id-1", written.idToken)
      assert.equal("aws_sigv4", written.tokenType)
    end)

    it("has written the file before its result is used", function()
      place:write(CACHE_FILE, cached(0))
      local written
      local real = context.files
      context.files = { read = real.read, replace = function(path, text)
        written = text
        return real.replace(path, text)
      end }
      local found = assert(provider():get())
      assert.equal(found.access_key_id, cjson.decode(written).accessToken.accessKeyId)
      assert.equal(written, place:read(CACHE_FILE))
    end)

    it("uses the file that is there at its beginning, which another process may have renewed", function()
      place:write(CACHE_FILE, cached(0))
      local from = provider()
      place:write(CACHE_FILE, cached(600, {}, { accessKeyId = "ASIATHEIRS" }))
      key_is("ASIATHEIRS", from)
      assert.same({}, server:seen())
    end)

    it("is made for credentials that the service took for expired, though they look good", function()
      place:write(CACHE_FILE, cached(600))
      local from = provider()
      local used = key_is("ASIAOLD", from)
      assert.equal("ASIANEW", from:get(nil, used).access_key_id)
      assert.equal("ASIANEW", from:get(nil, used).access_key_id)
      assert.equal(1, #server:seen())
    end)
  end)

  describe("a renewal that fails", function()
    it("asks for a login where the session has ended or the user's credentials have changed", function()
      for name, expected in pairs {
        TOKEN_EXPIRED = "the login session has expired", USER_CREDENTIALS_CHANGED = "sign-in credentials have changed",
      } do
        server:script { token_endpoint(refusal(name)) }
        for _, seconds in ipairs { 0, 60 } do
          place:write(CACHE_FILE, cached(seconds))
          local message = failure()
          has(message, expected)
          has(message, "HTTP 403, " .. name .. ": Access was denied")
          has(message, 'run "aws login --profile me"')
        end
        assert.equal(2, #server:seen())
      end
    end)

    it("says so where the user lacks the permission", function()
      server:script { token_endpoint(refusal("INSUFFICIENT_PERMISSIONS")) }
      place:write(CACHE_FILE, cached(0))
      local message = failure()
      has(message, "the user lacks the permission to renew them")
      has(message, "signin:CreateOAuth2Token")
      assert.is_nil(message:find("aws login", 1, true))
    end)

    it("tells what else Sign-In says", function()
      server:script { token_endpoint(refusal("OTHER_REASON")) }
      place:write(CACHE_FILE, cached(0))
      has(failure(), "127.0.0.1 answered HTTP 403, OTHER_REASON: Access was denied")
      server:script { token_endpoint { status = 400, body = "<html>" .. SECRET .. "</html>" } }
      has(failure(), "127.0.0.1 answered HTTP 400: Bad Request")
    end)

    it("is tried again where the server is in trouble, with a proof of its own each time", function()
      local made = 0
      context.uuid = function()
        made = made + 1
        return "id-" .. made
      end
      server:script { token_endpoint { status = 500, times = 1 }, token_endpoint { status = 503, times = 1 },
        token_endpoint { body = renewal() } }
      place:write(CACHE_FILE, cached(0))
      key_is("ASIANEW")
      local seen = server:seen()
      assert.equal(3, made)
      assert.not_equal(seen[1].headers.dpop, seen[2].headers.dpop)
      assert.not_equal(seen[2].headers.dpop, seen[3].headers.dpop)
    end)

    it("is tried again where the server is asked too often, and the advice then is to wait", function()
      server:script { token_endpoint { status = 429, times = 1 }, token_endpoint { body = renewal() } }
      place:write(CACHE_FILE, cached(0))
      key_is("ASIANEW")
      server:script { token_endpoint { status = 429 } }
      place:write(CACHE_FILE, cached(0))
      has(failure(), 'try again in a moment, or run "')
      assert.equal(3, #server:seen())
    end)

    it("leaves credentials in use that are still good, and is not tried for a minute", function()
      server:script { token_endpoint { status = 503 } }
      place:write(CACHE_FILE, cached(200))
      local from = provider()
      key_is("ASIAOLD", from)
      key_is("ASIAOLD", from)
      assert.equal(3, #server:seen())
      context.advance(60)
      key_is("ASIAOLD", from)
      assert.equal(6, #server:seen())
      context.advance(140)
      has(failure(from), "127.0.0.1 answered HTTP 503")
      server:script { token_endpoint { body = renewal() } }
      key_is("ASIANEW", from)
    end)

    it("shows nothing of an answer that makes no sense, and leaves the file as it is", function()
      for body, expected in pairs {
        [SECRET] = "the answer is not valid JSON",
        [renewal { refreshToken = false }] = "the answer has no refreshToken",
        [renewal { accessToken = false }] = "the answer has no accessToken",
        [renewal({}, { sessionToken = false })] = "the answer has no accessToken.sessionToken",
        [renewal { expiresIn = -1 }] = "the answer has an expiresIn that is no lifetime",
      } do
        server:script { token_endpoint { body = body } }
        place:write(CACHE_FILE, cached(0))
        has(failure(), expected)
        assert.equal(cached(0), place:read(CACHE_FILE))
      end
    end)

    it("tells of a key that can't sign, and of a machine without randomness", function()
      place:write(CACHE_FILE, cached(0, { dpopKey = SECRET }))
      has(failure(), "the dpopKey in the cache file can't be used: ")
      place:write(CACHE_FILE, cached(0))
      context.uuid = function() return nil, "the system has no randomness" end
      has(failure(), "the system has no randomness")
      assert.same({}, server:seen())
    end)

    it("tells of a region that is none", function()
      place:write(CACHE_FILE, cached(0))
      context.env.AWS_ENDPOINT_URL_SIGNIN, context.region = nil, "evil.example/"
      has(failure(), "evil.example/")
    end)

    it("ends with the call's time", function()
      server:script { token_endpoint { delay = 3 } }
      place:write(CACHE_FILE, cached(0))
      local started = core.monotonic()
      local found, err = provider():get(context.monotonic() + 0.2)
      assert.is_nil(found)
      has(err.message, "127.0.0.1 gave no answer (timeout: ")
      assert.is_true(core.monotonic() - started < 2)
    end)
  end)

  describe("with other processes at the same file", function()
    local THEIRS = cached(800, { refreshToken = SECRET .. "refresh-theirs" }, { accessKeyId = "ASIATHEIRS" })

    it("uses what another process got where ours came too late", function()
      place:write(CACHE_FILE, cached(0))
      local calls = played_by(function()
        place:write(CACHE_FILE, THEIRS)
        return refusal("TOKEN_EXPIRED")
      end)
      key_is("ASIATHEIRS")
      assert.equal(1, calls.count)
      assert.equal(THEIRS, place:read(CACHE_FILE))
    end)

    it("goes on with a token of another process that is about to expire itself", function()
      place:write(CACHE_FILE, cached(0))
      played_by(function()
        place:write(CACHE_FILE, cached(200, {}, { accessKeyId = "ASIATHEIRS" }))
        return refusal("TOKEN_EXPIRED")
      end)
      local from = provider()
      key_is("ASIATHEIRS", from)
      key_is("ASIATHEIRS", from)
    end)

    it("forgets a refusal when another login takes the place of the session", function()
      place:write(CACHE_FILE, cached(100))
      local answers = { refusal("TOKEN_EXPIRED"), { status = 200, headers = {}, body = renewal() } }
      played_by(function() return table.remove(answers, 1) end)
      local from = provider()
      has(failure(from), "the login session has expired")
      place:write(CACHE_FILE, cached(200, { refreshToken = SECRET .. "refresh-theirs" }))
      key_is("ASIANEW", from)
    end)

    it("gives the other process a moment to write its file", function()
      place:write(CACHE_FILE, cached(0))
      played_by(function() return refusal("TOKEN_EXPIRED") end,
        { sleep = function() place:write(CACHE_FILE, THEIRS) end })
      key_is("ASIATHEIRS")
    end)

    it("keeps the token that was given out last", function()
      place:write(CACHE_FILE, cached(0))
      played_by(function()
        place:write(CACHE_FILE, THEIRS)
        return { status = 200, headers = {}, body = renewal() }
      end)
      key_is("ASIANEW")
      assert.equal(SECRET .. "refresh-2", cjson.decode(place:read(CACHE_FILE)).refreshToken)
      place:write(CACHE_FILE, cached(0))
      played_by(function()
        place:write(CACHE_FILE, THEIRS)
        return { status = 200, headers = {}, body = renewal { expiresIn = 600 } }
      end)
      key_is("ASIATHEIRS")
      assert.equal(THEIRS, place:read(CACHE_FILE))
    end)

    it("does not bring a session back that somebody ended by logging out", function()
      place:write(CACHE_FILE, cached(0))
      played_by(function()
        os.remove(place.path .. "/" .. CACHE_FILE)
        return { status = 200, headers = {}, body = renewal() }
      end)
      local from = provider()
      key_is("ASIANEW", from)
      has(failure(from), "does not exist")
    end)
  end)

  it("keeps the renewed token in memory where the file can't be written, and renews with it the next time", function()
    place:write(CACHE_FILE, cached(0))
    local real = context.files
    context.files = { read = real.read, replace = function() return nil, "denied", "Read-only file system" end }
    local from = provider()
    key_is("ASIANEW", from)
    key_is("ASIANEW", from)
    has(table.concat(context.logged), "could not be written")
    assert.equal(1, #server:seen())
    context.advance(700)
    key_is("ASIANEW", from)
    local seen = server:seen()
    assert.equal(2, #seen)
    assert.equal(SECRET .. "refresh-2", cjson.decode(seen[2].body).refreshToken)
  end)
end)
