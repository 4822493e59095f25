local config = require "aws.backup.config"

local function resolve(options, env)
  options = options or {}
  options.env = env or {}
  return config.resolve(options)
end

local function refused(options, env)
  local settings, failure = resolve(options, env)
  assert.is_nil(settings)
  assert.is_true(failure:is("ConfigError"))
  return failure.message
end

describe("config.resolve", function()
  it("has the defaults of the contract", function()
    local settings = assert(resolve())
    assert.equal("standard", settings.retry_mode)
    assert.equal(3, settings.max_attempts)
    assert.equal(60, settings.read_timeout)
    assert.is_true(settings.validate)
    assert.is_true(settings.verify_tls)
    assert.is_false(settings.use_fips)
    assert.is_nil(settings.region)
    assert.is_nil(settings.timeout)
  end)

  it("lets an option beat its environment variable, and that the default", function()
    local env = { AWS_REGION = "eu-west-1", AWS_MAX_ATTEMPTS = "7", AWS_RETRY_MODE = "legacy", AWS_CA_BUNDLE = "/a" }
    local settings = assert(resolve({ region = "us-east-2", max_attempts = 2 }, env))
    assert.equal("us-east-2", settings.region)
    assert.equal(2, settings.max_attempts)
    settings = assert(resolve({}, env))
    assert.equal("eu-west-1", settings.region)
    assert.equal(7, settings.max_attempts)
    assert.equal("legacy", settings.retry_mode)
    assert.equal("/a", settings.ca_bundle)
  end)

  it("reads AWS_REGION before AWS_DEFAULT_REGION, and takes blank for not set", function()
    assert.equal("a", assert(resolve({}, { AWS_REGION = "a", AWS_DEFAULT_REGION = "b" })).region)
    assert.equal("b", assert(resolve({}, { AWS_REGION = " ", AWS_DEFAULT_REGION = "b" })).region)
    assert.is_nil(assert(resolve({}, { AWS_REGION = "" })).region)
  end)

  it("takes the environment as a function too, and os.getenv without the option", function()
    local asked = {}
    local settings = assert(config.resolve { env = function(name) asked[name] = true; return nil end })
    assert.is_true(asked.AWS_REGION)
    assert.is_nil(settings.region)
    assert.equal(os.getenv("PATH"), assert(config.resolve {}).getenv("PATH"))
  end)

  it("takes the endpoint for this service before the one for all", function()
    local env = { AWS_ENDPOINT_URL_BACKUP = "http://one", AWS_ENDPOINT_URL = "http://two" }
    assert.equal("http://one", assert(resolve({}, env)).endpoint_url)
    env.AWS_ENDPOINT_URL_BACKUP = ""
    assert.equal("http://two", assert(resolve({}, env)).endpoint_url)
    env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true"
    assert.is_nil(assert(resolve({}, env)).endpoint_url)
    assert.equal("http://three", assert(resolve({ endpoint_url = "http://three" }, env)).endpoint_url)
  end)

  it("reads booleans in any case and refuses other words", function()
    assert.is_true(assert(resolve({}, { AWS_USE_FIPS_ENDPOINT = "TRUE" })).use_fips)
    assert.is_false(assert(resolve({}, { AWS_USE_DUALSTACK_ENDPOINT = "False" })).use_dualstack)
    assert.truthy(refused({}, { AWS_USE_FIPS_ENDPOINT = "yes" }):find("AWS_USE_FIPS_ENDPOINT", 1, true))
    assert.truthy(refused({}, { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "1" }):find("must be true or false", 1, true))
  end)

  it("refuses attempts below 1 and retry modes that are none", function()
    for _, value in ipairs({ "0", "-1", "x", "1.5", "99999999999" }) do
      assert.truthy(refused({}, { AWS_MAX_ATTEMPTS = value }):find("AWS_MAX_ATTEMPTS", 1, true))
    end
    assert.truthy(refused({}, { AWS_RETRY_MODE = "fast" }):find("AWS_RETRY_MODE", 1, true))
    assert.truthy(refused({}, { AWS_RETRY_MODE = "adaptive" }):find("not supported", 1, true))
    assert.truthy(refused({ retry_mode = "adaptive" }):find("retry_mode", 1, true))
  end)

  it("has five attempts in legacy mode and one when retries are off", function()
    assert.equal(5, assert(resolve { retry_mode = "legacy" }).max_attempts)
    assert.equal(1, assert(resolve { retry_mode = "off", max_attempts = 9 }).max_attempts)
  end)

  it("refuses an option that does not exist and suggests the nearest", function()
    assert.truthy(refused({ regoin = "x" }):find("did you mean region?", 1, true))
    assert.truthy(refused({ [1] = "x" }):find("no option 1", 1, true))
  end)

  it("says of a profile that profiles are not read, instead of ignoring it", function()
    assert.truthy(refused({ profile = "dev" }):find("profile", 1, true))
  end)

  it("refuses options of a wrong type, naming option and rule", function()
    local wrong = {
      region = 1, endpoint_url = true, use_fips = "true", max_attempts = 1.5, connect_timeout = 0, read_timeout = -1,
      timeout = math.huge, verify_tls = 1, max_connections = 65536, validate = "none", transport = 1, runtime = "ngx",
      clock = 5, env = 5, on = { requets = print }, model = {}, credentials = "AKID",
    }
    for name, value in pairs(wrong) do
      local settings, failure = config.resolve { [name] = value }
      assert.is_nil(settings, name)
      assert.truthy(failure.message:find("the option " .. name .. " must be", 1, true), name)
    end
    assert.truthy(select(2, config.resolve("eu-west-1")).message:find("table", 1, true))
  end)

  it("never shows what may hold a secret", function()
    local message = refused { credentials = "wJalrXUtnFEMI" }
    assert.is_nil(message:find("wJalr", 1, true))
  end)

  it("leaves the caller's options as they are", function()
    local options = { region = "eu-west-1", env = {} }
    assert(config.resolve(options))
    assert.same({ region = "eu-west-1", env = {} }, options)
  end)
end)

describe("config.proxy_from_environment", function()
  local function proxy(env, scheme)
    return config.proxy_from_environment(function(name) return env[name] end, scheme)
  end

  it("takes the variable of the scheme, lower case first", function()
    local env = { https_proxy = "http://a", HTTPS_PROXY = "http://b", HTTP_PROXY = "http://c", NO_PROXY = "x" }
    local found, except = proxy(env, "https")
    assert.equal("http://a", found)
    assert.equal("x", except)
    assert.equal("http://c", (proxy(env, "http")))
  end)

  it("does not read HTTP_PROXY where a CGI caller could have set it", function()
    assert.is_nil((proxy({ HTTP_PROXY = "http://evil", REQUEST_METHOD = "GET" }, "http")))
    assert.equal("http://good", (proxy({ http_proxy = "http://good", REQUEST_METHOD = "GET" }, "http")))
  end)

  it("falls back to ALL_PROXY, and to none", function()
    assert.equal("socks5://p", (proxy({ ALL_PROXY = "socks5://p" }, "https")))
    assert.is_nil((proxy({}, "https")))
  end)
end)
