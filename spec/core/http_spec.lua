local core = require "aws.backup.core"
local fault_server = require "spec.core.server"

local TEST_TIMEOUT = 20 -- seconds; no test may hang

describe("engine", function()
  local server, engine

  setup(function()
    server = fault_server.start()
  end)

  teardown(function()
    server:stop()
  end)

  before_each(function()
    engine = core.new_engine()
  end)

  after_each(function()
    engine:close()
  end)

  local function request(path, changes)
    local built = { method = "GET", url = server.url .. path, headers = {} }
    for key, value in pairs(changes or {}) do
      built[key] = value
    end
    return built
  end

  local function finish(on)
    local deadline = core.monotonic() + TEST_TIMEOUT
    while (on or engine):step(0.1) > 0 do
      assert(core.monotonic() < deadline, "the transfers do not end")
    end
  end

  --- Sends one request; what transfer:result returns, or start did.
  local function send(path, changes)
    local transfer, kind, message = engine:start(request(path, changes))
    if not transfer then
      return nil, kind, message
    end
    finish()
    return transfer:result()
  end

  local function assert_fails(expected_kind, path, changes)
    local response, kind, message = send(path, changes)
    assert.is_nil(response)
    assert.equal(expected_kind, kind, message)
    assert.equal("string", type(message))
    assert.is_nil(message:find("\n", 1, true))
    return message
  end

  local function echo(path, changes)
    local response = assert(send(path, changes))
    assert.equal(200, response.status)
    return response.body
  end

  local function header_names(raw)
    local names = {}
    for name in raw:match("^[^\n]*\n(.-)\r\n\r\n"):gmatch("([^\r\n:]+):[^\r\n]*") do
      names[#names + 1] = name:lower()
    end
    table.sort(names)
    return table.concat(names, " ")
  end

  describe("on the wire", function()
    it("sends the method, path and query byte for byte", function()
      local target = "/a/../b/./c//%2e%2E/%3a%3A?z=1&a=%20+~&&x"
      assert.equal("GET " .. target .. " HTTP/1.1\r\n", echo(target):match("^[^\n]*\n"))
    end)

    it("sends the headers given, and none but Host of its own", function()
      local raw = echo("/x", { headers = { ["x-amz-date"] = "now", authorization = "AWS4 x" } })
      assert.equal("authorization host x-amz-date", header_names(raw))
      assert.truthy(raw:find("x%-amz%-date: now\r\n"))
    end)

    it("sends the host given instead of its own", function()
      local raw = echo("/x", { headers = { host = "backup.us-east-1.amazonaws.com" } })
      assert.equal("host", header_names(raw))
      assert.truthy(raw:find("[Hh]ost: backup%.us%-east%-1%.amazonaws%.com\r\n"))
    end)

    it("sends an empty header value", function()
      local raw = echo("/x", { headers = { ["x-empty"] = "", ["x-blank"] = " \t" } })
      assert.equal("host x-blank x-empty", header_names(raw))
    end)

    it("sends accept, content-type and user-agent when they are given", function()
      local raw = echo("/x", {
        method = "POST",
        body = "{}",
        headers = { accept = "text/x", ["content-type"] = "application/json", ["user-agent"] = "me" },
      })
      assert.equal("accept content-length content-type host user-agent", header_names(raw))
      assert.truthy(raw:find("content%-type: application/json\r\n"))
    end)

    for _, method in ipairs { "POST", "PUT", "PATCH" } do
      it("says Content-Length: 0 for a " .. method .. " without body", function()
        local raw = echo("/x", { method = method })
        assert.equal("content-length host", header_names(raw))
        assert.truthy(raw:find("^" .. method .. " /x HTTP/1.1\r\n"))
        assert.truthy(raw:find("Content-Length: 0\r\n", 1, true))
      end)
    end

    for _, method in ipairs { "GET", "DELETE", "OPTIONS" } do
      it("says nothing about a body for a " .. method .. " without", function()
        local raw = echo("/x", { method = method })
        assert.equal("host", header_names(raw))
        assert.truthy(raw:find("^" .. method .. " /x HTTP/1.1\r\n"))
      end)
    end

    it("sends a binary body with any method", function()
      local body = "\0\1\255\r\n\r\nend\0"
      for _, method in ipairs { "POST", "PUT", "DELETE", "GET" } do
        local raw = echo("/x", { method = method, body = body })
        assert.equal(method .. " /x HTTP/1.1", raw:match("^[^\r]*"))
        assert.equal(body, raw:match("\r\n\r\n(.*)$"))
        assert.equal("content-length host", header_names(raw))
      end
    end)

    it("sends a large body at once, without asking to continue", function()
      local body = ("0123456789abcdef"):rep(150000)
      local raw = echo("/x", { method = "POST", body = body })
      assert.equal("content-length host", header_names(raw))
      assert.equal(core.sha256_hex(body), core.sha256_hex(raw:sub(-#body)))
    end)

    it("takes a content-length that is right, and refuses another", function()
      local changes = { method = "POST", body = "1234", headers = { ["content-length"] = "4" } }
      assert.equal("content-length host", header_names(echo("/x", changes)))
      for _, wrong in ipairs { "5", "04", "4, 4", ("4"):rep(300) } do
        changes.headers["content-length"] = wrong
        assert_fails("protocol", "/x", changes)
      end
    end)

    it("copies what it is given", function()
      local transfer
      do
        local parts = { "bo", "dy" }
        transfer = assert(engine:start(request("/x", {
          method = "POST", body = table.concat(parts), headers = { ["x-copy"] = table.concat(parts, "-") },
        })))
      end
      collectgarbage()
      collectgarbage()
      finish()
      local raw = transfer:result().body
      assert.truthy(raw:find("x-copy: bo-dy\r\n", 1, true))
      assert.equal("body", raw:sub(-4))
    end)
  end)

  describe("with an answer", function()
    it("gives status, headers in lower case and body", function()
      local response = assert(send("/odd-headers"))
      assert.equal(200, response.status)
      assert.equal("ok", response.body)
      assert.same({
        ["x-many"] = "a, b, c",
        ["x-empty"] = "",
        ["x-folded"] = "one two",
        ["x-colon"] = "a:b",
        ["content-length"] = "2",
      }, response.headers)
    end)

    it("gives an integer as status", function()
      assert.equal("200", tostring(send("/zero").status))
    end)

    for _, status in ipairs { 200, 302, 400, 403, 404, 429, 500, 503 } do
      it("takes status " .. status .. " as an answer, not a failure", function()
        local response = assert(send("/status/" .. status))
        assert.equal(status, response.status)
        assert.equal("body", response.body)
      end)
    end

    it("follows no redirect", function()
      local response = assert(send("/redirect"))
      assert.equal(302, response.status)
      assert.equal("/echo", response.headers.location)
    end)

    it("takes 204, an empty body and the answer to HEAD", function()
      local response = assert(send("/no-content"))
      assert.equal(204, response.status)
      assert.equal("", response.body)
      assert.equal("", assert(send("/zero")).body)
      response = assert(send("/body/1000", { method = "HEAD", max_response_bytes = 10 }))
      assert.equal("", response.body)
      assert.equal("1000", response.headers["content-length"])
    end)

    it("puts chunks together, and leaves trailers out", function()
      local response = assert(send("/chunked"))
      assert.equal("abc", response.body)
      assert.is_nil(response.headers["x-late"])
    end)

    it("passes over interim answers", function()
      local response = assert(send("/continue"))
      assert.equal(200, response.status)
      assert.equal("ok", response.body)
      assert.equal("1", response.headers["x-final"])
      assert.is_nil(response.headers["x-early"])
      assert.is_nil(response.headers.link)
    end)

    it("takes a body that ends with the connection", function()
      assert.equal(("x"):rep(5000), assert(send("/unbounded/5000")).body)
    end)

    it("takes the identity encoding and refuses others", function()
      assert.equal("\31\139\8", assert(send("/encoded/identity")).body)
      assert.truthy(assert_fails("protocol", "/encoded/gzip"):find("Content-Encoding", 1, true))
      assert_fails("protocol", "/encoded/br")
    end)

    it("gives the result once and again", function()
      local transfer = assert(engine:start(request("/status/200")))
      local response, state = transfer:result()
      assert.is_nil(response)
      assert.equal("running", state)
      assert.is_false(transfer:done())
      finish()
      assert.is_true(transfer:done())
      assert.same(transfer:result(), transfer:result())
    end)

    it("keeps the result after the engine has gone", function()
      local transfer = assert(engine:start(request("/status/404")))
      finish()
      engine:close()
      assert.equal(404, transfer:result().status)
    end)
  end)

  describe("within bounds", function()
    it("takes a body of the largest size and no byte more", function()
      assert.equal(1000, #assert(send("/body/1000", { max_response_bytes = 1000 })).body)
      assert.equal(1000, #assert(send("/unbounded/1000", { max_response_bytes = 1000 })).body)
      assert_fails("too_large", "/body/1001", { max_response_bytes = 1000 })
      assert_fails("too_large", "/unbounded/1001", { max_response_bytes = 1000 })
      assert_fails("too_large", "/unbounded/10000000", { max_response_bytes = 1000 })
      assert_fails("too_large", "/unbounded/2", { max_response_bytes = 1 })
    end)

    it("takes headers of the largest size and no more", function()
      assert.equal(200, assert(send("/headers/50")).status)
      local message = assert_fails("too_large", "/headers/50", { max_header_bytes = 20000 })
      assert.truthy(message:find("max_header_bytes", 1, true))
      assert_fails("too_large", "/headers/280")
      assert_fails("too_large", "/long-header/30000", { max_header_bytes = 20000 })
      assert_fails("too_large", "/long-header/500000", { max_header_bytes = 400000 })
    end)

    it("counts the headers of interim answers", function()
      assert_fails("too_large", "/continue-for-ever")
    end)
  end)

  describe("meets a broken server and", function()
    it("calls an answer that is cut short a reset", function()
      for _, path in ipairs { "/truncated", "/truncated-chunk", "/nothing", "/reset" } do
        assert.truthy(assert_fails("reset", path):find("127.0.0.1", 1, true))
      end
    end)

    it("calls nonsense a protocol error", function()
      assert_fails("protocol", "/bad-header")
      assert_fails("protocol", "/no-http")
    end)

    it("calls a refused connection one, naming the host", function()
      local response, kind, message = send("", { url = "http://127.0.0.1:1/" })
      assert.is_nil(response)
      assert.equal("connect", kind)
      assert.truthy(message:find("127.0.0.1", 1, true))
    end)

    it("takes an IPv6 literal", function()
      local message = assert_fails("connect", "", { url = "http://[::1]:1/" })
      assert.truthy(message:find("::1", 1, true))
    end)

    it("works on after each failure", function()
      assert_fails("reset", "/nothing")
      assert_fails("too_large", "/body/5000000", { max_response_bytes = 10 })
      assert.equal(200, assert(send("/status/200")).status)
    end)
  end)

  describe("in time", function()
    it("gives up on a silent server", function()
      local start = core.monotonic()
      local message = assert_fails("read_timeout", "/silent", { read_timeout = 0.15 })
      assert.is_true(core.monotonic() - start >= 0.15)
      assert.truthy(message:find("150 ms", 1, true))
      assert.truthy(message:find("read_timeout", 1, true))
    end)

    it("gives up on a server that falls silent within the body", function()
      assert_fails("read_timeout", "/silent-in-body", { read_timeout = 0.15 })
    end)

    it("waits for a slow drip, of the body or of the head", function()
      assert.equal("slow, steady", assert(send("/drip", { read_timeout = 0.2 })).body)
      assert.equal("ok", assert(send("/drip-head", { read_timeout = 0.2 })).body)
    end)

    it("bounds the whole by timeout, drip or not", function()
      local message = assert_fails("timeout", "/drip-head", { read_timeout = 10, timeout = 0.1 })
      assert.truthy(message:find("100 ms", 1, true))
      assert_fails("timeout", "/silent", { timeout = 0.1 })
    end)

    it("bounds the wait for a free connection by timeout, not by connect_timeout", function()
      local narrow = core.new_engine { max_connections = 1 }
      local first = assert(narrow:start(request("/drip", { connect_timeout = 5 })))
      local second = assert(narrow:start(request("/status/200", { connect_timeout = 0.05 })))
      local third = assert(narrow:start(request("/status/200", { timeout = 0.05 })))
      finish(narrow)
      assert.equal(200, first:result().status)
      assert.equal(200, second:result().status)
      assert.equal("timeout", (select(2, third:result())))
      narrow:close()
    end)

    it("steps no longer than asked", function()
      local transfer = assert(engine:start(request("/silent")))
      assert.equal(1, engine:step(0))
      assert.equal(1, engine:step(0.01))
      assert.is_false(transfer:done())
    end)

    it("returns at once from a step with nothing to do", function()
      local start = core.monotonic()
      assert.equal(0, engine:step(30))
      assert.is_true(core.monotonic() - start < 10)
    end)
  end)

  describe("with connections", function()
    local function place(path)
      return assert(send(path or "/count")).body:match("^(%d+) (%d+)$")
    end

    it("uses them again", function()
      local connection, number = place()
      assert.equal("1", number)
      local again, next_number = place()
      assert.equal(connection, again)
      assert.equal("2", next_number)
    end)

    it("makes a new one, unnoticed, when the old one was closed meanwhile", function()
      local connection = place("/count-and-close")
      core.sleep(0.05)
      assert.not_equal(connection, (place()))
    end)

    it("does not use them after a failure", function()
      local connection = place()
      assert_fails("read_timeout", "/silent", { read_timeout = 0.05 })
      assert.not_equal(connection, (place()))
    end)

    it("never shares them with another engine", function()
      local connection = place()
      local other = core.new_engine()
      local transfer = assert(other:start(request("/count")))
      finish(other)
      assert.not_equal(connection, transfer:result().body:match("^%d+"))
      other:close()
    end)

    it("moves many transfers at once", function()
      local transfers = {}
      for i = 1, 100 do
        transfers[i] = assert(engine:start(request("/n/" .. i)))
      end
      finish()
      for i, transfer in ipairs(transfers) do
        assert.truthy(transfer:result().body:find("GET /n/" .. i .. " ", 1, true))
      end
    end)

    it("uses no more of them than it may", function()
      local narrow = core.new_engine { max_connections = 2 }
      local transfers, used, count = {}, {}, 0
      for i = 1, 10 do
        transfers[i] = assert(narrow:start(request("/count")))
      end
      finish(narrow)
      for _, transfer in ipairs(transfers) do
        used[transfer:result().body:match("^%d+")] = true
      end
      for _ in pairs(used) do
        count = count + 1
      end
      assert.is_true(count <= 2)
      narrow:close()
    end)
  end)

  describe("with TLS", function()
    local function secure(changes)
      changes = changes or {}
      changes.url = changes.url or "https://localhost:" .. server.tls_port .. "/x"
      return changes
    end

    it("trusts the CA bundle given", function()
      local raw = echo("", secure { ca_bundle = server.certificate })
      assert.truthy(raw:find("^GET /x HTTP/1.1\r\n"))
    end)

    it("refuses an unknown certificate, saying what was trusted and what to set", function()
      local message = assert_fails("tls", "", secure())
      assert.truthy(message:find("localhost", 1, true))
      assert.truthy(message:find("the system's", 1, true))
      assert.truthy(message:find("AWS_CA_BUNDLE", 1, true))
    end)

    it("refuses a certificate of another name", function()
      local url = "https://127.0.0.1:" .. server.tls_port .. "/x"
      local message = assert_fails("tls", "", secure { url = url, ca_bundle = server.certificate })
      assert.truthy(message:find(server.certificate, 1, true))
    end)

    it("trusts the certificates of a directory alone, if that is given", function()
      assert_fails("tls", "", secure { ca_bundle = "spec" })
    end)

    it("verifies nothing when told so, and again when not", function()
      assert.truthy(echo("", secure { verify_tls = false }):find("^GET /x"))
      assert_fails("tls", "", secure())
      assert.truthy(echo("", secure { ca_bundle = server.certificate }):find("^GET /x"))
      assert_fails("tls", "", secure())
    end)

    it("says which CA bundle can't be read", function()
      local message = assert_fails("tls", "", secure { ca_bundle = "/nonexistent/ca.pem" })
      assert.truthy(message:find("/nonexistent/ca.pem", 1, true))
      assert_fails("tls", "", secure { ca_bundle = "Makefile" })
      assert_fails("tls", "", secure { ca_bundle = server.certificate .. "\0x" })
    end)

    it("counts the handshake as connecting", function()
      local url = "https://127.0.0.1:" .. server.port .. "/x" -- waits for a request, says no hello
      local changes = { url = url, connect_timeout = 0.1, read_timeout = 9 }
      local message = assert_fails("connect_timeout", "", changes)
      assert.truthy(message:find("connect_timeout", 1, true))
    end)
  end)

  describe("with a proxy", function()
    it("asks it for the whole URL", function()
      local raw = echo("", { url = "http://backup.example/x?y", proxy = server.url })
      assert.truthy(raw:find("^GET http://backup.example/x%?y HTTP/1.1\r\n"))
    end)

    it("sends it the credentials of its URL", function()
      local proxy = "user:p%40ss@127.0.0.1:" .. server.port
      local raw = echo("", { url = "http://backup.example/x", proxy = proxy })
      assert.truthy(raw:find("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n", 1, true))
    end)

    it("goes around it for the hosts of no_proxy", function()
      local raw = echo("/x", { proxy = "http://127.0.0.1:1", no_proxy = "example.com,127.0.0.1" })
      assert.truthy(raw:find("^GET /x HTTP/1.1\r\n"))
    end)

    it("never asks the environment for one", function()
      local script = ([[local core = require "aws.backup.core"
        local engine = core.engine()
        local transfer = assert(engine:start { method = "GET", url = "%s/x" })
        while engine:step(0.1) > 0 do end
        local response, kind, message = transfer:result()
        io.write(response and "direct" or kind .. message)]]):format(server.url)
      local file = os.tmpname()
      local out = assert(io.open(file, "w"))
      out:write(script)
      out:close()
      local lua = arg[-1]
      for i = -1, -20, -1 do
        lua = arg[i] or lua
      end
      local pipe = assert(io.popen("http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 "
        .. "no_proxy= " .. lua .. " " .. file))
      local output = pipe:read("*a")
      pipe:close()
      os.remove(file)
      assert.equal("direct", output)
    end)

    it("blames it when it refuses a tunnel, without showing its password", function()
      local proxy = "http://user:sesame@127.0.0.1:" .. server.port
      local message = assert_fails("proxy", "", { url = "https://backup.example/", proxy = proxy })
      assert.truthy(message:find("127.0.0.1", 1, true))
      assert.is_nil(message:find("sesame", 1, true))
    end)

    it("blames it when it can't be reached", function()
      for _, url in ipairs { "http://backup.example/", "https://backup.example/" } do
        local message = assert_fails("proxy", "", { url = url, proxy = "http://user:sesame@127.0.0.1:1" })
        assert.is_nil(message:find("sesame", 1, true))
      end
      assert_fails("proxy", "", { url = "http://backup.example/", proxy = "http://nowhere.invalid:1" })
    end)

    it("refuses one that is none, without showing it", function()
      for _, proxy in ipairs { "ftp://user:sesame@h", "http://", "http://user:sesame@h:99999", "x\nsesame",
        "http://user:sesame@h\r\nX: y" } do
        assert.is_nil(assert_fails("proxy", "/x", { proxy = proxy }):find("sesame", 1, true))
      end
    end)
  end)

  describe("refuses", function()
    for _, url in ipairs { "", "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1/x", "http://",
      "http:///x",
      "http://h:99999/", "http://h/a b", "http://h/a\r\nX: y", "http://h/a\0b", "http://h/\195\169",
      "http://h/x#fragment", "http://?x", "http://@h/", "http://user@h/", "http://user@h?x",
      "http://user:sesame@h/" } do
      it(("the URL %q"):format(url), function()
        local message = assert_fails("url", "", { url = url })
        assert.is_nil(message:find("sesame", 1, true))
      end)
    end

    it("a method that is none", function()
      for _, method in ipairs { "", "GET /x HTTP/1.1\r\nX:", "G\0T" } do
        assert_fails("protocol", "/x", { method = method })
      end
    end)

    it("headers that would break out of their line, naming them but not their value", function()
      for _, value in ipairs { "a\r\nsesame: b", "a\nsesame", "a\rsesame", "a\0sesame" } do
        local message = assert_fails("protocol", "/x", { headers = { ["x-bad"] = value } })
        assert.truthy(message:find("x-bad", 1, true))
        assert.is_nil(message:find("sesame", 1, true))
      end
      for _, name in ipairs { "", "a b", "a:b", "a\r\nb", "a\0b" } do
        assert_fails("protocol", "/x", { headers = { [name] = "x" } })
      end
    end)

    it("headers that say how the body is sent", function()
      assert_fails("protocol", "/x", { headers = { ["Transfer-Encoding"] = "chunked" } })
      assert_fails("protocol", "/x", { headers = { expect = "100-continue" } })
    end)
  end)

  describe("raises for", function()
    local function raised(fragment, changes)
      local ok, message = pcall(engine.start, engine, request("/x", changes))
      assert.is_false(ok)
      assert.truthy(tostring(message):find(fragment, 1, true), message)
    end

    it("an unknown field, naming it", function()
      raised("unknown field 'query'", { query = "x" })
      raised("unknown field of type number", { "x" })
    end)

    it("a missing field, naming it", function()
      local ok, message = pcall(engine.start, engine, { url = server.url })
      assert.is_false(ok)
      assert.truthy(message:find("'method' is missing", 1, true))
    end)

    it("a field of the wrong type, naming it", function()
      raised("'body' must be a string, got number", { body = 5 })
      raised("'read_timeout' must be a number, got string", { read_timeout = "5" })
      raised("'verify_tls' must be a boolean, got number", { verify_tls = 0 })
      raised("header 'x' must be a string, got number", { headers = { x = 1 } })
      raised("name must be a string, got number", { headers = { "x" } })
    end)

    it("times that are none", function()
      for _, time in ipairs { 0, -1, 0 / 0, 1 / 0, 1e9 } do
        raised("'connect_timeout' must be seconds", { connect_timeout = time })
        raised("'read_timeout' must be seconds", { read_timeout = time })
        raised("'timeout' must be seconds", { timeout = time })
      end
      for _, time in ipairs { -1, 0 / 0, 1 / 0, 1e300, "1" } do
        assert.has_error(function() engine:step(time) end)
      end
      assert.has_error(function() engine:step() end)
    end)

    it("bounds that are none", function()
      for _, size in ipairs { 0, -1, 1.5, 0 / 0, 1 / 0, 1e18 } do
        raised("'max_response_bytes' must be", { max_response_bytes = size })
        raised("'max_header_bytes' must be", { max_header_bytes = size })
      end
      for _, count in ipairs { 0, -1, 0.5, 1e9 } do
        assert.has_error(function() core.new_engine { max_connections = count } end)
      end
      assert.has_error(function() core.new_engine { connections = 1 } end)
    end)

    it("objects of another kind", function()
      local transfer = assert(engine:start(request("/silent")))
      for _, wrong in ipairs { 1, "x", {}, io.stdout, core.new_signer(), transfer } do
        assert.has_error(function() engine.step(wrong, 0) end)
        assert.has_error(function() engine.start(wrong, request("/x")) end)
        assert.has_error(function() engine.close(wrong) end)
      end
      assert.has_error(function() transfer.result(engine) end)
      assert.has_error(function() transfer.cancel(io.stdout) end)
    end)
  end)

  it("shows no secret as text, and hides its metatables", function()
    local transfer = assert(engine:start(request("/silent", { headers = { authorization = "sesame" } })))
    assert.equal("engine (open)", tostring(engine))
    assert.equal("transfer (running)", tostring(transfer))
    assert.equal("engine", getmetatable(engine))
    assert.equal("transfer", getmetatable(transfer))
    transfer:cancel()
    assert.equal("transfer (cancelled)", tostring(transfer))
    engine:close()
    assert.equal("engine (closed)", tostring(engine))
  end)

  describe("when it ends", function()
    it("cancels a transfer, before and while it runs, once", function()
      local unstarted = assert(engine:start(request("/silent")))
      unstarted:cancel()
      local running = assert(engine:start(request("/silent")))
      engine:step(0.01)
      running:cancel()
      running:cancel()
      for _, transfer in ipairs { unstarted, running } do
        assert.is_true(transfer:done())
        assert.equal("cancelled", (select(2, transfer:result())))
      end
      assert.equal(0, engine:step(0))
    end)

    it("leaves a finished transfer as it is when that is cancelled", function()
      local transfer = assert(engine:start(request("/status/200")))
      finish()
      transfer:cancel()
      assert.equal(200, transfer:result().status)
    end)

    it("ends the running transfers with closed", function()
      local transfer = assert(engine:start(request("/silent")))
      engine:step(0.01)
      engine:close()
      engine:close()
      local response, kind, message = transfer:result()
      assert.is_nil(response)
      assert.equal("closed", kind)
      assert.truthy(message:find("closed", 1, true))
    end)

    it("refuses to work once closed", function()
      engine:close()
      local transfer, kind = engine:start(request("/x"))
      assert.is_nil(transfer)
      assert.equal("closed", kind)
      assert.has_error(function() engine:step(0) end)
    end)
  end)

  describe("of the Lua state", function()
    it("is the same each time, until it is closed", function()
      local shared = core.engine()
      assert.equal(shared, core.engine())
      shared:close()
      assert.not_equal(shared, core.engine())
      assert.equal("engine (open)", tostring(core.engine()))
    end)
  end)
end)
