local retry = require "aws.backup.retry"

local function always(value) return function() return value end end

local TRANSIENT = { code = "InternalFailure", http_status = 500 }
local THROTTLED = { code = "ThrottlingException", http_status = 400 }

describe("retry.is_retryable", function()
  local function retryable(failure, mode) return retry.is_retryable(mode or "standard", failure) end

  it("holds for failures of the connection, but not of certificates or sizes", function()
    for _, kind in ipairs({ "dns", "connect", "connect_timeout", "read_timeout", "reset" }) do
      assert.is_true(retryable({ kind = kind }), kind)
    end
    for _, kind in ipairs({ "tls", "too_large", "protocol", "proxy", "url", "closed", "cancelled", "timeout" }) do
      assert.is_false(retryable({ kind = kind }), kind)
    end
  end)

  it("holds for 500, 502, 503, 504 and 429, not for other statuses", function()
    for _, status in ipairs({ 500, 502, 503, 504, 429 }) do
      assert.is_true(retryable({ code = tostring(status), http_status = status }), status)
    end
    for _, status in ipairs({ 301, 400, 403, 404, 409, 501, 509 }) do
      assert.is_false(retryable({ code = tostring(status), http_status = status }), status)
    end
  end)

  it("holds for throttling under any of its names and any status", function()
    for _, code in ipairs({ "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded",
        "SlowDown" }) do
      assert.is_true(retryable({ code = code, http_status = 400 }), code)
    end
  end)

  it("holds for the codes of transient failures under any status", function()
    for _, code in ipairs({ "RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete",
        "InternalError" }) do
      assert.is_true(retryable({ code = code, http_status = 400 }), code)
    end
  end)

  it("takes a 503 with a code of throttling for throttling", function()
    local policy = retry.new("standard", 3, always(1))
    assert.equal(1, policy:begin():next_delay({ code = "SlowDown", http_status = 503 }, {}))
    assert.is_true(policy:is_throttling({ code = "SlowDown", http_status = 503 }))
    assert.is_false(policy:is_throttling({ code = "ServiceUnavailableException", http_status = 503 }))
  end)

  it("does not hold for an exhausted quota and a wrong request", function()
    for _, code in ipairs({ "LimitExceededException", "InvalidParameterValueException", "AccessDeniedException",
        "ExpiredTokenException", "ResourceNotFoundException" }) do
      assert.is_false(retryable({ code = code, http_status = 400 }), code)
    end
  end)
end)

