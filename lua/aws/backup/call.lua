--- The way of one call, top to bottom: validate, serialize, then attempts of credentials, sign, send, parse.
-- Data goes one way, downwards. Failures travel as `nil, err`; the client raises them.

local ascii = require "aws.backup.ascii"
local errors = require "aws.backup.errors"
local parse = require "aws.backup.codec.parse"
local prepared = require "aws.backup.prepared"
local redact = require "aws.backup.codec.redact"
local retry = require "aws.backup.retry"
local serialize = require "aws.backup.codec.serialize"
local signing = require "aws.backup.signing"
local validate = require "aws.backup.codec.validate"

local call = {}

local function invalid(operation, violations)
  return nil, errors.new("ParamValidationError", { operation = operation.name, violations = violations })
end

-- A client with validate = false still can't send what has no form on the wire.
local function to_parts(client, operation, params)
  if client.settings.validate then
    local fine, violations = validate.check(operation, params, client.settings.validate)
    if not fine then return invalid(operation, violations) end
  end
  local parts, message = serialize.request(operation, params)
  if not parts then return invalid(operation, { { path = "", message = message, rule = "serializable" } }) end
  return parts
end

local function client_failure(operation, message)
  return nil, errors.new("ClientError", { operation = operation.name, message = message })
end

-- The parameters with the idempotency token in them, made once a call, so that it is the same over all attempts.
local function fill(client, operation, params)
  if type(params) ~= "table" then
    return invalid(operation, { { path = "", rule = "type",
      message = "the parameters must be a table, not " .. type(params) } })
  end
  local filled, message = serialize.fill_token(operation, params, client.uuid)
  if not filled then return client_failure(operation, message) end
  return filled
end

-- The request of an operation, ready to be signed.
local function build(client, operation, filled)
  local parts, failure = to_parts(client, operation, filled)
  if not parts then return nil, failure end
  local invocation_id, message = client.uuid()
  if not invocation_id then return client_failure(operation, message) end
  local request = signing.prepare(client.endpoint, parts)
  request.headers["user-agent"] = client.user_agent
  request.headers["amz-sdk-invocation-id"] = invocation_id
  request.connect_timeout, request.read_timeout = client.settings.connect_timeout, client.settings.read_timeout
  return request
end

local function credentials_for(client, operation)
  local credentials, failure = client.credentials_provider:get()
  if not credentials then
    failure.operation = operation.name
    return nil, failure
  end
  client.hook("credentials", { operation = operation.name, provider = client.credentials_provider.name })
  return credentials
end

-- Signs a request with the credentials and the clock of this moment.
local function sign(client, operation, request)
  local credentials, failure = credentials_for(client, operation)
  if not credentials then return nil, failure end
  local signed, message = signing.sign(client.signer, request, credentials, client.endpoint.region, client.clock())
  if not signed then return client_failure(operation, message) end
  return true
end

-- What a transport answered, checked: it may be the caller's own.
local function send(client, request)
  local response, kind, message = client.transport:send(request)
  if response == nil then return nil, kind or "protocol", message or "the transport gave no answer and no reason" end
  if type(response) ~= "table" or type(response.status) ~= "number" then
    return nil, "protocol", "the transport gave an answer without a numeric status"
  end
  return {
    status = response.status,
    headers = ascii.lower_names(response.headers),
    body = response.body or "",
  }
end

local function request_id_of(headers)
  return headers["x-amzn-requestid"] or headers["x-amz-request-id"]
end

local function transport_failure(client, state, kind, message)
  return errors.new("TransportError", {
    operation = state.operation.name, kind = kind, attempts = state.attempts,
    retryable = retry.is_retryable(client.settings.retry_mode, { kind = kind }),
    message = tostring(message) .. " (" .. state.request.method .. " " .. client.endpoint.url .. ")",
  })
end

