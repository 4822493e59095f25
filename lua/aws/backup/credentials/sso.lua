--- Credentials of a role from IAM Identity Center, for the access token of `aws sso login` (SDK reference guide, "IAM
--- Identity Center credential provider"; IAM Identity Center Portal API reference, GetRoleCredentials).

local document = require "aws.backup.credentials.document"
local errors = require "aws.backup.errors"
local http = require "aws.backup.credentials.http"
local service_endpoint = require "aws.backup.service_endpoint"
local snapshot = require "aws.backup.credentials.snapshot"
local sso_settings = require "aws.backup.credentials.sso_settings"
local sso_token = require "aws.backup.credentials.sso_token"
local token_cache = require "aws.backup.credentials.token_cache"
local unsigned_service = require "aws.backup.credentials.unsigned_service"
local uri = require "aws.backup.codec.uri"
local visible = require "aws.backup.codec.visible"

local sso = {}

local ATTEMPTS = 3

local ANSWER = {
  roleCredentials = { accessKeyId = "text", secretAccessKey = "text", sessionToken = "text", expiration = "number" },
}

local NAMES = {
  access_key_id = "accessKeyId", secret_access_key = "secretAccessKey", session_token = "sessionToken",
  account_id = "sso_account_id",
}

-- Ids for the User-Agent: from a profile, and from SSO; the second pair is that of the legacy form.
local FEATURES, LEGACY_FEATURES = { "r", "s" }, { "t", "u" }

local function fault(message, ...)
  return nil, errors.new("CredentialsError", { message = message:format(...) })
end

-- What a person can do about a refusal, beside reading it.
local function refused(refusal, settings, login_command)
  if refusal.status == 401 then
    return fault('the SSO session has expired or is not valid any more (%s); run "%s"', refusal.text, login_command)
  end
  return fault("IAM Identity Center gave no credentials for the role %s in account %s: %s",
    visible.text(settings.sso_role_name), visible.text(settings.sso_account_id), refusal.text)
end

local function ask_portal(context, settings, token, login_command, deadline)
  local place, failure = service_endpoint.resolve(context.settings, "sso", settings.sso_region)
  if not place then return nil, failure end
  local response, refusal = unsigned_service.ask(context, place, {
    method = "GET", path = "/federation/credentials",
    query = "role_name=" .. uri.encode(settings.sso_role_name) .. "&account_id=" .. uri.encode(settings.sso_account_id),
    headers = { ["x-amz-sso_bearer_token"] = token }, attempts = ATTEMPTS,
  }, deadline)
  if not response then return refused(refusal, settings, login_command) end
  return response
end

-- The portal counts in milliseconds.
local function to_snapshot(context, response, settings, where)
  local answer, complaint = document.read(response.body, ANSWER)
  if not answer then return fault("the answer of IAM Identity Center for %s %s", where, complaint) end
  local keys = answer.roleCredentials
  local found, failure = snapshot.check({
    access_key_id = keys.accessKeyId, secret_access_key = keys.secretAccessKey, session_token = keys.sessionToken,
    expiration = http.local_time(keys.expiration / 1000, response), account_id = settings.sso_account_id,
    features = settings.session and FEATURES or LEGACY_FEATURES,
  }, "the answer of IAM Identity Center for " .. where, NAMES)
  if not found then return nil, failure end
  if snapshot.has_expired(found, context.clock()) then
    return fault("the credentials that IAM Identity Center gave for %s have expired already; is the clock right?",
      where)
  end
  return found
end

--- The provider for a profile with sso_account_id or sso_role_name.
---@param context aws.backup.CredentialsContext
---@param options { profile_name: string, profile: table<string, any> }  profile: its keys
---@return table provider
function sso.new(context, options)
  local keys, provider = options.profile, { name = "SSO" }
  local where = ('the profile "%s"'):format(visible.text(options.profile_name))
  local login_command = token_cache.login_command("aws sso login", options.profile_name)
  local token_source

  function provider.get(_, deadline)
    if not sso_settings.are_in(keys) then return nil, where .. " has no sso_account_id and no sso_role_name" end
    local settings, failure = sso_settings.resolve(context.shared, keys, where)
    if not settings then return nil, failure end
    token_source = token_source or sso_token.new(context, {
      session = settings.session, start_url = settings.sso_start_url, region = settings.sso_region,
      login_command = login_command,
    })
    local token, response
    token, failure = token_source.get(deadline)
    if not token then return nil, failure end
    response, failure = ask_portal(context, settings, token, login_command, deadline)
    if not response then return nil, failure end
    return to_snapshot(context, response, settings, where)
  end

  return provider
end

return sso
