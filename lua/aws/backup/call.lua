--- The way of one call, top to bottom: validate, serialize, then attempts until one succeeds or none is left.
-- Data goes one way, downwards. Failures travel as `nil, err`; the client raises them.

local attempt = require "aws.backup.attempt"
local clock_skew = require "aws.backup.clock_skew"
local errors = require "aws.backup.errors"
local prepared = require "aws.backup.prepared"
local retry = require "aws.backup.retry"
local serialize = require "aws.backup.codec.serialize"
local signing = require "aws.backup.signing"

local call = {}

local function invalid(operation, violations)
  return nil, errors.new("ParamValidationError", { operation = operation.name, violations = violations })
end

-- The request as parts. A client with validate = false still can't send what has no form on the wire.
local function to_parts(client, operation, params, token)
  local parts, _, violations = serialize.request(operation, params, client.validate, token)
  if not parts then return invalid(operation, violations) end
  return parts
end

-- How a call is written: `client:describe_backup_job { BackupJobId = ... }`.
local function example(operation)
  local parts = {}
  for _, name in ipairs(operation.input and operation.input.required or {}) do parts[#parts + 1] = name .. " = ..." end
  return ("client:%s { %s }"):format(operation.method_name, parts[1] and table.concat(parts, ", ") or "...")
end

-- The idempotency token that a call needs, made once, so that it is the same over all attempts; nil if it needs none.
local function new_token(client, operation, params)
  if type(params) ~= "table" then
    return invalid(operation, { { path = "", rule = "type",
      message = ("the parameters must be a table, not a %s; write %s"):format(type(params), example(operation)) } })
  end
  if not serialize.wants_token(operation, params) then return nil end
  local token, message = client.uuid()
  if not token then return attempt.client_failure(operation, message) end
  return token
end

-- The request of an operation, ready to be signed.
local function build(client, operation, params, token)
  local parts, failure = to_parts(client, operation, params, token)
  if not parts then return nil, failure end
  local invocation_id, message = client.uuid()
  if not invocation_id then return attempt.client_failure(operation, message) end
  local request = signing.prepare(client.endpoint, parts, client)
  request.headers["amz-sdk-invocation-id"] = invocation_id
  if client.trace then request.headers["x-amzn-trace-id"] = client.trace() end
  return request
end

-- The same request as it may be shown: none of the sensitive values is part of the path.
local function shown(client, operation, params, token)
  local parts = assert(serialize.request(operation, params, false, token, true))
  return signing.prepare(client.endpoint, parts, client)
end

local function no_time_left(client, state)
  return errors.new("TransportError", {
    operation = state.operation.name, kind = "timeout", attempts = state.attempts,
    message = ("the timeout of %s s for the call ends before adaptive mode, which slows down after throttling, would "
      .. "send it; raise timeout, or send less"):format(client.timeout),
  })
end

-- In adaptive mode: waits until the send rate has room for one more attempt.
local function admit(client, state)
  local limiter = client.retry_policy.limiter
  local wait = limiter and limiter.acquire() or 0
  while wait > 0 do
    if state.deadline and client.monotonic() + wait >= state.deadline then return nil, no_time_left(client, state) end
    client.runtime.sleep(wait)
    wait = limiter.acquire()
  end
  return true
end

-- What a second attempt at once can mend, each once a call: a wrong clock, or credentials that ran out meanwhile.
local function mended(client, state, failure, response)
  if not response then return false end
  if not state.clock_corrected and clock_skew.is_skew_code(failure.code) and client.skew:learn(response.headers) then
    state.clock_corrected = true
    return true
  elseif not state.renewed and retry.blames_credentials(failure.code) then
    state.renewed = true
    return (client.credentials_source:renew(state.credentials, state.deadline))
  end
  return false
end

-- The seconds until the next attempt; nil if there shall be none: not retryable, or no time left for it.
local function delay_before_next(client, state, failure, response)
  state.plan = state.plan or client.retry_policy:begin()
  if mended(client, state, failure, response) then return state.plan:correct() and 0 or nil end
  if not failure.retryable then return nil end
  local delay = state.plan:next_delay(failure, response and response.headers or {})
  if delay and state.deadline and client.monotonic() + delay >= state.deadline then return nil end
  return delay
end

-- Waits before the next attempt; false if there shall be none.
local function again(client, state, failure, response)
  local delay = delay_before_next(client, state, failure, response)
  if not delay then return false end
  if client.hook then
    client.hook("retry", {
      operation = state.operation.name, attempt = state.attempts, delay = delay, code = failure.code,
      kind = failure.kind,
    })
  end
  if delay > 0 then client.runtime.sleep(delay) end
  return true
end

-- The vault that a call is about: an error's text is read without its name, which may hold any word.
local function vault_named_in(params)
  local name = params.BackupVaultName or params.SourceBackupVaultName
  return type(name) == "string" and name or nil
end

local function meta_of(client, state, response)
  return {
    request_id = attempt.request_id(response.headers), http_status = response.status, attempts = state.attempts,
    headers = response.headers, elapsed = client.monotonic() - state.started,
  }
end

local function prepare_state(client, operation, params, features)
  local started = client.monotonic()
  local token, failure = new_token(client, operation, params)
  if failure then return nil, failure end
  local request
  request, failure = build(client, operation, params, token)
  if not request then return nil, failure end
  local timeout = client.timeout
  return {
    operation = operation, features = features, attempts = 0, started = started, request = request,
    vault_name = vault_named_in(params), deadline = timeout and started + timeout or nil,
    shown = client.hook and shown(client, operation, params, token),
  }
end

--- Makes a call.
---@param client table
---@param operation table  a compiled operation
---@param params table
---@param features? string[]  what the call is part of, for the User-Agent
---@return table? output, table meta_or_err
function call.run(client, operation, params, features)
  local state, failure = prepare_state(client, operation, params, features)
  if not state then return nil, failure end
  local policy = client.retry_policy
  while true do
    local admitted, output, response
    admitted, failure = admit(client, state)
    if not admitted then return nil, failure end
    state.attempts = state.attempts + 1
    output, response, failure = attempt.make(client, state)
    if policy.limiter then policy.limiter.answered(failure ~= nil and policy:is_throttling(failure)) end
    if output then
      if state.plan then state.plan:succeeded() else policy:succeeded_at_once() end
      return output, meta_of(client, state, response)
    end
    if not again(client, state, failure, response) then return nil, failure end
  end
end

--- Takes the parameters of a call that will be made later.
---@param client table
---@param operation table
---@param params table  a copy of the caller's
---@return table? accepted  with the idempotency token in them
---@return table? err  what the call would find wrong with them
function call.accept(client, operation, params)
  local token, failure = new_token(client, operation, params)
  if failure then return nil, failure end
  if token then params[operation.idempotency_member] = token end
  local parts
  parts, failure = to_parts(client, operation, params)
  if not parts then return nil, failure end
  return params
end

--- Goes the way of a call up to the signature, and sends nothing.
---@param client table
---@param operation table
---@param params table
---@return aws.backup.PreparedRequest? request, table? err
function call.prepare(client, operation, params)
  local token, failure = new_token(client, operation, params)
  if failure then return nil, failure end
  local request, signed
  request, failure = build(client, operation, params, token)
  if not request then return nil, failure end
  signed, failure = attempt.sign(client, operation, request)
  if not signed then return nil, failure end
  return prepared.new(request, shown(client, operation, params, token))
end

return call
