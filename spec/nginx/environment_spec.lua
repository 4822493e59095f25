-- Workers of nginx have no environment, and files may change or become unreadable below them: settings are those of the
-- moment when the module was loaded.

local home = require "spec.services.home"
local server = require "spec.nginx.server"

local CONFIG = "[profile nightly]\nregion = %s\naws_access_key_id = %s\naws_secret_access_key = s\n"

describe("a worker of nginx", function()
  local nginx, place

  setup(function()
    place = home.new { [".aws/config"] = CONFIG:format("eu-north-1", "AKIDFIRST") }
    nginx = server.start { template = "spec/nginx/environment.conf.in",
      values = { HOME = place.path, AWS_PROFILE = "nightly", AWS_EC2_METADATA_DISABLED = "true" } }
  end)
  teardown(function()
    nginx:stop()
    place:remove()
  end)

  it("has the settings that the master found when the module was loaded, though it has no environment", function()
    assert.equal("nil eu-north-1 AKIDFIRST", (nginx:ask("/client")))
  end)

  it("keeps them when the files change, until nginx is reloaded", function()
    place:write(".aws/config", CONFIG:format("us-west-2", "AKIDSECOND"))
    assert.equal("nil eu-north-1 AKIDFIRST", (nginx:ask("/client")))
    nginx:signal("HUP")
    server.await("the new settings are in use", function()
      return nginx:ask("/client") == "nil us-west-2 AKIDSECOND"
    end)
    assert.equal("", nginx:read("error.log"))
  end)

  it("is warned once, by its log, of certificates in the environment, whose place nginx's own take", function()
    local other = server.start { template = "spec/nginx/environment.conf.in", values = {
      HOME = place.path, AWS_PROFILE = "nightly", AWS_EC2_METADATA_DISABLED = "true", AWS_CA_BUNDLE = "/my/ca.pem",
    } }
    for _ = 1, 3 do assert.is_truthy(other:ask("/client"):find("AKID", 1, true)) end
    local said = other:read("error.log")
    local tls = other:ask("/tls")
    local refused = other:ask("/tls?ca_bundle=/my/ca.pem")
    other:stop()
    local _, warnings = said:gsub("AWS_CA_BUNDLE", "")
    assert.equal(1, warnings, said)
    assert.is_truthy(said:find("lua_ssl_trusted_certificate /my/ca.pem;", 1, true), said)
    -- Nobody speaks TLS there: the handshake was tried, and not refused for the certificates.
    assert.is_nil(tls:find("ca_bundle", 1, true), tls)
    assert.is_truthy(tls:find("TransportError", 1, true), tls)
    assert.is_truthy(refused:find("the option ca_bundle can't be given to nginx's sockets", 1, true), refused)
  end)

  it("is told of a proxy that can't be used when it makes a client, and goes round none", function()
    for _, name in ipairs { "https_proxy", "HTTP_PROXY" } do
      local other = server.start { template = "spec/nginx/environment.conf.in", values = {
        HOME = place.path, AWS_PROFILE = "nightly", AWS_EC2_METADATA_DISABLED = "true",
        [name] = "http://user:sesame%0A@127.0.0.1:1",
      } }
      local said = other:ask("/refused")
      other:stop()
      assert.truthy(said:find("variable " .. name .. " does not name a proxy", 1, true), said)
      assert.is_nil(said:find("sesame", 1, true))
    end
  end)
end)
