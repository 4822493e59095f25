local gate = require "aws.backup.runtime.gate"
local refresh = require "aws.backup.credentials.refresh"

describe("a gate for those who can only sleep", function()
  it("sleeps for a moment, never longer than wanted", function()
    local slept = {}
    local polled = gate.polling(function(seconds) slept[#slept + 1] = seconds end)()
    polled.wait(10)
    polled.open()
    polled.wait(0.01)
    assert.same({ 0.05, 0.01 }, slept)
  end)
end)

describe("a gate of the runtime's own", function()
  it("is what those wait at who want credentials that another call is fetching", function()
    local gates, now = {}, 1000
    local context = {
      clock = function() return now end, monotonic = function() return now end, log = function() end,
      sleep = function() error("nobody polls") end,
      new_gate = function()
        local made = { waits = {}, opened = 0 }
        gates[#gates + 1] = made
        made.wait = function(seconds) made.waits[#made.waits + 1] = seconds; coroutine.yield() end
        made.open = function() made.opened = made.opened + 1 end
        return made
      end,
    }
    local provider = { name = "p", get = function()
      coroutine.yield()
      return { access_key_id = "AKID", secret_access_key = "SECRET" }
    end }
    local source, found = refresh.new(provider, context), {}
    local callers = {}
    for index = 1, 3 do
      callers[index] = coroutine.create(function() found[index] = source:get(index > 1 and now + 10 * index or nil) end)
      assert(coroutine.resume(callers[index]))
    end
    assert.same({ { 0.2, 0.2 }, 0 }, { gates[1].waits, gates[1].opened })
    assert(coroutine.resume(callers[1]))
    assert.equal(1, gates[1].opened)
    for index = 2, 3 do assert(coroutine.resume(callers[index])) end
    for index = 1, 3 do assert.equal("AKID", found[index].access_key_id) end
    assert.equal(1, #gates)
  end)

  it("is opened when the fetch raises, too", function()
    local opened = 0
    local source = refresh.new({ name = "p", get = function() error("broken", 0) end }, {
      clock = os.time, monotonic = os.time, log = function() end,
      new_gate = function() return { wait = function() end, open = function() opened = opened + 1 end } end,
    })
    assert.has_error(function() source:get() end, "broken")
    assert.equal(1, opened)
  end)
end)
