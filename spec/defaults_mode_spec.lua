local config = require "aws.backup.config"
local helper = require "spec.config_helper"

local function settle(options, env, instance_region)
  return assert(config.resolve(helper.options(options, env), instance_region))
end

local function unasked()
  error("instance metadata was asked")
end

describe("a defaults mode", function()
  it("sets the time to connect: what it gives TCP and what it gives TLS, together", function()
    local seconds = { standard = 6.2, ["cross-region"] = 6.2, ["in-region"] = 2.2, mobile = 60, legacy = 10 }
    for mode, expected in pairs(seconds) do
      assert.equal(expected, settle({ defaults_mode = mode }).connect_timeout, mode)
      assert.equal(expected, settle({}, { AWS_DEFAULTS_MODE = mode }).connect_timeout, mode)
    end
  end)

  it("is legacy, this client's own defaults, where none is named", function()
    local settings = settle()
    assert.equal("legacy", settings.defaults_mode)
    assert.equal(10, settings.connect_timeout)
  end)

  it("leaves alone what is set", function()
    local settings = settle({ defaults_mode = "mobile", connect_timeout = 3 }, { AWS_RETRY_MODE = "legacy" })
    assert.equal(3, settings.connect_timeout)
    assert.equal("legacy", settings.retry_mode)
  end)

  it("has standard retries and regional endpoints of STS, whichever it is", function()
    for _, mode in ipairs({ "legacy", "standard", "cross-region", "in-region", "mobile", "auto" }) do
      local settings = settle { defaults_mode = mode }
      assert.equal("standard", settings.retry_mode)
      assert.equal("regional", settings.sts_regional_endpoints)
    end
  end)
end)

describe("the defaults mode auto", function()
  local AUTO = { defaults_mode = "auto", region = "eu-west-1" }

  local function mode(env, instance_region)
    return settle(AUTO, env, instance_region).defaults_mode
  end

  it("compares the client's region with the one that AWS runs the program in", function()
    local env = { AWS_EXECUTION_ENV = "AWS_Lambda", AWS_REGION = "eu-west-1", AWS_DEFAULT_REGION = "us-east-1" }
    assert.equal("in-region", mode(env, unasked))
    env.AWS_REGION = "us-west-2"
    assert.equal("cross-region", mode(env, unasked))
    env.AWS_REGION = nil
    assert.equal("cross-region", mode(env, unasked))
    env.AWS_DEFAULT_REGION = "eu-west-1"
    assert.equal("in-region", mode(env, unasked))
  end)

  it("looks at the region's variables only where AWS_EXECUTION_ENV is set", function()
    assert.equal("standard", mode({ AWS_REGION = "us-west-2" }))
    assert.equal("in-region", mode({ AWS_REGION = "us-west-2" }, function() return "eu-west-1" end))
  end)

  it("asks instance metadata when the variables do not tell", function()
    assert.equal("in-region", mode({ AWS_EXECUTION_ENV = "x" }, function() return "eu-west-1" end))
    assert.equal("cross-region", mode({}, function() return "eu-west-2" end))
    assert.equal("standard", mode({}, function() return nil end))
  end)

  it("does not ask where instance metadata is disabled", function()
    assert.equal("standard", mode({ AWS_EC2_METADATA_DISABLED = "TRUE" }, unasked))
  end)

  it("is standard where the client has no region", function()
    local settings = settle({ defaults_mode = "auto" }, {}, function() return "eu-west-1" end)
    assert.equal("standard", settings.defaults_mode)
    assert.is_nil(settings.region)
  end)

  it("asks once for mode and region together", function()
    local asked = 0
    local settings = settle({ defaults_mode = "auto", imds_region = true }, {}, function()
      asked = asked + 1
      return "eu-west-1"
    end)
    assert.equal(1, asked)
    assert.equal("eu-west-1", settings.region)
    assert.equal("in-region", settings.defaults_mode)
  end)

  it("is not settled for any other mode, so nothing is asked", function()
    assert.equal("mobile", settle({ defaults_mode = "mobile" }, {}, unasked).defaults_mode)
  end)
end)
