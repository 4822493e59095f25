local runtime = require "aws.backup.runtime"

-- A transfer that is done after so many steps of its engine.
local function transfer_of(steps)
  local made, timeouts = 0, {}
  local engine = {
    step = function(_, timeout) made = made + 1; timeouts[#timeouts + 1] = timeout end,
    is_open = function() return true end,
    is_full = function() return false end,
    next_ended = function() end,
  }
  return engine, { done = function() return made >= steps end }, timeouts
end

describe("runtime.choose", function()
  local real_ngx
  before_each(function() real_ngx = rawget(_G, "ngx") end)
  after_each(function() rawset(_G, "ngx", real_ngx) end)

  it("blocks outside nginx", function()
    rawset(_G, "ngx", nil)
    assert.equal("blocking", assert(runtime.choose("auto")).name)
    assert.equal("blocking", assert(runtime.choose("blocking")).name)
  end)

  it("waits as nginx does inside nginx, whatever the phase is now, and blocks only if it must", function()
    for _, phase in ipairs { "init", "init_worker", "content", "log" } do
      rawset(_G, "ngx", { get_phase = function() return phase end })
      assert.equal("ngx", assert(runtime.choose("auto")).name)
      assert.equal("ngx", assert(runtime.choose("ngx")).name)
      assert.equal("blocking", assert(runtime.choose("blocking")).name)
    end
  end)

  it("refuses to wait as nginx does outside nginx", function()
    rawset(_G, "ngx", nil)
    local chosen, failure = runtime.choose("ngx")
    assert.is_nil(chosen)
    assert.is_true(failure:is("ConfigError"))
    assert.truthy(failure.message:find("only possible inside nginx", 1, true))
  end)

  it("takes a sleep of the caller's own everywhere", function()
    rawset(_G, "ngx", { get_phase = function() return "log" end })
    assert.equal("custom", assert(runtime.choose { sleep = function() end }).name)
  end)
end)

describe("the blocking runtime", function()
  local blocking = assert(runtime.choose("blocking"))

  it("sleeps at least as long as it is told, and not at all for nothing", function()
    local core = require "aws.backup.core"
    local started = core.monotonic()
    blocking.sleep(0.02)
    assert.is_true(core.monotonic() - started >= 0.02)
    blocking.sleep(0)
    blocking.sleep(-1)
  end)

  it("waits in slices for a transfer, so that a signal gets through", function()
    local engine, transfer, timeouts = transfer_of(3)
    blocking.finish(engine, transfer)
    assert.equal(3, #timeouts)
    for _, timeout in ipairs(timeouts) do assert.is_true(timeout > 0 and timeout <= 0.25) end
  end)
end)

describe("a runtime of the caller's own", function()
  it("never waits inside the engine, and sleeps with the caller's sleep", function()
    local slept = {}
    local own = assert(runtime.choose { sleep = function(seconds) slept[#slept + 1] = seconds end })
    local engine, transfer, timeouts = transfer_of(8)
    own.finish(engine, transfer)
    for _, timeout in ipairs(timeouts) do assert.equal(0, timeout) end
    assert.equal(7, #slept)
    assert.equal(0.001, slept[1])
    assert.equal(0.02, slept[7])
    own.sleep(5)
    assert.equal(5, slept[8])
  end)

  it("does not sleep for an answer that is there at once", function()
    local own = assert(runtime.choose { sleep = function() error("slept") end })
    local engine, transfer, timeouts = transfer_of(1)
    own.finish(engine, transfer)
    assert.equal(1, #timeouts)
  end)
end)
