--- Temporary credentials from AWS STS: AssumeRole, signed with other credentials, and AssumeRoleWithWebIdentity, for
-- the token of an identity provider, which carries no signature (STS API reference; query protocol).
--
-- Every failure comes as a CredentialsError that names the role, what STS said, and what can be done about it. No key
-- and no token is part of it, not even if STS quotes one.

local attempt = require "aws.backup.attempt"
local clock_skew = require "aws.backup.clock_skew"
local errors = require "aws.backup.errors"
local http = require "aws.backup.credentials.http"
local redact = require "aws.backup.codec.redact"
local redirect = require "aws.backup.redirect"
local retry = require "aws.backup.retry"
local service_endpoint = require "aws.backup.service_endpoint"
local signing = require "aws.backup.signing"
local sts_answer = require "aws.backup.credentials.sts_answer"
local sts_parameters = require "aws.backup.credentials.sts_parameters"
local uri = require "aws.backup.codec.uri"
local visible = require "aws.backup.codec.visible"

local sts = {}

local SIGNING_NAME = "sts"
local CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"

-- Ids for the User-Agent of what is signed with the credentials.
local FEATURES = { AssumeRole = "i", AssumeRoleWithWebIdentity = "k" }

-- Failures in which a token of an identity provider has a part: the file may hold a newer one a moment later, and the
-- provider may answer STS again. Both are tried so often in all, after up to 1 and 2 s.
local TOKEN_CODES = { InvalidIdentityToken = true, IDPCommunicationError = true }
local TOKEN_ATTEMPTS = 3

-- The longest session of a role that is assumed with another role's credentials (IAM user guide, "Role chaining").
local CHAINED_SECONDS = 3600

local LONGEST_MESSAGE = 600
-- What is shorter is no secret of AWS, and could be part of any word.
local SHORTEST_SECRET = 8

-- What to do about a code, by action; then for both.
local ADVICE = {
  AssumeRole = {
    AccessDenied = "the identity that asks needs sts:AssumeRole for this role, and the role's trust policy must let it "
      .. "in, with the external_id and the MFA that it demands",
    ExpiredToken = "the credentials that the role is assumed with have expired; renew them",
    ExpiredTokenException = "the credentials that the role is assumed with have expired; renew them",
    InvalidClientTokenId = "the credentials that the role is assumed with are not active, or of another partition",
    SignatureDoesNotMatch = "the secret access key that the role is assumed with is not the one of its key id",
    ValidationError = "look at duration_seconds, which must not exceed the role's maximum session duration, and at "
      .. "role_session_name, external_id and mfa_serial",
  },
  AssumeRoleWithWebIdentity = {
    AccessDenied = "the role's trust policy must allow sts:AssumeRoleWithWebIdentity to the token's issuer, audience "
      .. "and subject",
    ExpiredTokenException = "the token in the file has expired; does whatever writes it still run?",
    InvalidIdentityToken = "the token's issuer must be an OpenID Connect provider of the role's account in IAM, with "
      .. "the token's audience",
    IDPRejectedClaim = "the identity provider does not accept its token any more; have it write another",
    IDPCommunicationError = "STS could not reach the identity provider, whose keys must be readable from the Internet",
    ValidationError = "look at role_arn and role_session_name",
  },
  any = {
    RegionDisabledException = "activate STS for this region in the account settings of IAM, or set the region of the "
      .. "profile to one where it is",
  },
}
local CHAINING_ADVICE = ("the credentials that the role is assumed with look like another role's, and then a session "
  .. "lasts %d s at most: lower duration_seconds or leave it out"):format(CHAINED_SECONDS)

local function advice_for(call, failure)
  if failure.code == "ValidationError" and call.base and call.base.session_token
    and (tonumber(call.params.duration_seconds) or 0) > CHAINED_SECONDS then
    return CHAINING_ADVICE
  end
  return ADVICE[call.action][failure.code] or ADVICE.any[failure.code]
end

-- STS may quote what it was sent: in some messages the canonical request, with the session token in it.
local function without_secrets(text, call)
  local base = call.base or {}
  for _, secret in pairs { base.secret_access_key, base.session_token, base.access_key_id, call.token } do
    if #secret >= SHORTEST_SECRET then
      for _, form in ipairs { secret, uri.encode(secret) } do
        text = text:gsub(form:gsub("[^0-9A-Za-z]", "%%%0"), redact.HIDDEN)
      end
    end
  end
  return text
