local core = require "aws.backup.core"
local exchanges = require "spec.core.exchanges"

describe("engine", function()
  local server, engine
  local hooks = { setup = setup, teardown = teardown, before_each = before_each, after_each = after_each }
  local with = exchanges.around(hooks, function(...) server, engine = ... end)
  local request, finish, assert_fails = with.request, with.finish, with.assert_fails

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
      local ok, message = pcall(exchanges.start, engine, request("/x", changes))
      assert.is_false(ok)
      assert.truthy(tostring(message):find(fragment, 1, true), message)
    end

    it("an unknown field of the settings, naming it", function()
      local function raised_by_settings(fragment, settings)
        local ok, message = pcall(core.transfer_settings, settings)
        assert.is_false(ok)
        assert.truthy(tostring(message):find(fragment, 1, true), message)
      end
      raised_by_settings("unknown field 'method'", { method = "GET" })
      raised_by_settings("unknown field of type number", { "x" })
      raised_by_settings("settings must be a table, got nil", nil)
    end)

    it("a request that is no table, settings that are none, and a proxy that has not all its parts", function()
      for _, wrong in ipairs { 1, "x", io.stdout } do
        local ok, message = pcall(engine.start, engine, wrong)
        assert.is_false(ok)
        assert.truthy(message:find("request must be a table, got " .. type(wrong), 1, true), message)
      end
      for _, wrong in ipairs { {}, "x", engine, io.stdout } do
        assert.has_error(function() engine:start(request("/x"), wrong) end)
      end
      for _, wrong in ipairs {
        {}, 5, "http://127.0.0.1:1", { scheme = "http", host = "h" }, { scheme = "http", host = "", port = 1 },
        { scheme = "HTTP", host = "h", port = 1 }, { scheme = "socks5", host = "h", port = 1 },
        { scheme = "http", host = "h", port = 0 }, { scheme = "http", host = "h", port = 65536 },
        { scheme = "http", host = "h", port = 1, user_info = "user:sesame" },
      } do
        local ok, message = pcall(engine.start, engine, request("/x"), nil, wrong)
        assert.is_false(ok)
        assert.is_nil(message:find("sesame", 1, true))
      end
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
      assert.has_error(function() engine.start(core.transfer_settings {}, request("/x")) end)
      assert.has_error(function() transfer.result(engine) end)
      assert.has_error(function() transfer.cancel(io.stdout) end)
    end)
  end)

  it("looks at nothing that a request has for others", function()
    assert(engine:start(request("/x", { query = "x", direct = true, host = "elsewhere.invalid" }))):cancel()
  end)

  it("shows no secret as text, and hides its metatables", function()
    local transfer = assert(engine:start(request("/silent", { headers = { authorization = "sesame" } })))
    assert.equal("engine (open)", tostring(engine))
    assert.equal("transfer (running)", tostring(transfer))
    local settings = core.transfer_settings { ca_bundle = "sesame" }
    assert.equal("transfer settings", tostring(settings))
    assert.equal("transfer settings", getmetatable(settings))
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
      local response, kind, message = exchanges.result(transfer, request("/silent"))
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
