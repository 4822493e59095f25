local locales = require "spec.codec.locales"
local number = require "aws.backup.codec.number"

local math_type = rawget(math, "type")

local function is_integer(value)
  return math_type == nil or math_type(value) == "integer"
end

describe("codec.number", function()
  describe("to_integer", function()
    it("takes integral floats and returns integers", function()
      for _, value in ipairs { 5, 5.0, -7.0, 2 ^ 31, 2 ^ 52 } do
        local integer = assert(number.to_integer(value))
        assert.equal(value, integer)
        assert.is_true(is_integer(integer))
      end
    end)

    it("makes zero of negative zero", function()
      assert.equal("0", number.integer_text(number.to_integer(-0.0)))
    end)

    it("refuses fractions, NaN and what no integer type holds", function()
      assert.same({ nil, "fraction" }, { number.to_integer(1.5) })
      assert.same({ nil, "fraction" }, { number.to_integer(0 / 0) })
      for _, value in ipairs { 1e300, -1e300, math.huge, -math.huge } do
        assert.is_nil((number.to_integer(value)))
      end
    end)

    it("keeps large values exact or refuses them", function()
      local integer, reason = number.to_integer(2 ^ 60)
      if number.HAS_INTEGERS then
        assert.equal("1152921504606846976", number.integer_text(integer))
      else
        assert.same({ nil, "precision" }, { integer, reason })
      end
      assert.equal(not number.HAS_INTEGERS, number.to_integer(2 ^ 53) == nil)
    end)
  end)

  describe("parse_integer", function()
    it("reads plain, signed and padded digits", function()
      for text, value in pairs { ["0"] = 0, ["-0"] = 0, ["42"] = 42, ["-42"] = -42, ["007"] = 7, ["12.000"] = 12,
        ["1.2e1"] = 12, ["1E3"] = 1000 } do
        local integer = assert(number.parse_integer(text), text)
        assert.equal(value, integer)
        assert.is_true(is_integer(integer))
      end
    end)

    it("reads 64-bit extremes exactly, or refuses what a double would round", function()
      for _, text in ipairs { "9223372036854775807", "-9223372036854775808", "9007199254740993" } do
        local integer = number.parse_integer(text)
        assert.is_true(integer ~= nil or not number.HAS_INTEGERS)
        assert.equal(text, integer and number.integer_text(integer) or text)
      end
      assert.is_true(number.HAS_INTEGERS or not number.parse_integer("9007199254740993"))
    end)

    it("says why a text is no integer", function()
      assert.same({ nil, "syntax" }, { number.parse_integer("twelve") })
      assert.same({ nil, "syntax" }, { number.parse_integer("") })
      assert.same({ nil, "syntax" }, { number.parse_integer("0x10") })
      assert.same({ nil, "fraction" }, { number.parse_integer("1.5") })
      local _, reason = number.parse_integer("9223372036854775808")
      assert.equal(number.HAS_INTEGERS and "range" or nil, number.HAS_INTEGERS and reason or nil)
      assert.same({ nil, "precision" }, { number.parse_integer("1e30") })
    end)
  end)

  it("reads and writes fractions with a dot under every locale", function()
    locales.each(function()
      assert.equal(1.5, number.parse("1.5"))
      assert.equal(-2500, number.parse("-2.5e3"))
      assert.equal("0.1", number.float_text(0.1))
      assert.equal("-1.5", number.float_text(-1.5))
      assert.equal("1516925490.087", number.seconds_text(1516925490.087))
    end)
  end)

  it("reads nothing but decimal numbers", function()
    for _, text in ipairs { "", "-", "abc", "0x1p4", "1,5", "nan", "inf", " 1", "1 ", "1.5.5" } do
      assert.is_nil(number.parse(text))
    end
  end)

  it("writes floats with as few digits as read back the same", function()
    assert.equal("1.1", number.float_text(1.1))
    assert.equal("4.1", number.float_text(4.1))
    assert.equal("0.30000000000000004", number.float_text(0.1 + 0.2))
    for _, value in ipairs { 1 / 3, 2 / 3, 1e-7, 1e22, 123456789.123456789 } do
      assert.equal(value, number.parse(number.float_text(value)))
    end
  end)

  it("writes seconds whole or with up to three decimals", function()
    for text, seconds in pairs { ["0"] = 0, ["1"] = 1, ["-1.5"] = -1.5, ["1.05"] = 1.05, ["2"] = 1.9999,
      ["253402300799"] = 253402300799, ["-0.001"] = -0.001, ["1516925490.087"] = 1516925490.087 } do
      assert.equal(text, number.seconds_text(seconds))
    end
    assert.equal("0", number.seconds_text(-0.0001))
  end)

  it("rounds seconds to the millisecond and whole ones to integers", function()
    assert.equal(1516925490.087, number.round_seconds(1516925490.0870001))
    assert.equal(1516925490.087, number.round_seconds(1516925490.0869999))
    assert.is_true(is_integer(number.round_seconds(1516925490.0)))
    assert.equal("1516925490", tostring(number.round_seconds(1516925490.0)))
  end)
end)