describe("a retry policy in standard mode", function()
  it("waits up to 50 ms, then 100 ms, for a transient failure, and gives up after the last attempt", function()
    local call = retry.new("standard", 3, always(1)):begin()
    assert.equal(0.05, call:next_delay(TRANSIENT, {}))
    assert.equal(0.1, call:next_delay(TRANSIENT, {}))
    local delay, reason = call:next_delay(TRANSIENT, {})
    assert.is_nil(delay)
    assert.equal("no attempts left", reason)
  end)

  it("waits up to 1 s, then 2 s, when throttled, never more than 20 s", function()
    local call = retry.new("standard", 9, always(1)):begin()
    local delays = {}
    for index = 1, 8 do delays[index] = call:next_delay(THROTTLED, {}) end
    assert.same({ 1, 2, 4, 8, 16, 20, 20, 20 }, delays)
  end)

  it("spreads the waits by the random fraction", function()
    local call = retry.new("standard", 3, always(0.5)):begin()
    assert.equal(0.5, call:next_delay(THROTTLED, {}))
  end)

  it("follows the service's hint within five seconds of its own delay", function()
    local function delay(headers, random)
      return retry.new("standard", 3, always(random or 0)):begin():next_delay(THROTTLED, headers)
    end
    assert.equal(1.5, delay({ ["x-amz-retry-after"] = "1500" }))
    assert.equal(5, delay({ ["x-amz-retry-after"] = "60000" }))
    assert.equal(1, delay({ ["x-amz-retry-after"] = "10" }, 1))
    assert.equal(2, delay({ ["retry-after"] = "2" }))
    assert.equal(0, delay({ ["x-amz-retry-after"] = "-5" }))
    assert.equal(0, delay({ ["retry-after"] = "Fri, 07 Nov 2026 23:59:59 GMT" }))
  end)

  it("makes nothing of a date in Retry-After that a cache hands out", function()
    local hint = { ["retry-after"] = "Fri, 07 Nov 2025 10:00:03 GMT", date = "Fri, 07 Nov 2025 10:00:00 GMT" }
    local function delay() return retry.new("standard", 3, always(0)):begin():next_delay(THROTTLED, hint) end
    assert.equal(3, delay())
    hint.age = "3600"
    assert.equal(0, delay())
  end)

  it("reads Retry-After as a date by the clock of the answer", function()
    local function delay(after, date)
      return retry.new("standard", 3, always(0)):begin():next_delay(THROTTLED,
        { ["retry-after"] = after, date = date })
    end
    assert.equal(3, delay("Fri, 07 Nov 2025 10:00:03 GMT", "Fri, 07 Nov 2025 10:00:00 GMT"))
    assert.equal(5, delay("Fri, 07 Nov 2025 23:00:00 GMT", "Fri, 07 Nov 2025 10:00:00 GMT"))
    assert.equal(0, delay("Fri, 07 Nov 2025 09:00:00 GMT", "Fri, 07 Nov 2025 10:00:00 GMT"))
    assert.equal(0, delay("Fri, 07 Nov 2025 10:00:03 GMT", nil))
  end)

  it("does not let a hint make a failure retryable", function()
    local call = retry.new("standard", 3, always(0)):begin()
    local delay, reason = call:next_delay({ code = "ValidationException", http_status = 400 },
      { ["x-amz-retry-after"] = "10" })
    assert.is_nil(delay)
    assert.equal("not retryable", reason)
  end)

  it("stops adding load after 35 failed retries, and goes on when calls succeed", function()
    local policy = retry.new("standard", 2, always(0))
    local granted = 0
    for _ = 1, 50 do
      if policy:begin():next_delay(TRANSIENT, {}) then granted = granted + 1 end
    end
    assert.equal(35, granted)
    local _, reason = policy:begin():next_delay(TRANSIENT, {})
    assert.equal("retry quota exhausted", reason)
    for _ = 1, 14 do policy:begin():succeeded() end
    assert.equal(0, policy:begin():next_delay(TRANSIENT, {}))
  end)

  it("gives back what the last retry of a call cost once the call succeeds", function()
    local policy = retry.new("standard", 3, always(0))
    for _ = 1, 200 do
      local call = policy:begin()
      assert.equal(0, call:next_delay(TRANSIENT, {}))
      call:succeeded()
    end
  end)

  it("costs 14 tokens of 500, and 5 when throttled", function()
    local policy = retry.new("standard", 3, always(0))
    assert.equal(500, policy.quota)
    local call = policy:begin()
    call:next_delay(TRANSIENT, {})
    assert.equal(486, policy.quota)
    call:next_delay(THROTTLED, {})
    assert.equal(481, policy.quota)
    call:succeeded()
    assert.equal(486, policy.quota)
    policy:succeeded_at_once()
    assert.equal(487, policy.quota)
    for _ = 1, 20 do policy:succeeded_at_once() end
    assert.equal(500, policy.quota)
  end)

  it("charges nothing for the failure of the last attempt", function()
    local policy = retry.new("standard", 2, always(0))
    local call = policy:begin()
    call:next_delay(TRANSIENT, {})
    call:next_delay(TRANSIENT, {})
    assert.equal(486, policy.quota)
  end)

  it("grants a corrected attempt at once and for nothing, but never one more than allowed", function()
    local policy = retry.new("standard", 3, always(1))
    local call = policy:begin()
    assert.is_true(call:correct())
    assert.equal(500, policy.quota)
    assert.equal(0.05, call:next_delay(TRANSIENT, {}))
    assert.is_false(call:correct())
    assert.is_nil((call:next_delay(TRANSIENT, {})))
    assert.is_false(retry.new("off", 1, always(1)):begin():correct())
  end)

  it("keeps the quotas of two clients apart", function()
    local one, other = retry.new("standard", 2, always(0)), retry.new("standard", 2, always(0))
    for _ = 1, 40 do one:begin():next_delay(TRANSIENT, {}) end
    assert.equal(0, other:begin():next_delay(TRANSIENT, {}))
  end)
end)

describe("a retry policy in the other modes", function()
  it("makes no second attempt when the total is one", function()
    assert.is_nil((retry.new("off", 1, always(0)):begin():next_delay(TRANSIENT, {})))
  end)

  it("knows fewer codes and one status more in legacy mode", function()
    local function legacy(failure) return retry.is_retryable("legacy", failure) end
    assert.is_true(legacy({ code = "509", http_status = 509 }))
    assert.is_true(legacy({ code = "429", http_status = 429 }))
    assert.is_true(legacy({ kind = "reset" }))
    for _, code in ipairs({ "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "ProvisionedThroughputExceededException" }) do
      assert.is_true(legacy({ code = code, http_status = 400 }), code)
      assert.is_false(legacy({ code = code, http_status = 403 }), code)
    end
    assert.is_false(legacy({ code = "SlowDown", http_status = 400 }))
    assert.is_false(legacy({ code = "RequestTimeout", http_status = 400 }))
  end)

  it("retries in adaptive mode as in standard mode, and limits the rate on top", function()
    local policy = retry.new("adaptive", 3, always(1), always(0))
    assert.equal(0.05, policy:begin():next_delay(TRANSIENT, {}))
    assert.equal(486, policy.quota)
    assert.equal(0, policy.limiter.acquire())
    assert.is_nil(retry.new("standard", 3, always(1), always(0)).limiter)
  end)

  it("waits a random part of 1, 2, 4, 8 seconds in legacy mode, whatever the quota", function()
    local policy = retry.new("legacy", 5, always(1))
    for _ = 1, 50 do
      local call, delays = policy:begin(), {}
      for index = 1, 4 do delays[index] = call:next_delay(TRANSIENT, {}) end
      assert.same({ 1, 2, 4, 8 }, delays)
      assert.is_nil((call:next_delay(TRANSIENT, {})))
    end
  end)
end)
