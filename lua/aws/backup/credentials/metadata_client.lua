--- Asks the instance metadata service of EC2 (IMDS): with a token where it gives one (version 2), without where it does
-- not (version 1), unless that is forbidden ("AWS SDKs and Tools Reference Guide", IMDS credential provider; EC2 user
-- guide, "Use the Instance Metadata Service").
--
-- Off EC2 the address may swallow whatever is sent to it, and from inside a container the answer with the token may be
-- dropped on its way: timeouts are short, and there is one attempt unless the settings say otherwise.

local endpoint_url = require "aws.backup.endpoint_url"
local errors = require "aws.backup.errors"
local http = require "aws.backup.credentials.http"
local number = require "aws.backup.codec.number"

local metadata_client = {}

local BASE = { ipv4 = "http://169.254.169.254", ipv6 = "http://[fd00:ec2::254]" }

local TOKEN_PATH = "/latest/api/token"
local TOKEN_HEADER = "x-aws-ec2-metadata-token"
local TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds"

-- The longest that the service allows.
local TTL_SECONDS = 21600
-- A token is not used in the last part of its life: it might end on the way.
local MARGIN_SECONDS = 120

local MAX_BODY_BYTES = 65536
local LONGEST_PAUSE_SECONDS = 1

local BAD_REQUEST, UNAUTHORIZED = 400, 401
-- Answers to the request for a token that mean "there is only version 1 here".
local NO_TOKENS_HERE = { [403] = true, [404] = true, [405] = true }

-- Failures that mean that nothing is there, or that nobody asked it.
local NOT_REACHED = { dns = true, connect = true, connect_timeout = true, timeout = true }
local UNANSWERED = { connect_timeout = true, read_timeout = true }

local HOP_LIMIT_HINT = "; in a container on EC2, set the instance's metadata hop limit to 2; where there is no "
  .. "instance metadata, set AWS_EC2_METADATA_DISABLED=true"

local function base_url(imds)
  if not imds.endpoint then return BASE[imds.endpoint_mode] end
  local parts, flaw = endpoint_url.parse(imds.endpoint)
  if parts and parts.query then flaw = "has a query" end
  if parts and endpoint_url.shown(imds.endpoint) ~= imds.endpoint then flaw = "has a user name" end
  if not flaw then return parts.scheme .. "://" .. endpoint_url.authority(parts) .. parts.path end
  return nil, errors.new("ConfigError", { message = ("the endpoint of instance metadata, %q, %s; correct "
    .. "AWS_EC2_METADATA_SERVICE_ENDPOINT or ec2_metadata_service_endpoint"):format(
    endpoint_url.shown(imds.endpoint), flaw) })
end

--- The first line of an answer that is a list or a word.
---@param response { body: string }
---@return string
function metadata_client.first_line(response)
  return response.body:match("^%s*([^\r\n]*)")
end

local function exchange(self, method, path, headers, deadline)
  local response, kind = self.context.http:exchange({
    method = method, url = self.base .. path, headers = headers, body = method == "PUT" and "" or nil, direct = true,
    connect_timeout = self.imds.timeout, read_timeout = self.imds.timeout, max_body_bytes = MAX_BODY_BYTES,
  }, deadline)
  self.is_busy = response ~= nil and http.may_pass(response)
  return response, kind
end

-- Chance keeps the instances of a fleet from asking again all at once.
local function with_attempts(self, once, deadline)
  local function pause() return self.context.random() * LONGEST_PAUSE_SECONDS end
  return self.context.http:with_attempts(self.imds.attempts, once, deadline, pause)
end

local function keep_token(self, token, headers)
  local ttl = number.parse_integer(headers[TTL_HEADER] or "") or TTL_SECONDS
  self.token, self.token_until = token, self.context.monotonic() + math.min(ttl, TTL_SECONDS) - MARGIN_SECONDS
  return token
end

local function no_answer(kind)
  return ("no answer (%s)"):format(kind)
end

local function status_text(response)
  return ("HTTP %d"):format(response.status)
end

