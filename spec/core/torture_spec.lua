-- The collector at its worst, and everything dropped, cancelled or closed at the wrong moment.

local core = require "aws.backup.core"
local fault_server = require "spec.core.server"

local TEST_TIMEOUT = 20 -- seconds

describe("under torture", function()
  local server

  setup(function()
    server = fault_server.start()
  end)

  teardown(function()
    server:stop()
  end)

  -- A full collection at nearly every allocation.
  before_each(function()
    collectgarbage("setpause", 0)
    collectgarbage("setstepmul", 10000)
  end)

  after_each(function()
    collectgarbage("setpause", 200)
    collectgarbage("setstepmul", 200)
    collectgarbage()
  end)

  local function request(path)
    return {
      method = "POST",
      url = server.url .. path,
      headers = { ["x-id"] = path, authorization = "AWS4-HMAC-SHA256 x" },
      body = ("body of " .. path):rep(10),
      timeout = TEST_TIMEOUT,
    }
  end

  local function finish(engine)
    while engine:step(0.1) > 0 do
      collectgarbage()
    end
  end

  it("the engine gives every transfer its own answer", function()
    local engine = core.new_engine()
    local transfers = {}
    for i = 1, 20 do
      transfers[i] = assert(engine:start(request("/n/" .. i)))
      collectgarbage()
    end
    finish(engine)
    for i, transfer in ipairs(transfers) do
      local raw = transfer:result().body
      assert.truthy(raw:find("x-id: /n/" .. i .. "\r\n", 1, true))
      assert.truthy(raw:find(("body of /n/" .. i):rep(10), 1, true))
    end
    engine:close()
  end)

  it("the signer gives the same signature", function()
    local signer = core.new_signer()
    local function sign(i)
      local timestamp = ("202601%02dT030405Z"):format(i)
      return assert(signer:sign({
        method = "GET",
        path = "/a%20" .. i,
        query = "b=" .. i .. "&a",
        headers = { host = "h" .. i, ["x-amz-date"] = timestamp },
      }, { access_key_id = "a" .. i, secret_access_key = "s" .. i }, {
        region = "r" .. i, service = "s", timestamp = timestamp,
      }, { explain = true }))
    end
    local expected = {}
    for i = 1, 9 do
      expected[i] = sign(i)
    end
    for i = 9, 1, -1 do
      collectgarbage()
      assert.same(expected[i], sign(i))
    end
    signer:close()
  end)

  it("running transfers may be collected", function()
    local engine = core.new_engine()
    for _ = 1, 5 do
      for _ = 1, 10 do
        assert(engine:start(request("/silent")))
        engine:step(0)
      end
      collectgarbage()
      collectgarbage()
      assert.equal(0, engine:step(0))
    end
    local transfer = assert(engine:start(request("/status/200")))
    finish(engine)
    assert.equal(200, transfer:result().status)
    engine:close()
  end)

  it("an engine may be collected before its transfers", function()
    local engine = core.new_engine { max_connections = 3 }
    local transfers = {}
    for i = 1, 6 do
      transfers[i] = assert(engine:start(request("/silent")))
    end
    engine:step(0.01)
    engine = nil -- luacheck: ignore 311
    collectgarbage()
    collectgarbage()
    for _, transfer in ipairs(transfers) do
      assert.equal("closed", (select(2, transfer:result())))
      transfer:cancel()
    end
  end)

  it("every program gives its own output", function()
    local children = {}
    for i = 1, 10 do
      children[i] = assert(core.spawn { "sh", "-c", "echo $0; echo $1 >&2; exit $1", "out" .. i, tostring(i) })
      collectgarbage()
    end
    for i, child in ipairs(children) do
      while not child:step(0.1) do collectgarbage() end
      assert.same({ status = i, stdout = "out" .. i .. "\n", stderr = i .. "\n" }, (child:result()))
    end
  end)

  it("running programs may be collected", function()
    for _ = 1, 20 do
      core.spawn({ "sh", "-c", "yes; exit" }, { max_output_bytes = 2 ^ 20 }):step(0.001)
    end
    collectgarbage()
    collectgarbage()
    local child = assert(core.spawn { "echo", "alive" })
    while not child:step(0.1) do collectgarbage() end
    assert.equal("alive\n", child:result().stdout)
  end)

  it("everything may be dropped at once", function()
    for _ = 1, 10 do
      local engine = core.new_engine()
      for i = 1, 5 do
        local transfer = assert(engine:start(request(i % 2 == 0 and "/silent" or "/echo")))
        transfer.done(transfer)
      end
      engine:step(0.01)
    end
    collectgarbage()
    collectgarbage()
    assert.equal("engine (open)", tostring(core.new_engine()))
  end)

  it("transfers may be cancelled in any order", function()
    local engine = core.new_engine { max_connections = 4 }
    local transfers = {}
    for i = 1, 9 do
      transfers[i] = assert(engine:start(request("/drip")))
    end
    for _, i in ipairs { 5, 1, 9, 3 } do
      engine:step(0.005)
      transfers[i]:cancel()
    end
    finish(engine)
    for i, transfer in ipairs(transfers) do
      local response, kind = transfer:result()
      if i == 5 or i == 1 or i == 9 or i == 3 then
        assert.equal("cancelled", kind)
      else
        assert.equal("slow, steady", response.body)
      end
    end
    engine:close()
  end)

  it("an engine may be closed at any moment", function()
    for steps = 0, 12 do
      local engine = core.new_engine()
      local transfers = {}
      for i, path in ipairs { "/echo", "/chunked", "/drip", "/reset", "/count-and-close" } do
        transfers[i] = assert(engine:start(request(path)))
      end
      for _ = 1, steps do
        engine:step(0.002)
      end
      engine:close()
      for _, transfer in ipairs(transfers) do
        assert.is_true(transfer:done())
        assert.not_equal("running", (select(2, transfer:result())))
      end
    end
  end)

  it("an error in the midst of building a request leaks nothing that matters", function()
    local engine = core.new_engine()
    for _ = 1, 50 do
      local bad = request("/x")
      bad.headers["x-more"] = {}
      assert.is_false(pcall(engine.start, engine, bad))
    end
    collectgarbage()
    assert.equal(0, engine:step(0))
    engine:close()
  end)

  it("a Lua state may end with transfers and programs running", function()
    local script = os.tmpname()
    local file = assert(io.open(script, "w"))
    file:write(([[
      local core = require "aws.backup.core"
      kept = { core.engine(), core.new_engine(), core.new_signer(), core.spawn { "sleep", "60" } }
      for i = 1, 10 do
        kept[#kept + 1] = assert(kept[i %% 2 + 1]:start { method = "GET", url = "%s/silent" })
      end
      kept[1]:step(0.01)
      kept[2]:step(0.01)
      io.write("alive")
    ]]):format(server.url))
    file:close()
    local lua = arg[-1]
    for i = -1, -20, -1 do
      lua = arg[i] or lua
    end
    local pipe = assert(io.popen(lua .. " " .. script .. " && echo and well"))
    local output = pipe:read("*a")
    pipe:close()
    os.remove(script)
    assert.equal("aliveand well\n", output)
  end)
end)
