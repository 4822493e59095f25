--- The options of a client: what each must be. Only options that were given are checked here; texts from the
-- environment and from profiles go through `conversions`.

local is_callable = require "aws.backup.callable"
local habits = require "aws.backup.habits"
local nearest = require "aws.backup.nearest"
local options = require "aws.backup.options"
local region_rules = require "aws.backup.region"

local option_checks = {}

local function has_method(value, name)
  return type(value) == "table" and is_callable(value[name])
end

local function text(value)
  return type(value) == "string" and value:find("%S") ~= nil, "a string that is not blank"
end

local function region(value)
  return type(value) == "string" and region_rules.is_valid(value), region_rules.RULE
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

-- One of a few words.
local function one_of(...)
  local words, allowed = { ... }, {}
  for index, word in ipairs(words) do
    allowed[word] = true
    words[index] = '"' .. word .. '"'
  end
  local rule = table.concat(words, ", ", 1, #words - 1) .. " or " .. words[#words]
  return function(value) return allowed[value] == true, rule end
end

local function credentials(value)
  return is_callable(value) or type(value) == "table",
    "a table with access_key_id and secret_access_key, or a function or an object with get() that returns one"
end

local function transport(value)
  return is_callable(value) or has_method(value, "send"), "a function, or an object with send(self, request)"
end

local RUNTIMES = { auto = true, blocking = true, ngx = true }

local function runtime(value)
  return RUNTIMES[value] == true or has_method(value, "sleep"),
    '"auto", "blocking", "ngx" or a table { sleep = function(seconds) }'
end

local function validate(value)
  return type(value) == "boolean" or value == "shape", 'true, "shape" or false'
end

local function environment(value)
  return is_callable(value) or type(value) == "table", "a function from a variable's name to its value, or a table"
end

local function files(value)
  return has_method(value, "read") and has_method(value, "replace"),
    "a table { read = function(path, max_bytes), replace = function(path, text) }"
end

local function debug_log(value)
  return type(value) == "boolean" or is_callable(value), "true, false or a function that takes a line"
end

local HOOKS = { request = true, response = true, retry = true, credentials = true }

local function hooks(value)
  local rule = "a table with functions named request, response, retry or credentials"
  if type(value) ~= "table" then return false, rule end
  for name, hook in pairs(value) do
    if not HOOKS[name] then
      local meant = nearest.among(tostring(name), HOOKS)
      return false, rule, tostring(name) .. " is none of them" .. (meant and "; did you mean " .. meant .. "?" or "")
    elseif not is_callable(hook) then
      return false, rule, string.format("%s is a %s", name, type(hook))
    end
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
---@field profile? string  # of the shared config and credentials files; must be in one of them
---@field credentials? aws.backup.Credentials|fun(): aws.backup.Credentials|{ get: fun(self): aws.backup.Credentials }
---@field mfa_code? fun(serial: string): string  # asked for the code of an MFA device when a role needs one
---@field process_timeout? number  # seconds that a credential_process may take
---@field endpoint_url? string  # http or https; does not go together with use_fips or use_dualstack
---@field use_fips? boolean
---@field use_dualstack? boolean
---@field imds_region? boolean  # ask the metadata of the EC2 instance for the region when nothing else gives one
---@field defaults_mode? "legacy"|"standard"|"in-region"|"cross-region"|"mobile"|"auto"  # kinds of networks
---@field retry_mode? "standard"|"adaptive"|"legacy"|"off"
---@field max_attempts? integer  # in all, the first included
---@field connect_timeout? number  # seconds, for TCP and TLS together
---@field read_timeout? number  # seconds without a byte
---@field timeout? number  # seconds for a whole call with all its attempts
---@field ca_bundle? string  # file or directory of PEM certificates
---@field proxy? string  # URL
---@field verify_tls? boolean
---@field tcp_keepalive? boolean
---@field max_connections? integer  # gives the client connections of its own, so many at most
---@field max_response_bytes? integer
---@field app_id? string  # named in the User-Agent
---@field validate? boolean|"shape"
---@field transport? function|table  # send(request), or an object with send(self, request)
---@field runtime? "auto"|"blocking"|"ngx"|{ sleep: fun(seconds: number) }
---@field shared_dict? string  # lua_shared_dict of nginx in which the workers share credentials
---@field debug? boolean|fun(line: string)  # log what happens, without secrets
---@field clock? fun(): number  # epoch seconds
---@field monotonic? fun(): number  # seconds that never jump
---@field uuid? fun(): string
---@field random? fun(): number  # in [0, 1)
---@field env? table<string, string>|fun(name: string): string?
---@field files? aws.backup.Files  # instead of the file system: shared files, token caches
---@field on? aws.backup.Hooks
---@field raise? boolean  # false: methods return nil and the error in place of raising it
---@field model? { operations: table, shapes: table, metadata: table? }

--- The check of each option. The order of the contract.
option_checks.OPTIONS = {
  region = region, profile = text, credentials = credentials, mfa_code = callable, process_timeout = seconds,
  endpoint_url = text, use_fips = boolean, use_dualstack = boolean, imds_region = boolean,
  defaults_mode = one_of("legacy", "standard", "in-region", "cross-region", "mobile", "auto"),
  retry_mode = one_of("standard", "adaptive", "legacy", "off"), max_attempts = count,
  connect_timeout = seconds, read_timeout = seconds, timeout = seconds,
  ca_bundle = text, proxy = text, verify_tls = boolean, tcp_keepalive = boolean,
  max_connections = connections, max_response_bytes = count,
  app_id = text,
  validate = validate, transport = transport, runtime = runtime, shared_dict = text, debug = debug_log,
  clock = callable, monotonic = callable, uuid = callable, env = environment, files = files, random = callable,
  on = hooks, raise = boolean, model = model,
}

-- Options whose value may be, or hold, a secret.
local SECRET = { credentials = true, proxy = true, endpoint_url = true }

--- Checks the options of a client.
---@param given any
---@return true?, string? message
function option_checks.check(given)
  return options.check(given, option_checks.OPTIONS, "a client", SECRET, habits.OPTIONS)
end

return option_checks