local function service_failure(client, state, response)
  local failure = parse.failure(state.operation, response)
  return errors.service(failure, {
    operation = state.operation, http_status = response.status, request_id = request_id_of(response.headers),
    attempts = state.attempts, vault_name = state.vault_name,
    retryable = retry.is_retryable(client.settings.retry_mode,
      { code = failure.code, http_status = response.status }),
  })
end

local function understood(state, response)
  local output, message = parse.output(state.operation, response)
  if output then return output end
  return nil, errors.new("ResponseError", {
    operation = state.operation.name, http_status = response.status,
    request_id = request_id_of(response.headers), attempts = state.attempts, message = message,
  })
end

-- One attempt. Returns output, response; or nil, response or nil, err.
local function attempt(client, state)
  local request = state.request
  request.headers["amz-sdk-request"] =
    string.format("attempt=%d; max=%d", state.attempts, client.settings.max_attempts)
  local signed, failure = sign(client, state.operation, request)
  if not signed then return nil, nil, failure end
  client.hook("request", {
    operation = state.operation.name, attempt = state.attempts, method = request.method, host = request.host,
  })
  request.timeout = state.deadline and math.max(state.deadline - client.monotonic(), 0.001)
  local response, kind, message = send(client, request)
  if not response then return nil, nil, transport_failure(client, state, kind, message) end
  client.hook("response", {
    operation = state.operation.name, attempt = state.attempts, http_status = response.status,
    request_id = request_id_of(response.headers),
  })
  if response.status < 200 or response.status > 299 then
    return nil, response, service_failure(client, state, response)
  end
  local output
  output, failure = understood(state, response)
  return output, response, failure
end

-- Waits before the next attempt. False if there shall be none: not retryable, or no time left for it.
local function pause(client, state, plan, failure, response)
  local delay = plan.next_delay(failure, response and response.headers or {})
  if not delay then return false end
  if state.deadline and client.monotonic() + delay >= state.deadline then return false end
  client.hook("retry", {
    operation = state.operation.name, attempt = state.attempts, delay = delay, code = failure.code,
    kind = failure.kind,
  })
  client.runtime.sleep(delay)
  return true
end

-- The vault that a call is about: an error's text is read without its name, which may hold any word.
local function vault_named_in(params)
  local name = params.BackupVaultName or params.SourceBackupVaultName
  return type(name) == "string" and name or nil
end

local function meta_of(client, state, response)
  return {
    request_id = request_id_of(response.headers), http_status = response.status, attempts = state.attempts,
    headers = response.headers, elapsed = client.monotonic() - state.started,
  }
end

--- Makes a call.
---@param client table
---@param operation table  a compiled operation
---@param params table
---@return table? output, table meta_or_err
function call.run(client, operation, params)
  local state = { operation = operation, attempts = 0, started = client.monotonic() }
  local filled, failure = fill(client, operation, params)
  if not filled then return nil, failure end
  state.request, failure = build(client, operation, filled)
  if not state.request then return nil, failure end
  state.vault_name = vault_named_in(filled)
  state.deadline = client.settings.timeout and state.started + client.settings.timeout

  local plan = client.retry_policy.begin()
  while true do
    state.attempts = state.attempts + 1
    local output, response
    output, response, failure = attempt(client, state)
    if output then
      plan.succeeded()
      return output, meta_of(client, state, response)
    end
    if not pause(client, state, plan, failure, response) then return nil, failure end
  end
end

--- Goes the way of a call up to the signature, and sends nothing.
---@param client table
---@param operation table
---@param params table
---@return aws.backup.PreparedRequest? request, table? err
function call.prepare(client, operation, params)
  local filled, failure = fill(client, operation, params)
  if not filled then return nil, failure end
  local request, signed
  request, failure = build(client, operation, filled)
  if not request then return nil, failure end
  signed, failure = sign(client, operation, request)
  if not signed then return nil, failure end
  -- What fits the model fits it with the sensitive values replaced: none of them is part of the path.
  local shown = assert(serialize.request(operation, redact.params(operation.input, filled)))
  return prepared.new(request, signing.prepare(client.endpoint, shown))
end

return call
