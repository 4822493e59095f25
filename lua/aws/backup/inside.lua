--- What the calls of one client are made of, put together once: settings, clocks, the wire, credentials.
--
-- What can be wrong with the options is found here, when the client is made. What is only needed for a call is made
-- with the first that needs it: many clients make one call or none.

local answer = require "aws.backup.transport.answer"
local attempt = require "aws.backup.attempt"
local auto = require "aws.backup.transport.auto"
local clock_skew = require "aws.backup.clock_skew"
local codec = require "aws.backup.codec"
local config = require "aws.backup.config"
local context = require "aws.backup.credentials.context"
local core = require "aws.backup.core"
local credentials = require "aws.backup.credentials"
local endpoint = require "aws.backup.endpoint"
local given = require "aws.backup.given"
local instance_region = require "aws.backup.credentials.instance_region"
local log = require "aws.backup.log"
local proxy = require "aws.backup.proxy"
local retry = require "aws.backup.retry"
local runtime = require "aws.backup.runtime"
local signing = require "aws.backup.signing"
local trace = require "aws.backup.trace"
local useragent = require "aws.backup.useragent"

local inside = {}

-- A number in [0, 1) of the system's randomness: math.random would give every process the same jitter.
local function random_fraction()
  local bytes = core.random(4)
  if not bytes then return math.random() end
  local a, b, c, d = bytes:byte(1, 4)
  return (((a * 256 + b) * 256 + c) * 256 + d) / 2 ^ 32
end

local function own_transport(own)
  local checked = answer.checked(type(own) == "table" and own.send and own
    or { send = function(_, request) return own(request) end })
  return { send = function(_, request) return checked:send(answer.copy_of(request)) end }
end

-- Calls the hooks of the caller and of the log.
local function hook_runner(hooks, logged)
  local asked = hooks and given.guard_all("on", hooks, { "request", "response", "retry", "credentials" })
  return function(name, event)
    if asked and asked[name] then asked[name](event) end
    if logged then logged[name](event) end
  end
end

local function credentials_context(self, region)
  return context.new(self.settings, {
    region = region, transport = self.transport, sleep = self.runtime.sleep, new_gate = self.runtime.new_gate,
    new_claim = self.runtime.new_claim, clock = self.clock, monotonic = self.monotonic, random = self.random,
    uuid = self.uuid, user_agent = self.user_agent(), log = self.log or nil, spawn = core.spawn,
  })
end

-- What is made when it is first asked for, by the name of the field.
local LATER = {}

-- The caller's transport, or ours.
function LATER.transport(self)
  local settings = self.settings
  if settings.transport then return own_transport(settings.transport) end
  return auto.new({
    ca_bundle = settings.ca_bundle, ca_bundle_in_code = settings.in_code.ca_bundle, verify_tls = settings.verify_tls,
    proxy_for = self.proxy_for,
    max_response_bytes = settings.max_response_bytes, max_connections = settings.max_connections,
    tcp_keepalive = settings.tcp_keepalive,
  }, self.runtime)
end

-- Nothing was given: no failure is left that the default chain could have here.
function LATER.credentials_source(self)
  return assert(credentials.resolve(nil, credentials_context(self, self.endpoint.region)))
end

function LATER.retry_policy(self)
  local settings = self.settings
  return retry.new(settings.retry_mode, settings.max_attempts, self.random, self.monotonic)
end

function LATER.random(self)
  return given.system("random", self.settings.random) or random_fraction
end

-- A transport of the caller's own may do without waiting.
function LATER.check_place(self)
  return not self.settings.transport and self.runtime.check or false
end

function LATER.first_attempt(self) return attempt.count(1, self.settings.max_attempts) end
function LATER.sign() return signing.new() end
function LATER.skew(self) return clock_skew.new(self.clock, self.monotonic) end
function LATER.user_agent(self) return useragent.new(self.settings) end

