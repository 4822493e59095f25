-- Whoever waits in a TLS handshake is dropped with it, in every nginx; in one without OpenResty's patches at once.

local server = require "spec.nginx.server"

describe("a call that waits in a TLS handshake", function()
  local nginx, folder

  setup(function()
    folder = server.make_certificate()
    nginx = server.start { template = "spec/nginx/handshake.conf.in",
      values = { CERTIFICATE = folder .. "/certificate", KEY = folder .. "/key" } }
  end)
  teardown(function()
    nginx:stop()
    server.remove(folder)
  end)

  -- Comes back when the handshake is over, either way.
  local function shake_hands(name)
    local pipe = assert(io.popen(("openssl s_client -connect 127.0.0.1:%d -servername %s </dev/null 2>&1"):format(
      nginx.port + 1, name)))
    local output = pipe:read("*a")
    pipe:close()
    return output
  end

  it("is an error in the log if the handshake ends before it, and only then", function()
    assert.truthy(shake_hands("answered"):find("BEGIN CERTIFICATE", 1, true))
    assert.falsy(shake_hands("forgotten"):find("BEGIN CERTIFICATE", 1, true))
    server.await("the log tells of it", function()
      return nginx:read("error.log"):find("a call of forgotten", 1, true)
    end)
    local log = nginx:read("error.log")
    assert.truthy(log:find("[error]", 1, true))
    assert.truthy(log:find('in the phase "ssl_cert" of nginx was left without an outcome', 1, true))
    assert.truthy(log:find("client:later(operation, params, callback)", 1, true))
    assert.falsy(log:find("a call of answered", 1, true))
  end)
end)
