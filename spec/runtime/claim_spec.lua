-- Claims of coroutines. spec/nginx/claims_spec.lua has those of light threads.

local claim = require "aws.backup.runtime.claim"
local protect = require "aws.backup.protect"

describe("the claim of a coroutine", function()
  local now, new_claim
  before_each(function()
    now = 1000
    new_claim = claim.of_coroutines(function() return now end)
  end)

  -- A coroutine that has made a claim and waits; and the claim.
  local function new_owner()
    local made
    local thread = coroutine.create(function()
      made = new_claim()
      coroutine.yield()
    end)
    assert(coroutine.resume(thread))
    return thread, made
  end

  -- As one who waits for it sees it, a second later.
  local function is_held_a_second_later(made)
    made.is_held()
    now = now + 1
    return made.is_held()
  end

  it("is held while that one waits, and no longer than until it is released", function()
    local thread, made = new_owner()
    assert.is_true(is_held_a_second_later(made))
    made.release()
    assert.is_false(made.is_held())
    assert.equal("suspended", coroutine.status(thread))
  end)

  it("ends with it when it is dropped, whether or not anybody collects", function()
    local _, made = nil, select(2, new_owner())
    assert.is_false(is_held_a_second_later(made))
  end)

  it("ends with it when it ends, whatever way", function()
    local thread, made = new_owner()
    assert(coroutine.resume(thread))
    assert.is_false(made.is_held())
    thread = coroutine.create(function()
      made = new_claim()
      error("broken")
    end)
    assert.is_false((coroutine.resume(thread)))
    assert.is_false(made.is_held())
  end)

  if coroutine.close then -- luacheck: ignore
    it("ends with it when it is closed", function()
      local thread, made = new_owner()
      assert.is_true(made.is_held())
      coroutine.close(thread) -- luacheck: ignore
      assert.is_false(made.is_held())
    end)
  end

  it("is that of the coroutine that the host knows, within a protected call, too", function()
    local made
    local thread = coroutine.create(function()
      protect(function()
        made = new_claim()
        coroutine.yield()
      end)
    end)
    assert(coroutine.resume(thread))
    assert.is_true(is_held_a_second_later(made))
    thread = nil -- luacheck: ignore
    assert.is_false(is_held_a_second_later(made))
  end)

  it("holds nobody up who runs above it on the stack, or is it", function()
    local held = {}
    local thread = coroutine.create(function()
      local made = new_claim()
      held.within = made.is_held()
      coroutine.wrap(function() held.above = made.is_held() end)()
    end)
    assert(coroutine.resume(thread))
    assert.same({ within = false, above = false }, held)
  end)

  it("lets the collector look four times a second at most, and less often the longer that takes", function()
    local looks, cost, real = 0, 0, collectgarbage
    local thread, made = new_owner()
    rawset(_G, "collectgarbage", function()
      looks, now = looks + 1, now + cost
      return real()
    end)
    local function looks_in(seconds)
      looks = 0
      local ending = now + seconds
      while now < ending do
        made.is_held()
        now = now + 0.05
      end
      return looks
    end
    local quick = looks_in(10)
    cost = 1
    local slow = looks_in(100)
    rawset(_G, "collectgarbage", real)
    assert.is_true(quick >= 30 and quick <= 40, quick)
    assert.is_true(slow >= 3 and slow <= 7, slow)
    assert.equal("suspended", coroutine.status(thread))
  end)
end)
