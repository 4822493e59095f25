local rate_limiter = require "aws.backup.rate_limiter"

local function at(clock)
  return rate_limiter.new(function() return clock.now end)
end

-- Steps at which an answer comes every 200 ms, the rates to six digits: the published check values of the algorithm.
local ANSWERS = {
  { 2.0, true, 3.028480 }, { 2.2, false, 3.486639 }, { 2.4, false, 3.821874 }, { 2.6, false, 4.053386 },
  { 2.8, false, 4.200373 }, { 3.0, false, 4.282037 }, { 3.2, true, 2.997426 }, { 3.4, false, 3.452226 },
}

describe("the rate limiter of adaptive mode", function()
  it("holds nothing back before the first throttling", function()
    local clock = { now = 0 }
    local limiter = at(clock)
    for _ = 1, 1000 do
      assert.equal(0, limiter.acquire())
      limiter.answered(false)
    end
    assert.is_nil(limiter.fill_rate())
  end)

  it("slows down to 0.7 of the rate when throttled, and comes back along the cubic curve", function()
    local clock = { now = 0 }
    local limiter = at(clock)
    for tick = 1, 9 do
      clock.now = tick * 0.2
      limiter.answered(false)
    end
    for _, answer in ipairs(ANSWERS) do
      clock.now = answer[1]
      limiter.answered(answer[2])
      assert.is_true(math.abs(limiter.fill_rate() - answer[3]) < 1e-6, "at " .. answer[1])
    end
  end)

  it("lets one attempt through for each token, and tells how long the next token takes", function()
    local clock = { now = 100 }
    local limiter = at(clock)
    limiter.answered(true)
    assert.equal(0.5, limiter.fill_rate())
    assert.equal(2, limiter.acquire())
    clock.now = 101
    assert.equal(1, limiter.acquire())
    clock.now = 102
    assert.equal(0, limiter.acquire())
    assert.equal(2, limiter.acquire())
  end)

  it("never allows less than one attempt in two seconds, and saves no more than one token at that rate", function()
    local clock = { now = 0 }
    local limiter = at(clock)
    for _ = 1, 20 do limiter.answered(true) end
    assert.equal(0.5, limiter.fill_rate())
    clock.now = 1000
    assert.equal(0, limiter.acquire())
    assert.is_true(limiter.acquire() > 0)
  end)

  it("allows at most twice the rate that it measures", function()
    local clock = { now = 0 }
    local limiter = at(clock)
    limiter.answered(true)
    for tick = 1, 400 do
      clock.now = tick * 0.25
      limiter.answered(false)
    end
    -- Four answers a second, and a curve that would have risen to thousands by now.
    assert.is_true(math.abs(limiter.fill_rate() - 8) < 0.01)
  end)
end)
