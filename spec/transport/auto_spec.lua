local auto = require "aws.backup.transport.auto"
local blocking = require "aws.backup.runtime.blocking"
local errors = require "aws.backup.errors"

local REQUEST = { method = "GET", url = "http://127.0.0.1:1/", headers = {} }

describe("a client's own transport", function()
  it("is libcurl's where the runtime knows no other", function()
    local response, kind, message = auto.new({}, blocking):send(REQUEST)
    assert.is_nil(response)
    assert.equal("connect", kind)
    assert.truthy(message:find("127.0.0.1", 1, true))
  end)

  it("has something to close only if the client has connections of its own", function()
    assert.is_nil(auto.new({}, blocking).close)
    assert.is_function(auto.new({ max_connections = 2 }, blocking).close)
    assert.is_function(auto.new({ max_connections = 2 }, { sockets = function() end }).close)
  end)

  describe("inside nginx", function()
    local place, opened
    -- Sockets that tell they were asked for, and that nobody listens.
    local ngx = { socket = { tcp = function()
      opened = opened + 1
      return { settimeouts = function() end, close = function() end,
        connect = function() return nil, "connection refused" end }
    end } }
    local runtime = {
      sockets = function()
        if place == "nowhere" then return nil, errors.new("ConfigError", { message = "not in this phase" }) end
        return place == "serving" and ngx or nil
      end,
      finish = blocking.finish,
    }
    before_each(function() opened = 0 end)

    it("is chosen for each request", function()
      local transport = auto.new({}, runtime)
      for _, step in ipairs { { "starting", 0 }, { "serving", 1 }, { "starting", 1 }, { "serving", 2 } } do
        place = step[1]
        local _, kind = transport:send(REQUEST)
        assert.equal("connect", kind)
        assert.equal(step[2], opened)
      end
    end)

    it("sends nothing where nobody may wait", function()
      place = "nowhere"
      local response, kind, message, retryable = auto.new({}, runtime):send(REQUEST)
      assert.is_nil(response)
      assert.same({ "phase", "not in this phase", false }, { kind, message, retryable })
      assert.equal(0, opened)
    end)
  end)
end)
