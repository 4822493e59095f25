--- Where settings come from: option, then environment, then default (precedence as in every AWS SDK:
-- "AWS SDKs and Tools Reference Guide", configuration).
--
-- `resolve` reads once, when a client is made. A value that is found at a level stops the search; a value that
-- makes no sense there is an error, it does not fall through. An empty or blank environment variable counts as
-- not set. The shared profile files are not read yet: their place in the order is between environment and
-- default, in `first_of`.

local ascii = require "aws.backup.ascii"
local errors = require "aws.backup.errors"
local options = require "aws.backup.options"

local config = {}

local DEFAULTS = {
  retry_mode = "standard",
  connect_timeout = 10,
  read_timeout = 60,
  max_response_bytes = 64 * 1024 * 1024,
  use_fips = false,
  use_dualstack = false,
  verify_tls = true,
  validate = true,
  runtime = "auto",
}
-- In all, the first included.
local DEFAULT_ATTEMPTS = { standard = 3, legacy = 5 }

local RETRY_MODES = { standard = true, legacy = true, off = true }

local function fault(message)
  return nil, errors.new("ConfigError", { message = message })
end

local function is_callable(value)
  if type(value) == "function" then return true end
  local metatable = getmetatable(value)
  return type(metatable) == "table" and type(metatable.__call) == "function"
end

local function text(value)
  return type(value) == "string" and value:find("%S") ~= nil, "a string that is not blank"
end

local function boolean(value)
  return type(value) == "boolean", "true or false"
end

-- What the system can wait for in one go: milliseconds in 32 bits.
local LONGEST_SECONDS = 2147483

local function seconds(value)
  return type(value) == "number" and value > 0 and value <= LONGEST_SECONDS,
    "a number of seconds greater than 0, at most " .. LONGEST_SECONDS
end

local function count(value)
  return type(value) == "number" and value >= 1 and value < 2 ^ 31 and value % 1 == 0, "a whole number, at least 1"
end

local function connections(value)
  return count(value) and value <= 65535, "a whole number from 1 to 65535"
end

local function callable(value)
  return is_callable(value), "a function"
end

local function has_method(value, name)
  return type(value) == "table" and is_callable(value[name])
end

local function credentials(value)
  return is_callable(value) or type(value) == "table",
    "a table with access_key_id and secret_access_key, or a function or an object with get() that returns one"
end

local function transport(value)
  return is_callable(value) or has_method(value, "send"), "a function, or an object with send(self, request)"
end

local function runtime(value)
  return value == "auto" or value == "blocking" or has_method(value, "sleep"),
    '"auto", "blocking" or a table { sleep = function(seconds) }'
end

local function retry_mode(value)
  return RETRY_MODES[value] == true, '"standard", "legacy" or "off"'
end

local function validate(value)
  return type(value) == "boolean" or value == "shape", 'true, "shape" or false'
end

local function environment(value)
  return is_callable(value) or type(value) == "table", "a function from a variable's name to its value, or a table"
end

local HOOKS = { request = true, response = true, retry = true, credentials = true }

local function hooks(value)
  local rule = "a table with functions named request, response, retry or credentials"
  if type(value) ~= "table" then return false, rule end
  for name, hook in pairs(value) do
    if not HOOKS[name] or not is_callable(hook) then return false, rule end
  end
  return true, rule
end

local function model(value)
  return type(value) == "table" and type(value.operations) == "table" and type(value.shapes) == "table",
    "a table with operations and shapes"
end

---@class aws.backup.Credentials
---@field access_key_id string
---@field secret_access_key string
---@field session_token? string
---@field expiration? number  # epoch seconds

---@class aws.backup.Options
---@field region? string
---@field credentials? aws.backup.Credentials|fun(): aws.backup.Credentials|{ get: fun(self): aws.backup.Credentials }
---@field endpoint_url? string  # http or https; does not go together with use_fips or use_dualstack
---@field use_fips? boolean
---@field use_dualstack? boolean
---@field retry_mode? "standard"|"legacy"|"off"
---@field max_attempts? integer  # in all, the first included
---@field connect_timeout? number  # seconds
---@field read_timeout? number  # seconds without a byte
---@field timeout? number  # seconds for a whole call with all its attempts
---@field ca_bundle? string  # file or directory of PEM certificates
---@field proxy? string  # URL
---@field verify_tls? boolean
---@field max_connections? integer  # gives the client connections of its own, so many at most
---@field max_response_bytes? integer
---@field app_id? string  # named in the User-Agent
---@field validate? boolean|"shape"
---@field transport? function|table  # send(request), or an object with send(self, request)
---@field runtime? "auto"|"blocking"|{ sleep: fun(seconds: number) }
---@field clock? fun(): number  # epoch seconds
---@field uuid? fun(): string
---@field random? fun(): number  # in [0, 1)
---@field env? table<string, string>|fun(name: string): string?
---@field on? { request: function?, response: function?, retry: function?, credentials: function? }
---@field model? { operations: table, shapes: table, metadata: table? }

