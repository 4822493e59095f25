local time = require "aws.backup.codec.time"

describe("codec.time", function()
  it("writes ISO 8601 in UTC, with milliseconds only if there are any", function()
    assert.equal("1970-01-01T00:00:00Z", time.iso8601(0))
    assert.equal("2026-01-02T03:04:05Z", time.iso8601(1767323045))
    assert.equal("2018-01-26T00:11:30.087Z", time.iso8601(1516925490.087))
    assert.equal("2018-01-26T00:11:30.500Z", time.iso8601(1516925490.5))
    assert.equal("1969-12-31T23:59:59Z", time.iso8601(-1))
    assert.equal("1969-12-31T23:59:58.500Z", time.iso8601(-1.5))
    assert.equal("2000-02-29T12:00:00Z", time.iso8601(951825600))
  end)

  it("carries a rounded millisecond over into the next second", function()
    assert.equal("1970-01-01T00:00:02Z", time.iso8601(1.9996))
    assert.equal("2000-01-01T00:00:00Z", time.iso8601(946684799.9999))
  end)

  it("covers the years 1 to 9999 and refuses others", function()
    assert.equal("0001-01-01T00:00:00Z", time.iso8601(time.MIN))
    assert.equal("9999-12-31T23:59:59.999Z", time.iso8601(time.MAX))
    assert.is_nil((time.iso8601(time.MIN - 1)))
    assert.is_nil((time.iso8601(time.MAX + 1)))
    assert.is_nil((time.amz_date(0 / 0)))
    assert.is_nil((time.http_date(math.huge)))
  end)

  it("writes the forms of signatures and headers, in whole seconds", function()
    assert.equal("20260102T030405Z", time.amz_date(1767323045.9))
    assert.equal("Fri, 02 Jan 2026 03:04:05 GMT", time.http_date(1767323045.9))
    assert.equal("Thu, 01 Jan 1970 00:00:00 GMT", time.http_date(0))
    assert.equal("Wed, 31 Dec 1969 23:59:59 GMT", time.http_date(-1))
  end)

  it("reads ISO 8601 with zones, fractions, and without either", function()
    local expected = {
      ["2026-01-02T03:04:05Z"] = 1767323045, ["2026-01-02T03:04:05"] = 1767323045,
      ["2026-01-02t03:04:05z"] = 1767323045, ["2026-01-02 03:04:05"] = 1767323045,
      ["2026-01-02T04:04:05+01:00"] = 1767323045, ["2026-01-02T02:04:05-0100"] = 1767323045,
      ["2026-01-02T04:04:05+01"] = 1767323045, ["2026-01-02T03:04Z"] = 1767323040,
      ["2026-01-02"] = 1767312000, ["2026-01-02T03:04:05.5Z"] = 1767323045.5,
      ["2018-01-26T00:11:30.087Z"] = 1516925490.087, ["2018-01-26T00:11:30.0866Z"] = 1516925490.087,
      ["2018-01-26T00:11:30.123456789Z"] = 1516925490.123, ["1999-12-31T23:59:59.9999Z"] = 946684800,
      ["2016-12-31T23:59:60Z"] = 1483228800,
    }
    for text, seconds in pairs(expected) do assert.equal(seconds, time.parse(text), text) end
  end)

  it("refuses what is no date", function()
    for _, text in ipairs { "", "yesterday", "2026-13-01", "2026-00-01", "2026-02-29", "2026-04-31",
      "2026-01-02T24:00:00Z",
      "2026-01-02T03:60:00Z", "2026-01-02T03:04:61Z", "2026-01-02T03:04:05+1", "2026-01-02T03:04:05+01:0",
      "2026-01-02T03:04:05 PM", "2026-1-2", "20260102", "2026-01-02T", "0000-01-01", "2026-01-02T03:04:05+25:00",
      "2026-01-02T03:04:5Z", "2100-02-29", "x2026-01-02" } do
      assert.is_nil(time.parse(text), text)
    end
    assert.equal(951782400, time.parse("2000-02-29"))
  end)

  it("reads the three dates of HTTP", function()
    assert.equal(784111777, time.parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"))
    assert.equal(784111777, time.parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"))
    assert.equal(784111777, time.parse_http_date("Sun Nov  6 08:49:37 1994"))
    assert.equal(784111777, time.parse_http_date("06 Nov 1994 09:49:37 +0100"))
    assert.equal(784111777.123, time.parse_http_date("Sun, 06 Nov 1994 08:49:37.123 GMT"))
    assert.equal(1767323045, time.parse_http_date("Fri, 02 Jan 26 03:04:05 GMT"))
    for _, text in ipairs { "", "now", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 199 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 MOON" } do
      assert.is_nil(time.parse_http_date(text), text)
    end
  end)

  it("reads back what it writes, over many days", function()
    for day = -200000, 200000, 997 do
      local seconds = day * 86400 + (day * 7919) % 86400
      assert.equal(seconds, time.parse(time.iso8601(seconds)))
      assert.equal(seconds, time.parse_http_date(time.http_date(seconds)))
    end
  end)
end)
