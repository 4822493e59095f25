local trace = require "aws.backup.trace"

local function reader(env)
  return trace.new(function(name) return env[name] end)
end

describe("trace", function()
  it("is not there outside Lambda", function()
    assert.is_nil(reader({ _X_AMZN_TRACE_ID = "Root=1-5759e988" }))
  end)

  it("reads the trace of each invocation anew, and nothing where there is none", function()
    local env = { AWS_LAMBDA_FUNCTION_NAME = "f" }
    local read = assert(reader(env))
    assert.is_nil(read())
    env._X_AMZN_TRACE_ID = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    assert.equal(env._X_AMZN_TRACE_ID, read())
  end)

  it("percent-encodes what a header must not hold", function()
    local read = assert(reader({ AWS_LAMBDA_FUNCTION_NAME = "f", _X_AMZN_TRACE_ID = "a b\r\n-=;:+&[]{}\"',é" }))
    assert.equal("a%20b%0D%0A-=;:+&[]{}\"',%C3%A9", read())
  end)
end)
