--- A client of AWS Backup: a method for each operation, in snake_case as boto3 names it.
--
-- What a client is made of lies behind a key that only this module has, so that whoever prints or walks over a client
-- meets no secret and no connection. Only the methods here raise, and not even they with the option raise = false;
-- below them failures are `nil, err`.
--
-- What is the same for all clients is made once a Lua state: their methods, and what an operation is.

local call = require "aws.backup.call"
local errors = require "aws.backup.errors"
local habits = require "aws.backup.habits"
local inside_maker = require "aws.backup.inside"
local later = require "aws.backup.later"
local nearest = require "aws.backup.nearest"
local raise = require "aws.backup.raise"
local returning = require "aws.backup.returning"
local wait = require "aws.backup.wait"

local client = {}

local METATABLE_NAME = "aws.backup.Client"

-- The User-Agent's id for calls of a wait method.
local WAITER = { "B" }

-- The key of what a client is made of.
local INSIDE = {}

local function client_error(message)
  return errors.new("ClientError", { message = message })
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
  inside_maker.close(inside)
end

local function no_method(codec, name)
  local habit = habits.look_up(habits.METHODS, name)
  if habit then return client_error(string.format("a client has no %s; write %s", tostring(name), habit)) end
  local candidates = {}
  for method in pairs(methods) do candidates[method] = true end
  for method in pairs(codec.model.methods) do candidates[method] = true end
  local suggestion = nearest.among(tostring(name), candidates)
  return client_error(string.format("a client has no method %s%s", tostring(name),
    suggestion and ("; did you mean " .. suggestion .. "?") or ""))
end

-- What the client is made of that a method was called with.
local function inside_of(self, name)
  local inside = getmetatable(self) == METATABLE_NAME and self[INSIDE]
  if not inside then
    raise(client_error(string.format("call %s with a colon: client:%s(...)", name, name)))
  end
  return inside
end

local function operation_method(method_name, operation_name)
  return function(self, params)
    local output, meta = invoke(inside_of(self, method_name), operation_name, params)
    if not output then raise(meta) end
    return output, meta
  end
end

local function raising_method(codec, name)
  local run, operation_name = methods[name], codec.model.methods[name]
  if not run and operation_name then return operation_method(name, operation_name) end
  if not run then raise(no_method(codec, name)) end
  return function(self, ...) return run(inside_of(self, name), ...) end
end

local function new_method(inside, name)
  local method = raising_method(inside.codec, name)
  return inside.settings.raise == false and returning(method) or method
end

-- Methods of clients without a model of their own, as they are asked for. Nothing of a client is in them: what they do
-- is a fact about AWS Backup. By whether they return errors in place of raising them.
local common_methods = { [true] = {}, [false] = {} }

local function method_of(inside, name)
  if inside.settings.model then return new_method(inside, name) end
  local returns = inside.settings.raise == false -- by itself: Lua 5.4.4 makes wrong code of it as an index
  local known = common_methods[returns]
  known[name] = known[name] or new_method(inside, name)
  return known[name]
end

local function describe(inside)
  local names = {}
  for index, name in ipairs(inside.codec.model.names) do names[index] = name end
  return {
    region = inside.endpoint.region, endpoint = inside.endpoint.url, partition = inside.endpoint.partition,
    operations = names,
  }
end

-- What stands behind a client's face: what it is made of, and what was asked of it.
local behind_metatable = {
  __index = function(behind, name)
    local inside = behind[INSIDE]
    local found = name == "meta" and describe(inside) or method_of(inside, name)
    rawset(behind, name, found)
    return found
  end,
}

local function to_string(self)
  local endpoint = self[INSIDE].endpoint
  return string.format("%s (%s, %s)", METATABLE_NAME, endpoint.region, endpoint.url)
end

local function close(self)
  inside_maker.close(self[INSIDE])
end

--- Makes a client; `backup.client` raises what this returns.
---@param options? aws.backup.Options
---@return aws.backup.Client? made, table? err
function client.new(options)
  local inside, failure = inside_maker.new(options)
  if not inside then return nil, failure end
  return setmetatable({}, {
    __name = METATABLE_NAME, __metatable = METATABLE_NAME,
    __index = setmetatable({ [INSIDE] = inside }, behind_metatable),
    __tostring = to_string, __close = close,
  })
end

return client
