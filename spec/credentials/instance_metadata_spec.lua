local curl = require "aws.backup.transport.curl"
local instance_metadata = require "aws.backup.credentials.instance_metadata"
local new_context = require("spec.services.context").new
local runtime = require "aws.backup.runtime"
local services = require "spec.services.server"
local time = require "aws.backup.codec.time"

local NOW = 1767323045
local EXPIRATION = "2026-01-02T09:10:00Z"
local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
local IMDS_TOKEN = "SECRETTOKEN-AQAEA=="

local TOKEN_PATH = "/latest/api/token"
local ROLES_PATH = "/latest/meta-data/iam/security-credentials/"

local function document(changes)
  local values = { Code = "Success", AccessKeyId = "ASIAEXAMPLE", Expiration = EXPIRATION }
  for name, value in pairs(changes or {}) do values[name] = value end
  return ('{"Code":"%s","LastUpdated":"2026-01-02T03:00:00Z","Type":"AWS-HMAC","AccessKeyId":"%s",'
    .. '"SecretAccessKey":"%s","Token":"SESSION","Expiration":"%s"}'):format(
    values.Code, values.AccessKeyId, SECRET, values.Expiration)
end

local function merged(entry, changes)
  for name, value in pairs(changes or {}) do entry[name] = value end
  return entry
end

local function token(changes)
  return merged({ method = "PUT", path = TOKEN_PATH, body = IMDS_TOKEN }, changes)
end

local function roles(changes)
  return merged({ method = "GET", path = ROLES_PATH, body = "my-role" }, changes)
end

-- The server's clock stands where the context's does.
local function keys(changes)
  return merged({ method = "GET", path = ROLES_PATH .. "my-role", body = document(),
    headers = { date = time.http_date(NOW) } }, changes)
end

