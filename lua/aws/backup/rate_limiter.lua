--- The send rate of `adaptive` mode: a token bucket whose fill rate follows the service, slower after each throttling,
-- faster along a cubic curve while it answers (SDK reference guide, "Retry behavior", adaptive mode).
--
-- Nothing is held back until the first throttling. One a client: all its calls share the rate.

local limiter = {}

-- Of the measured or allowed rate, what is left after a throttling.
local BETA = 0.7
-- How steeply the curve rises.
local SCALE = 0.4
-- Weight of the newest measurement.
local SMOOTHING = 0.8
local BUCKETS_PER_SECOND = 2
local LEAST_FILL_RATE = 0.5
local LEAST_CAPACITY = 1
-- The allowed rate stays within sight of what is really sent.
local FASTEST_BY_MEASURED = 2

-- Answers a second, smoothed over half-second buckets.
local function new_meter(now)
  local rate, count, last_bucket = 0, 0, math.floor(now * BUCKETS_PER_SECOND) / BUCKETS_PER_SECOND
  return function(time)
    count = count + 1
    local bucket = math.floor(time * BUCKETS_PER_SECOND) / BUCKETS_PER_SECOND
    if bucket > last_bucket then
      rate = SMOOTHING * count / (bucket - last_bucket) + (1 - SMOOTHING) * rate
      count, last_bucket = 0, bucket
    end
    return rate
  end
end

local function new_bucket()
  local bucket = { fill_rate = 0, capacity = LEAST_CAPACITY, tokens = 0, refilled = nil }

  function bucket.refill(now)
    if bucket.refilled then
      bucket.tokens = math.min(bucket.capacity, bucket.tokens + (now - bucket.refilled) * bucket.fill_rate)
    end
    bucket.refilled = now
  end

  -- What was earned until now was earned at the old rate.
  function bucket.set_rate(rate, now)
    bucket.refill(now)
    bucket.fill_rate = math.max(rate, LEAST_FILL_RATE)
    bucket.capacity = math.max(rate, LEAST_CAPACITY)
    bucket.tokens = math.min(bucket.tokens, bucket.capacity)
  end

  return bucket
end

--- A limiter.
---@param monotonic fun(): number  seconds
---@return { acquire: fun(): number, answered: fun(throttled: boolean), fill_rate: fun(): number? }
function limiter.new(monotonic)
  local self = {}
  local measure, bucket = new_meter(monotonic()), new_bucket()
  local enabled, last_throttle, rate_at_throttle = false, nil, 0

  --- Takes the token of one attempt. 0: taken; else the seconds to wait before asking again.
  function self.acquire()
    if not enabled then return 0 end
    bucket.refill(monotonic())
    if bucket.tokens >= 1 then
      bucket.tokens = bucket.tokens - 1
      return 0
    end
    return (1 - bucket.tokens) / bucket.fill_rate
  end

  local function slow_down(measured, now)
    rate_at_throttle = enabled and math.min(measured, bucket.fill_rate) or measured
    last_throttle, enabled = now, true
    return BETA * rate_at_throttle
  end

  -- The curve comes back to the rate of the last throttling after `plateau` seconds, and rises beyond it later.
  local function speed_up(now)
    local plateau = (rate_at_throttle * (1 - BETA) / SCALE) ^ (1 / 3)
    return SCALE * (now - last_throttle - plateau) ^ 3 + rate_at_throttle
  end

  --- Tells how an attempt ended.
  function self.answered(throttled)
    local now = monotonic()
    local measured = measure(now)
    if not throttled and not enabled then return end
    local rate = throttled and slow_down(measured, now) or speed_up(now)
    bucket.set_rate(math.min(rate, FASTEST_BY_MEASURED * measured), now)
  end

  --- Attempts a second that are let through; nil while nothing is held back.
  function self.fill_rate()
    return enabled and bucket.fill_rate or nil
  end

  return self
end

return limiter
