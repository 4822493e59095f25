local options = require "aws.backup.options"

local CHECKS = {
  size = function(value) return value == 1, "1" end,
  token = function(value) return value == "x", "x" end,
}

describe("options.check", function()
  local function message(given, secret) return select(2, options.check(given, CHECKS, "a thing", secret)) end

  it("is content with options that fit, and with none", function()
    assert.is_true(options.check({ size = 1, token = "x" }, CHECKS, "a thing"))
    assert.is_true(options.check({}, CHECKS, "a thing"))
  end)

  it("names owner, option, rule and value", function()
    assert.equal("the options of a thing are a table, not string", message("size"))
    assert.equal("a thing has no option sise; did you mean size?", message { sise = 1 })
    assert.equal("a thing has no option 1", message { 1 })
    assert.equal("the option size must be 1, not 2", message { size = 2 })
    assert.equal('the option size must be 1, not "1"', message { size = "1" })
    assert.equal("the option size must be 1, not a table", message { size = {} })
  end)

  it("does not show what may be secret", function()
    assert.equal("the option token must be x, not a string", message({ token = "sesame" }, { token = true }))
  end)
end)
