--- The access token of IAM Identity Center that `aws sso login` got: read from its cache file, and renewed before it
--- expires (SDK reference guide, "IAM Identity Center credential provider"; IAM Identity Center OIDC API reference,
--- CreateToken).
--
-- The legacy form, without an sso-session section, has no refresh token and is never renewed.

local core = require "aws.backup.core"
local document = require "aws.backup.credentials.document"
local errors = require "aws.backup.errors"
local json = require "aws.backup.codec.json"
local service_endpoint = require "aws.backup.service_endpoint"
local token_cache = require "aws.backup.credentials.token_cache"
local token_renewal = require "aws.backup.credentials.token_renewal"
local unsigned_service = require "aws.backup.credentials.unsigned_service"
local visible = require "aws.backup.codec.visible"

local sso_token = {}

local DIRECTORY = "/.aws/sso/cache/"

-- The second bound is where a failing renewal is worth more than one attempt.
local WINDOW_SECONDS, URGENT_SECONDS = 900, 600
local URGENT_ATTEMPTS = 3

local CACHED = {
  accessToken = "token", expiresAt = "time", refreshToken = "text?", clientId = "text?", clientSecret = "text?",
  registrationExpiresAt = "time?",
}
local ANSWER = { accessToken = "token", expiresIn = "number", refreshToken = "text?" }

-- What a renewal takes, in the order in which it is told.
local NEEDED = { "refreshToken", "clientId", "clientSecret", "registrationExpiresAt" }

-- Why a token can't be renewed at all, or nil.
local function obstacle(members, now)
  for _, name in ipairs(NEEDED) do
    if not members[name] then return "its cache file has no " .. name end
  end
  if members.registrationExpiresAt <= now then return "the registration of the client that logged in has expired" end
  return nil
end

-- The whole cache file after an answer: what is not new in it stays as it was.
local function renewed_document(token, response, now)
  local answer, failure = token_renewal.read_answer(response, ANSWER, now)
  if not answer then return nil, failure end
  return document.change(token.text, {
    accessToken = json.quote(answer.accessToken), expiresAt = json.quote(answer.expires_at),
    refreshToken = answer.refreshToken and json.quote(answer.refreshToken),
  })
end

local function renewer(context, region)
  return function(token, urgent, deadline)
    local members = token.members
    local why = obstacle(members, context.clock())
    if why then return nil, { text = why } end
    local place, failure = service_endpoint.resolve(context.settings, "oidc", region)
    if not place then return nil, { text = failure.message } end
    local response, refusal = unsigned_service.ask(context, place, {
      method = "POST", path = "/token", headers = { ["content-type"] = "application/json" },
      body = document.write {
        grantType = "refresh_token", clientId = members.clientId, clientSecret = members.clientSecret,
        refreshToken = members.refreshToken,
      },
      attempts = urgent and URGENT_ATTEMPTS or 1,
    }, deadline)
    if not response then return nil, refusal end
    return renewed_document(token, response, context.clock())
  end
end

-- The legacy form: good until it expires.
local function unrenewed(context, cache)
  return function()
    local token, message = cache.load()
    if not token then return nil, { text = message } end
    if token.expires_at <= context.clock() then return nil, { text = "it has expired" } end
    return token
  end
end

--- The source of the access token of an SSO session, or of a start URL (legacy form).
---@param context aws.backup.CredentialsContext
---@param options { session: string?, start_url: string, region: string, login_command: string }  session: absent in
---  the legacy form; region: sso_region
---@return table source  get(deadline) returns the token, or nil and a CredentialsError
function sso_token.new(context, options)
  local name = options.session or options.start_url

  local function fault(reason, may_pass)
    return nil, errors.new("CredentialsError", {
      message = ('there is no valid SSO token for "%s" (%s); %s'):format(
        visible.text(name), reason, token_cache.remedy(options.login_command, may_pass)),
    })
  end

  local function current_token()
    local cache = token_cache.new(context, {
      path = context.home .. DIRECTORY .. core.sha1_hex(name) .. ".json", members = CACHED,
      expires_at = function(members) return members.expiresAt end,
    })
    if not options.session then return unrenewed(context, cache) end
    return token_renewal.new(context, cache, {
      window = WINDOW_SECONDS, urgent = URGENT_SECONDS, pause_when_expired = true,
      renew = renewer(context, options.region),
    })
  end

  local source, current = {}, context.home and current_token()

  function source.get(deadline)
    if not current then return fault("the home directory with its cache is unknown: set HOME") end
    local token, failure = current(deadline)
    if not token then return fault(failure.text, failure.may_pass) end
    return token.members.accessToken
  end

  return source
end

return sso_token
