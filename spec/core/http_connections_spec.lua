local core = require "aws.backup.core"
local exchanges = require "spec.core.exchanges"
local fault_server = require "spec.core.server"
local home = require "spec.services.home"
local other_lua = require "spec.core.other_lua"

local sending = fault_server.sending

describe("engine", function()
  local server, engine
  local hooks = { setup = setup, teardown = teardown, before_each = before_each, after_each = after_each }
  local with = exchanges.around(hooks, function(...) server, engine = ... end)
  local request, finish, send, assert_fails = with.request, with.finish, with.send, with.assert_fails

  describe("in time", function()
    it("gives up on a silent server", function()
      local start = core.monotonic()
      local message = assert_fails("read_timeout", "/silent", { read_timeout = 0.15 })
      assert.is_true(core.monotonic() - start >= 0.15)
      assert.truthy(message:find("150 ms", 1, true))
      assert.truthy(message:find("read_timeout", 1, true))
    end)

    it("gives up on a server that falls silent within the body", function()
      local half = sending("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "fall-silent")
      assert_fails("read_timeout", half, { read_timeout = 0.15 })
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

    it("makes a new one, unnoticed, when the old one ends in the moment when it is used again", function()
      for _, path in ipairs { "/close-if-reused", "/reset-if-reused" } do
        for _, body in ipairs { "", ("x"):rep(100000) } do
          local connection = place()
          local again, number = assert(send(path, { method = "PUT", body = body })).body:match("^(%d+) (%d+)$")
          assert.not_equal(connection, again)
          assert.equal("1", number)
        end
      end
    end)

    it("tells the right reason when a new one that took the place of an old one fails", function()
      place()
      -- On the first connection the server closes at once, on the second it sends this.
      local message = assert_fails("protocol", "/reset-or-nonsense")
      assert.is_nil(message:find("reset", 1, true))
    end)

    it("does not use one that was idle for a minute", function()
      local folder = home.new()
      local flies = folder.path .. "/time_flies.so"
      assert(os.execute("LD_PRELOAD= cc -shared -fPIC -o " .. flies .. " spec/core/time_flies.c"))
      local output = other_lua.run(folder.path, ([[
        local function place()
          local transfer = assert(core.engine():start { method = "GET", url = "%s/count" })
          while not transfer:done() do core.engine():step(1) end
          return transfer:result().body:match("^%%d+")
        end
        local function idle(seconds)
          local ending = core.monotonic() + seconds
          while core.monotonic() < ending do core.sleep(seconds) end
        end
        local first = place()
        idle(50)
        local second = place()
        idle(62)
        io.write(tostring(first == second), " ", tostring(second == place()))
      ]]):format(server.url), { before = 'LD_PRELOAD="$LD_PRELOAD ' .. flies .. '"' })
      folder:remove()
      assert.equal("true false", output)
    end)

    -- What the kernel's timer of the connection to the server is set to, in seconds; nil: it has none.
    local function keepalive_seconds()
      local wanted = (" %%x+:%04X 01 %%x+:%%x+ 02:(%%x+) "):format(server.port)
      for line in io.lines("/proc/net/tcp") do
        local ticks = line:match(wanted)
        if ticks then return tonumber(ticks, 16) / 100 end
      end
      return nil
    end

    it("probes them only when told so, often enough for a load balancer", function()
      assert(send("/zero"))
      assert.is_nil(keepalive_seconds())
      with.renew()
      assert(send("/zero", { tcp_keepalive = true }))
      local seconds = keepalive_seconds()
      assert.is_true(seconds and seconds > 0 and seconds <= 60, tostring(seconds))
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

    -- Waits until the server has sent so many late answers.
    local function await_late(count)
      local observer, deadline = core.new_engine(), core.monotonic() + 20
      local body
      repeat
        core.sleep(0.01)
        local transfer = assert(observer:start(request("/totals")))
        finish(observer)
        body = assert(transfer:result()).body
      until tonumber(body:match("late=(%d+)")) >= count or core.monotonic() > deadline
      observer:close()
      return body
    end

    local function late_count() return tonumber(await_late(0):match("late=(%d+)")) end

    local LATE = {
      ["a whole answer"] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate",
      ["half an answer"] = "HTTP/1.1 200 OK\r\nConte",
      ["an interim answer"] = "HTTP/1.1 100 Continue\r\n\r\n",
      ["a single byte"] = "\n",
    }

    -- The ways to the server; each fills in what the request wants besides its path.
    local WAYS = {
      ["in the clear"] = function() return server.url, {} end,
      ["over TLS"] = function()
        return "https://localhost:" .. server.tls_port, { ca_bundle = server.certificate }
      end,
      ["through a proxy"] = function()
        return "http://backup.example", { proxy = server.url }
      end,
      ["through a tunnel"] = function()
        return "https://localhost:" .. server.tls_port, { ca_bundle = server.certificate, proxy = server.url }
      end,
    }

    for way, find_way in pairs(WAYS) do
      for what, bytes in pairs(LATE) do
        it("does not use one on which " .. what .. " came while it was idle, " .. way, function()
          local origin, settings = find_way()
          local function ask(path)
            local changes = { url = origin .. path }
            for name, value in pairs(settings) do changes[name] = value end
            local response = assert(send("", changes))
            local connection, number = response.body:match("^(%d+) (%d+)$")
            assert.truthy(connection, response.body)
            return connection, number
          end
          local late_before = late_count()
          local connection = ask("/count-and-send-late/" .. core.uri_encode(bytes))
          await_late(late_before + 1)
          local again, number = ask("/count")
          assert.not_equal(connection, again)
          assert.equal("1", number)
          assert.same({ again, "2" }, { ask("/count") }) -- a good one is used again
        end)
      end
    end

    it("does not use any of many on which an answer came while they were idle", function()
      local transfers, late_before = {}, late_count()
      local path = "/count-and-send-late/" .. core.uri_encode(LATE["a whole answer"])
      for i = 1, 20 do transfers[i] = assert(engine:start(request(i % 2 == 0 and path or "/drip"))) end
      finish()
      await_late(late_before + 10)
      for i = 1, 40 do transfers[i] = assert(engine:start(request("/n/" .. i))) end
      finish()
      for i, transfer in ipairs(transfers) do
        assert.truthy(transfer:result().body:find("GET /n/" .. i .. " ", 1, true))
      end
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
end)