-- Each option of the client: what it must be. The order of the contract.
local OPTIONS = {
  region = text, credentials = credentials,
  endpoint_url = text, use_fips = boolean, use_dualstack = boolean,
  retry_mode = retry_mode, max_attempts = count,
  connect_timeout = seconds, read_timeout = seconds, timeout = seconds,
  ca_bundle = text, proxy = text, verify_tls = boolean, max_connections = connections, max_response_bytes = count,
  app_id = text,
  validate = validate, transport = transport, runtime = runtime,
  clock = callable, uuid = callable, env = environment, random = callable,
  on = hooks, model = model,
}

-- Options whose value may be, or hold, a secret.
local SECRET = { credentials = true, proxy = true, endpoint_url = true }

local function check_options(given)
  if type(given) == "table" and given.profile ~= nil then
    return fault("the option profile is not supported yet: shared profile files are not read; "
      .. "give region and credentials as options or in the environment")
  end
  local fine, message = options.check(given, OPTIONS, "a client", SECRET)
  if not fine then return fault(message) end
  return true
end

-- A reader of the environment in which blank means not set.
local function environment_reader(env)
  env = env or os.getenv
  return function(name)
    local value
    if is_callable(env) then value = env(name) else value = env[name] end
    if type(value) == "string" and value:find("%S") then return value end
    return nil
  end
end

local function to_boolean(value, name)
  local lowered = ascii.lower(value)
  if lowered == "true" then return true end
  if lowered == "false" then return false end
  return fault(string.format("%s must be true or false, not %q", name, value))
end

local function to_count(value, name)
  local digits = value:match("^%s*(%d+)%s*$")
  local number = digits and #digits < 10 and tonumber(digits)
  if number and number >= 1 then return number end
  return fault(string.format("%s must be a whole number, at least 1, not %q", name, value))
end

local function to_retry_mode(value, name)
  if RETRY_MODES[value] and value ~= "off" then return value end
  if value == "adaptive" then
    return fault(name .. " asks for adaptive, which is not supported yet; use standard or legacy")
  end
  return fault(string.format("%s must be standard or legacy, not %q", name, value))
end

-- The first of these environment variables that is set, converted; nil without an error if none is.
local function first_of(getenv, names, convert)
  for _, name in ipairs(names) do
    local value = getenv(name)
    if value ~= nil then
      if not convert then return value end
      return convert(value, name)
    end
  end
  return nil
end

-- Settings that an environment variable may give: field, variables in order, conversion.
local FROM_ENVIRONMENT = {
  { "region", { "AWS_REGION", "AWS_DEFAULT_REGION" } },
  { "use_fips", { "AWS_USE_FIPS_ENDPOINT" }, to_boolean },
  { "use_dualstack", { "AWS_USE_DUALSTACK_ENDPOINT" }, to_boolean },
  { "retry_mode", { "AWS_RETRY_MODE" }, to_retry_mode },
  { "max_attempts", { "AWS_MAX_ATTEMPTS" }, to_count },
  { "ca_bundle", { "AWS_CA_BUNDLE" } },
  { "app_id", { "AWS_SDK_UA_APP_ID" } },
}

-- Any variable for this service beats the one for all (SDK reference guide, "Service-specific endpoints").
local function endpoint_from_environment(getenv)
  local ignored, failure = first_of(getenv, { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" }, to_boolean)
  if failure then return nil, failure end
  if ignored then return nil end
  return first_of(getenv, { "AWS_ENDPOINT_URL_BACKUP", "AWS_ENDPOINT_URL" })
end

-- Lower case wins; upper-case HTTP_PROXY is not read where REQUEST_METHOD is set, because a CGI server lets the
-- caller set it with a header named Proxy.
local function proxy_variables(getenv, scheme)
  if scheme == "https" then return { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } end
  if getenv("REQUEST_METHOD") then return { "http_proxy", "all_proxy", "ALL_PROXY" } end
  return { "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY" }
end

--- The proxy that the environment names for a scheme, and the hosts that go without.
---@param getenv fun(name: string): string?
---@param scheme string  "https" or "http"
---@return string? proxy, string? no_proxy
function config.proxy_from_environment(getenv, scheme)
  return first_of(getenv, proxy_variables(getenv, scheme)), first_of(getenv, { "no_proxy", "NO_PROXY" })
end

local function apply_defaults(settings)
  for name, value in pairs(DEFAULTS) do
    if settings[name] == nil then settings[name] = value end
  end
  if settings.retry_mode == "off" then settings.max_attempts = 1 end
  settings.max_attempts = settings.max_attempts or DEFAULT_ATTEMPTS[settings.retry_mode]
  return settings
end

--- Settles every setting of a client.
---@param given? table  the options of `backup.client`; not changed
---@return table? settings  the options, completed; `getenv` reads the environment, blank as not set
---@return table? err  ConfigError
function config.resolve(given)
  given = given or {}
  local fine, failure = check_options(given)
  if not fine then return nil, failure end

  local settings = {}
  for name, value in pairs(given) do settings[name] = value end
  local getenv = environment_reader(given.env)
  settings.getenv = getenv

  for _, entry in ipairs(FROM_ENVIRONMENT) do
    local name, variables, convert = entry[1], entry[2], entry[3]
    if settings[name] == nil then
      settings[name], failure = first_of(getenv, variables, convert)
      if failure then return nil, failure end
    end
  end
  if settings.endpoint_url == nil then
    settings.endpoint_url, failure = endpoint_from_environment(getenv)
    if failure then return nil, failure end
  end
  return apply_defaults(settings)
end

return config