-- One request for a token: the token; or nil, what came instead, and whether to try again.
local function request_token(self, deadline)
  local response, kind = exchange(self, "PUT", TOKEN_PATH, { [TTL_HEADER] = tostring(TTL_SECONDS) }, deadline)
  if not response then
    local hint = UNANSWERED[kind] and HOP_LIMIT_HINT or ""
    return nil, { text = no_answer(kind), hint = hint, nobody_there = NOT_REACHED[kind] }, kind ~= "read_timeout"
  end
  local status = response.status
  local token = status == 200 and response.body:match("^([\33-\126]+)%s*$")
  if token then return keep_token(self, token, response.headers) end
  local text = status == 200 and "its answer is none" or status_text(response)
  local is_refused = status == BAD_REQUEST
  return nil, { text = text, hint = "", is_refused = is_refused }, not (is_refused or NO_TOKENS_HERE[status])
end

-- A token; false and what came instead, if it shall be tried without; nil and why it shall not.
local function acquire_token(self, deadline)
  if self.token and self.context.monotonic() < self.token_until then return self.token end
  local token, met = with_attempts(self, function() return request_token(self, deadline) end, deadline)
  if token then return token end
  local text = ("%s gave no token: %s%s"):format(self.base, met.text, met.hint)
  if met.is_refused then return nil, text end
  if not self.imds.v1_disabled then
    self.context.log("instance metadata: %s; trying without one, as in version 1", text)
    return false, met
  end
  text = text .. "; version 1, which needs none, is disabled (AWS_EC2_METADATA_V1_DISABLED, ec2_metadata_v1_disabled)"
  -- Where nobody answers, there is nothing set up that could be broken.
  if met.nobody_there then return nil, text end
  return nil, errors.new("CredentialsError", { message = text })
end

-- Why there is no value; and no token, if that is no more of the same.
local function no_value(self, path, problem, without_token)
  if not without_token then return ("%s%s: %s"):format(self.base, path, problem) end
  if without_token.text == problem then return ("%s: %s%s"):format(self.base, problem, without_token.hint) end
  return ("%s%s: %s; there was no token either: %s%s"):format(self.base, path, problem, without_token.text,
    without_token.hint)
end

-- One request for a value: what `read` makes of it; or nil, what came instead, and whether to try again.
local function request_value(self, session, path, read)
  local headers = session.token and { [TOKEN_HEADER] = session.token } or nil
  local response, kind = exchange(self, "GET", path, headers, session.deadline)
  if not response then return nil, no_answer(kind), true end
  if response.status == UNAUTHORIZED and session.token and not session.has_new_token then
    -- The service forgets tokens when it is restarted.
    self.token, session.has_new_token = nil, true
    session.token, session.instead = acquire_token(self, session.deadline)
    if session.token == nil then return nil, session.instead end
    return request_value(self, session, path, read)
  end
  if response.status ~= 200 then return nil, status_text(response), true end
  if not response.body:find("%S") then return nil, "an empty answer", true end
  return read(response)
end

local methods = {}

--- Settles whether to ask with a token or without, and gives back the function to ask with.
---@param deadline? number  monotonic seconds
---@return (fun(path: string, read: fun(response: table): any, string?, boolean?): any, string|table|nil)? get  GETs a
---  path; `read` returns the value; or nil, what is wrong with the answer, and whether another may be better. The same
---  from `get`, where what is wrong is a text, or an error if version 1 is forbidden
---@return string|table|nil failure  a text: nothing that could be asked; an error: something set up wrongly
function methods:open(deadline)
  if not self.base then return nil, self.failure end
  local session = { deadline = deadline }
  session.token, session.instead = acquire_token(self, deadline)
  if session.token == nil then return nil, session.instead end
  return function(path, read)
    local value, problem = with_attempts(self, function() return request_value(self, session, path, read) end, deadline)
    if value ~= nil then return value end
    -- A token was refused in the midst of it, and there is no other.
    if session.token == nil then return nil, session.instead end
    return nil, no_value(self, path, problem, session.instead)
  end
end

--- A client that remembers the token between its uses. Its field `is_busy` tells whether the last answer was that of a
--- service that is there, but in trouble or asked too often.
---@param context aws.backup.CredentialsContext
---@return table client
function metadata_client.new(context)
  local imds = context.settings.imds
  local base, failure = base_url(imds)
  return setmetatable({ context = context, imds = imds, base = base, failure = failure }, { __index = methods })
end

return metadata_client
