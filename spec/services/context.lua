--- The context of a credential provider for specs: an environment that is a table, a clock that stands until it is
--- moved, a sleep that only takes notes, and the real transport over libcurl.

local core = require "aws.backup.core"
local curl = require "aws.backup.transport.curl"
local runtime = require "aws.backup.runtime"

local context = {}

--- The moment at which the clock stands: 2026-01-02T03:04:05Z.
context.START = 1767323045

local UUID = "3f0c0c0e-7d5c-4a53-9a55-0d2f6a2f9f10"

local function default_settings()
  return {
    connect_timeout = 5, read_timeout = 5, max_response_bytes = 2 ^ 20, verify_tls = true,
    use_fips = false, use_dualstack = false, retry_mode = "standard", max_attempts = 3,
    sts_regional_endpoints = "regional", process_timeout = 60, profile = {}, sources = {},
    imds = { timeout = 1, attempts = 1, endpoint_mode = "ipv4", v1_disabled = false, disabled = false },
    proxy_for = function() return nil end,
  }
end

local function no_shared_files()
  local function none() return nil end
  return {
    config_path = "/nowhere/.aws/config", credentials_path = "/nowhere/.aws/credentials", warnings = {},
    profile = none, credentials_file = none, config_file = none, sso_session = none, services = none,
    profile_names = function() return {} end,
  }
end

-- Blank counts as not set, as with the client's own.
local function environment_reader(variables)
  return function(name)
    local value = variables[name]
    if value and value:find("%S") then return value end
    return nil
  end
end

local function http_of(made)
  local transport = made.transport or curl.new(made.settings, assert(runtime.choose("blocking")))
  return require("aws.backup.credentials.http").new {
    transport = transport, clock = made.clock, monotonic = made.monotonic, sleep = made.sleep,
    user_agent = "lua-aws-backup/spec", log = made.log,
  }
end

-- What is made on first use only: specs that never touch files or HTTP need neither.
local LAZY = {
  files = function() return require("aws.backup.files").default end,
  http = http_of,
}

local function settings_with(changes)
  local settings = default_settings()
  for name, value in pairs(changes or {}) do
    if name == "imds" then
      for key, setting in pairs(value) do settings.imds[key] = setting end
    else
      settings[name] = value
    end
  end
  return settings
end

--- Makes a context. Beside what a provider is handed it has `env` (the environment's table, to be changed by the
--- spec), `advance(seconds)` (moves the clock and the monotonic one), `slept` (what sleep was asked for) and `logged`.
---@param overrides? table  fields of the context; `env` and `settings` (and its `imds`) add to what is there
---@return table made
function context.new(overrides)
  overrides = overrides or {}
  local made = {
    env = {}, slept = {}, logged = {}, shared = no_shared_files(), home = "/nowhere", region = "us-east-1",
    random = function() return 0.5 end, uuid = function() return UUID end,
    profile_name = "default", profile_is_explicit = false, spawn = core.spawn,
  }
  local now, moved = context.START, 0
  made.clock = function() return now end
  made.monotonic = function() return core.monotonic() + moved end
  made.advance = function(seconds) now, moved = now + seconds, moved + seconds end
  made.sleep = function(seconds) made.slept[#made.slept + 1] = seconds end
  made.log = function(...) made.logged[#made.logged + 1] = string.format(...) end
  for name, value in pairs(overrides) do made[name] = value end
  made.settings = settings_with(overrides.settings)
  made.getenv = overrides.getenv or environment_reader(made.env)
  made.settings.getenv, made.settings.shared = made.getenv, made.shared
  return setmetatable(made, { __index = function(_, name)
    local make = LAZY[name]
    if not make then return nil end
    local value = make(made)
    rawset(made, name, value)
    return value
  end })
end

return context
