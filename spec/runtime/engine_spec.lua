-- What an engine offers to loops that wait for it, and to those who wait for its transfers.

local core = require "aws.backup.core"
local fault_server = require "spec.core.server"
local lfs = require "lfs" -- busted has it
local socket = require "socket" -- copas has it

local LONG_SECONDS = 20
local SHORT_SECONDS = 0.02

describe("an engine", function()
  local server, engine

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)
  before_each(function() engine = core.new_engine() end)
  after_each(function() engine:close() end)

  local function start(path, changes)
    local request = { method = "GET", url = server.url .. path, timeout = LONG_SECONDS }
    for name, value in pairs(changes or {}) do request[name] = value end
    return assert(engine:start(request))
  end

  -- Whether the descriptor can be read within so long.
  local function can_be_read(seconds)
    local descriptor = engine:descriptor()
    local object = { getfd = function() return descriptor end }
    return #socket.select({ object }, nil, seconds) == 1
  end

  local function ended()
    local transfers, transfer = {}, engine:next_ended()
    while transfer do
      transfers[#transfers + 1] = transfer
      transfer = engine:next_ended()
    end
    return transfers
  end

  local function open_files()
    local count = 0
    for _ in lfs.dir("/proc/self/fd") do count = count + 1 end
    return count
  end

  it("tells when transfers wait for others to end", function()
    engine:close()
    engine = core.new_engine { max_connections = 1 }
    assert.is_false(engine:is_full())
    local first = start("/silent")
    engine:step(0)
    assert.is_false(engine:is_full())
    local second = start("/echo")
    engine:step(0)
    assert.is_true(engine:is_full())
    first:cancel()
    assert.is_false(engine:is_full())
    while not second:done() do engine:step(1) end
    assert.is_false(engine:is_full())
  end)

  describe("has a descriptor", function()
    it("that is the same all the time, and none when it is closed", function()
      local descriptor = engine:descriptor()
      start("/echo")
      engine:step(0)
      assert.equal(descriptor, engine:descriptor())
      engine:close()
      assert.is_nil(engine:descriptor())
    end)

    it("that can be read when there is something to do, and only then", function()
      assert.is_false(can_be_read(0))
      local transfer = start("/drip")
      local idle = 0
      while not transfer:done() do
        engine:step(0)
        if not transfer:done() and not can_be_read(0) then
          idle = idle + 1
          assert.is_true(can_be_read(LONG_SECONDS))
        end
      end
      assert.equal("slow, steady", transfer:result().body)
      assert.is_true(idle > 3)
      assert.is_false(can_be_read(0))
    end)

    it("that stands for connections from before it was asked for, too", function()
      local transfer = start("/drip")
      for _ = 1, 10 do engine:step(SHORT_SECONDS) end
      assert.is_true(transfer:done() or can_be_read(LONG_SECONDS))
    end)

    it("that programs which are started do not get", function()
      local file = assert(io.open("/proc/self/fdinfo/" .. engine:descriptor()))
      local flags = file:read("*a"):match("flags:%s*(%d+)")
      file:close()
      local close_on_exec = tonumber(flags:sub(-7, -7))
      assert.is_true(close_on_exec % 4 >= 2)
    end)

    it("that goes with it", function()
      collectgarbage()
      collectgarbage()
      local before = open_files()
      for _ = 1, 10 do
        local another = core.new_engine()
        assert.is_number(another:descriptor())
        another:close()
      end
      collectgarbage()
      collectgarbage()
      assert.equal(before, open_files())
    end)
  end)

  describe("tells in how many seconds it has something to do", function()
    it("none while nothing is under way", function()
      assert.is_nil(engine:timeout())
      local transfer = start("/echo")
      while not transfer:done() do engine:step(LONG_SECONDS) end
      assert.is_nil(engine:timeout())
      engine:close()
      assert.is_nil(engine:timeout())
    end)

    it("at once when a transfer has not begun", function()
      start("/echo")
      assert.equal(0, engine:timeout())
    end)

    it("at the latest when a transfer runs out of time", function()
      start("/silent", { timeout = 0.3 })
      while can_be_read(0) or engine:timeout() == 0 do engine:step(0) end
      assert.is_true(engine:timeout() <= 0.302)
    end)
  end)

  describe("tells which transfers have ended", function()
    it("each once, in the order in which they ended", function()
      local slow, quick = start("/drip"), start("/echo")
      while not slow:done() do engine:step(LONG_SECONDS) end
      assert.same({ quick, slow }, ended())
      assert.same({}, ended())
    end)

    it("whatever ended them", function()
      local cancelled, closed = start("/silent"), start("/silent")
      engine:step(0)
      cancelled:cancel()
      engine:close()
      assert.same({ cancelled, closed }, ended())
    end)

    it("but none that was collected, or never began", function()
      assert.is_nil((engine:start { method = "GET", url = "gopher://x" }))
      local kept = {}
      for index = 1, 4 do
        local transfer = start("/silent")
        transfer:cancel()
        kept[index] = index % 2 == 0 and transfer or nil
      end
      collectgarbage()
      collectgarbage()
      assert.same({ kept[2], kept[4] }, ended())
    end)
  end)
end)
