--- A client of AWS Backup: a method for each operation, in snake_case as boto3 names it.
--
-- What a client is made of is bound into its methods, so that whoever prints or walks over a client meets `meta` and
-- nothing else: no secret, no connection. Only the methods here raise, and not even they with the option raise = false;
-- below them failures are `nil, err`.

local answer = require "aws.backup.transport.answer"
local attempt = require "aws.backup.attempt"
local auto = require "aws.backup.transport.auto"
local call = require "aws.backup.call"
local clock_skew = require "aws.backup.clock_skew"
local codec = require "aws.backup.codec"
local config = require "aws.backup.config"
local context = require "aws.backup.credentials.context"
local core = require "aws.backup.core"
local credentials = require "aws.backup.credentials"
local endpoint = require "aws.backup.endpoint"
local errors = require "aws.backup.errors"
local given = require "aws.backup.given"
local habits = require "aws.backup.habits"
local instance_region = require "aws.backup.credentials.instance_region"
local later = require "aws.backup.later"
local log = require "aws.backup.log"
local nearest = require "aws.backup.nearest"
local proxy = require "aws.backup.proxy"
local raise = require "aws.backup.raise"
local retry = require "aws.backup.retry"
local returning = require "aws.backup.returning"
local runtime = require "aws.backup.runtime"
local signing = require "aws.backup.signing"
local trace = require "aws.backup.trace"
local useragent = require "aws.backup.useragent"
local wait = require "aws.backup.wait"

local client = {}

local METATABLE_NAME = "aws.backup.Client"

-- The User-Agent's id for calls of a wait method.
local WAITER = { "B" }

local function client_error(message)
  return errors.new("ClientError", { message = message })
end

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

-- The caller's transport, or ours and how to close it. What the caller brought, the caller closes.
local function transport_for(settings, waiting)
  if settings.transport then return own_transport(settings.transport) end
  local proxy_for, failure = proxy.new(settings.proxy, settings.getenv)
  if not proxy_for then return nil, failure end
  local made = auto.new({
    ca_bundle = settings.ca_bundle, ca_bundle_in_code = settings.in_code.ca_bundle, verify_tls = settings.verify_tls,
    proxy_for = proxy_for,
    max_response_bytes = settings.max_response_bytes, max_connections = settings.max_connections,
    tcp_keepalive = settings.tcp_keepalive,
  }, waiting)
  return made, made.close
end

-- Calls the hooks of the caller and of the log; nil where there are none, so that no event need be made.
local function hook_runner(hooks, logged)
  if not hooks and not logged then return nil end
  local asked = hooks and given.guard_all("on", hooks, { "request", "response", "retry", "credentials" })
  return function(name, event)
    if asked and asked[name] then asked[name](event) end
    if logged then logged[name](event) end
  end
end

-- What does not depend on where the client goes: time, chance, waiting, the wire.
local function surroundings(settings)
  local chosen = settings.runtime
  if type(chosen) == "table" then chosen = given.guard_all("runtime", chosen, { "sleep" }) end
  local waiting, failure = runtime.choose(chosen)
  if not waiting then return nil, failure end
  local transport, close_transport = transport_for(settings, waiting)
  if not transport then return nil, close_transport end
  return {
    settings = settings, runtime = waiting, transport = transport, close_transport = close_transport,
    clock = given.system("clock", settings.clock) or core.time,
    monotonic = given.system("monotonic", settings.monotonic) or core.monotonic,
    uuid = given.system("uuid", settings.uuid) or core.uuid,
    random = given.system("random", settings.random) or random_fraction,
    log = log.new(settings.debug), user_agent = useragent.new(settings),
    -- A transport of the caller's own may do without waiting.
    check_place = not settings.transport and waiting.check or nil,
  }
end

local function credentials_context(inside, region)
  return context.new(inside.settings, {
    region = region, transport = inside.transport, sleep = inside.runtime.sleep, new_gate = inside.runtime.new_gate,
    new_claim = inside.runtime.new_claim, clock = inside.clock, monotonic = inside.monotonic, random = inside.random,
    uuid = inside.uuid, user_agent = inside.user_agent(), log = inside.log, spawn = core.spawn,
  })
end

-- Asked while the settings are still being settled, so with surroundings of its own. What is wrong with these comes out
-- when the client's are made.
local function region_of_instance(settings)
  local around = surroundings(settings)
  if not around then return nil end
  local region = instance_region.find(credentials_context(around))
  if around.close_transport then around.close_transport() end
  return region
end