end

-- What came of an attempt, in words.
local function outcome(call, failure)
  local text
  if failure.kind then
    text = ("STS at %s gave no answer (%s: %s)"):format(call.place.authority, failure.kind, tostring(failure.message))
  elseif failure.code then
    text = ("STS answered HTTP %d, %s"):format(failure.http_status, failure.code)
    if failure.message ~= "" then text = text .. ": " .. failure.message end
  elseif failure.http_status then
    text = ("STS answered HTTP %d, but %s"):format(failure.http_status, failure.message)
  else
    text = failure.message
  end
  return visible.text(without_secrets(text, call), LONGEST_MESSAGE)
end

--- The error of whoever could not assume a role.
---@param params { role_arn: string?, where: string? }
---@param message string  why, and what to do about it
---@param fields? table  of the error, to be completed
---@return nil, aws.backup.Error err  CredentialsError
function sts.failure(params, message, fields)
  fields = fields or {}
  fields.message = ("%s%s could not be assumed: %s"):format(
    params.role_arn and "the role " .. params.role_arn or "a role", params.where and " (" .. params.where .. ")" or "",
    message)
  return nil, errors.new("CredentialsError", fields)
end

local function failed(call, failure)
  local advice = advice_for(call, failure)
  return sts.failure(call.params, outcome(call, failure) .. (advice and "; " .. advice or ""), {
    request_id = failure.request_id, attempts = call.attempts > 0 and call.attempts or nil,
    -- Not fields of the error itself: there they would say how AWS Backup answered.
    details = { role_arn = call.params.role_arn, code = failure.code, http_status = failure.http_status,
      kind = failure.kind },
  })
end

-- Signs with the credentials that the role is assumed with, by the time that this endpoint has shown.
local function sign(self, call, request)
  self.sign = self.sign or signing.new()
  return self.sign(request, call.base, SIGNING_NAME, call.place.region, call.skew:now())
end

-- The request of one attempt. A token is read anew for each, because the file may have been replaced meanwhile.
local function request_of(self, call)
  local body, message
  if call.read_token then
    call.token, message = call.read_token()
    if not call.token then return nil, message end
    call.params.web_identity_token = call.token
  end
  body, message = sts_parameters.form(call.action, call.params)
  if not body then return nil, message end
  local request = signing.prepare(call.place, {
    method = "POST", path = "/", headers = { ["content-type"] = CONTENT_TYPE }, body = body,
  }, self.context.settings)
  local signed = true
  if call.base then signed, message = sign(self, call, request) end
  if not signed then return nil, message end
  return request
end

-- Of an answer that no STS gives.
local function stranger(call, response)
  if not redirect.is_one(response.status) then
    return "with no error of its own; does a proxy or another server answer in its place?"
  end
  return ("it is %s; correct the endpoint that is set for STS, or look for a proxy that answers in its place"):format(
    redirect.described(response, call.place.url))
end

local function refusal(call, response)
  local said = sts_answer.failure(response.body)
  return {
    http_status = response.status, headers = response.headers, code = said and said.code,
    message = said and said.message or stranger(call, response),
    request_id = said and said.request_id or attempt.request_id(response.headers),
  }
end

