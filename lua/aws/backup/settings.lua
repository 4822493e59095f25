--- Every setting that has a place outside the code, or a default: where it is read and how ("AWS SDKs and Tools
-- Reference Guide", Settings reference). `config` reads the rows in order.
--
-- What the credential providers and proxies read is not here: it belongs to them alone.

local conversions = require "aws.backup.conversions"

-- In all, the first included.
local ATTEMPTS = { standard = 3, adaptive = 3, legacy = 5 }

local function attempts_of_mode(settings)
  return ATTEMPTS[settings.retry_mode]
end

-- Schemes that this client can't sign with are passed over, not refused: the profile may be for other programs too.
local function supported_schemes(text)
  local supported = {}
  for _, scheme in ipairs(conversions.list(text)) do
    if scheme == "sigv4" then supported[#supported + 1] = scheme end
  end
  return supported
end

local function endpoint_mode_by_address(settings)
  return settings.imds.use_ipv6 and "ipv6" or "ipv4"
end

---@class aws.backup.SettingRow
---@field name string  in the settings, and of the option where there is one
---@field group? string  the table of settings that it is in
---@field variables? string[]  the first that is set counts
---@field key? string  in the profile
---@field convert? aws.backup.Conversion
---@field blank_counts? boolean  a variable or key that is set to nothing is set, not absent
---@field default? any|fun(settings: table): any  a function is given the settings of the rows above
---@type aws.backup.SettingRow[]
local rows = {
  -- Where calls go.
  { name = "region", variables = { "AWS_REGION", "AWS_DEFAULT_REGION" }, key = "region", convert = conversions.region },
  { name = "use_fips", variables = { "AWS_USE_FIPS_ENDPOINT" }, key = "use_fips_endpoint",
    convert = conversions.boolean, default = false },
  { name = "use_dualstack", variables = { "AWS_USE_DUALSTACK_ENDPOINT" }, key = "use_dualstack_endpoint",
    convert = conversions.boolean, default = false },
  { name = "ignore_configured_endpoint_urls", variables = { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" },
    key = "ignore_configured_endpoint_urls", convert = conversions.boolean, default = false },
  { name = "sts_regional_endpoints", variables = { "AWS_STS_REGIONAL_ENDPOINTS" }, key = "sts_regional_endpoints",
    convert = conversions.one_of("legacy", "regional"), default = "regional" },

  -- How calls are made.
  { name = "retry_mode", variables = { "AWS_RETRY_MODE" }, key = "retry_mode",
    convert = conversions.one_of("standard", "adaptive", "legacy"), default = "standard" },
  { name = "max_attempts", variables = { "AWS_MAX_ATTEMPTS" }, key = "max_attempts",
    convert = conversions.whole(1), default = attempts_of_mode },
  { name = "defaults_mode", variables = { "AWS_DEFAULTS_MODE" }, key = "defaults_mode",
    convert = conversions.one_of("legacy", "standard", "in-region", "cross-region", "mobile", "auto"),
    default = "legacy" },
  { name = "read_timeout", default = 60 },
  { name = "max_response_bytes", default = 64 * 1024 * 1024 },
  { name = "ca_bundle", variables = { "AWS_CA_BUNDLE" }, key = "ca_bundle", convert = conversions.path,
    blank_counts = true },
  { name = "verify_tls", default = true },
  { name = "tcp_keepalive", variables = { "BOTOCORE_TCP_KEEPALIVE" }, key = "tcp_keepalive",
    convert = conversions.boolean, default = false },
  { name = "app_id", variables = { "AWS_SDK_UA_APP_ID" }, key = "sdk_ua_app_id", convert = conversions.text },
  { name = "validate", key = "parameter_validation", convert = conversions.boolean, default = true },
  { name = "runtime", default = "auto" },
  -- No SDK's: nobody else's program may be made to talk by it.
  { name = "debug", variables = { "AWS_BACKUP_DEBUG" }, convert = conversions.switch, default = false },

  -- Where credentials come from.
  { name = "process_timeout", default = 60 },
  -- Without a value of its own below the home directory: the provider knows where.
  { name = "login_cache_directory", variables = { "AWS_LOGIN_CACHE_DIRECTORY" }, convert = conversions.text },
  { group = "imds", name = "timeout", variables = { "AWS_METADATA_SERVICE_TIMEOUT" }, key = "metadata_service_timeout",
    convert = conversions.whole(1), default = 1 },
  { group = "imds", name = "attempts", variables = { "AWS_METADATA_SERVICE_NUM_ATTEMPTS" },
    key = "metadata_service_num_attempts", convert = conversions.whole(1), default = 1 },
  -- Without a value of its own by endpoint_mode, which it beats.
  { group = "imds", name = "endpoint", variables = { "AWS_EC2_METADATA_SERVICE_ENDPOINT" },
    key = "ec2_metadata_service_endpoint", convert = conversions.url },
  -- The older way to ask for the endpoint mode.
  { group = "imds", name = "use_ipv6", variables = { "AWS_IMDS_USE_IPV6" }, key = "imds_use_ipv6",
    convert = conversions.boolean, default = false },
  { group = "imds", name = "endpoint_mode", variables = { "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE" },
    key = "ec2_metadata_service_endpoint_mode", convert = conversions.one_of("ipv4", "ipv6"),
    default = endpoint_mode_by_address },
  { group = "imds", name = "v1_disabled", variables = { "AWS_EC2_METADATA_V1_DISABLED" },
    key = "ec2_metadata_v1_disabled", convert = conversions.boolean, default = false },
  { group = "imds", name = "disabled", variables = { "AWS_EC2_METADATA_DISABLED" },
    convert = conversions.boolean, default = false },

  -- Read and checked as every SDK does, but without effect on AWS Backup: it has no endpoints by account, signs with
  -- SigV4 only, and none of its operations compresses, has a checksum, a host prefix or endpoint discovery.
  { name = "account_id", variables = { "AWS_ACCOUNT_ID" }, key = "aws_account_id", convert = conversions.text },
  { name = "account_id_endpoint_mode", variables = { "AWS_ACCOUNT_ID_ENDPOINT_MODE" }, key = "account_id_endpoint_mode",
    convert = conversions.one_of("preferred", "disabled", "required"), default = "preferred" },
  { name = "auth_scheme_preference", variables = { "AWS_AUTH_SCHEME_PREFERENCE" }, key = "auth_scheme_preference",
    convert = supported_schemes },
  { name = "sigv4a_signing_region_set", variables = { "AWS_SIGV4A_SIGNING_REGION_SET" },
    key = "sigv4a_signing_region_set", convert = conversions.list },
  { name = "disable_request_compression", variables = { "AWS_DISABLE_REQUEST_COMPRESSION" },
    key = "disable_request_compression", convert = conversions.boolean, default = false },
  { name = "request_min_compression_size_bytes", variables = { "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES" },
    key = "request_min_compression_size_bytes", convert = conversions.whole(0, 10485760), default = 10240 },
  { name = "request_checksum_calculation", variables = { "AWS_REQUEST_CHECKSUM_CALCULATION" },
    key = "request_checksum_calculation", convert = conversions.one_of("when_supported", "when_required"),
    default = "when_supported" },
  { name = "response_checksum_validation", variables = { "AWS_RESPONSE_CHECKSUM_VALIDATION" },
    key = "response_checksum_validation", convert = conversions.one_of("when_supported", "when_required"),
    default = "when_supported" },
  { name = "disable_host_prefix_injection", variables = { "AWS_DISABLE_HOST_PREFIX_INJECTION" },
    key = "disable_host_prefix_injection", convert = conversions.boolean, default = false },
  { name = "endpoint_discovery_enabled", variables = { "AWS_ENABLE_ENDPOINT_DISCOVERY" },
    key = "endpoint_discovery_enabled", convert = conversions.one_of("true", "false", "auto"), default = "auto" },
}

return rows
