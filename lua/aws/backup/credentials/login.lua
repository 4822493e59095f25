--- The credentials that `aws login` got for a console session, renewed before they expire (SDK reference guide, "Login
--- credential provider"; AWS Sign-In API reference, CreateOAuth2Token).
--
-- The refresh token is used up by each renewal. So the answer goes into the cache file before it is used; where the
-- file can't be written the renewed credentials are used all the same, and kept in memory with the new refresh token:
-- to fail would not bring the old one back.

local core = require "aws.backup.core"
local document = require "aws.backup.credentials.document"
local dpop = require "aws.backup.credentials.dpop"
local errors = require "aws.backup.errors"
local json = require "aws.backup.codec.json"
local service_endpoint = require "aws.backup.service_endpoint"
local snapshot = require "aws.backup.credentials.snapshot"
local token_cache = require "aws.backup.credentials.token_cache"
local token_renewal = require "aws.backup.credentials.token_renewal"
local unsigned_service = require "aws.backup.credentials.unsigned_service"
local visible = require "aws.backup.codec.visible"

local login = {}

local PATH = "/v1/token"

-- Credentials last 15 minutes at most: a wider window would renew them at every request.
local WINDOW_SECONDS = 300
local ATTEMPTS = 3

local CACHED = {
  accessToken = {
    accessKeyId = "text", secretAccessKey = "text", sessionToken = "text", accountId = "text?", expiresAt = "time",
  },
  clientId = "text", refreshToken = "text", dpopKey = "text",
}
local ANSWER = {
  accessToken = { accessKeyId = "text", secretAccessKey = "text", sessionToken = "text" },
  expiresIn = "number", refreshToken = "text", idToken = "text?", tokenType = "text?",
}

local NAMES = {
  access_key_id = "accessKeyId", secret_access_key = "secretAccessKey", session_token = "sessionToken",
  account_id = "accountId",
}

-- Below the home directory.
local DEFAULT_DIRECTORY = "/.aws/login/cache"

-- Ids for the User-Agent: from a profile, and from a login.
local FEATURES = { "AC", "AD" }

-- What Sign-In's reasons mean, and what to do where another login would not help.
local REASONS = {
  TOKEN_EXPIRED = { text = "the login session has expired" },
  USER_CREDENTIALS_CHANGED = { text = "the user's sign-in credentials have changed since the login" },
  INSUFFICIENT_PERMISSIONS = {
    text = "the user lacks the permission to renew them", remedy = "let a policy allow signin:CreateOAuth2Token",
  },
}

local function quoted_if_any(text)
  return text and json.quote(text)
end

-- The whole cache file after an answer: the account, and what is not ours, stays as it was.
local function renewed_document(token, response, now)
  local answer, failure = token_renewal.read_answer(response, ANSWER, now)
  if not answer then return nil, failure end
  local keys = answer.accessToken
  return document.change(token.text, {
    accessToken = document.change(document.raw(token.text, "accessToken"), {
      accessKeyId = json.quote(keys.accessKeyId), secretAccessKey = json.quote(keys.secretAccessKey),
      sessionToken = json.quote(keys.sessionToken), expiresAt = json.quote(answer.expires_at),
    }),
    refreshToken = json.quote(answer.refreshToken),
    idToken = quoted_if_any(answer.idToken), tokenType = quoted_if_any(answer.tokenType),
  })
end

-- With a reason of its own the service ends the session; anything else may be a fault of the moment.
local function to_failure(refusal)
  local reason = REASONS[refusal.error]
  if not reason then return refusal end
  return { text = reason.text .. ": " .. refusal.text, remedy = reason.remedy, refused = true, final = true }
end

-- The headers of one attempt: no proof is taken twice.
local function headers_with_proof(context, url, pem)
  local id, message = context.uuid()
  if not id then return nil, message end
  local proof
  proof, message = dpop.proof(pem, { method = "POST", url = url, now = context.clock(), id = id })
  if not proof then return nil, "the dpopKey in the cache file can't be used: " .. message end
  return { ["content-type"] = "application/json", dpop = proof }
end

local function renewer(context)
  return function(token, _, deadline)
    local members = token.members
    local place, failure = service_endpoint.resolve(context.settings, "signin", context.region)
    if not place then return nil, { text = failure.message } end
    local url = unsigned_service.url(place, PATH)
    local response, refusal = unsigned_service.ask(context, place, {
      method = "POST", path = PATH, attempts = ATTEMPTS,
      headers = function() return headers_with_proof(context, url, members.dpopKey) end,
      body = document.write {
        grantType = "refresh_token", clientId = members.clientId, refreshToken = members.refreshToken,
      },
    }, deadline)
    if not response then return nil, to_failure(refusal) end
    return renewed_document(token, response, context.clock())
  end
end

local function cache_directory(context)
  local home = context.home
  return context.settings.login_cache_directory or home and home:gsub("/$", "") .. DEFAULT_DIRECTORY or nil
end

local function token_source(context, directory, session)
  local cache = token_cache.new(context, {
    path = directory .. "/" .. core.sha256_hex(session) .. ".json", members = CACHED,
    expires_at = function(members) return members.accessToken.expiresAt end,
  })
  return token_renewal.new(context, cache, {
    window = WINDOW_SECONDS, urgent = WINDOW_SECONDS, renew = renewer(context),
  })
end

local function to_snapshot(token, where)
  local keys = token.members.accessToken
  return snapshot.check({
    access_key_id = keys.accessKeyId, secret_access_key = keys.secretAccessKey, session_token = keys.sessionToken,
    expiration = token.expires_at, account_id = keys.accountId, features = FEATURES,
  }, where, NAMES)
end

--- The provider for a profile with login_session.
---@param context aws.backup.CredentialsContext
---@param options { login_session: string, profile_name: string }  login_session: the ARN that was logged in
---@return table provider
function login.new(context, options)
  local directory = cache_directory(context)
  local current = directory and token_source(context, directory, options.login_session)
  local where = ('the login session "%s"'):format(visible.text(options.login_session))
  local login_command = token_cache.login_command("aws login", options.profile_name)
  local provider = { name = "login" }

  local function fault(failure)
    return nil, errors.new("CredentialsError", {
      message = ("there are no valid credentials of %s (%s); %s"):format(
        where, failure.text, failure.remedy or token_cache.remedy(login_command, failure.may_pass)),
    })
  end

  function provider.get(_, deadline, rejected)
    if not current then
      return fault { text = "the directory of its cache is unknown", remedy = "set HOME or AWS_LOGIN_CACHE_DIRECTORY" }
    end
    local function is_rejected(token)
      local found = to_snapshot(token, where)
      return found ~= nil and not snapshot.differ(found, rejected)
    end
    local token, failure = current(deadline, rejected and is_rejected)
    if not token then return fault(failure) end
    return to_snapshot(token, where)
  end

  return provider
end

return login
