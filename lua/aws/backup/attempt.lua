--- One attempt of a call: credentials, signature, transport, answer. Each attempt is made of what holds at its moment.

local clock_skew = require "aws.backup.clock_skew"
local errors = require "aws.backup.errors"
local parse = require "aws.backup.codec.parse"
local redirect = require "aws.backup.redirect"
local retry = require "aws.backup.retry"
local time = require "aws.backup.codec.time"

local attempt = {}

local SIGNING_NAME = "backup"

--- An error of ours about a call, without an answer of the service.
---@param operation table
---@param message string
---@return nil, aws.backup.Error err  ClientError
function attempt.client_failure(operation, message)
  return nil, errors.new("ClientError", { operation = operation.name, message = message })
end

local function credentials_for(client, operation, deadline)
  local credentials, failure = client.credentials_source:get(deadline)
  if not credentials then
    failure.operation = operation.name
    return nil, failure
  end
  if client.hook then
    client.hook("credentials", { operation = operation.name, provider = client.credentials_source.name })
  end
  return credentials
end

--- Signs a request with the credentials and the clock of this moment.
---@param client table
---@param operation table
---@param request table  completed in place
---@param deadline? number  monotonic seconds
---@param features? string[]  that the call uses, for the User-Agent
---@return table? credentials  the snapshot that was used
---@return table? err
function attempt.sign(client, operation, request, deadline, features)
  local credentials, failure = credentials_for(client, operation, deadline)
  if not credentials then return nil, failure end
  request.headers["user-agent"] = client.user_agent(credentials.features, features)
  local signed, message = client.sign(request, credentials, SIGNING_NAME, client.endpoint.region, client.skew:now())
  if not signed then return attempt.client_failure(operation, message) end
  return credentials
end

---@param headers table<string, string>
---@return string?
function attempt.request_id(headers)
  return headers["x-amzn-requestid"] or headers["x-amz-request-id"]
end

local function transport_failure(client, state, kind, message, retryable, is_broken)
  return errors.new(is_broken and "ResponseError" or "TransportError", {
    operation = state.operation.name, kind = kind, attempts = state.attempts,
    retryable = retry.is_retryable(client.settings.retry_mode, { kind = kind, retryable = retryable }),
    message = tostring(message) .. " (" .. state.request.method .. " " .. client.endpoint.url .. ")",
  })
end

local function service_failure(client, state, response)
  local failure = parse.failure(state.operation, response)
  if redirect.is_one(response.status) then failure.message = redirect.message(response, client.endpoint.url) end
  return errors.service(failure, {
    operation = state.operation, http_status = response.status, request_id = attempt.request_id(response.headers),
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
    request_id = attempt.request_id(response.headers), attempts = state.attempts, message = message,
  })
end

--- What the header amz-sdk-request says of an attempt.
---@param number integer
---@param max_attempts integer
---@return string
function attempt.count(number, max_attempts)
  return ("attempt=%d; max=%d"):format(number, max_attempts)
end

-- From the second attempt on also until when the client will listen, by the clock of the service: known once it has
-- answered.
local function retry_header(client, state)
  if state.attempts == 1 then return client.first_attempt end
  local count = attempt.count(state.attempts, client.settings.max_attempts)
  local ttl = state.ahead and time.amz_date(client.clock() + state.ahead + client.settings.read_timeout)
  return ttl and "ttl=" .. ttl .. "; " .. count or count
end

local function tell_request(client, state)
  client.hook("request", {
    operation = state.operation.name, attempt = state.attempts, max_attempts = client.settings.max_attempts,
    method = state.request.method, host = state.request.host, url = state.shown.url,
  })
end

local function tell_answer(client, state, elapsed, response, kind)
  client.hook("response", {
    operation = state.operation.name, attempt = state.attempts, method = state.request.method, url = state.shown.url,
    http_status = response and response.status, request_id = response and attempt.request_id(response.headers),
    kind = kind, elapsed = elapsed,
  })
end

-- Sends what is signed. A failure of the transport comes as an error in third place.
local function exchange(client, state)
  local request, hook = state.request, client.hook
  local started = (hook or state.deadline) and client.monotonic()
  if hook then tell_request(client, state) end
  request.timeout = state.deadline and math.max(state.deadline - started, 0.001)
  local response, kind, message, retryable, is_broken = client.transport:send(request)
  if hook then tell_answer(client, state, client.monotonic() - started, response, kind) end
  if not response then return nil, transport_failure(client, state, kind, message, retryable, is_broken) end
  return response
end

--- Makes one attempt.
---@param client table
---@param state table  of the call: operation, request, attempts, deadline; gets credentials, ahead
---@return table? output, table? response, table? err  an answer that was no success comes without output
function attempt.make(client, state)
  state.request.headers["amz-sdk-request"] = retry_header(client, state)
  local credentials, failure = attempt.sign(client, state.operation, state.request, state.deadline, state.features)
  if not credentials then return nil, nil, failure end
  state.credentials = credentials
  local response, output
  response, failure = exchange(client, state)
  if not response then return nil, nil, failure end
  if response.status < 200 or response.status > 299 then
    state.ahead = clock_skew.ahead(response.headers, client.clock())
    return nil, response, service_failure(client, state, response)
  end
  output, failure = understood(state, response)
  return output, response, failure
end

return attempt
