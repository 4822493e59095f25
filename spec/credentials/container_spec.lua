local container = require "aws.backup.credentials.container"
local new_context = require("spec.services.context").new
local services = require "spec.services.server"
local time = require "aws.backup.codec.time"

local NOW = 1767323045
local EXPIRATION = "2026-01-02T09:10:00Z"
local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
local TOKEN = "eyJhbGciOiJSUzI1NiJ9.SECRETTOKEN"

local GOOD = ('{"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"%s","Token":"SESSION","Expiration":"%s",'
  .. '"AccountId":"123456789012","RoleArn":"arn:aws:iam::123456789012:role/r"}'):format(SECRET, EXPIRATION)

-- A provider whose transport keeps the requests, and answers nothing.
local function unreached(env)
  local sent = {}
  local transport = { send = function(_, request)
    sent[#sent + 1] = request
    return nil, "tls", "not here"
  end }
  return container.new(new_context { env = env, transport = transport }), sent
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

describe("the container provider", function()
  local server

  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  local function context_for(env, changes)
    local variables = { AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/creds" }
    for name, value in pairs(env or {}) do variables[name] = value end
    local overrides = { env = variables }
    for name, value in pairs(changes or {}) do overrides[name] = value end
    return new_context(overrides)
  end

  local function get(env, changes)
    local context = context_for(env, changes)
    local found, failure = container.new(context):get()
    return found, failure, context
  end

  local function assert_fails(words, failure)
    assert.is_table(failure, tostring(failure))
    assert.equal("CredentialsError", failure.code)
    for _, word in ipairs(type(words) == "table" and words or { words }) do
      assert.truthy(failure.message:find(word, 1, true), failure.message)
    end
    assert.is_nil(failure.message:find(SECRET, 1, true))
    assert.is_nil(failure.message:find("SECRETTOKEN", 1, true))
  end

  describe("asks", function()
    it("nobody where neither variable is set, and says so", function()
      local found, reason = container.new(new_context {}):get()
      assert.is_nil(found)
      assert.equal("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set", reason)
    end)

    it("with GET and Accept, through no proxy, within 2 seconds", function()
      local provider, sent = unreached { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://169.254.170.23/v1/credentials" }
      provider:get()
      local request = sent[1]
      assert.equal("GET", request.method)
      assert.equal("http://169.254.170.23/v1/credentials", request.url)
      assert.same({ accept = "application/json", ["accept-encoding"] = "identity", host = "169.254.170.23",
        ["user-agent"] = "lua-aws-backup/spec" }, request.headers)
      assert.is_true(request.direct)
      assert.same({ 2, 2 }, { request.connect_timeout, request.read_timeout })
    end)

    it("169.254.170.2 for a relative URI, which wins over a full one, with the token too", function()
      local provider, sent = unreached {
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/v2/credentials/uuid?a=b",
        AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://localhost/full", AWS_CONTAINER_AUTHORIZATION_TOKEN = TOKEN,
      }
      provider:get()
      assert.equal("http://169.254.170.2/v2/credentials/uuid?a=b", sent[1].url)
      assert.equal(TOKEN, sent[1].headers.authorization)
    end)

    it("no other host by way of a relative URI", function()
      for _, uri in ipairs { "@evil.com/", ".evil.com/", ":80@evil.com/", "v2/credentials", "/a b", "/a\r\nb" } do
        local provider, sent = unreached { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = uri }
        local found, failure = provider:get()
        assert.is_nil(found)
        assert_fails("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with a slash", failure)
        assert.same({}, sent)
      end
    end)

    it("over plain http only loopback and the container services", function()
      for _, url in ipairs {
        "http://127.0.0.1/c", "http://127.9.9.9:8080/c", "http://127.255.255.255/c", "http://[::1]/c",
        "http://[0:0:0:0:0:0:0:1]:80/c", "http://localhost:8000/c", "HTTP://LOCALHOST/c", "http://169.254.170.2/c",
        "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials",
        "http://[FD00:0EC2:0:0::0023]/v1/credentials",
      } do
        local provider, sent = unreached { AWS_CONTAINER_CREDENTIALS_FULL_URI = url }
        provider:get()
        assert.equal(1, #sent, url)
      end
    end)

    it("over https any host", function()
      for _, url in ipairs { "https://any.example.com/c", "https://10.0.0.1:8443/c", "https://[2001:db8::1]/c" } do
        local provider, sent = unreached { AWS_CONTAINER_CREDENTIALS_FULL_URI = url }
        provider:get()
        assert.equal(1, #sent, url)
        assert.equal(url, sent[1].url)
      end
    end)

    it("no other host over plain http, and opens no connection to it", function()
      for _, host in ipairs {
        "evil", "127.0.0.1.evil.com", "localhost.evil.com", "169.254.170.3", "169.254.169.254", "128.0.0.1",
        "127.0.0.256", "127.0.1", "0x7f.0.0.1", "0127.0.0.1", "2130706433", "[::2]", "[fd00:ec2::24]", "[::1:1]",
        "[fe80::1]", "10.0.0.1", "localhost.", "xlocalhost",
      } do
        local provider, sent = unreached { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://" .. host .. "/c" }
        local found, failure = provider:get()
        assert.is_nil(found)
        assert_fails({ "AWS_CONTAINER_CREDENTIALS_FULL_URI", "use https", host }, failure)
        assert.same({}, sent, host)
      end
    end)

    it("nobody for what is no URL of a host", function()
      for _, url in ipairs {
        "127.0.0.1/c", "ftp://127.0.0.1/c", "file:///etc/passwd", "http:///c", "http://127.0.0.1:0/c",
        "http://127.0.0.1:65536/c", "http://127.0.0.1:x/c", "http://127.0.0.1 /c", "http://127.0.0.1/a b",
        "http://127.0.0.1\\.evil.com/", "http://[::1/c", "http://::1/c",
      } do
        local provider, sent = unreached { AWS_CONTAINER_CREDENTIALS_FULL_URI = url }
        local found, failure = provider:get()
        assert.is_nil(found)
        assert_fails("AWS_CONTAINER_CREDENTIALS_FULL_URI", failure)
        assert.same({}, sent, url)
      end
    end)

    it("nobody whose URL has a user name, and does not show the password", function()
      for _, url in ipairs {
        "http://127.0.0.1@evil.com/c", "http://me:SECRETTOKEN@127.0.0.1/c", "http://127.0.0.1:80@evil.com/c",
        "https://me:SECRETTOKEN@example.com/c", "http://127.0.0.1\\@evil.com/c",
      } do
        local provider, sent = unreached { AWS_CONTAINER_CREDENTIALS_FULL_URI = url }
        local found, failure = provider:get()
        assert.is_nil(found)
        assert_fails("AWS_CONTAINER_CREDENTIALS_FULL_URI", failure)
        assert.same({}, sent, url)
      end
    end)

    it("without the proxy that everything else goes through", function()
      server:script { { body = GOOD } }
      local found, failure = get({}, { settings = { proxy_for = function() return "http://127.0.0.1:1" end } })
      assert.is_nil(failure)
      assert.equal("ASIAEXAMPLE", found.access_key_id)
    end)

    it("nobody once the call's time has passed", function()
      server:script { { body = GOOD } }
      local context = context_for()
      local found, failure = container.new(context):get(context.monotonic() - 1)
      assert.is_nil(found)
      assert_fails("timeout", failure)
      assert.same({}, server:seen())
    end)
  end)

  describe("gives", function()
    it("keys, token, expiration and account, marked with the feature z", function()
      server:script { { method = "GET", path = "/creds", headers = { date = time.http_date(NOW) }, body = GOOD } }
      local found, failure = get()
      assert.is_nil(failure)
      assert.same({
        access_key_id = "ASIAEXAMPLE", secret_access_key = SECRET, session_token = "SESSION",
        expiration = time.parse(EXPIRATION), account_id = "123456789012", features = { "z" },
      }, found)
    end)

    it("credentials without an account where none is told", function()
      server:script { { body = (GOOD:gsub('"AccountId":"%d+",', "")) } }
      local found = assert(get())
      assert.is_nil(found.account_id)
      assert.equal("SESSION", found.session_token)
    end)

    it("an expiration by the local clock where the clocks differ", function()
      server:script { { headers = { date = time.http_date(NOW + 3600) }, body = GOOD } }
      assert.equal(time.parse(EXPIRATION) - 3600, assert(get()).expiration)
    end)
  end)

  describe("sends the token", function()
    local function authorization(env, changes)
      server:script { { body = GOOD } }
      local _, failure = get(env, changes)
      assert.is_nil(failure)
      return server:seen()[1].headers.authorization
    end

    it("of the environment as it is", function()
      assert.equal("Basic a  b=", authorization { AWS_CONTAINER_AUTHORIZATION_TOKEN = "Basic a  b=" })
      assert.is_nil(authorization {})
    end)

    it("of the file, which wins over the environment, less one line end", function()
      local path = os.tmpname()
      local env = { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = path, AWS_CONTAINER_AUTHORIZATION_TOKEN = "other" }
      for _, ending in ipairs { "", "\n", "\r\n" } do
        write_file(path, TOKEN .. ending)
        assert.equal(TOKEN, authorization(env))
      end
      os.remove(path)
    end)

    it("that the file holds at that moment, also behind a symlink that is swapped", function()
      local pipe = assert(io.popen("mktemp -d"))
      local directory = pipe:read("*l")
      pipe:close()
      write_file(directory .. "/first", "token-1\n")
      write_file(directory .. "/second", "token-2\n")
      local function point_to(name)
        os.execute(("ln -sfn %s %s/next && mv -T %s/next %s/token"):format(name, directory, directory, directory))
      end
      server:script { { body = GOOD } }
      local provider = container.new(context_for { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = directory .. "/token" })
      point_to("first")
      assert(provider:get())
      point_to("second")
      assert(provider:get())
      os.execute(("rm -rf '%s'"):format(directory))
      local seen = server:seen()
      assert.equal("token-1", seen[1].headers.authorization)
      assert.equal("token-2", seen[2].headers.authorization)
    end)

    it("only if it fits into a header, and tells where it is from otherwise", function()
      server:script { { body = GOOD } }
      local path = os.tmpname()
      for _, bad in ipairs { TOKEN .. "\n\n", TOKEN .. "\r\nX-Evil: 1", "\n" .. TOKEN, "a\rSECRETTOKEN", "a\0b" } do
        write_file(path, bad)
        local found, failure = get { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = path }
        assert.is_nil(found)
        assert_fails({ "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "line end" }, failure)
      end
      for _, bad in ipairs { TOKEN .. "\n", TOKEN .. "\r\nX-Evil: 1" } do
        local found, failure = get { AWS_CONTAINER_AUTHORIZATION_TOKEN = bad }
        assert.is_nil(found)
        assert_fails({ "AWS_CONTAINER_AUTHORIZATION_TOKEN holds", "line end" }, failure)
      end
      os.remove(path)
      assert.same({}, server:seen())
    end)

    it("never without the file that was named", function()
      server:script { { body = GOOD } }
      local env = {
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = "/nowhere/token", AWS_CONTAINER_AUTHORIZATION_TOKEN = TOKEN,
      }
      local found, failure = get(env)
      assert.is_nil(found)
      assert_fails({ "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ", "/nowhere/token" }, failure)
      local path = os.tmpname()
      write_file(path, "\n")
      env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = path
      found, failure = get(env)
      assert.is_nil(found)
      assert_fails("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names is empty", failure)
      os.remove(path)
      assert.same({}, server:seen())
    end)
  end)

  describe("tries again, three times in all and a second apart,", function()
    local function attempts(script, changes)
      server:script(script)
      local found, failure, context = get({}, changes)
      return #server:seen(), found, failure, context.slept
    end

    it("when the service is in trouble", function()
      local asked, found, _, slept = attempts { { status = 500, times = 1 }, { body = GOOD } }
      assert.equal(2, asked)
      assert.equal("ASIAEXAMPLE", found.access_key_id)
      assert.same({ 1 }, slept)
      local failure
      asked, found, failure, slept = attempts { { status = 503, body = "<html>SECRETTOKEN</html>" } }
      assert.equal(3, asked)
      assert.is_nil(found)
      assert_fails({ "HTTP 503", "127.0.0.1:" .. server.port }, failure)
      assert.same({ 1, 1 }, slept)
    end)

    it("when the service is asked too often, and says nothing of roles then", function()
      local asked, found, _, slept = attempts { { status = 429, times = 2 }, { body = GOOD } }
      assert.equal(3, asked)
      assert.equal("ASIAEXAMPLE", found.access_key_id)
      assert.same({ 1, 1 }, slept)
      local failure
      asked, found, failure = attempts { { status = 429, body = '{"code":"Throttled","message":"slow down"}' } }
      assert.equal(3, asked)
      assert.is_nil(found)
      assert_fails({ "HTTP 429, Throttled: slow down", "asked too often" }, failure)
      assert.is_nil(failure.message:find("role", 1, true))
    end)

    it("when the answer makes no sense", function()
      for _, body in ipairs {
        "", "SECRETTOKEN", '{"AccessKeyId":', "[]", '"text"', "{}", "null",
        '{"AccessKeyId":"A","SecretAccessKey":"' .. SECRET .. '"}',
        (GOOD:gsub("SESSION", "")), (GOOD:gsub('"SESSION"', "17")), (GOOD:gsub("2026%-", "soon")),
        (GOOD:gsub("ASIAEXAMPLE", "A\\nB")), (GOOD:gsub(EXPIRATION:sub(1, 4), "26")),
      } do
        local asked, found, failure = attempts { { body = body } }
        assert.equal(3, asked, body)
        assert.is_nil(found)
        assert_fails("the answer ", failure)
      end
      local asked, found = attempts { { body = GOOD:sub(1, 40), times = 2 }, { body = GOOD } }
      assert.equal(3, asked)
      assert.equal("ASIAEXAMPLE", found.access_key_id)
    end)

    it("when the answer is cut short, which is never read as one", function()
      local body = GOOD .. (" "):rep(100)
      local asked, found = attempts {
        { body = body, truncate = #GOOD, times = 1 }, { close = true, times = 1 }, { body = body },
      }
      assert.equal("ASIAEXAMPLE", found.access_key_id)
      assert.is_true(asked >= 3)
    end)

    it("when time runs out or nobody is there", function()
      local sent = 0
      local kinds = { "read_timeout", "connect_timeout", "connect" }
      local transport = { send = function()
        sent = sent + 1
        return nil, kinds[sent], "not there"
      end }
      local _, failure, context = get({}, { transport = transport })
      assert.equal(3, sent)
      assert_fails("not there (connect)", failure)
      assert.same({ 1, 1 }, context.slept)
    end)

    it("but not beyond the call's time", function()
      server:script { { status = 500 } }
      local context = context_for()
      local found = container.new(context):get(context.monotonic() + 0.9)
      assert.is_nil(found)
      assert.equal(1, #server:seen())
      assert.same({}, context.slept)
    end)

    it("but not when it is refused", function()
      for _, status in ipairs { 400, 401, 403, 404, 301 } do
        local asked, found, failure = attempts { { status = status } }
        assert.equal(1, asked)
        assert.is_nil(found)
        assert_fails("HTTP " .. status, failure)
      end
    end)

    it("but not when the answer has more than 10000 bytes", function()
      local asked, found, failure = attempts { { body = GOOD .. (" "):rep(10001 - #GOOD) } }
      assert.equal(1, asked)
      assert.is_nil(found)
      assert_fails("more than 10000 bytes", failure)
      asked, found = attempts { { body = GOOD .. (" "):rep(10000 - #GOOD) } }
      assert.equal(1, asked)
      assert.equal("ASIAEXAMPLE", found.access_key_id)
    end)
  end)

  it("tells of a redirect where it points, and shows no path of it", function()
    server:script { { status = 307, headers = { location = "http://h.example:81/sesame" } } }
    local _, failure = get()
    assert_fails({ "a redirect (HTTP 307) to http://h.example:81, which is not followed" }, failure)
    assert.is_nil(failure.message:find("sesame", 1, true))
  end)

  it("tells what the service says of a refusal, and what to check", function()
    server:script { { status = 403, body = '{"code":"AccessDenied","message":"no role\\nfor this pod"}' } }
    local _, failure = get()
    assert_fails({ "HTTP 403, AccessDenied: no role\\nfor this pod", "check the role of the task or pod" }, failure)
    assert.is_nil(failure.message:find("\n", 1, true))
    server:script { { body = '{"Code":"Failed","Message":"not now"}' } }
    _, failure = get()
    assert_fails("Failed: not now", failure)
  end)

  it("advises on what the status means", function()
    for status, advice in pairs { [400] = "check the role", [401] = "authorization token", [403] = "check the role",
        [404] = "check the path", [431] = "too long" } do
      server:script { { status = status } }
      local _, failure = get()
      assert_fails({ "HTTP " .. status, advice }, failure)
    end
    for _, status in ipairs { 408, 500 } do
      server:script { { status = status } }
      local _, failure = get()
      assert.truthy(failure.message:find("HTTP " .. status .. "$"), failure.message)
    end
  end)

  it("does not tell it when the service repeats the token", function()
    server:script { { status = 401, body = '{"message":"bad token ' .. TOKEN .. '"}' } }
    local _, failure = get { AWS_CONTAINER_AUTHORIZATION_TOKEN = TOKEN }
    assert_fails("HTTP 401", failure)
  end)
end)
