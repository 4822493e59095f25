-- Times for people: the same on every Lua, in UTC, whatever the locale.

local backup = require "aws.backup"

-- What was raised, as text.
local function refused(...)
  local ran, err = pcall(backup.date, ...)
  assert.is_false(ran)
  assert.is_true(backup.is(err, "ClientError"), tostring(err))
  return tostring(err)
end

local SOME = 1767322982.087 -- Fri Jan 2 03:03:02.087 2026

describe("backup.date", function()
  it("writes ISO 8601 in UTC, with milliseconds when there are any", function()
    assert.equal("2026-01-02T03:03:02.087Z", backup.date(SOME))
    assert.equal("2026-01-02T03:03:02Z", backup.date(1767322982))
    assert.equal("2026-01-02T03:03:02Z", backup.date(1767322982.0))
    assert.equal("1970-01-01T00:00:00Z", backup.date(0))
    assert.equal("1969-12-31T23:59:59.500Z", backup.date(-0.5))
    assert.equal("2026-01-02T03:04:00Z", backup.date(1767323039.9997))
    assert.equal("9999-12-31T23:59:59Z", backup.date(253402300799))
    assert.equal("0001-01-01T00:00:00Z", backup.date(-62135596800))
  end)

  it("takes times with a fraction in every format that os.date has", function()
    assert.equal("2026-01-02", backup.date(SOME, "%F"))
    assert.equal("2026-01-02", backup.date(SOME, "!%F"))
    assert.equal("at 03:03:02 UTC, 100%", backup.date(SOME, "at %T %Z, 100%%"))
    assert.equal("1969-12-31 23:59:59", backup.date(-0.5, "%Y-%m-%d %H:%M:%S"))
    assert.equal("03:04:00", backup.date(1767323039.9997, "%T"))
    assert.equal("-1", backup.date(-0.5, "%s"))
    assert.equal("Fri Jan  2 03:03:02 2026", backup.date(SOME, "%c"))
    assert.equal("", backup.date(SOME, ""))
    assert.equal("\0 2026", backup.date(SOME, "\0 %Y"))
  end)

  it("agrees with os.date over the years, conversion by conversion", function()
    local format = "%a %A %b %B %d %H %I %j %m %M %p %S %U %w %W %x %X %y %Y %c"
    local compared = 0
    for seconds = -2208988800, 16725225600, 86400 * 97 + 12345 do
      assert.equal(os.date("!" .. format, seconds), backup.date(seconds, format))
      compared = compared + 1
    end
    assert.is_true(compared > 2000)
  end)

  it("knows the weeks of ISO 8601 and of the almanac", function()
    local weeks = {
      [1104537600] = "2004-W53-6 04 2005", -- January 1st, 2005
      [1230768000] = "2009-W01-4 09 2009", -- January 1st, 2009
      [1262304000] = "2009-W53-5 09 2010", -- January 1st, 2010
      [1230681600] = "2009-W01-3 09 2008", -- December 31st, 2008
      [1293753600] = "2010-W52-5 10 2010", -- December 31st, 2010
    }
    for seconds, week in pairs(weeks) do assert.equal(week, backup.date(seconds, "%G-W%V-%u %g %Y")) end
  end)

  it("gives the fields as os.date does for *t", function()
    local wanted = os.date("!*t", 1767322982)
    assert.same(wanted, backup.date(SOME, "*t"))
    assert.same(wanted, backup.date(SOME, "!*t"))
  end)

  it("says what to pass in place of what is no time", function()
    assert.truthy(refused():find("a time in seconds since 1970 (UTC), as job.CreationDate is, not nil", 1, true))
    assert.truthy(refused("2026-01-02T03:03:02Z"):find("not a string", 1, true))
    assert.truthy(refused({}):find("name the member that has the time", 1, true))
    assert.truthy(refused(true):find("not a boolean", 1, true))
    assert.truthy(refused(0 / 0):find("NaN", 1, true))
    assert.truthy(refused(math.huge):find("infinity", 1, true))
    assert.truthy(refused(-1e15):find("the years 1 to 9999", 1, true))
    assert.truthy(refused(1767322982087):find("divide milliseconds by 1000", 1, true))
    assert.truthy(refused(253402300800):find("the years 1 to 9999", 1, true))
  end)

  it("says what is wrong with a format", function()
    assert.truthy(refused(SOME, 7):find('a string as for os.date, such as "%F %T", not a number', 1, true))
    assert.truthy(refused(SOME, {}):find("not a table", 1, true))
    assert.truthy(refused(SOME, "%Q"):find("no conversion %Q", 1, true))
    assert.truthy(refused(SOME, "100%"):find("%% is a percent sign", 1, true))
    assert.truthy(refused(SOME, "%\27"):find("%\\x1B", 1, true))
  end)
end)
