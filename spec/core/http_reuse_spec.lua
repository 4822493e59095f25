-- An engine keeps what carried a transfer for the next one: nothing of a request may show in another.

local exchanges = require "spec.core.exchanges"

describe("engine, request after request,", function()
  local server, engine
  local hooks = { setup = setup, teardown = teardown, before_each = before_each, after_each = after_each }
  local with = exchanges.around(hooks, function(...) server, engine = ... end)
  local send, assert_fails, echo = with.send, with.assert_fails, with.echo

  local function proxy(credentials) return ("http://%s127.0.0.1:%s"):format(credentials or "", server.port) end

  -- Requests that differ in what is set up for each of them.
  local function requests()
    return {
      { method = "GET" },
      { method = "POST", body = "{}", headers = { ["content-type"] = "application/json", authorization = "sesame" } },
      { method = "POST", headers = { accept = "text/x" } },
      { method = "PUT", body = ("long"):rep(2000), headers = { ["x-one"] = "1", ["accept-encoding"] = "x" } },
      { method = "DELETE" },
      { method = "DELETE", body = "b" },
      { method = "PATCH", body = "\0", headers = { ["x-empty"] = "" }, connect_timeout = 3 },
      { method = "GET", max_response_bytes = 5000, tcp_keepalive = true },
      { method = "GET", url = "http://backup.example/x", proxy = proxy() },
      { method = "GET", url = "http://backup.example/x", proxy = proxy "user:open@" },
      { method = "GET", url = "http://backup.example/x", proxy = proxy "user:sesame@" },
      { method = "GET", url = ("https://localhost:%s/x"):format(server.tls_port), ca_bundle = server.certificate },
      { method = "GET", url = ("https://localhost:%s/x"):format(server.tls_port), verify_tls = false },
    }
  end

  -- What the server gets, its headers in a fixed order: that of a table differs from run to run.
  local function sent(request)
    local head, body = echo("/x", request):match("^(.-)\r\n\r\n(.*)$")
    local first, rest = head:match("^([^\r]*)\r\n(.*)$")
    local lines = {}
    for line in (rest .. "\r\n"):gmatch("(.-)\r\n") do lines[#lines + 1] = line end
    table.sort(lines)
    return first .. "\n" .. table.concat(lines, "\n") .. "\n\n" .. body
  end

  it("sends each as if it were the first, whatever came before", function()
    local alone = {}
    for index, request in ipairs(requests()) do
      with.renew()
      alone[index] = sent(request)
    end
    with.renew()
    for before, first in ipairs(requests()) do
      for after, second in ipairs(requests()) do
        assert.equal(alone[before], sent(first))
        assert.equal(alone[after], sent(second), before .. " before " .. after)
      end
      local response = assert(send("/body/1000", { method = "HEAD", max_response_bytes = 10 }))
      assert.same({ 200, "" }, { response.status, response.body })
    end
  end)

  it("bounds the answer of each by its own bound", function()
    for _ = 1, 3 do
      assert.equal(1000, #assert(send("/body/1000", { max_response_bytes = 1000 })).body)
      assert_fails("too_large", "/body/1000", { max_response_bytes = 999 })
      assert.equal(1000, #assert(send("/body/1000")).body)
    end
  end)

  it("trusts for each what it names, and names in a failure what that one trusted", function()
    local url = ("https://localhost:%s/x"):format(server.expired_port)
    for _, bundle in ipairs { server.certificate, server.certificate_directory, server.certificate } do
      local message = assert_fails("tls", "", { url = url, ca_bundle = bundle })
      assert.truthy(message:find("trusted: " .. bundle .. ";", 1, true), message)
      assert.truthy(assert_fails("tls", "", { url = url }):find("trusted: the system's;", 1, true))
    end
  end)

  it("measures for each the time to connect anew", function()
    for _ = 1, 3 do
      assert(send("/zero", { connect_timeout = 5 }))
      local full = { url = ("http://127.0.0.1:%s/"):format(server.full_port), connect_timeout = 0.05, read_timeout = 9 }
      assert_fails("connect_timeout", "", full)
      assert_fails("read_timeout", "/silent", { connect_timeout = 9, read_timeout = 0.05 })
    end
  end)

  it("names the host of each, and of its proxy", function()
    local function place(request) return assert_fails("read_timeout", "", request):match("^(.-),? sent nothing") end
    local silent = { read_timeout = 0.05 }
    for _ = 1, 2 do
      silent.url, silent.proxy = server.url .. "/silent", nil
      assert.equal("127.0.0.1", place(silent))
      silent.url = ("http://localhost:%s/silent"):format(server.port)
      assert.equal("localhost", place(silent))
      silent.url, silent.proxy = "http://one.example/silent", proxy()
      assert.equal("one.example, through the proxy 127.0.0.1", place(silent))
      silent.url, silent.proxy = "http://one.example?silent", ("http://localhost:%s"):format(server.port)
      silent.url = "http://other.example/silent?x=http://one.example/"
      assert.equal("other.example, through the proxy localhost", place(silent))
    end
  end)

  it("refuses a bad URL each time, though the one before was good", function()
    for _ = 1, 2 do
      assert(send("/zero"))
      assert_fails("url", "", { url = ("http://127.0.0.1:%s@elsewhere.invalid/"):format(server.port) })
      assert_fails("url", "", { url = "http://127.0.0.1:99999/" })
      assert_fails("url", "", { url = server.url .. "99/zero" })
      assert_fails("proxy", "/zero", { proxy = { scheme = "http", host = "a b", port = 1 } })
    end
  end)

  it("keeps no more than it may of those that differ, and still sends all", function()
    with.renew { max_connections = 1 }
    for bound = 1000, 1010 do
      for _ = 1, 2 do assert.equal(900, #assert(send("/body/900", { max_response_bytes = bound })).body) end
    end
  end)

  it("uses nothing again that has failed or was given up", function()
    for _ = 1, 3 do
      assert_fails("reset", "/reset")
      local transfer = assert(engine:start(with.request("/silent", { method = "POST", body = "sesame" })))
      engine:step(0.01)
      transfer:cancel()
      assert.is_nil(echo("/x", { method = "POST", body = "open" }):find("sesame", 1, true))
    end
  end)

  it("tells of many that run at once which is which", function()
    for round = 1, 3 do
      local transfers = {}
      for index = 1, 40 do
        local path = ("/n/%d/%d"):format(round, index)
        transfers[index] = assert(engine:start(with.request(path, { method = "PUT", body = path .. " body" })))
      end
      with.finish()
      for index, transfer in ipairs(transfers) do
        local path = ("/n/%d/%d"):format(round, index)
        local raw = assert(transfer:result()).body
        assert.equal("PUT " .. path .. " HTTP/1.1", raw:match("^[^\r]*"))
        assert.equal(path .. " body", raw:match("\r\n\r\n(.*)$"))
      end
    end
  end)
end)