-- Tells of settings that make no difference here. One that is set for all programs of a machine is worth a line in
-- nginx's log, also where nobody asked for a log.
local function tell_warnings(inside)
  local settings = inside.settings
  local unheeded = not settings.transport and auto.unheeded_bundle(settings, inside.runtime)
  if unheeded then
    table.insert(settings.warnings, unheeded)
    if not inside.log then log.warn_nginx(unheeded) end
  end
  if not inside.log then return end
  for _, warning in ipairs(settings.warnings) do inside.log("warning: %s", warning) end
end

-- The settings that calls ask. The others have served; providers that need them have them.
local function kept(settings)
  return {
    connect_timeout = settings.connect_timeout, read_timeout = settings.read_timeout, timeout = settings.timeout,
    max_attempts = settings.max_attempts, retry_mode = settings.retry_mode, validate = settings.validate,
    raise = settings.raise,
  }
end

-- Everything that the calls of one client need, put together once.
local function assemble(options)
  local settings, inside, failure
  settings, failure = config.resolve(options, region_of_instance)
  if not settings then return nil, failure end
  inside, failure = surroundings(settings)
  if not inside then return nil, failure end
  inside.endpoint, failure = endpoint.resolve(settings)
  if not inside.endpoint then return nil, failure end
  if not inside.endpoint.region then return endpoint.no_region(settings) end
  inside.credentials_source, failure =
    credentials.resolve(settings.credentials, credentials_context(inside, inside.endpoint.region))
  if not inside.credentials_source then return nil, failure end
  settings.credentials = nil

  inside.codec = codec.new(settings.model and codec.from_model_table(settings.model) or nil)
  inside.sign = signing.new()
  inside.skew = clock_skew.new(inside.clock, inside.monotonic)
  inside.retry_policy = retry.new(settings.retry_mode, settings.max_attempts, inside.random, inside.monotonic)
  inside.first_attempt = attempt.count(1, settings.max_attempts)
  inside.trace = trace.new(settings.getenv)
  tell_warnings(inside)
  inside.hook = hook_runner(settings.on, inside.log and log.hooks(inside.log))
  inside.settings = kept(settings)
  return inside
end

local function find_operation(inside, name)
  if inside.closed then return nil, client_error("the client is closed; make another with backup.client") end
  local operation, suggestion = inside.codec:operation(name)
  if operation then return operation end
  return nil, client_error(string.format("AWS Backup has no operation %s%s", tostring(name),
    suggestion and ("; did you mean " .. suggestion .. "?") or ""))
end

-- Whether a call can be made here: not in every phase of nginx.
local function check_place(inside)
  if inside.check_place then return inside.check_place() end
  return true
end

-- The operation, if it can be called here and now.
local function find_callable(inside, name)
  local operation, failure = find_operation(inside, name)
  if not operation then return nil, failure end
  local fits
  fits, failure = check_place(inside)
  return fits and operation or nil, failure
end

-- Runs what may wait for answers; nginx can drop it in the midst of that, and has to tell.
local function run_watched(inside, what, run, ...)
  local watched = inside.runtime.watched
  if watched then return watched(what, run, ...) end
  return run(...)
end

-- Without raising: what the client's own methods build on.
local function invoke(inside, name, params, features)
  local operation, failure = find_callable(inside, name)
  if not operation then return nil, failure end
  return run_watched(inside, operation.name, call.run, inside, operation, params == nil and {} or params, features)
end

local methods = {}

--- Calls an operation by name; `client:start_backup_job(params)` is `client:call("StartBackupJob", params)`.
---@param name string  either form: "StartBackupJob" or "start_backup_job"
---@param params? table  members as in the API; not changed
---@return table output, aws.backup.Meta meta
-- Raises ParamValidationError, CredentialsError, TransportError, ResponseError, or a ServiceError by its exception.
function methods.call(inside, name, params)
  local output, meta = invoke(inside, name, params)
  if not output then raise(meta) end
  return output, meta
end

--- Builds and signs the request of a call, and sends nothing.
---@param name string  either form of an operation's name
---@param params? table
---@return aws.backup.PreparedRequest request  method, url, host, path, query, headers, body; as_curl()
-- Raises ParamValidationError, CredentialsError.
function methods.prepare(inside, name, params)
  local operation, failure = find_callable(inside, name)
  if not operation then raise(failure) end
  local request
  params = params == nil and {} or params
  request, failure = run_watched(inside, operation.name, call.prepare, inside, operation, params)
  if not request then raise(failure) end
  return request
end

