local clock_skew = require "aws.backup.clock_skew"
local time = require "aws.backup.codec.time"

local NOW = 1767323045 -- 2026-01-02T03:04:05Z

local function new()
  local local_time = { wall = NOW, mono = 50 }
  return clock_skew.new(function() return local_time.wall end, function() return local_time.mono end), local_time
end

local function dated(seconds)
  return { date = time.http_date(seconds) }
end

describe("clock_skew", function()
  it("knows the codes by which services refuse a wrong clock", function()
    for _, code in ipairs({ "RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch", "RequestInTheFuture",
        "InvalidSignatureException", "AuthFailure", "AccessDeniedException" }) do
      assert.is_true(clock_skew.is_skew_code(code), code)
    end
    assert.is_false(clock_skew.is_skew_code("ThrottlingException"))
    assert.is_false(clock_skew.is_skew_code(nil))
  end)

  it("is the local clock until it learns otherwise", function()
    local skew, local_time = new()
    assert.equal(NOW, skew:now())
    local_time.wall = NOW + 7
    assert.equal(NOW + 7, skew:now())
  end)

  it("learns from a Date that is more than four minutes off, both ways", function()
    for _, off in ipairs({ 3600, -3600, 241, -241, 86400 * 400 }) do
      local skew, local_time = new()
      assert.is_true(skew:learn(dated(NOW + off)))
      assert.equal(NOW + off, skew:now())
      local_time.wall, local_time.mono = NOW + 10, 60
      assert.equal(NOW + off + 10, skew:now())
    end
  end)

  it("learns nothing from a small difference, nor from an answer without a readable Date", function()
    local skew = new()
    assert.is_false(skew:learn(dated(NOW + 240)))
    assert.is_false(skew:learn(dated(NOW - 240)))
    assert.is_false(skew:learn({}))
    assert.is_false(skew:learn({ date = "yesterday" }))
    assert.equal(NOW, skew:now())
  end)

  it("learns nothing from the Date of an answer that a cache hands out, which has an Age", function()
    for _, age in ipairs { "3600", "0", "" } do
      for _, off in ipairs { 3600, -3600 } do
        local skew = new()
        assert.is_false(skew:learn { date = time.http_date(NOW + off), age = age })
        assert.equal(NOW, skew:now())
      end
    end
    assert.is_nil(clock_skew.ahead({ date = time.http_date(NOW), age = "1" }, NOW))
    assert.is_nil(clock_skew.server_time { date = time.http_date(NOW), age = "1" })
    assert.equal(NOW, clock_skew.server_time { date = time.http_date(NOW) })
  end)

  it("does not learn the same twice: what it corrected is no skew any more", function()
    local skew = new()
    assert.is_true(skew:learn(dated(NOW + 3600)))
    assert.is_false(skew:learn(dated(NOW + 3600)))
  end)

  it("drops the correction when the local clock is set", function()
    local skew, local_time = new()
    assert.is_true(skew:learn(dated(NOW + 3600)))
    local_time.wall, local_time.mono = NOW + 3610, 60
    assert.equal(NOW + 3610, skew:now())
    assert.is_false(skew:learn(dated(NOW + 3610)))
  end)

  it("keeps the correction while the two clocks drift apart slowly", function()
    local skew, local_time = new()
    assert.is_true(skew:learn(dated(NOW + 3600)))
    local_time.wall, local_time.mono = NOW + 100030, 100050
    assert.equal(NOW + 103630, skew:now())
  end)
end)