-- Of the settings what each call asks for.
function LATER.connect_timeout(self) return self.settings.connect_timeout end
function LATER.read_timeout(self) return self.settings.read_timeout end
function LATER.timeout(self) return self.settings.timeout or false end
function LATER.validate(self) return self.settings.validate end

local metatable = {
  __index = function(self, field)
    local make = LATER[field]
    if not make then return nil end
    local made = make(self)
    rawset(self, field, made)
    return made
  end,
}

-- What does not depend on where the client goes: time, chance, waiting, the wire. What is absent is false, so that no
-- call looks for it in vain.
local function surroundings(settings)
  local chosen = settings.runtime
  if type(chosen) == "table" then chosen = given.guard_all("runtime", chosen, { "sleep" }) end
  local waiting, failure = runtime.choose(chosen)
  if not waiting then return nil, failure end
  local proxy_for = false
  if not settings.transport then
    proxy_for, failure = proxy.new(settings.proxy, settings.getenv)
    if not proxy_for then return nil, failure end
  end
  return setmetatable({
    settings = settings, runtime = waiting, proxy_for = proxy_for,
    clock = given.system("clock", settings.clock) or core.time,
    monotonic = given.system("monotonic", settings.monotonic) or core.monotonic,
    uuid = given.system("uuid", settings.uuid) or core.uuid,
    log = log.new(settings.debug) or false, hook = false, trace = false, closed = false,
    endpoint = false, codec = false,
  }, metatable)
end

-- The connections that are the client's own; what the caller brought, the caller closes.
local function close_transport(self)
  local transport = rawget(self, "transport")
  if transport and transport.close then transport.close() end
end

-- Asked while the settings are still being settled, so with surroundings of its own. What is wrong with these comes out
-- when the client's are made.
local function region_of_instance(settings)
  local around = surroundings(settings)
  if not around then return nil end
  local region = instance_region.find(credentials_context(around))
  close_transport(around)
  return region
end

-- Tells of settings that make no difference here. One that is set for all programs of a machine is worth a line in
-- nginx's log, also where nobody asked for a log.
local function tell_warnings(self)
  local settings = self.settings
  local unheeded = not settings.transport and auto.unheeded_bundle(settings, self.runtime)
  if unheeded then
    table.insert(settings.warnings, unheeded)
    if not self.log then log.warn_nginx(unheeded) end
  end
  if not self.log then return end
  for _, warning in ipairs(settings.warnings) do self.log("warning: %s", warning) end
end

-- What may be wrong with the option credentials, or with shared_dict, shows now.
local function settle_credentials(self)
  local settings, failure = self.settings, nil
  local option = settings.credentials
  if option ~= nil then
    settings.credentials = nil
    settings.shared, settings.profile, settings.key_source = nil, nil, nil -- they have served, and may be big
    self.credentials_source, failure = credentials.given(option, self.clock)
  elseif settings.shared_dict then
    self.credentials_source, failure = credentials.resolve(nil, credentials_context(self, self.endpoint.region))
  end
  return failure == nil, failure
end

--- Puts together what a client needs.
---@param options? aws.backup.Options
---@return table? inside  see surroundings, LATER
---@return table? err
function inside.new(options)
  local settings, failure = config.resolve(options, region_of_instance)
  if not settings then return nil, failure end
  local self, fine
  self, failure = surroundings(settings)
  if not self then return nil, failure end
  self.endpoint, failure = endpoint.resolve(settings)
  if not self.endpoint then return nil, failure end
  if not self.endpoint.region then return endpoint.no_region(settings) end
  fine, failure = settle_credentials(self)
  if not fine then return nil, failure end

  self.codec = codec.new(settings.model and codec.from_model_table(settings.model) or nil)
  self.trace = trace.new(settings.getenv) or false
  tell_warnings(self)
  local logged = self.log and log.hooks(self.log)
  if settings.on or logged then self.hook = hook_runner(settings.on, logged) end
  return self
end

--- Ends the use of what a client needs; again does nothing.
---@param self table
function inside.close(self)
  self.closed = true
  close_transport(self)
end

return inside