--- Makes a call as soon as the phase of nginx at hand has ended: for phases that can't wait, such as log_by_lua.
--- What is wrong with the parameters is found at once.
---@param name string  either form of an operation's name
---@param params table?
---@param callback fun(output: table?, meta_or_err: table)  gets what the call returns, or nil and its error
---@return true?, table? err  nil and an error if nginx takes no more timers (lua_max_pending_timers)
-- Raises ParamValidationError, and ConfigError outside nginx.
function methods.later(inside, name, params, callback)
  local possible, failure = later.check(callback)
  local operation, accepted
  if possible then operation, failure = find_operation(inside, name) end
  if operation then accepted, failure = call.accept(inside, operation, later.copy(params == nil and {} or params)) end
  if not accepted then raise(failure) end
  return later.start(function() return invoke(inside, name, accepted) end, callback)
end

--- The credentials that the next call would use.
---@return { access_key_id: string, secret_access_key: string, session_token: string?, expiration: number?,
---  account_id: string? }
-- Raises CredentialsError; NoCredentialsError tells what each provider met.
function methods.credentials(inside)
  local found, failure = check_place(inside)
  local source = inside.credentials_source
  if found then found, failure = run_watched(inside, "the search for credentials", source.get, source) end
  if not found then raise(failure) end
  return {
    access_key_id = found.access_key_id, secret_access_key = found.secret_access_key,
    session_token = found.session_token, expiration = found.expiration, account_id = found.account_id,
  }
end

--- Follows a backup job to its end.
---@param id string  BackupJobId
---@param options? aws.backup.WaitOptions  timeout, interval, max_interval (seconds), on_progress(job)
---@return table job  the last description: COMPLETED or PARTIAL
---@return table[]? children  the child jobs of a job that ended PARTIAL
-- Raises JobFailedError (err.job) for ABORTED, FAILED and EXPIRED; WaitTimeoutError (err.job); and whatever
-- DescribeBackupJob raises.
function methods.wait_for_backup_job(inside, id, options)
  local function ask(name, params) return invoke(inside, name, params, WAITER) end
  local job, second = wait.backup_job(ask, id, options or {}, inside.runtime.sleep, inside.monotonic)
  if not job then raise(second) end
  return job, second
end

--- Ends the use of a client and drops the connections that are its own. Calling it again does nothing.
function methods.close(inside)
  inside.closed = true
  if inside.close_transport then inside.close_transport() end
end

local function no_method(inside, name)
  local habit = habits.look_up(habits.METHODS, name)
  if habit then return client_error(string.format("a client has no %s; write %s", tostring(name), habit)) end
  local candidates = {}
  for method in pairs(methods) do candidates[method] = true end
  for method in pairs(inside.codec.model.methods) do candidates[method] = true end
  local suggestion = nearest.among(tostring(name), candidates)
  return client_error(string.format("a client has no method %s%s", tostring(name),
    suggestion and ("; did you mean " .. suggestion .. "?") or ""))
end

-- How a method is called that its client is bound into.
local function check_self(self, face, name)
  if self == face then return end
  raise(client_error(string.format("call %s with a colon: client:%s(...)", name, name)))
end

local function bind_operation(inside, face, method_name, operation_name)
  return function(self, params)
    check_self(self, face, method_name)
    local output, meta = invoke(inside, operation_name, params)
    if not output then raise(meta) end
    return output, meta
  end
end

-- The method of that name with its client bound in.
local function bind(inside, face, name)
  local run, operation_name = methods[name], inside.codec.model.methods[name]
  if not run and operation_name then return bind_operation(inside, face, name, operation_name) end
  if not run then raise(no_method(inside, name)) end
  return function(self, ...)
    check_self(self, face, name)
    return run(inside, ...)
  end
end

-- The names are many, and seldom asked for. Whoever gets them may change them.
local function describe(inside)
  return setmetatable({
    region = inside.endpoint.region, endpoint = inside.endpoint.url, partition = inside.endpoint.partition,
  }, { __index = function(meta, field)
    if field ~= "operations" then return nil end
    local names = {}
    for index, name in ipairs(inside.codec.model.names) do names[index] = name end
    rawset(meta, "operations", names)
    return names
  end })
end

--- Makes a client; `backup.client` raises what this returns.
---@param options? aws.backup.Options
---@return aws.backup.Client? made, table? err
function client.new(options)
  local inside, failure = assemble(options)
  if not inside then return nil, failure end
  local face = { meta = describe(inside) }
  -- Each method is bound on first use.
  local bound = setmetatable({}, {
    __index = function(bound, name)
      local method = bind(inside, face, name)
      if inside.settings.raise == false then method = returning(method) end
      rawset(bound, name, method)
      return method
    end,
  })
  return setmetatable(face, {
    __name = METATABLE_NAME,
    __metatable = METATABLE_NAME,
    __index = bound,
    __tostring = function()
      return string.format("%s (%s, %s)", METATABLE_NAME, inside.endpoint.region, inside.endpoint.url)
    end,
    __close = function() methods.close(inside) end,
  })
end

return client
