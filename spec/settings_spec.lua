local helper = require "spec.config_helper"
local rows = require "aws.backup.settings"

local contains, refused, resolve = helper.contains, helper.refused, helper.resolve
local CONFIG = helper.CONFIG

-- Settings are told apart by name; "imds.timeout" is one of a group.
local function value_of(settings, name)
  local group, member = name:match("^(%w+)%.(.+)$")
  if group then return settings[group][member] end
  return settings[name]
end

-- Each setting outside the code: name, key in the profile, variable; a text and the value it means, another text and
-- its value; the default; and texts that are refused.
local SETTINGS = {
  { "region", "region", "AWS_REGION", "eu-west-1", "eu-west-1", "us-east-2", "us-east-2", nil,
    { "a.b", "a/b", "@evil", "us east", "-a", "a-", "123", ("a"):rep(64), "us_east_1" } },
  { "region", "region", "AWS_DEFAULT_REGION", "eu-west-1", "eu-west-1", "us-east-2", "us-east-2", nil, { "a.b" } },
  { "use_fips", "use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT", "true", true, "FALSE", false, false,
    { "yes", "1", "on", "truee" } },
  { "use_dualstack", "use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT", "True", true, "false", false, false,
    { "yes" } },
  { "ignore_configured_endpoint_urls", "ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "true", true, "false", false, false, { "1" } },
  { "sts_regional_endpoints", "sts_regional_endpoints", "AWS_STS_REGIONAL_ENDPOINTS", "legacy", "legacy", "regional",
    "regional", "regional", { "global" } },
  { "retry_mode", "retry_mode", "AWS_RETRY_MODE", "adaptive", "adaptive", "legacy", "legacy", "standard",
    { "fast", "off" } },
  { "max_attempts", "max_attempts", "AWS_MAX_ATTEMPTS", "7", 7, " 1 ", 1, 3,
    { "0", "-1", "x", "1.5", "99999999999", "1e1", "0x5" } },
  { "defaults_mode", "defaults_mode", "AWS_DEFAULTS_MODE", "mobile", "mobile", "In-Region", "in-region", "legacy",
    { "fast" } },
  { "ca_bundle", "ca_bundle", "AWS_CA_BUNDLE", "/a.pem", "/a.pem", "/b", "/b", nil, { "", "  " } },
  { "tcp_keepalive", "tcp_keepalive", "BOTOCORE_TCP_KEEPALIVE", "true", true, "false", false, false, { "yes" } },
  { "app_id", "sdk_ua_app_id", "AWS_SDK_UA_APP_ID", "my-app", "my-app", "other", "other", nil, {} },
  { "validate", "parameter_validation", nil, "false", false, "true", true, true, { "no" } },
  { "debug", nil, "AWS_BACKUP_DEBUG", "1", true, "false", false, false, { "yes", "2" } },
  { "login_cache_directory", nil, "AWS_LOGIN_CACHE_DIRECTORY", "/cache", "/cache", "/d", "/d", nil,
    {} },
  { "imds.timeout", "metadata_service_timeout", "AWS_METADATA_SERVICE_TIMEOUT", "5", 5, "1", 1, 1,
    { "0", "1.5", "x" } },
  { "imds.attempts", "metadata_service_num_attempts", "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "3", 3, "1", 1, 1, { "0" } },
  { "imds.endpoint", "ec2_metadata_service_endpoint", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://localhost:1338",
    "http://localhost:1338", "http://[::1]/x", "http://[::1]/x", nil, { "localhost", "ftp://h", "http://h:99999" } },
  { "imds.endpoint_mode", "ec2_metadata_service_endpoint_mode", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6",
    "ipv6", "ipv4", "ipv4", "ipv4", { "ipv5" } },
  { "imds.use_ipv6", "imds_use_ipv6", "AWS_IMDS_USE_IPV6", "true", true, "false", false, false, { "ipv6" } },
  { "imds.v1_disabled", "ec2_metadata_v1_disabled", "AWS_EC2_METADATA_V1_DISABLED", "true", true, "false", false,
    false, { "1" } },
  { "imds.disabled", nil, "AWS_EC2_METADATA_DISABLED", "tRuE", true, "false", false, false, { "1" } },
  { "account_id", "aws_account_id", "AWS_ACCOUNT_ID", "123456789012", "123456789012", "2", "2", nil, {} },
  { "account_id_endpoint_mode", "account_id_endpoint_mode", "AWS_ACCOUNT_ID_ENDPOINT_MODE", "required", "required",
    "disabled", "disabled", "preferred", { "never" } },
  { "disable_request_compression", "disable_request_compression", "AWS_DISABLE_REQUEST_COMPRESSION", "true", true,
    "false", false, false, { "yes" } },
  { "request_min_compression_size_bytes", "request_min_compression_size_bytes",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "0", 0, "10485760", 10485760, 10240, { "10485761", "-1", "1k" } },
  { "request_checksum_calculation", "request_checksum_calculation", "AWS_REQUEST_CHECKSUM_CALCULATION",
    "when_required", "when_required", "WHEN_SUPPORTED", "when_supported", "when_supported", { "never" } },
  { "response_checksum_validation", "response_checksum_validation", "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "when_required", "when_required", "when_supported", "when_supported", "when_supported", { "never" } },
  { "disable_host_prefix_injection", "disable_host_prefix_injection", "AWS_DISABLE_HOST_PREFIX_INJECTION", "true",
    true, "false", false, false, { "yes" } },
  { "endpoint_discovery_enabled", "endpoint_discovery_enabled", "AWS_ENABLE_ENDPOINT_DISCOVERY", "true", "true",
    "auto", "auto", "auto", { "maybe" } },
}

-- An environment, and the text of a config file, that hold one setting.
local function in_environment(row, text)
  return row[3] and { [row[3]] = text }
end

local function in_profile(row, text)
  return row[2] and "[default]\n" .. row[2] .. " = " .. text .. "\n"
end

describe("the settings", function()
  it("are all tried here", function()
    local tried = { auth_scheme_preference = true, sigv4a_signing_region_set = true }
    for _, row in ipairs(SETTINGS) do tried[row[1]] = true end
    for _, row in ipairs(rows) do
      local name = row.group and row.group .. "." .. row.name or row.name
      assert.is_true(tried[name] or not (row.variables or row.key), name)
    end
  end)

  it("have their defaults where nothing is set", function()
    local settings = assert(resolve())
    for _, row in ipairs(SETTINGS) do assert.equal(row[8], value_of(settings, row[1]), row[1]) end
  end)

  it("are read from their variables", function()
    for _, row in ipairs(SETTINGS) do
      local name, variable, text, value = row[1], row[3], row[4], row[5]
      if variable then
        local settings = assert(resolve({}, in_environment(row, text)))
        assert.equal(value, value_of(settings, name), variable)
        assert.equal(variable, settings.sources[name])
      end
    end
  end)

  it("are read from their keys in the profile", function()
    for _, row in ipairs(SETTINGS) do
      local name, key = row[1], row[2]
      if key then
        local settings = assert(resolve({}, {}, in_profile(row, row[4])))
        assert.equal(row[5], value_of(settings, name), key)
        assert.equal(('%s in profile "default" of %s'):format(key, CONFIG), settings.sources[name])
        assert.equal(row[7], value_of(assert(resolve({}, {}, in_profile(row, row[6]))), name), key)
      end
    end
  end)

  it("come from the variable where both have one", function()
    for _, row in ipairs(SETTINGS) do
      if row[2] and row[3] then
        local settings = assert(resolve({}, in_environment(row, row[4]), in_profile(row, row[6])))
        assert.equal(row[5], value_of(settings, row[1]), row[1])
      end
    end
  end)

  it("are refused where they make no sense, with the place", function()
    for _, row in ipairs(SETTINGS) do
      local key, variable = row[2], row[3]
      for _, word in ipairs(row[9]) do
        if variable then contains(refused({}, in_environment(row, word)), variable) end
        if key then
          local message = refused({}, {}, in_profile(row, word))
          contains(message, ('%s in profile "default" of %s'):format(key, CONFIG))
        end
      end
      assert.is_table(row[9])
    end
  end)

  it("are not set by a blank variable or a blank key, but for the CA bundle", function()
    for _, row in ipairs(SETTINGS) do
      if row[1] ~= "ca_bundle" then
        local settings = assert(resolve({}, in_environment(row, " "), in_profile(row, "")))
        assert.equal(row[8], value_of(settings, row[1]), row[1])
      end
    end
  end)

  it("are texts, not indented blocks", function()
    contains(refused({}, {}, "[default]\nregion =\n  a = b\n"),
      'region in profile "default" of ' .. CONFIG .. " must be a single value")
  end)
end)

describe("the CA bundle", function()
  it("is refused when it is set but blank, with its place", function()
    contains(refused({}, { AWS_CA_BUNDLE = "" }), "AWS_CA_BUNDLE is blank")
    contains(refused({}, {}, "[default]\nca_bundle =\n"), 'ca_bundle in profile "default" of ' .. CONFIG)
    assert.equal("/a", assert(resolve({ ca_bundle = "/a" }, { AWS_CA_BUNDLE = "" })).ca_bundle)
  end)

  it("is not read from variables that belong to other programs", function()
    assert.is_nil(assert(resolve({}, { REQUESTS_CA_BUNDLE = "/a" })).ca_bundle)
  end)
end)

describe("the preferred auth schemes", function()
  it("come from a list whose blanks do not count, and those that are not supported are passed over", function()
    local settings = assert(resolve({}, { AWS_AUTH_SCHEME_PREFERENCE = "sigv4a,\t sigv4 , bearer" }))
    assert.same({ "sigv4" }, settings.auth_scheme_preference)
    settings = assert(resolve({}, {}, "[default]\nauth_scheme_preference = sigv4\n"))
    assert.same({ "sigv4" }, settings.auth_scheme_preference)
    assert.same({}, assert(resolve({}, { AWS_AUTH_SCHEME_PREFERENCE = "sigv4a" })).auth_scheme_preference)
    assert.is_nil(assert(resolve()).auth_scheme_preference)
  end)
end)

describe("the SigV4a region set", function()
  it("is read as a list of regions", function()
    local settings = assert(resolve({}, { AWS_SIGV4A_SIGNING_REGION_SET = "us-west-2, us-east-1" }))
    assert.same({ "us-west-2", "us-east-1" }, settings.sigv4a_signing_region_set)
    settings = assert(resolve({}, {}, "[default]\nsigv4a_signing_region_set = *\n"))
    assert.same({ "*" }, settings.sigv4a_signing_region_set)
  end)
end)

describe("the address of instance metadata", function()
  it("is of IPv6 when the old setting says so, unless the endpoint mode says otherwise", function()
    assert.equal("ipv6", assert(resolve({}, { AWS_IMDS_USE_IPV6 = "true" })).imds.endpoint_mode)
    local env = { AWS_IMDS_USE_IPV6 = "true", AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "ipv4" }
    assert.equal("ipv4", assert(resolve({}, env)).imds.endpoint_mode)
    assert.equal("ipv4", assert(resolve({}, { AWS_IMDS_USE_IPV6 = "true" },
      "[default]\nec2_metadata_service_endpoint_mode = IPv4\n")).imds.endpoint_mode)
  end)
end)

describe("an app id", function()
  it("of more than 50 characters is kept and warned of", function()
    local long = ("a"):rep(51)
    local settings = assert(resolve({}, { AWS_SDK_UA_APP_ID = long }))
    assert.equal(long, settings.app_id)
    contains(settings.warnings[1], "AWS_SDK_UA_APP_ID", "50")
    assert.same({}, assert(resolve { app_id = ("a"):rep(50) }).warnings)
  end)
end)

