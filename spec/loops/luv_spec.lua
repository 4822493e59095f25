local backup = require "aws.backup"
local cases = require "spec.loops.cases"
local uv = require("spec.loops.debian").require "luv"
local services = require "spec.services.server"

describe("the loop of luv", function()
  local runtime = require("aws.backup.runtime.luv").new()
  local loop = { runtime = runtime, spawn = runtime.spawn, sleep = runtime.sleep, run = function() uv.run() end }

  local server
  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  for _, case in ipairs(cases.common) do
    it(case[1], function() case[2](loop, server) end)
  end

  it("goes on while credentials are fetched, once for all", function() cases.fetch_credentials_once(loop, server) end)

  it("waits for descriptors, and looks at none in vain", function() cases.wait_for_descriptors(loop, server) end)

  it("takes arguments for what it starts", function()
    local got
    runtime.spawn(function(...) got = { ... } end, 1, "two")
    assert.same({ 1, "two" }, got)
  end)

  it("can be waited for in coroutines that a program has made itself", function()
    local ended
    coroutine.wrap(function()
      runtime.sleep(0.01)
      ended = true
    end)()
    loop.run()
    assert.is_true(ended)
  end)

  it("can't be waited for outside of coroutines, which is said", function()
    local fine, failure = pcall(runtime.sleep, 1)
    assert.is_false(fine)
    assert.is_true(backup.is(failure, "ClientError"))
    assert.truthy(failure.message:find("a function for spawn", 1, true))
  end)

  if coroutine.close then -- luacheck: ignore
    it("goes on when a coroutine is closed that waits in it, whatever for", function()
      local ended
      local thread = coroutine.create(function() runtime.sleep(0.01) end)
      assert(coroutine.resume(thread))
      assert(coroutine.close(thread)) -- luacheck: ignore
      runtime.spawn(function()
        runtime.sleep(0.05)
        ended = true
      end)
      loop.run()
      assert.is_true(ended)
    end)
  end

  it("has nothing left to do when a wait is over", function()
    local waiter, ended = runtime.waiter(), false
    runtime.spawn(function()
      waiter:wait({}, 60)
      ended = true
    end)
    runtime.spawn(function()
      waiter:wake()
      waiter:wake()
    end)
    loop.run()
    waiter:wake()
    assert.is_true(ended)
    assert.is_false(uv.loop_alive())
  end)
end)
