local instance_region = require "aws.backup.credentials.instance_region"
local new_context = require("spec.services.context").new
local services = require "spec.services.server"

local PATH = "/latest/meta-data/placement/region"

describe("the region of the instance", function()
  local server

  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  local function find(changes)
    local imds = { endpoint = server.url, timeout = 5 }
    for name, value in pairs(changes or {}) do imds[name] = value end
    local context = new_context { settings = { imds = imds } }
    return instance_region.find(context), context
  end

  it("comes from instance metadata, with a token", function()
    server:script { { method = "PUT", body = "TOKEN" }, { method = "GET", path = PATH, body = "eu-west-1\n" } }
    assert.equal("eu-west-1", (find()))
    local seen = server:seen()
    assert.equal(2, #seen)
    assert.equal("/latest/api/token", seen[1].path)
    assert.equal("TOKEN", seen[2].headers["x-aws-ec2-metadata-token"])
  end)

  it("comes without a token where there is none", function()
    server:script { { method = "PUT", status = 403 }, { method = "GET", path = PATH, body = "eu-west-1" } }
    assert.equal("eu-west-1", (find()))
    assert.is_nil(server:seen()[2].headers["x-aws-ec2-metadata-token"])
  end)

  it("is nil, and no error, whatever fails, and the log tells what", function()
    for _, script in ipairs {
      {}, { { status = 500 } }, { { method = "PUT", status = 400 } }, { { close = true } },
      { { method = "PUT", body = "TOKEN" }, { body = "" } },
      { { method = "PUT", body = "TOKEN" }, { body = "<!DOCTYPE html>" } },
      { { method = "PUT", body = "TOKEN" }, { body = "evil.com/" } },
    } do
      server:script(script)
      local name, context = find()
      assert.is_nil(name)
      assert.truthy(context.logged[#context.logged]:find("no region from instance metadata", 1, true))
    end
  end)

  it("is nil where version 1 is needed and disabled, or the endpoint is wrong", function()
    server:script { { method = "PUT", status = 403 }, { method = "GET", path = PATH, body = "eu-west-1" } }
    assert.is_nil((find { v1_disabled = true }))
    assert.equal(1, #server:seen())
    assert.is_nil((find { endpoint = "nonsense" }))
  end)

  it("is not asked for when instance metadata is disabled", function()
    server:script { { body = "eu-west-1" } }
    assert.is_nil((find { disabled = true }))
    assert.same({}, server:seen())
  end)
end)
