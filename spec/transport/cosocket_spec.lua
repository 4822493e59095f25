-- The transport over nginx's sockets, in a real nginx, against servers that misbehave. What can't be had there is in
-- cosocket_errors_spec.lua.

local cjson = require "cjson"

local fault_cases = require "spec.transport.fault_cases"
local fault_server = require "spec.core.server"
local name_server = require "spec.nginx.name_server"
local server = require "spec.nginx.server"

-- What the handlers in nginx need to know of the fault server.
local FIELDS = {
  "url", "port", "tls_port", "expired_port", "old_tls_port", "witness_port", "full_port", "ipv6_port", "certificate",
  "certificate_directory",
}

-- Where nginx can't tell what libcurl can: a handshake that fails without a word may have been cut.
local OTHER_KINDS = { ["a server that closes in the TLS handshake"] = "tls" }

describe("over nginx's sockets", function()
  local faults, names = fault_server.start(), name_server.start()
  local nginx = server.start {
    template = "spec/nginx/transport.conf.in",
    values = { CERTIFICATE = faults.certificate, NAME_SERVER_PORT = names.port },
  }
  nginx.idle = function() names:serve() end
  local told = {}
  for _, name in ipairs(FIELDS) do told[name] = faults[name] end
  local worker = nginx:workers()[1]
  nginx:ask("/send", { method = "POST", body = '{"items":[]}' })
  local files_before = server.open_files(worker)

  teardown(function()
    nginx:stop()
    names:stop()
    faults:stop()
  end)

  -- Sends requests and returns what came of them: answers, or tables with kind, message, retryable.
  local function send(items, at_once)
    for _, item in ipairs(items) do
      item.request.method = item.request.method or "GET"
      item.request.url = item.request.url:gsub("^/", faults.url .. "/")
    end
    return cjson.decode((nginx:ask("/send", {
      method = "POST", body = cjson.encode { items = items, at_once = at_once or false },
    })))
  end

  local function send_one(request, settings)
    return send({ { settings = settings or {}, request = request } })[1]
  end

  describe("the faults of a network:", function()
    for _, tried in ipairs(fault_cases.all(faults)) do
      local kind = OTHER_KINDS[tried.name] or tried.kind
      local outcome = kind and " is of the kind " .. kind or " does no harm"
      it(tried.name .. outcome, function()
        local trusts = tried.settings.ca_bundle == faults.certificate
          or tried.settings.ca_bundle == faults.certificate_directory
        local body = { server = told, name = tried.name, kind = kind, says = tried.says }
        -- nginx takes certificates from its configuration, and speaks of that.
        if not trusts then body.ca_bundle = tried.settings.ca_bundle end
        if kind == "tls" and not body.ca_bundle then body.says = { "localhost", "lua_ssl_trusted_certificate" } end
        if tried.request.url:find("https://127.0.0.1", 1, true) then body.says[1] = "127.0.0.1" end
        local path = trusts and "/trusting/case" or "/case"
        assert.equal("nothing", (nginx:ask(path, { method = "POST", body = cjson.encode(body) })))
      end)
    end

    it("a thousand of them cost neither memory nor file descriptors", function()
      local urls = {
        faults.url .. "/nothing", faults.url .. fault_server.sending("", "reset"),
        faults.url .. fault_server.sending("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "close"),
        faults.url .. "/body/1001", "http://127.0.0.1:1/", "http://h/\r\n",
      }
      local function fail(times)
        return tonumber((nginx:ask("/many-faults", {
          method = "POST", body = cjson.encode { urls = urls, times = times },
        })))
      end
      fail(200)
      local files, kilobytes = server.open_files(worker), fail(1)
      local grown = fail(1000) - kilobytes
      -- Idle connections of before may have been closed by the other side.
      assert.is_true(server.open_files(worker) <= files)
      -- Requests that nobody freed would keep their bodies, twenty megabytes in all.
      assert.is_true(grown < 2000, "memory grew by " .. grown .. " kB")
    end)
  end)

  describe("a request", function()
    it("goes out as it was signed, with nothing added but its length", function()
      local answer = send_one {
        method = "PUT", url = "/echo/a%2Fb?c=%20d", body = "hello", headers = { ["x-a"] = "b" },
      }
      local lines = { "host: 127.0.0.1:" .. faults.port, "x-a: b", "content-length: 5" }
      assert.equal(200, answer.status)
      assert.equal("PUT /echo/a%2Fb?c=%20d HTTP/1.1\r\n" .. table.concat(lines, "\r\n") .. "\r\n\r\nhello", answer.body)
    end)

    it("tells the encoding that is taken, if that is among its headers, and takes no other", function()
      local answer = send_one { url = "/echo", headers = { ["accept-encoding"] = "identity" } }
      assert.truthy(answer.body:find("\r\naccept-encoding: identity\r\n", 1, true))
      local encoded = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\31\139"
      assert.equal("protocol", send_one({ url = fault_server.sending(encoded) }).kind)
    end)

    it("that would be two is not sent", function()
      local before = send_one({ url = "/totals" }).body
      local connection = before:match("connections=(%d+)")
      for _, request in ipairs {
        { url = "/echo", headers = { x = "a\r\nb: c" } }, { url = "/echo", headers = { ["x: y\r\nz"] = "a" } },
        { url = "/echo\r\nx: y" }, { url = "/echo", method = "GET / HTTP/1.1\r\n\r\nGET" },
        { url = "/echo", method = "PUT", body = "ab", headers = { ["content-length"] = "1" } },
      } do
        local answer = send_one(request)
        assert.is_true(answer.kind == "url" or answer.kind == "protocol", tostring(answer.kind))
      end
      assert.equal(connection + 1, tonumber((send_one({ url = "/totals" }).body:match("connections=(%d+)"))))
    end)

    it("of four megabytes arrives whole, and so does an answer of ten", function()
      local size = 4 * 2 ^ 20 - 10000
      local answer = send_one({ method = "PUT", url = "/zero", body = ("x"):rep(size) })
      assert.equal(200, answer.status)
      assert.equal(10 * 2 ^ 20, #send_one({ url = "/body/" .. 10 * 2 ^ 20 }).body)
    end)

    it("may ask for the head alone", function()
      local results = send {
        { settings = {}, request = { method = "HEAD", url = "/body/5000" } }, { request = { url = "/count" } },
      }
      assert.equal("5000", results[1].headers["content-length"])
      assert.equal("", results[1].body)
      assert.truthy(results[2].body:find(" 2$"))
    end)

    it("is redirected by nobody", function()
      local moved = "HTTP/1.1 302 x\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"
      local answer = send_one { url = fault_server.sending(moved) }
      assert.equal(302, answer.status)
      assert.equal("/y", answer.headers.location)
    end)
  end)

  describe("connections", function()
    -- The number of the connection, and of the request on it.
    local function counted(answer)
      local connection, request = (answer.body or ""):match("^(%d+) (%d+)$")
      assert.is_string(connection, answer.message)
      return connection, tonumber(request)
    end

    it("are used again, also by later requests to nginx and by other clients", function()
      local first = send { { settings = { shared = true }, request = { url = "/count" } },
        { request = { url = "/count" } } }
      local connection, request = counted(first[2])
      assert.equal(connection, (counted(first[1])))
      local again, next_request = counted(send_one({ url = "/count" }, { shared = true }))
      assert.same({ connection, request + 1 }, { again, next_request })
    end)

    it("are not used for what differs in host, proxy, TLS verification or probes", function()
      local secure = "https://localhost:" .. faults.tls_port .. "/count"
      local seen = {}
      for _, item in ipairs {
        { request = { url = "/count" }, settings = { shared = true } },
        { request = { url = "http://localhost:" .. faults.port .. "/count" }, settings = { shared = true } },
        { request = { url = "/count" }, settings = { shared = true, proxy = faults.url } },
        { request = { url = "/count" }, settings = { shared = true, proxy = faults.url:gsub("//", "//a:b@") } },
        { request = { url = "/count" }, settings = { shared = true, tcp_keepalive = true } },
        { request = { url = secure }, settings = { shared = true } },
        { request = { url = secure }, settings = { shared = true, verify_tls = false } },
        { request = { url = secure }, settings = { shared = true, proxy = faults.url } },
        { request = { url = "/count" }, settings = { max_connections = 2 } },
        { request = { url = "/count" }, settings = { max_connections = 2 } },
      } do
        local connection = counted(send({ item })[1])
        assert.is_nil(seen[connection], item.request.url)
        seen[connection] = true
      end
    end)

    it("are not used again where the answer leaves a doubt about it", function()
      local ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
      for _, bytes in ipairs {
        ok .. "Connection: close\r\n\r\nok", ok:gsub("1%.1", "1.0") .. "\r\nok", ok .. "\r\nok and more",
        "HTTP/1.1 204 x\r\n\r\nmore",
      } do
        local results = send { { settings = {}, request = { url = fault_server.sending(bytes) } },
          { request = { url = "/count" } } }
        assert.equal(1, select(2, counted(results[2])), bytes)
      end
    end)

    it("of a client with a bound are no more than that, and all its calls are made", function()
      local items = {}
      for index = 1, 12 do
        items[index] = { settings = index == 1 and { max_connections = 3 } or nil, request = { url = "/count" } }
      end
      local seen, connections = {}, 0
      for _, answer in ipairs(send(items, true)) do
        local connection = counted(answer)
        if not seen[connection] then connections = connections + 1 end
        seen[connection] = true
      end
      assert.is_true(connections <= 3, connections .. " connections")
    end)

    it("that wait for their turn too long give up", function()
      local results = send({
        { settings = { max_connections = 1 }, request = { url = "/silent", read_timeout = 0.4 } },
        { request = { url = "/count", connect_timeout = 0.1 } },
      }, true)
      assert.equal("read_timeout", results[1].kind)
      assert.equal("connect_timeout", results[2].kind)
    end)
  end)

  describe("proxies", function()
    local function proxy(port)
      return { proxy = ("http://sesame:p%%40ss@127.0.0.1:%s"):format(port or faults.port) }
    end
    -- "sesame:p@ss"
    local AUTHORIZATION = "proxy%-authorization: Basic c2VzYW1lOnBAc3M=\r\n"

    it("that forward get the whole URL, and user and password", function()
      local answer = send_one({ url = "http://elsewhere.invalid/echo?a=b" }, proxy())
      local line, host = answer.body:match("^([^\r]*)\r\n([^\r]*)\r\n")
      assert.same({ "GET http://elsewhere.invalid/echo?a=b HTTP/1.1", "host: elsewhere.invalid" }, { line, host })
      assert.truthy(answer.body:find(AUTHORIZATION))
    end)

    it("that tunnel get them alone, and what they forward knows nothing of it", function()
      local answer = send_one({ url = "https://localhost:" .. faults.tls_port .. "/echo" }, proxy())
      assert.truthy(answer.body:find("^GET /echo HTTP/1%.1\r\n"))
      assert.is_nil(answer.body:find("proxy", 1, true))
      local asked = send_one { url = "/last-connect" }
      assert.truthy(asked.body:find("^CONNECT localhost:%d+ HTTP/1%.1\r\nhost: localhost:%d+\r\n"))
      assert.truthy(asked.body:find(AUTHORIZATION))
    end)

    it("are passed by where a request is direct", function()
      assert.equal(200, send_one({ url = "/zero", direct = true }, proxy(1)).status)
    end)

    it("can be reached over TLS, but not to speak TLS through it", function()
      local secure = { proxy = "https://localhost:" .. faults.tls_port }
      assert.truthy(send_one({ url = "http://elsewhere.invalid/echo" }, secure).body:find("^GET http://elsewhere"))
      local failure = send_one({ url = "https://elsewhere.invalid/echo" }, secure)
      assert.same({ "proxy", false }, { failure.kind, failure.retryable })
      assert.truthy(failure.message:find("TLS inside TLS", 1, true))
    end)

    it("that are in trouble may be well again soon, those that refuse are not", function()
      for status, retryable in pairs { [407] = false, [403] = false, [502] = true } do
        local failure = send_one({ url = ("https://status-%d.invalid/"):format(status) }, proxy())
        assert.same({ "proxy", retryable }, { failure.kind, failure.retryable }, failure.message)
      end
      assert.is_true(send_one({ url = "https://elsewhere.invalid/" }, proxy(1)).retryable)
    end)
  end)

  describe("names", function()
    it("are resolved by the resolver of nginx", function()
      assert.equal(200, send_one({ url = ("http://a.known:%s/zero"):format(faults.port) }).status)
      assert.equal("dns", send_one({ url = "http://a.unknown/" }).kind)
      local failure = send_one({ url = "http://elsewhere.invalid/" }, { proxy = "http://proxy.unknown:3128" })
      assert.equal("proxy", failure.kind)
      assert.truthy(failure.message:find("proxy.unknown", 1, true))
    end)

    it("that nobody resolves take no longer than the connection may, nor than the call", function()
      for kind, limit in pairs { connect_timeout = "connect_timeout", timeout = "timeout" } do
        local failure = send_one { url = "http://a.silent/", [limit] = 0.15 }
        assert.equal(kind, failure.kind)
        assert.truthy(failure.message:find("a.silent", 1, true))
        assert.truthy(failure.message:find("150 ms", 1, true))
      end
    end)

    it("are needed for nothing where an idle connection is there", function()
      local items = {}
      for index = 1, 3 do
        local url = ("http://b.known:%s/count"):format(faults.port)
        items[index] = { settings = { shared = true }, request = { url = url } }
      end
      local results = send(items)
      assert.truthy(results[3].body:find(" 3$"), results[3].message)
    end)
  end)

  it("TLS trusts only what the configuration names, for the name of the host", function()
    local by_name = "https://localhost:" .. faults.tls_port .. "/zero"
    local by_address = "https://127.0.0.1:" .. faults.tls_port .. "/zero"
    assert.equal(200, send_one({ url = by_name }).status)
    assert.equal("tls", send_one({ url = by_address }).kind)
    assert.equal(200, send_one({ url = by_address }, { verify_tls = false }).status)
  end)

  it("TLS that fails for a certificate is not worth another attempt, one that is cut is", function()
    assert.is_nil(send_one({ url = "https://127.0.0.1:" .. faults.tls_port .. "/" }).retryable)
    assert.is_true(send_one({ url = "https://localhost:" .. faults.witness_port .. "/" }).retryable)
  end)

  it("nothing is left open once the other side has gone", function()
    local other = fault_server.start()
    local before = server.open_files(worker)
    send { { settings = {}, request = { url = other.url .. "/count" } }, { request = { url = other.url .. "/silent",
      read_timeout = 0.05 } } }
    other:stop()
    server.await("all is closed", function() return server.open_files(worker) <= before end)
    assert.is_true(before >= files_before)
  end)
end)
