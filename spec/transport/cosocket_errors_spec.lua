-- What the transport over nginx's sockets makes of each thing that these can say, with a socket that says it.

local cosocket = require "aws.backup.transport.cosocket"
local proxy = require "aws.backup.proxy"

local OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

-- Settings with which all goes through the proxy of that URL.
local function through(url)
  local chosen = assert(proxy.read(url, "the proxy of a test"))
  return { proxy_for = function() return chosen end }
end

-- An nginx with one socket at a time, which does as `script` says: what each method returns, in turn or always.
local function fake_nginx(script)
  local made = { calls = {}, options = {}, settings = 0, allowed = {}, slept = {} }
  local timeouts = {}
  local function take(name, ...)
    made.calls[#made.calls + 1] = name
    -- Which of the timeouts of ngx_lua bounds it.
    local place = ({ connect = 1, sslhandshake = 1, send = 2, receiveany = 3 })[name]
    if place then made.allowed[#made.allowed + 1] = name .. " " .. math.ceil(timeouts[place] / 1000) end
    local answers = script[name]
    if type(answers) == "function" then return answers(...) end
    local answer = type(answers) == "table" and table.remove(answers, 1) or answers
    if type(answer) == "table" then return answer[1], answer[2] end
    return answer
  end
  local socket = {
    settimeouts = function(_, ...)
      made.settings, timeouts = made.settings + 1, { ... }
    end,
    connect = function(_, host, port, options)
      made.options[#made.options + 1] = options
      return take("connect", host, port)
    end,
    sslhandshake = function(_, session, name, verify)
      made.handshake = { session, name, verify }
      return take("sslhandshake")
    end,
    setoption = function(_, name, value) made.option = { name, value } end,
    getreusedtimes = function() return take("getreusedtimes") end,
    send = function(_, bytes)
      made.sent = table.concat(type(bytes) == "table" and bytes or { bytes })
      return take("send")
    end,
    receiveany = function() return take("receiveany") end,
    setkeepalive = function(_, milliseconds)
      made.idle = milliseconds
      return take("setkeepalive")
    end,
    close = function() return take("close") end,
  }
  made.ngx = {
    socket = { tcp = function() return socket end },
    sleep = function(seconds) made.slept[#made.slept + 1] = seconds end,
    thread = {
      spawn = function(run)
        made.threads = (made.threads or 0) + 1
        local ran, message = pcall(run)
        return { ran = ran, message = message }
      end,
      wait = function(first) return first.ran, first.message end,
      kill = function() end,
    },
  }
  return made
end

-- All goes well but what the changes say.
local function script_with(changes)
  local script = {
    connect = 1, getreusedtimes = 0, sslhandshake = true, send = 1, receiveany = { OK }, setkeepalive = 1, close = 1,
  }
  for name, answers in pairs(changes or {}) do script[name] = answers end
  return script
end

local function send(changes, settings, request)
  local fake = fake_nginx(script_with(changes))
  local asked = { method = "GET", url = "https://host.example/path", headers = {} }
  for name, value in pairs(request or {}) do asked[name] = value end
  local response, kind, message, retryable = cosocket.new(settings or {}, fake.ngx):send(asked)
  return { response = response, kind = kind, message = message, retryable = retryable, fake = fake }
end

local function count(list, wanted)
  local found = 0
  for _, item in ipairs(list) do
    if item == wanted then found = found + 1 end
  end
  return found
end

describe("over nginx's sockets, an error of", function()
  -- The sentence of ngx_lua or of the C library; the kind; whether another attempt may help, if the kind is not enough.
  local FAILURES = {
    connect = {
      { "connection refused", "connect" }, { "no route to host", "connect" }, { "network is unreachable", "connect" },
      { "timeout", "connect_timeout" }, { "too many open files", "connect" },
      { "host.example could not be resolved (3: Host not found)", "dns" },
      { "host.example could not be resolved (110: Operation timed out)", "dns" },
      { "host.example could not be resolved", "dns" }, { "failed to start the resolver", "dns" },
      { 'no resolver defined to resolve "host.example"', "dns", false },
      { "too many waiting connect operations", "connect" },
    },
    sslhandshake = {
      { "timeout", "connect_timeout" }, { "20: unable to get local issuer certificate", "tls" },
      { "certificate host mismatch", "tls" }, { "handshake failed", "tls", true },
      { "10: certificate has expired", "tls" },
    },
    send = { { "timeout", "read_timeout" }, { "closed", "reset" }, { "broken pipe", "reset" } },
    receiveany = { { "timeout", "read_timeout" }, { "closed", "reset" }, { "connection reset by peer", "reset" } },
  }
  for method, failures in pairs(FAILURES) do
    for _, failure in ipairs(failures) do
      local said, kind, retryable = failure[1], failure[2], failure[3]
      it(('%s, "%s", is of the kind %s'):format(method, said, kind), function()
        local result = send { [method] = { { nil, said } } }
        assert.is_nil(result.response)
        assert.same({ kind, retryable }, { result.kind, result.retryable })
        assert.truthy(result.message:find("host.example", 1, true), result.message)
        assert.equal("close", result.fake.calls[#result.fake.calls])
      end)
    end
  end

  it("a light thread is no failure of the network", function()
    assert.has_error(function() send { connect = function() error("bad request", 0) end } end, "bad request")
  end)
end)

describe("over nginx's sockets, a failure says what to do:", function()
  local function says(result, words)
    for _, word in ipairs(words) do assert.truthy(result.message:find(word, 1, true), result.message) end
  end

  it("a resolver, if there is none", function()
    says(send { connect = { { nil, 'no resolver defined to resolve "host.example"' } } }, { "resolver", "region" })
  end)

  it("the directives with the certificates, if TLS fails", function()
    says(send { sslhandshake = { { nil, "22: certificate chain too long" } } },
      { "lua_ssl_trusted_certificate", "lua_ssl_verify_depth", "chain too long" })
  end)

  it("the directive that takes the place of ca_bundle", function()
    local result = send({}, { ca_bundle = "/my/ca.pem" })
    assert.same({ "tls", false }, { result.kind, result.retryable })
    says(result, { "the option ca_bundle", "lua_ssl_trusted_certificate /my/ca.pem;" })
    assert.same({}, result.fake.calls)
    assert.is_table(send({}, { ca_bundle = "/my/ca.pem", verify_tls = false }).response)
    assert.is_table(send({}, { ca_bundle = "/my/ca.pem" }, { url = "http://host.example/" }).response)
    assert.is_table(send({}, { ca_bundle = "" }).response)
  end)

  it("which time was too short, and how short", function()
    local timeouts = { connect_timeout = 1.5, read_timeout = 2 }
    says(send({ connect = { { nil, "timeout" } } }, {}, timeouts), { "1500 ms", "connect_timeout" })
    says(send({ receiveany = { { nil, "timeout" } } }, {}, timeouts), { "2000 ms", "read_timeout" })
    timeouts.timeout = 0.5
    says(send({ connect = { { nil, "timeout" } } }, {}, timeouts), { "500 ms", "raise timeout" })
  end)

  it("the rule that a URL breaks, without the URL", function()
    local result = send({}, {}, { url = "http://sesame:p%40ss@host.example/" })
    assert.equal("url", result.kind)
    says(result, { "user name" })
    assert.is_nil(result.message:find("sesame", 1, true))
    assert.same({}, result.fake.calls)
  end)

  it("the proxy, without its password", function()
    for _, failure in ipairs { "connection refused", "proxy.example could not be resolved (3: Host not found)" } do
      local result = send({ connect = { { nil, failure } } }, through "http://sesame:p%40ss@proxy.example:3128")
      assert.equal("proxy", result.kind)
      says(result, { "proxy.example", "host.example" })
      assert.is_nil(result.message:find("sesame", 1, true) or result.message:find("p%40ss", 1, true))
    end
    local odd = send({}, through "https://sesame:p%40ss@proxy.example", { url = "https://host.example/" })
    assert.same({ "proxy", false }, { odd.kind, odd.retryable })
    assert.is_nil(odd.message:find("sesame", 1, true) or odd.message:find("p@ss", 1, true))
  end)
end)

describe("over nginx's sockets, an idle connection that turns out to have ended", function()
  it("is replaced by a fresh one without anybody noticing, and so are the other idle ones", function()
    for _, gone in ipairs { { send = { { nil, "broken pipe" }, 1 } }, { receiveany = { { nil, "closed" }, OK } },
      { receiveany = { { nil, "connection reset by peer" }, OK } } } do
      gone.getreusedtimes = { 3, 7, 1, 0 }
      local result = send(gone, {}, { url = "http://127.0.0.1/" })
      assert.equal("ok", result.response.body)
      assert.equal(2, count(result.fake.calls, "send"))
      assert.equal(4, count(result.fake.calls, "connect"))
    end
  end)

  it("gives up if the fresh one ends, too", function()
    local result = send({ getreusedtimes = { 3, 3, 0 }, receiveany = { { nil, "closed" }, { nil, "closed" } } }, {},
      { url = "http://127.0.0.1/" })
    assert.equal("reset", result.kind)
    assert.equal(2, count(result.fake.calls, "send"))
  end)

  it("is no reason to send again once a byte of the answer has come, or if it is only slow", function()
    for _, answers in ipairs { { "HTTP/1.1 ", { nil, "closed" } }, { { nil, "timeout" } } } do
      local result = send({ getreusedtimes = 3, receiveany = answers }, {}, { url = "http://127.0.0.1/" })
      assert.is_nil(result.response)
      assert.equal(1, count(result.fake.calls, "send"))
    end
  end)
end)

describe("over nginx's sockets", function()
  it("TLS is verified for the host's name, and not asked for again on an idle connection", function()
    assert.same({ false, "host.example", true }, send({ getreusedtimes = { 0, 0 } }).fake.handshake)
    assert.same({ false, "host.example", false }, send({}, { verify_tls = false }).fake.handshake)
    assert.same({ false, "::1", true }, send({}, {}, { url = "https://[::1]/" }).fake.handshake)
    assert.same({ false, "host.example", true }, send({}, {}, { url = "https://host.example./" }).fake.handshake)
    assert.is_nil(send({ getreusedtimes = 1 }).fake.handshake)
  end)

  it("a socket that ngx_lua has closed in the handshake has a bad certificate", function()
    local result = send { getreusedtimes = { 0, { nil, "closed" } } }
    assert.same({ "tls", nil }, { result.kind, result.retryable })
    assert.equal(0, count(result.fake.calls, "send"))
  end)

  -- What each step may take, in seconds, rounded up.
  local function allowed(changes, settings, request)
    local asked = { connect_timeout = 5, read_timeout = 7 }
    for name, value in pairs(request or {}) do asked[name] = value end
    local fake = send(changes, settings, asked).fake
    return table.concat(fake.allowed, ", "), fake.settings
  end

  it("each step takes as long as its bound, and all of them as long as the call", function()
    assert.equal("connect 5, sslhandshake 5, send 7, receiveany 7", (allowed { getreusedtimes = 0 }))
    assert.equal("connect 1, sslhandshake 1, send 1, receiveany 1",
      (allowed({ getreusedtimes = 0 }, {}, { timeout = 0.5 })))
    assert.equal("connect 5, sslhandshake 5, send 6, receiveany 6",
      (allowed({ getreusedtimes = 0 }, {}, { timeout = 6 })))
    local plain = { url = "http://127.0.0.1/" }
    assert.equal("connect 5, send 7, receiveany 7, receiveany 7",
      (allowed({ getreusedtimes = 3, receiveany = { OK:sub(1, 9), OK:sub(10) } }, {}, plain)))
    assert.equal("connect 5, send 7, receiveany 7, connect 5, send 7, receiveany 7",
      (allowed({ getreusedtimes = { 3, 0 }, receiveany = { { nil, "closed" }, OK } }, {}, plain)))
  end)

  it("a tunnel is part of connecting", function()
    local answers = { "HTTP/1.1 200 OK\r\n", "\r\n", OK }
    assert.equal("connect 5, send 5, receiveany 5, receiveany 5, sslhandshake 5, send 7, receiveany 7",
      (allowed({ getreusedtimes = 0, receiveany = answers },
        through "http://127.0.0.1:3128")))
  end)

  it("timeouts are set once for all steps over an idle connection", function()
    local _, settings = allowed({ getreusedtimes = 3, receiveany = { OK:sub(1, 9), OK:sub(10) } })
    assert.equal(1, settings)
  end)

  it("localhost is this machine, by one of its addresses or the other", function()
    local asked = {}
    local result = send({ connect = function(host, port)
      asked[#asked + 1] = host .. ":" .. port
      if host == "127.0.0.1" then return nil, "connection refused" end
      return 1
    end }, {}, { url = "http://localhost:8080/" })
    assert.equal(200, result.response.status)
    assert.same({ "127.0.0.1:8080", "[::1]:8080" }, asked)
  end)

  it("a name is resolved in a light thread, which is spared where an idle connection should be there", function()
    local cut = { nil, "closed" }
    local fake = fake_nginx(script_with {
      getreusedtimes = { 0, 0, 1, 0, 0, 0 }, receiveany = { OK, OK, OK, OK, cut, cut },
    })
    local transport, threads = cosocket.new({}, fake.ngx), {}
    for index, url in ipairs { "http://127.0.0.1/", "http://host.example/", "http://host.example/",
      "http://host.example/" } do
      assert.equal(200, transport:send({ method = "GET", url = url, headers = {} }).status)
      threads[index] = fake.threads or 0
    end
    -- And another one attends to it.
    assert.same({ 0, 2, 2, 2 }, threads)
    -- It was not there, so there is none.
    assert.is_nil((transport:send { method = "GET", url = "http://host.example/", headers = {} }))
    assert.is_nil((transport:send { method = "GET", url = "http://host.example/", headers = {} }))
    assert.equal(4, fake.threads)
  end)

  it("an idle connection is kept for less than a minute, a doubtful one not at all", function()
    local result = send()
    assert.equal(1, count(result.fake.calls, "setkeepalive"))
    assert.is_true(result.fake.idle > 0 and result.fake.idle < 60000)
    assert.equal(0, count(result.fake.calls, "close"))
    result = send { setkeepalive = { { nil, "connection in dubious state" } } }
    assert.equal(200, result.response.status)
    assert.equal("close", result.fake.calls[#result.fake.calls])
    result = send { receiveany = { "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" } }
    assert.equal(0, count(result.fake.calls, "setkeepalive"))
    assert.equal("close", result.fake.calls[#result.fake.calls])
  end)

  it("a client's bound goes to the pool, which is its own then", function()
    local options = send().fake.options[1]
    assert.same({ 64 }, { options.pool_size, options.backlog })
    local first, second = send({}, { max_connections = 7 }).fake, send({}, { max_connections = 7 }).fake
    assert.equal(7, first.options[1].pool_size)
    assert.is_true(first.options[1].backlog > 1000)
    assert.are_not.equal(first.options[1].pool, second.options[1].pool)
    assert.equal(send().fake.options[1].pool, send().fake.options[1].pool)
  end)

  it("silent connections are probed if that is wanted", function()
    assert.same({ "keepalive", true }, send({}, { tcp_keepalive = true }).fake.option)
    assert.is_nil(send().fake.option)
  end)

  it("a proxy is asked at its port", function()
    for url, port in pairs { ["http://proxy.example"] = 80, ["https://proxy.example"] = 443,
      ["http://proxy.example:3128"] = 3128 } do
      local asked
      send({ connect = function(_, number)
        asked = number
        return 1
      end }, through(url), { url = "http://host.example/" })
      assert.equal(port, asked)
    end
  end)

  it("bytes that a proxy sends into a tunnel of its own accord are not taken for the target's", function()
    local result = send({ receiveany = { "HTTP/1.1 200 OK\r\n\r\nmore" } },
      through "http://proxy.example:3128")
    assert.equal("proxy", result.kind)
    assert.equal(0, count(result.fake.calls, "sslhandshake"))
  end)
end)