local function features_of(call)
  local features = {}
  for index, feature in ipairs(call.params.features or {}) do features[index] = feature end
  features[#features + 1] = FEATURES[call.action]
  return features
end

-- One attempt. Returns credentials; or nil and a failure as the retry policy takes them, with a message.
local function try(self, call)
  local request, fault = request_of(self, call)
  if not request then return nil, { message = fault } end
  call.attempts = call.attempts + 1
  local response, kind, message, retryable = self.context.http:exchange(request, call.deadline)
  if not response then return nil, { kind = kind, message = message, retryable = retryable, headers = {} } end
  if response.status < 200 or response.status > 299 then return nil, refusal(call, response) end
  local found
  found, message = sts_answer.credentials(response.body, call.action)
  if not found then
    return nil, { http_status = response.status, message = message, headers = response.headers,
      request_id = attempt.request_id(response.headers) }
  end
  found.expiration = http.local_time(found.expiration, response)
  found.features = features_of(call)
  return found
end

-- Waits before another attempt. False if there shall be none.
local function again(self, call, plan, failure)
  if call.base and clock_skew.is_skew_code(failure.code) and not call.corrected then
    call.corrected = call.skew:learn(failure.headers)
    if call.corrected then return plan:correct() end
  end
  local delay
  if call.token and TOKEN_CODES[failure.code] then
    if call.attempts >= TOKEN_ATTEMPTS or not plan:correct() then return false end
    delay = self.context.random() * 2 ^ (call.attempts - 1)
  else
    delay = plan:next_delay(failure, failure.headers)
  end
  return delay ~= nil and self.context.http:wait(delay, call.deadline)
end

local function skew_at(self, place)
  local skew = self.skews[place.url]
  if not skew then
    skew = clock_skew.new(self.context.clock, self.context.monotonic)
    self.skews[place.url] = skew
  end
  return skew
end

-- A copy of the parameters, with the name that sessions have if nobody named them.
local function completed(self, params)
  local copy = {}
  for name, value in pairs(params) do copy[name] = value end
  copy.role_session_name = copy.role_session_name or ("lua-aws-backup-%d"):format(math.floor(self.context.clock()))
  return copy
end

-- Asks until STS gives credentials, or until asking again would not help.
local function ask(self, call, region)
  local failure
  call.attempts, call.params = 0, completed(self, call.params)
  call.place, failure = service_endpoint.resolve(self.context.settings, "sts", region or self.context.region)
  if not call.place then return sts.failure(call.params, failure.message) end
  call.skew = skew_at(self, call.place)
  local plan = self.policy:begin()
  while true do
    local found
    found, failure = try(self, call)
    if found then
      plan:succeeded()
      return found
    end
    self.context.log("%s, attempt %d: %s", call.action, call.attempts, outcome(call, failure))
    if not again(self, call, plan, failure) then return failed(call, failure) end
  end
end

local methods = {}
local metatable = { __index = methods }

--- Whether STS could take these parameters.
---@param params table  as of `assume_role`
---@return true?, aws.backup.Error? err  CredentialsError
function methods:check(params)
  local fine, message = sts_parameters.form("AssumeRole", completed(self, params))
  if not fine then return sts.failure(params, message) end
  return true
end

--- Asks for the credentials of a role, in the name of other credentials.
---@param params { role_arn: string, role_session_name: string?, duration_seconds: integer|string|nil,
---  external_id: string?, mfa_serial: string?, mfa_code: string?, where: string?, features: string[]? }  where: who
---  names the role, for messages; features: ids for the User-Agent that come before that of this call
---@param base aws.backup.CredentialsSnapshot
---@param region? string  whose STS to ask; default: the client's
---@param deadline? number  monotonic seconds
---@return aws.backup.CredentialsSnapshot? found, aws.backup.Error? err  CredentialsError
function methods:assume_role(params, base, region, deadline)
  return ask(self, { action = "AssumeRole", params = params, base = base, deadline = deadline }, region)
end

--- Asks for the credentials of a role, for the token of an identity provider.
---@param params { role_arn: string, role_session_name: string?, duration_seconds: integer|string|nil, where: string?,
---  features: string[]? }
---@param region? string  whose STS to ask; default: the client's
---@param deadline? number  monotonic seconds
---@param read_token fun(): string?, string?  called before each attempt; nil and why if there is none
---@return aws.backup.CredentialsSnapshot? found, aws.backup.Error? err  CredentialsError
function methods:assume_role_with_web_identity(params, region, deadline, read_token)
  return ask(self,
    { action = "AssumeRoleWithWebIdentity", params = params, read_token = read_token, deadline = deadline }, region)
end

---@param context aws.backup.CredentialsContext
---@return table sts
function sts.new(context)
  local settings = context.settings
  -- The rate that adaptive mode measures and limits is that of AWS Backup.
  local mode = settings.retry_mode == "adaptive" and "standard" or settings.retry_mode
  return setmetatable({
    context = context, skews = {},
    policy = retry.new(mode, settings.max_attempts, context.random),
  }, metatable)
end

return sts
