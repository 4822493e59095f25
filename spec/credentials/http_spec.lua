local fault_server = require "spec.core.server"
local http = require "aws.backup.credentials.http"
local new_context = require("spec.services.context").new
local services = require "spec.services.server"
local time = require "aws.backup.codec.time"

local NOW = 1767323045
local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
local TOKEN = "SECRETTOKENSECRETTOKEN"

-- An http whose transport keeps what it is asked, and answers with what `answers` holds, in order.
local function with_fake(answers)
  local world = { sent = {}, slept = {}, logged = {}, now = 100 }
  local transport = { send = function(_, request)
    world.sent[#world.sent + 1] = request
    local answer = table.remove(answers, 1)
    if type(answer) == "function" then return answer(request, world) end
    return answer
  end }
  world.http = http.new {
    transport = transport, clock = function() return NOW end, monotonic = function() return world.now end,
    sleep = function(seconds)
      world.slept[#world.slept + 1] = seconds
      world.now = world.now + seconds
    end,
    user_agent = "agent/1", log = function(...) world.logged[#world.logged + 1] = string.format(...) end,
  }
  return world
end

local function sent_to(url, changes)
  local world = with_fake { { status = 200 } }
  local request = { method = "GET", url = url }
  for name, value in pairs(changes or {}) do request[name] = value end
  assert(world.http:exchange(request))
  return world.sent[1]
end

describe("an exchange", function()
  it("fills in host, path, query and the headers host, user-agent and accept-encoding", function()
    local sent = sent_to("http://169.254.170.2/v2/credentials?a=1&b=%20", { headers = { Accept = "application/json" } })
    assert.same({ accept = "application/json", ["accept-encoding"] = "identity", host = "169.254.170.2",
      ["user-agent"] = "agent/1" }, sent.headers)
    assert.equal("169.254.170.2", sent.host)
    assert.equal("/v2/credentials", sent.path)
    assert.equal("a=1&b=%20", sent.query)
    assert.equal("http://169.254.170.2/v2/credentials?a=1&b=%20", sent.url)
  end)

  it("asks for the path / where the URL has none, and never sends a fragment", function()
    for url, expected in pairs {
      ["https://host"] = "https://host/", ["https://host?q"] = "https://host/?q", ["HTTP://host/a#b"] = "http://host/a",
      ["https://host/?#x"] = "https://host/",
    } do
      assert.equal(expected, sent_to(url).url)
    end
  end)

  it("leaves a default port out of the Host header and keeps any other", function()
    for url, host in pairs {
      ["http://host:80/"] = "host", ["https://host:443/"] = "host", ["http://host:443/"] = "host:443",
      ["http://host:/"] = "host", ["http://[fd00:ec2::254]/"] = "[fd00:ec2::254]",
      ["http://[::1]:80/"] = "[::1]", ["http://[::1]:8080/"] = "[::1]:8080", ["http://[::80]/"] = "[::80]",
    } do
      assert.equal(host, sent_to(url).headers.host, url)
    end
  end)

  it("passes method, body, direct and the timeouts on, and leaves the caller's request as it was", function()
    local request = { method = "PUT", url = "http://host/", headers = { ["X-A"] = "1" }, body = "b", direct = true,
      connect_timeout = 1, read_timeout = 2 }
    local world = with_fake { { status = 200 } }
    assert(world.http:exchange(request))
    local sent = world.sent[1]
    assert.same({ "PUT", "b", true, 1, 2 },
      { sent.method, sent.body, sent.direct, sent.connect_timeout, sent.read_timeout })
    assert.same({ ["X-A"] = "1" }, request.headers)
    assert.is_nil(request.path)
  end)

  it("refuses a URL that is none, and shows none of it", function()
    for _, url in ipairs { "ftp://host/", "host/path", "http:///path", "http://user:" .. TOKEN .. "@host/",
        "http://host/a b", "http://host/\n", "http://h\195\182st/", "http://:80/", "" } do
      local world = with_fake {}
      local response, kind, message = world.http:exchange { method = "GET", url = url }
      assert.is_nil(response)
      assert.equal("url", kind)
      assert.is_nil(message:find(TOKEN, 1, true))
      assert.same({}, world.sent)
    end
  end)

  it("bounds every timeout by the time that is left", function()
    local world = with_fake { { status = 200 }, { status = 200 } }
    assert(world.http:exchange({ method = "GET", url = "http://host/", connect_timeout = 1, read_timeout = 60 }, 105))
    local sent = world.sent[1]
    assert.same({ 5, 1, 5 }, { sent.timeout, sent.connect_timeout, sent.read_timeout })
    assert(world.http:exchange({ method = "GET", url = "http://host/" }, 105))
    assert.same({ 5, 5, 5 }, { world.sent[2].timeout, world.sent[2].connect_timeout, world.sent[2].read_timeout })
  end)

  it("has an end of its own: after both timeouts, and 30 seconds at the latest", function()
    for _, case in ipairs { { 1, 2, 3 }, { 10, 60, 30 }, { nil, 60, 30 }, { 5, nil, 30 }, { nil, nil, 30 },
        { 0.25, 0.5, 0.75 } } do
      local sent = sent_to("http://host/", { connect_timeout = case[1], read_timeout = case[2] })
      assert.equal(case[3], sent.timeout)
    end
  end)

  it("says how long it was waited for the end of an answer, not what to do about another timeout", function()
    local function late() return nil, "timeout", "raise timeout" end
    local world = with_fake { late, late }
    local ask = { method = "GET", url = "http://host/", connect_timeout = 1, read_timeout = 1.5 }
    local _, kind, message = world.http:exchange(ask)
    assert.equal("timeout", kind)
    assert.equal("host did not come to the end of its answer within 2.5 s", message)
    _, _, message = world.http:exchange(ask, 101)
    assert.equal("raise timeout", message)
  end)

  it("sends nothing once the deadline has passed", function()
    local world = with_fake {}
    local response, kind, message = world.http:exchange({ method = "GET", url = "http://host/" }, 100)
    assert.is_nil(response)
    assert.equal("timeout", kind)
    assert.truthy(message:find("host", 1, true))
    assert.same({}, world.sent)
  end)

  it("returns status, headers in lower case, and the body", function()
    local world = with_fake { { status = 301, headers = { Location = "http://b/" }, body = "b" }, { status = 204 } }
    local ask = { method = "GET", url = "http://host/" }
    assert.same({ status = 301, headers = { location = "http://b/" }, body = "b" }, (world.http:exchange(ask)))
    assert.same({ status = 204, headers = {}, body = "" }, (world.http:exchange(ask)))
    assert.equal(2, #world.sent)
  end)

  it("tells how far the server's clock is ahead, by the Date of the answer", function()
    for _, seconds in ipairs { 3600, -3600, 0 } do
      local world = with_fake { { status = 200, headers = { Date = time.http_date(NOW + seconds) } } }
      assert.equal(seconds, world.http:exchange({ method = "GET", url = "http://host/" }).skew)
    end
    local cached = with_fake { { status = 200, headers = { Date = time.http_date(NOW - 3600), Age = "3600" } } }
    assert.is_nil(cached.http:exchange({ method = "GET", url = "http://host/" }).skew)
    local world = with_fake { { status = 200, headers = { Date = "yesterday" } } }
    assert.is_nil(world.http:exchange({ method = "GET", url = "http://host/" }).skew)
  end)

  it("takes no body larger than the provider or any provider expects", function()
    for _, case in ipairs { { 10000, 10000 }, { 10000, 10001 }, { nil, 2 ^ 20 }, { nil, 2 ^ 20 + 1 } } do
      local limit, size = case[1], case[2]
      local world = with_fake { { status = 200, body = ("x"):rep(size) } }
      local response, kind, message =
        world.http:exchange { method = "GET", url = "http://host/", max_body_bytes = limit }
      if size <= (limit or 2 ^ 20) then
        assert.equal(size, #response.body)
      else
        assert.is_nil(response)
        assert.equal("too_large", kind)
        assert.truthy(message:find(("%d bytes"):format(limit or 2 ^ 20), 1, true))
      end
    end
  end)

  it("hands on why there is no answer", function()
    local world = with_fake { function() return nil, "proxy", "the proxy said no", true end, function() end,
      { headers = {} }, "200" }
    local ask = { method = "GET", url = "http://host/" }
    local response, kind, message, retryable = world.http:exchange(ask)
    assert.same({ nil, "proxy", "the proxy said no", true }, { response, kind, message, retryable })
    for _ = 1, 3 do
      response, kind, message = world.http:exchange(ask)
      assert.is_nil(response)
      assert.equal("protocol", kind)
      assert.truthy(message:find("the transport gave", 1, true))
    end
  end)

  it("logs where it went and how it ended, and no header, query or body", function()
    local world = with_fake { { status = 200, body = TOKEN }, function() return nil, "connect", "refused" end }
    local ask = { method = "POST", url = "http://host/path?q=" .. TOKEN, body = TOKEN,
      headers = { authorization = TOKEN } }
    world.http:exchange(ask)
    world.http:exchange(ask)
    assert.same({ "POST http://host: HTTP 200", "POST http://host: no answer (connect)" }, world.logged)
  end)
end)

-- A caller's own transport can end an exchange only if it is told when.
describe("every exchange of a provider has an end, which its transport is told:", function()
  -- The request that a provider sends first.
  local function first_of(settings, ask)
    local sent
    local context = new_context { settings = settings, transport = { send = function(_, request)
      sent = sent or request
      return nil, "tls", "not here"
    end } }
    ask(context)
    return assert(sent)
  end

  it("instance metadata", function()
    local sent = first_of({ imds = { timeout = 3 } }, function(context)
      require("aws.backup.credentials.instance_metadata").new(context):get()
    end)
    assert.equal(6, sent.timeout)
  end)

  it("container", function()
    local sent = first_of({}, function(context)
      context.env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/creds"
      require("aws.backup.credentials.container").new(context):get()
    end)
    assert.equal(4, sent.timeout)
  end)

  it("STS", function()
    local sent = first_of({ connect_timeout = 10, read_timeout = 60 }, function(context)
      require("aws.backup.credentials.sts").new(context):assume_role({ role_arn = "arn:aws:iam::123456789012:role/r" },
        { access_key_id = "AKIDEXAMPLE", secret_access_key = SECRET })
    end)
    assert.equal("sts.us-east-1.amazonaws.com", sent.host)
    assert.equal(30, sent.timeout)
  end)

  it("SSO, its tokens, and logins", function()
    local sent = first_of({ connect_timeout = 10, read_timeout = 60 }, function(context)
      require("aws.backup.credentials.unsigned_service").ask(context, { url = "https://host", host = "host" },
        { method = "GET", path = "/", headers = {}, attempts = 1 })
    end)
    assert.equal(30, sent.timeout)
  end)
end)

describe("several attempts", function()
  -- What became of attempts that each cost a second and end as the outcomes say: "good", "again" or "final".
  local function try(attempts, outcomes, deadline, pause)
    local world = with_fake {}
    local made = 0
    local result, reason = world.http:with_attempts(attempts, function(attempt)
      made = made + 1
      assert.equal(made, attempt)
      world.now = world.now + 1
      if outcomes[made] == "good" then return "result " .. made end
      return nil, "reason " .. made, outcomes[made] == "again"
    end, deadline, pause or 2)
    return { result, reason, made = made, slept = world.slept }
  end

  it("end with the first result", function()
    assert.same({ "result 1", made = 1, slept = {} }, try(3, { "good" }))
    assert.same({ "result 3", made = 3, slept = { 2, 2 } }, try(3, { "again", "again", "good" }))
  end)

  it("end with the last reason when there are no more", function()
    assert.same({ nil, "reason 3", made = 3, slept = { 2, 2 } }, try(3, { "again", "again", "again" }))
    assert.same({ nil, "reason 1", made = 1, slept = {} }, try(1, { "again" }))
  end)

  it("end where another would not help", function()
    assert.same({ nil, "reason 2", made = 2, slept = { 2 } }, try(3, { "again", "final", "good" }))
  end)

  it("wait as long as a function of the attempt says, or not at all", function()
    assert.same({ 10, 20 }, try(3, { "again", "again", "good" }, nil, function(attempt) return attempt * 10 end).slept)
    assert.same({ "result 2", made = 2, slept = {} }, try(3, { "again", "good" }, nil, 0))
  end)

  it("end rather than wait beyond the deadline", function()
    assert.same({ nil, "reason 1", made = 1, slept = {} }, try(3, { "again", "good" }, 103))
    assert.same({ "result 2", made = 2, slept = { 2 } }, try(3, { "again", "good" }, 103.5))
  end)
end)

describe("whether an exchange may go better later", function()
  it("holds for 5xx, 429 and failures of the connection, not for other answers", function()
    for _, status in ipairs { 500, 502, 503, 504, 599, 429 } do assert.is_true(http.may_pass { status = status }) end
    for _, status in ipairs { 200, 301, 400, 401, 403, 404 } do assert.is_false(http.may_pass { status = status }) end
    for _, kind in ipairs { "dns", "connect", "connect_timeout", "read_timeout", "reset" } do
      assert.is_true(http.may_pass(nil, kind), kind)
    end
    for _, kind in ipairs { "tls", "url", "too_large", "timeout", "protocol" } do
      assert.is_false(http.may_pass(nil, kind), kind)
    end
  end)
end)

describe("a time of the server's", function()
  it("is moved to the local clock where the two differ by more than 240 s", function()
    for _, case in ipairs { { 241, 759 }, { 240, 1000 }, { 0, 1000 }, { -240, 1000 }, { -3600, 4600 } } do
      assert.equal(case[2], http.local_time(1000, { skew = case[1] }))
    end
    assert.equal(1000, http.local_time(1000, {}))
  end)
end)

describe("an exchange with a server that answers byte by byte", function()
  local server

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  -- A busy machine may stop the server for as long as half a second: that is no silence here.
  it("ends over libcurl, though each byte comes in time", function()
    local context = new_context()
    local response, kind, message = context.http:exchange {
      method = "GET", url = server.url .. "/drip-on", connect_timeout = 0.1, read_timeout = 0.9,
    }
    assert.is_nil(response)
    assert.equal("timeout", kind)
    assert.truthy(message:find("did not come to the end of its answer within 1 s", 1, true), message)
  end)
end)

describe("an exchange over libcurl", function()
  local server

  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  it("brings a request to a server and its answer back", function()
    server:script { { path = "/ask", status = 201, headers = { date = time.http_date(NOW + 600) }, body = "answer" } }
    local context = new_context()
    local response = assert(context.http:exchange {
      method = "POST", url = server.url .. "/ask?x=1", headers = { ["X-Token"] = "t" }, body = "b", direct = true,
    })
    assert.equal(201, response.status)
    assert.equal("answer", response.body)
    assert.equal(600, response.skew)
    local seen = server:seen()[1]
    assert.same({ "POST", "/ask", "x=1", "b" }, { seen.method, seen.path, seen.query, seen.body })
    assert.equal("t", seen.headers["x-token"])
    assert.equal("127.0.0.1:" .. server.port, seen.headers.host)
    assert.equal("lua-aws-backup/spec", seen.headers["user-agent"])
  end)

  it("does not follow a redirect", function()
    server:script { { path = "/a", status = 302, headers = { location = server.url .. "/b" } } }
    assert.equal(302, new_context().http:exchange({ method = "GET", url = server.url .. "/a" }).status)
    assert.equal(1, #server:seen())
  end)

  it("gives up on a server that says nothing by the read timeout, or by the deadline", function()
    server:script { { delay = 5 } }
    local context = new_context()
    local _, kind = context.http:exchange { method = "GET", url = server.url, read_timeout = 0.05 }
    assert.equal("read_timeout", kind)
    local response
    response, kind = context.http:exchange(
      { method = "GET", url = server.url, read_timeout = 60 }, context.monotonic() + 0.05)
    assert.is_nil(response)
    assert.truthy(kind == "timeout" or kind == "read_timeout")
  end)
end)
