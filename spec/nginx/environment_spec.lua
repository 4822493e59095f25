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
    -- nginx says of itself that one of the locations caches no code.
    for line in nginx:read("error.log"):gmatch("[^\n]+") do
      assert.truthy(line:find("lua_code_cache is off", 1, true), line)
    end
  end)

  it("is told where variables are gone under lua_code_cache off, and what to write into nginx.conf", function()
    local other = server.start { template = "spec/nginx/environment.conf.in", values = { HOME = place.path } }
    local region, credentials = other:ask("/uncached"), other:ask("/uncached?region=eu-west-1")
    local cached = other:ask("/refused")
    other:stop()
    for code, said in pairs { NoRegionError = region, NoCredentialsError = credentials } do
      assert.truthy(said:find(code, 1, true), said)
      for _, text in ipairs { "lua_code_cache off", "env AWS_REGION;", "init_by_lua" } do
        assert.truthy(said:find(text, 1, true), said)
      end
    end
    -- Read in time, there was none.
    assert.truthy(cached:find("NoRegionError", 1, true), cached)
    assert.is_nil(cached:find("lua_code_cache", 1, true))
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