-- A transport that keeps the requests and gives no answer, of the kind given.
local function silent(kind)
  local transport = { sent = {} }
  function transport.send(_, request)
    transport.sent[#transport.sent + 1] = request
    return nil, kind or "connect_timeout", "nobody is there"
  end
  return transport
end

-- The real transport, which gives an answer to the request for a token a fifth of a second.
local function impatient()
  local real = curl.new({}, assert(runtime.choose("blocking")))
  return { send = function(_, request)
    if request.method == "PUT" then request.read_timeout = 0.2 end
    return real:send(request)
  end }
end

describe("the instance metadata provider", function()
  local server

  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  local function context_for(imds, changes)
    local settings = { imds = merged({ endpoint = server.url, timeout = 5 }, imds) }
    return new_context(merged({ settings = settings }, changes))
  end

  local function get(imds, changes)
    local context = context_for(imds, changes)
    local found, failure = instance_metadata.new(context):get()
    return found, failure, context
  end

  -- What was asked: "PUT path" with the headers of instance metadata behind it.
  local function asked()
    local lines = {}
    for index, request in ipairs(server:seen()) do
      lines[index] = table.concat({ request.method, request.path,
        request.headers["x-aws-ec2-metadata-token-ttl-seconds"] or request.headers["x-aws-ec2-metadata-token"] }, " ")
    end
    return lines
  end

  local PUT = "PUT " .. TOKEN_PATH .. " 21600"
  local GET_ROLES = "GET " .. ROLES_PATH
  local GET_KEYS = GET_ROLES .. "my-role"
  local V2 = { PUT, GET_ROLES .. " " .. IMDS_TOKEN, GET_KEYS .. " " .. IMDS_TOKEN }
  local V1 = { PUT, GET_ROLES, GET_KEYS }

  local function assert_shows_no_secret(text)
    assert.is_nil(text:find(SECRET, 1, true))
    assert.is_nil(text:find("SECRETTOKEN", 1, true))
  end

  -- Nothing is set up: a text with these words.
  local function assert_nothing(words, found, reason)
    assert.is_nil(found)
    assert.is_string(reason, tostring(reason))
    for _, word in ipairs(type(words) == "table" and words or { words }) do
      assert.truthy(reason:find(word, 1, true), reason)
    end
    assert_shows_no_secret(reason)
  end

  -- Something is set up, and fails: an error with these words, and this code.
  local function assert_fails(words, found, failure)
    assert.is_nil(found)
    assert.is_table(failure, tostring(failure))
    assert.equal(type(words) == "table" and words.code or "CredentialsError", failure.code)
    assert_nothing(words, found, failure.message)
  end

  describe("asks", function()
    it("for a token of six hours, for the role and for its credentials, with the token", function()
      server:script { token(), roles(), keys() }
      local found, failure = get()
      assert.is_nil(failure)
      assert.equal("ASIAEXAMPLE", found.access_key_id)
      assert.same(V2, asked())
      local seen = server:seen()
      assert.equal("", seen[1].body)
      assert.equal("0", seen[1].headers["content-length"])
      for _, request in ipairs(seen) do assert.equal("lua-aws-backup/spec", request.headers["user-agent"]) end
    end)

    it("at 169.254.169.254, or at its IPv6 address in that mode, or at the endpoint set, which wins", function()
      for url, imds in pairs {
        ["http://169.254.169.254/latest/api/token"] = { endpoint_mode = "ipv4" },
        ["http://[fd00:ec2::254]/latest/api/token"] = { endpoint_mode = "ipv6" },
        ["http://[::1]:1338/latest/api/token"] = { endpoint_mode = "ipv4", endpoint = "http://[::1]:1338/" },
        ["https://imds.test/base/latest/api/token"] = { endpoint_mode = "ipv6", endpoint = "https://imds.test/base/" },
      } do
        local transport = silent()
        instance_metadata.new(new_context { settings = { imds = imds }, transport = transport }):get()
        assert.equal(url, transport.sent[1].url)
      end
    end)

    it("over IPv6", function()
      server:script { token(), roles(), keys() }
      local found, failure = get { endpoint = server.url6 or server.url }
      assert.is_nil(failure)
      assert.equal("ASIAEXAMPLE", found.access_key_id)
    end)

    it("within the time set, for connecting and for reading each, and through no proxy", function()
      local transport = silent()
      get({ timeout = 1 }, { transport = transport })
      assert.equal(2, #transport.sent)
      for _, request in ipairs(transport.sent) do
        assert.same({ 1, 1, true }, { request.connect_timeout, request.read_timeout, request.direct })
      end
    end)

    it("without the proxy that everything else goes through", function()
      server:script { token(), roles(), keys() }
      local context = context_for()
      context.settings.proxy_for = function() return "http://127.0.0.1:1" end
      assert.equal("ASIAEXAMPLE", assert(instance_metadata.new(context):get()).access_key_id)
    end)

    it("nobody when it is disabled: no connection is opened", function()
      local transport = silent()
      local found, reason = get({ disabled = true }, { transport = transport })
      assert_nothing("AWS_EC2_METADATA_DISABLED is true", found, reason)
      assert.same({}, transport.sent)
    end)

    it("nobody when the endpoint is no URL of a host, and names the setting", function()
      for endpoint, flaw in pairs {
        ["169.254.169.254"] = "is not an absolute http or https URL", ["ftp://host"] = "is not an absolute",
        ["http://"] = "has no valid host", ["http://h:99999"] = "has a port outside", ["http://h/?a=b"] = "has a query",
        ["http://me:SECRETTOKEN@h/"] = "has a user name",
      } do
        local transport = silent()
        local found, failure = get({ endpoint = endpoint }, { transport = transport })
        assert_fails({ flaw, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint",
          code = "ConfigError" }, found, failure)
        assert.same({}, transport.sent)
      end
    end)
  end)

  describe("when the request for a token", function()
    it("is answered with 403, 404 or 405, goes on without one at once", function()
      for _, status in ipairs { 403, 404, 405 } do
        server:script { token { status = status }, roles(), keys() }
        assert(get { attempts = 3 })
        assert.same(V1, asked())
      end
    end)

    it("is answered with 400, gives up", function()
      server:script { token { status = 400 }, roles(), keys() }
      assert_nothing({ "gave no token", "HTTP 400" }, get { attempts = 3 })
      assert.same({ PUT }, asked())
    end)

    it("is not answered in time, goes on without one at once", function()
      server:script { token { delay = 5 }, roles(), keys() }
      local found, failure = get({ attempts = 3 }, { transport = impatient() })
      assert.is_nil(failure)
      assert.equal("ASIAEXAMPLE", found.access_key_id)
      assert.same(V1, asked())
    end)

    it("is answered with another status, tries again, and at last goes on without one", function()
      for _, status in ipairs { 500, 503, 418, 301 } do
        server:script { token { status = status, times = 1 }, token(), roles(), keys() }
        assert(get { attempts = 2 })
        assert.same({ PUT, V2[1], V2[2], V2[3] }, asked())
        server:script { token { status = status }, roles(), keys() }
        assert(get { attempts = 2 })
        assert.same({ PUT, PUT, GET_ROLES, GET_KEYS }, asked())
      end
    end)

    it("is made once by default before it goes on without one", function()
      server:script { token { status = 500 }, roles(), keys() }
      assert(get())
      assert.same(V1, asked())
    end)

    it("is answered with what is no token, tries again, and at last goes on without one", function()
      for _, body in ipairs { "", " \n", "SECRETTOKEN\nX-Evil: 1", "<html> SECRETTOKEN" } do
        server:script { token { body = body }, roles(), keys() }
        assert(get { attempts = 2 })
        assert.same({ PUT, PUT, GET_ROLES, GET_KEYS }, asked())
      end
    end)

    it("can't be made, tries again, and at last goes on without one", function()
      local transport = silent("connect")
      get({ attempts = 2 }, { transport = transport })
      assert.equal(4, #transport.sent)
      assert.same({ "PUT", "PUT", "GET", "GET" }, { transport.sent[1].method, transport.sent[2].method,
        transport.sent[3].method, transport.sent[4].method })
    end)

    it("fails, never goes on without one where version 1 is disabled, and says so", function()
      for _, answer in ipairs { { status = 403 }, { status = 500 }, { close = true } } do
        server:script { token(answer), roles(), keys() }
        assert_fails({ "gave no token", "version 1", "AWS_EC2_METADATA_V1_DISABLED" }, get { v1_disabled = true })
        for _, line in ipairs(asked()) do assert.equal(PUT, line) end
      end
      server:script { token { delay = 5 }, roles(), keys() }
      assert_fails({ "AWS_EC2_METADATA_V1_DISABLED", "hop limit" },
        get({ v1_disabled = true }, { transport = impatient() }))
    end)

    it("finds nobody, means that there is nothing here, also where version 1 is disabled", function()
      for _, kind in ipairs { "connect_timeout", "connect", "dns" } do
        local transport = silent(kind)
        assert_nothing({ kind, "AWS_EC2_METADATA_V1_DISABLED" }, get({ v1_disabled = true }, { transport = transport }))
        assert.equal(1, #transport.sent)
      end
    end)
  end)

  describe("keeps the token", function()
    local provider, context

    local function began()
      server:script { token { times = 1 }, token { body = "SECRETTOKEN-2" }, roles(), keys() }
      context = context_for()
      provider = instance_metadata.new(context)
      assert(provider:get())
    end

    it("until shortly before its end", function()
      began()
      context.advance(21600 - 120 - 60)
      assert(provider:get())
      assert.equal(5, #asked())
      context.advance(120)
      assert(provider:get())
      assert.equal("PUT", server:seen()[6].method)
      assert.equal("SECRETTOKEN-2", server:seen()[7].headers["x-aws-ec2-metadata-token"])
    end)

    it("no longer than the service says", function()
      local headers = { ["x-aws-ec2-metadata-token-ttl-seconds"] = "300" }
      server:script { token { headers = headers }, roles(), keys() }
      context = context_for()
      provider = instance_metadata.new(context)
      assert(provider:get())
      context.advance(240)
      assert(provider:get())
      assert.same({ V2[1], V2[2], V2[3], V2[1], V2[2], V2[3] }, asked())
    end)

    it("until the service refuses it with 401, and fetches another at once", function()
      began()
      server:script { token { body = "SECRETTOKEN-2" }, roles { status = 401, times = 1 }, roles(), keys() }
      assert(provider:get())
      assert.same({ GET_ROLES .. " " .. IMDS_TOKEN, PUT, GET_ROLES .. " SECRETTOKEN-2", GET_KEYS .. " SECRETTOKEN-2" },
        asked())
    end)

    it("not, if the service refuses every one", function()
      server:script { token(), roles { status = 401 } }
      assert_nothing("HTTP 401", get())
      assert.same({ V2[1], V2[2], V2[1], V2[2] }, asked())
    end)

    it("not, if the service refuses it and gives no other", function()
      server:script { token { times = 1 }, token { status = 400 }, roles { status = 401 } }
      assert_nothing("no role of this instance was found: " .. server.url .. " gave no token: HTTP 400", get())
      assert.same({ V2[1], V2[2], V2[1] }, asked())
      server:script { token { times = 1 }, token { status = 403 }, roles { status = 401 } }
      assert_fails("AWS_EC2_METADATA_V1_DISABLED", get { v1_disabled = true })
      assert.same({ V2[1], V2[2], V2[1] }, asked())
    end)
  end)

  describe("takes", function()
    it("the first line of the list for the role", function()
      for _, body in ipairs { "my-role\n", "my-role\r\nother", "my-role\nother\n" } do
        server:script { token(), roles { body = body }, keys() }
        assert(get())
        assert.same(V2, asked())
      end
    end)

    it("roles with every character that names and paths of roles have", function()
      server:script { token(), roles { body = "team/a_b+c=d,e.f@g-h" },
        keys { path = ROLES_PATH .. "team/a_b+c=d,e.f@g-h" } }
      assert(get())
    end)

    it("keys, token and expiration, marked with the feature 0", function()
      server:script { token(), roles(), keys() }
      assert.same({
        access_key_id = "ASIAEXAMPLE", secret_access_key = SECRET, session_token = "SESSION",
        expiration = time.parse(EXPIRATION), features = { "0" },
      }, (get()))
    end)

    it("the expiration by the local clock where the clocks differ", function()
      server:script { token(), roles(), keys { headers = { date = time.http_date(NOW - 3600) } } }
      assert.equal(time.parse(EXPIRATION) + 3600, assert(get()).expiration)
    end)

    it("an answer after one that was none, if there are attempts", function()
      for _, bad in ipairs {
        { status = 500 }, { status = 404 }, { body = "" }, { body = "SECRETTOKEN" }, { body = document():sub(1, 60) },
        { body = "[]" },
      } do
        server:script { token(), roles { status = 500, times = 1 }, roles(), keys(merged({ times = 1 }, bad)), keys() }
        local found, failure, context = get { attempts = 2 }
        assert.is_nil(failure)
        assert.equal("ASIAEXAMPLE", found.access_key_id)
        assert.same({ 0.5, 0.5 }, context.slept)
      end
    end)
  end)

  describe("has nothing", function()
    it("if the instance has no role", function()
      for _, answer in ipairs { { status = 404 }, { body = "" }, { body = "\n" } } do
        server:script { token(), roles(answer) }
        assert_nothing("no role of this instance was found", get())
        assert.same({ V2[1], V2[2] }, asked())
      end
    end)

    it("if what answers is something else", function()
      server:script { { body = "<!DOCTYPE html>\n<title>SECRETTOKEN</title>" } }
      assert_nothing({ "no role of this instance was found", "no role's name" }, get())
      server:script { token(), roles { body = "../../SECRETTOKEN?" } }
      assert_nothing("no role's name", get())
    end)

    it("if nobody answers, and tells of the hop limit and of AWS_EC2_METADATA_DISABLED", function()
      server:script { token { delay = 5 }, roles { status = 401 } }
      local found, reason = get({}, { transport = impatient() })
      assert_nothing({ "HTTP 401", "read_timeout", "hop limit to 2", "AWS_EC2_METADATA_DISABLED=true" }, found, reason)
      assert_nothing({ "connect_timeout", "hop limit to 2", "AWS_EC2_METADATA_DISABLED=true" },
        get({}, { transport = silent("connect_timeout") }))
    end)

    it("if nobody is there, and says so once", function()
      local _, reason = get({}, { transport = silent("connect") })
      assert.equal("no role of this instance was found: " .. server.url .. ": no answer (connect)", reason)
    end)

    it("and remembers that for a minute, so that not every call waits", function()
      local transport = silent()
      local context = context_for({}, { transport = transport })
      local provider = instance_metadata.new(context)
      local _, first = provider:get()
      assert.equal(2, #transport.sent)
      context.advance(55)
      assert_nothing(first, provider:get())
      assert.equal(2, #transport.sent)
      context.advance(10)
      provider:get()
      assert.equal(4, #transport.sent)
    end)

    it("and does not remember that of a service that is asked too often, or in trouble", function()
      for _, status in ipairs { 429, 500, 503 } do
        server:script { token(), roles { status = status, times = 1 }, roles(), keys() }
        local provider = instance_metadata.new(context_for())
        assert_nothing("HTTP " .. status, provider:get())
        assert.equal("ASIAEXAMPLE", assert(provider:get()).access_key_id)
      end
    end)

    it("and does not remember that if credentials were rejected, or the call had no time", function()
      local transport = silent("timeout")
      local context = context_for({}, { transport = transport })
      local provider = instance_metadata.new(context)
      provider:get()
      provider:get(nil, { access_key_id = "ASIAEXAMPLE" })
      assert.equal(4, #transport.sent)
      local hasty = instance_metadata.new(context)
      assert_nothing("timeout", hasty:get(context.monotonic()))
      hasty:get()
      assert.equal(6, #transport.sent)
    end)
  end)

  describe("fails, once the instance has named its role,", function()
    it("if the code is not Success", function()
      server:script { token(), roles(), keys { body = '{"Code":"Failed","Message":"out of\\norder"}' } }
      assert_fails("Failed: out of\\norder", get { attempts = 3 })
      assert.same(V2, asked())
    end)

    it("if the role can't be assumed, and tells of the trust policy", function()
      server:script { token(), roles(), keys { body = '{"Code":"AssumeRoleUnauthorizedAccess",'
        .. '"Message":"EC2 cannot assume the role my-role."}' } }
      assert_fails({ "AssumeRoleUnauthorizedAccess: EC2 cannot assume the role my-role.", "trust policy",
        "ec2.amazonaws.com", "my-role" }, get())
    end)

    it("if members are missing, or the answer makes no sense", function()
      for body, words in pairs {
        ['{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"' .. SECRET .. '"}'] = "has no Expiration, no Token",
        ["SECRETTOKEN"] = "is not valid JSON", ['{"AccessKeyId":'] = "is not valid JSON", ["[]"] = "not a JSON object",
        [document { Expiration = "SECRETTOKEN" }] = "Expiration that is",
        [document { AccessKeyId = "SECRET TOKEN" }] = "the AccessKeyId of the answer holds a blank",
      } do
        server:script { token(), roles(), keys { body = body } }
        assert_fails(words, get())
      end
    end)

    it("if its credentials are refused", function()
      for _, status in ipairs { 403, 404, 429, 500 } do
        server:script { token(), roles(), keys { status = status, body = document() } }
        assert_fails("HTTP " .. status, get())
      end
    end)
  end)

  describe("goes on", function()
    local provider, context

    local function began(expiration)
      server:script { token(), roles(), keys { body = document { Expiration = expiration } } }
      context = context_for()
      provider = instance_metadata.new(context)
      return assert(provider:get())
    end

    it("with credentials that have expired, for 17 to 25 minutes by chance, and logs it", function()
      for chance, minutes in pairs { [0] = 17, [0.5] = 21, [0.9999999] = 25 } do
        server:script { token(), roles(), keys { body = document { Expiration = "2026-01-02T03:00:00Z" } } }
        local found, _, with_chance = get({}, { random = function() return chance end })
        assert.equal(NOW + minutes * 60, found.expiration)
        assert.equal("ASIAEXAMPLE", found.access_key_id)
        local logged = table.concat(with_chance.logged, "\n")
        assert.truthy(logged:find("no newer credentials", 1, true), logged)
        assert_shows_no_secret(logged)
      end
    end)

    it("with credentials that are about to expire, but leaves others their time", function()
      assert.equal(NOW + 1260, began(time.iso8601(NOW + 1259)).expiration)
      assert.equal(NOW + 1260, began(time.iso8601(NOW + 1260)).expiration)
      assert.equal(NOW + 1261, began(time.iso8601(NOW + 1261)).expiration)
    end)

    it("with the earlier credentials if they can't be refreshed, and logs it", function()
      local first = began(EXPIRATION)
      for _, broken in ipairs { { token { status = 400 } }, { token(), roles { status = 500 } },
        { token(), roles(), keys { body = '{"Code":"Failed"}' } }, { { close = true } } } do
        context.advance(8 * 3600)
        server:script(broken)
        local found = assert(provider:get())
        assert.equal(first.access_key_id, found.access_key_id)
        assert.equal(context.clock() + 1260, found.expiration)
        assert.truthy(table.concat(context.logged, "\n"):find("can't be refreshed", 1, true))
      end
      assert_shows_no_secret(table.concat(context.logged, "\n"))
    end)

    it("with the earlier credentials as they were if they still have time", function()
      local first = began(EXPIRATION)
      server:script {}
      assert.equal(first, provider:get(nil, first))
    end)

    it("asking each time, and takes the new credentials when there are some", function()
      began(time.iso8601(NOW + 600))
      server:script {}
      provider:get()
      server:script { token(), roles(), keys { body = document { AccessKeyId = "ASIANEW" } } }
      local found = assert(provider:get())
      assert.equal("ASIANEW", found.access_key_id)
      assert.equal(time.parse(EXPIRATION), found.expiration)
    end)
  end)

  it("logs that it goes on without a token, and no secret", function()
    server:script { token { status = 403 }, roles(), keys() }
    local _, _, context = get()
    local logged = table.concat(context.logged, "\n")
    assert.truthy(logged:find("trying without one, as in version 1", 1, true), logged)
    assert_shows_no_secret(logged)
  end)
end)
