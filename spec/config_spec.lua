local config = require "aws.backup.config"
local helper = require "spec.config_helper"

local CONFIG, CREDENTIALS, HOME = helper.CONFIG, helper.CREDENTIALS, helper.HOME
local contains, files_of, refused, resolve = helper.contains, helper.files_of, helper.refused, helper.resolve

describe("config.resolve", function()
  it("has the defaults of the contract", function()
    local settings = assert(resolve())
    assert.equal("standard", settings.retry_mode)
    assert.equal(3, settings.max_attempts)
    assert.equal(10, settings.connect_timeout)
    assert.equal(60, settings.read_timeout)
    assert.is_true(settings.validate)
    assert.is_true(settings.verify_tls)
    assert.is_false(settings.use_fips)
    assert.is_nil(settings.region)
    assert.is_nil(settings.timeout)
    assert.equal("auto", settings.runtime)
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

  it("lets false as an option beat true in the environment", function()
    assert.is_false(assert(resolve({ use_fips = false }, { AWS_USE_FIPS_ENDPOINT = "true" })).use_fips)
  end)

  it("lets an environment variable beat the profile, and that the default", function()
    local text = "[default]\nregion = eu-north-1\nmax_attempts = 9\nretry_mode = adaptive\n"
    local settings = assert(resolve({}, { AWS_REGION = "eu-west-1" }, text))
    assert.equal("eu-west-1", settings.region)
    assert.equal(9, settings.max_attempts)
    assert.equal("adaptive", settings.retry_mode)
    assert.equal("eu-south-1", assert(resolve({ region = "eu-south-1" }, {}, text)).region)
  end)

  it("stops at the first level that has a value, also when that makes no sense there", function()
    contains(refused({}, { AWS_MAX_ATTEMPTS = "many" }, "[default]\nmax_attempts = 4\n"), "AWS_MAX_ATTEMPTS")
    assert.equal(2, assert(resolve({ max_attempts = 2 }, { AWS_MAX_ATTEMPTS = "many" })).max_attempts)
    assert.equal(5, assert(resolve({}, { AWS_MAX_ATTEMPTS = "5" }, "[default]\nmax_attempts = x\n")).max_attempts)
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
    local own = assert(config.resolve { files = files_of {}, ca_bundle = "/a", region = "eu-west-1" })
    assert.equal(os.getenv("PATH"), own.getenv("PATH"))
  end)

  it("reads the environment once, when it is called", function()
    local env = { AWS_REGION = "eu-west-1", AWS_MAX_ATTEMPTS = "2" }
    local settings = assert(config.resolve { env = env })
    env.AWS_REGION, env.AWS_MAX_ATTEMPTS = "us-east-1", "many"
    assert.equal("eu-west-1", settings.region)
    assert.equal(2, settings.max_attempts)
  end)

  it("reads booleans in any case and refuses other words", function()
    assert.is_true(assert(resolve({}, { AWS_USE_FIPS_ENDPOINT = "TRUE" })).use_fips)
    assert.is_false(assert(resolve({}, { AWS_USE_DUALSTACK_ENDPOINT = "False" })).use_dualstack)
    contains(refused({}, { AWS_USE_FIPS_ENDPOINT = "yes" }), "AWS_USE_FIPS_ENDPOINT")
    contains(refused({}, { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "1" }), 'must be true or false, not "1"')
  end)

  it("refuses attempts below 1 and retry modes that are none", function()
    for _, value in ipairs({ "0", "-1", "x", "1.5", "99999999999" }) do
      contains(refused({}, { AWS_MAX_ATTEMPTS = value }), "AWS_MAX_ATTEMPTS must be a whole number, at least 1", value)
    end
    contains(refused({}, { AWS_RETRY_MODE = "fast" }),
      'AWS_RETRY_MODE must be standard, adaptive or legacy, not "fast"')
    contains(refused { retry_mode = "fast" },
      'the option retry_mode must be "standard", "adaptive", "legacy" or "off", not "fast"')
  end)

  it("has three attempts in standard and adaptive mode, five in legacy mode and one when retries are off", function()
    assert.equal(3, assert(resolve { retry_mode = "standard" }).max_attempts)
    assert.equal(3, assert(resolve { retry_mode = "adaptive" }).max_attempts)
    assert.equal(5, assert(resolve { retry_mode = "legacy" }).max_attempts)
    assert.equal(1, assert(resolve { retry_mode = "off", max_attempts = 9 }).max_attempts)
  end)

  it("refuses an option that does not exist and suggests the nearest", function()
    contains(refused({ regoin = "x" }), "did you mean region?")
    contains(refused({ [1] = "x" }), "no option 1")
  end)

  it("refuses options of a wrong type, naming option and rule", function()
    local wrong = {
      region = 1, endpoint_url = true, use_fips = "true", max_attempts = 1.5, connect_timeout = 0, read_timeout = -1,
      timeout = math.huge, verify_tls = 1, max_connections = 65536, validate = "none", transport = 1, runtime = "luv",
      clock = 5, env = 5, on = { requets = print }, model = {}, credentials = "AKID", profile = " ", files = {},
      mfa_code = "123456", shared_dict = "", debug = "yes", defaults_mode = "fast", tcp_keepalive = "true",
      imds_region = 1, retry_mode = "Standard", proxy = 5, ca_bundle = "", app_id = {}, max_response_bytes = 0,
      uuid = "u", random = 1,
    }
    for name, value in pairs(wrong) do
      local settings, failure = config.resolve { [name] = value }
      assert.is_nil(settings, name)
      contains(failure.message, "the option " .. name .. " must be")
    end
    contains(select(2, config.resolve("eu-west-1")).message, "table")
  end)

  it("takes every option of the contract", function()
    local given = {
      region = "eu-west-1", credentials = {}, endpoint_url = "http://h", use_fips = false, use_dualstack = false,
      retry_mode = "adaptive", max_attempts = 1, connect_timeout = 0.5, read_timeout = 1, timeout = 2, ca_bundle = "/a",
      proxy = "http://p", verify_tls = false, max_connections = 1, max_response_bytes = 1, app_id = "a",
      validate = "shape", transport = print, runtime = "ngx", clock = print, uuid = print, env = {}, random = print,
      on = { request = print }, model = { operations = {}, shapes = {} }, files = files_of {}, mfa_code = print,
      shared_dict = "aws", debug = true, defaults_mode = "auto", tcp_keepalive = true, imds_region = true,
      profile = "dev",
    }
    for name, value in pairs(given) do
      local texts = { [CONFIG] = "[profile dev]\n" }
      local settings, failure = config.resolve { files = name ~= "files" and files_of(texts) or value,
        env = name == "env" and value or { HOME = HOME }, [name] = value }
      assert.is_nil(failure, name)
      if name ~= "profile" and name ~= "defaults_mode" then assert.equal(value, settings[name], name) end
    end
    assert.is_truthy(config.resolve { env = {}, debug = print })
    assert.is_truthy(config.resolve { env = {}, runtime = { sleep = print } })
  end)

  it("never shows what may hold a secret", function()
    local message = refused { credentials = "wJalrXUtnFEMI" }
    assert.is_nil(message:find("wJalr", 1, true))
    message = refused({}, { AWS_ENDPOINT_URL = "ftp://user:wJalrXUtnFEMI@host" })
    assert.is_nil(message:find("wJalr", 1, true))
    message = refused({}, { AWS_EC2_METADATA_SERVICE_ENDPOINT = "ftp://user:wJalrXUtnFEMI@host" })
    assert.is_nil(message:find("wJalr", 1, true))
  end)

  it("leaves the caller's options as they are", function()
    local options = { region = "fips-us-east-1", env = {}, profile = nil }
    assert(config.resolve(options))
    assert.same({ region = "fips-us-east-1", env = {} }, options)
  end)
end)

describe("the profile", function()
  local TEXT = "[default]\nregion = us-east-1\n[profile dev]\nregion = eu-west-1\n[profile ops]\nregion = eu-north-1\n"

  it("is the option, else AWS_PROFILE, else AWS_DEFAULT_PROFILE, else default", function()
    local cases = {
      { { profile = "dev" }, { AWS_PROFILE = "ops" }, "dev", "option", "eu-west-1" },
      { {}, { AWS_PROFILE = "ops", AWS_DEFAULT_PROFILE = "dev" }, "ops", "environment", "eu-north-1" },
      { {}, { AWS_PROFILE = "", AWS_DEFAULT_PROFILE = "dev" }, "dev", "environment", "eu-west-1" },
      { {}, { AWS_PROFILE = " " }, "default", nil, "us-east-1" },
      { {}, {}, "default", nil, "us-east-1" },
    }
    for _, case in ipairs(cases) do
      local settings = assert(resolve(case[1], case[2], TEXT))
      assert.equal(case[3], settings.profile_name)
      assert.equal(case[4], settings.profile_source)
      assert.equal(case[5], settings.region)
      assert.equal(case[5], settings.profile.region)
    end
  end)

  it("that is selected must be in a file; the error tells what is there and which files were read", function()
    local message = refused({ profile = "opps" }, {}, TEXT)
    contains(message, '"opps"', "the option profile", CONFIG, CREDENTIALS, "default, dev, ops", "did you mean ops?",
      "[profile opps]")
    contains(refused({}, { AWS_PROFILE = "nix" }, TEXT), "named by AWS_PROFILE")
    contains(refused({}, { AWS_DEFAULT_PROFILE = "nix" }, ""), "AWS_DEFAULT_PROFILE", "there is no profile")
    contains(refused({ profile = "default" }, {}, "[profile dev]\n"), 'the profile "default"')
  end)

  it("may be in the credentials file alone", function()
    local settings = assert(resolve({ profile = "dev" }, {}, "", "[dev]\nregion = eu-west-3\n"))
    assert.equal("eu-west-3", settings.region)
    assert.same({ region = "eu-west-3" }, settings.profile)
  end)

  it("is empty when nobody selected one and there is none", function()
    local settings = assert(resolve({}, {}, "[profile dev]\nregion = eu-west-1\n"))
    assert.equal("default", settings.profile_name)
    assert.same({}, settings.profile)
    assert.is_nil(settings.region)
  end)

  it("does not fall back on the one named default", function()
    assert.is_nil(assert(resolve({ profile = "bare" }, {}, TEXT .. "[profile bare]\n")).region)
  end)

  it("is named in messages with the file that has the key", function()
    local message = refused({ profile = "dev" }, {}, "[profile dev]\nmax_attempts = 5\n",
      "[dev]\nmax_attempts = many\n")
    contains(message, ('max_attempts in profile "dev" of %s must be a whole number'):format(CREDENTIALS))
  end)

  it("is read from the files that the environment names", function()
    local given = { env = { AWS_CONFIG_FILE = "/c", HOME = HOME }, files = files_of { ["/c"] = TEXT }, profile = "dev" }
    local settings = assert(config.resolve(given))
    assert.equal("eu-west-1", settings.region)
    assert.equal("/c", settings.shared.config_path)
  end)

  it("can't be read from a broken file; the error is that of the file", function()
    contains(refused({}, {}, "[default]\nregion\n"), CONFIG, "line 2")
  end)

  it("brings the warnings of the files along", function()
    local settings = assert(resolve({}, {}, "[dev]\nregion = eu-west-1\n"))
    assert.equal(1, #settings.warnings)
    contains(settings.warnings[1], CONFIG)
  end)
end)

describe("the region", function()
  local PROFILE = "[default]\nregion = eu-south-1\n"

  it("comes from option, AWS_REGION, AWS_DEFAULT_REGION, profile, instance metadata, in this order", function()
    local option = { region = "eu-west-1", imds_region = true }
    local env = { AWS_REGION = "eu-west-2", AWS_DEFAULT_REGION = "eu-west-3" }
    local function region(options, variables, text)
      return assert(config.resolve(helper.options(options, variables, text), function() return "eu-north-1" end)).region
    end
    assert.equal("eu-west-1", region(option, env, PROFILE))
    assert.equal("eu-west-2", region({ imds_region = true }, env, PROFILE))
    assert.equal("eu-west-3", region({ imds_region = true }, { AWS_DEFAULT_REGION = "eu-west-3" }, PROFILE))
    assert.equal("eu-south-1", region({ imds_region = true }, {}, PROFILE))
    assert.equal("eu-north-1", region({ imds_region = true }, {}))
    assert.is_nil(region({}, {}))
  end)

  it("is asked of instance metadata with settings that are ready for it, and not where that is disabled", function()
    local seen
    local function ask(settings)
      seen = settings
      return "eu-north-1"
    end
    local settings = assert(config.resolve({ env = {}, imds_region = true }, ask))
    assert.equal("eu-north-1", settings.region)
    assert.equal("instance metadata", settings.sources.region)
    assert.equal(1, seen.imds.timeout)
    assert.equal("standard", seen.retry_mode)
    seen = nil
    settings = assert(config.resolve({ env = { AWS_EC2_METADATA_DISABLED = "true" }, imds_region = true }, ask))
    assert.is_nil(settings.region)
    assert.is_nil(seen)
  end)

  it("is none where instance metadata has no answer, or one that is no region", function()
    for _, answer in ipairs({ false, "<html>", "", "a.b" }) do
      local settings, failure = config.resolve({ env = {}, imds_region = true }, function() return answer or nil end)
      assert.is_nil(failure)
      assert.is_nil(settings.region)
    end
  end)

  it("that is a pseudo region becomes the region with FIPS on, and a warning", function()
    for _, name in ipairs({ "fips-us-east-1", "us-east-1-fips" }) do
      local settings = assert(resolve({}, { AWS_REGION = name }))
      assert.equal("us-east-1", settings.region)
      assert.is_true(settings.use_fips)
      assert.equal(1, #settings.warnings)
      contains(settings.warnings[1], name, "AWS_REGION", "us-east-1 with FIPS")
    end
    assert.is_true(assert(resolve { region = "fips-us-east-1", use_fips = false }).use_fips)
  end)
end)

