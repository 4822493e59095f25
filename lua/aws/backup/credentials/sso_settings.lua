--- What a profile says about IAM Identity Center, in either of two forms (SDK reference guide, "IAM Identity Center
--- credential provider"): a session, `sso_session` naming a section [sso-session NAME] with sso_start_url and
--- sso_region; or, in the legacy form, these two in the profile itself.

local errors = require "aws.backup.errors"
local visible = require "aws.backup.codec.visible"

local sso_settings = {}

-- In the order in which a person writes them.
local REQUIRED = { "sso_account_id", "sso_role_name", "sso_region", "sso_start_url" }

-- What a session and a profile may both say. Only these are compared and shown: none is a secret.
local SHARED = { "sso_region", "sso_start_url", "sso_registration_scopes", "sso_account_id", "sso_role_name" }

local function fault(message, ...)
  return nil, errors.new("ConfigError", { message = message:format(...) })
end

local function given(keys, name)
  local value = keys[name]
  if type(value) == "string" and value:find("%S") then return value end
  return nil
end

--- True if these keys of a profile ask for credentials of IAM Identity Center.
---@param keys table<string, any>
---@return boolean
function sso_settings.are_in(keys)
  return given(keys, "sso_account_id") ~= nil or given(keys, "sso_role_name") ~= nil
end

-- The keys that count: the profile's, and the session's where there is one.
local function merge(keys, session, where, session_name)
  local merged = {}
  for _, name in ipairs(SHARED) do
    local own, shared = given(keys, name), session and given(session, name)
    if own and shared and own ~= shared then
      return fault('%s is "%s" in %s, but "%s" in [sso-session %s]; take one of them out', name, visible.text(own),
        where, visible.text(shared), visible.text(session_name))
    end
    merged[name] = own or shared
  end
  return merged
end

local function missing_from(merged)
  local missing = {}
  for _, name in ipairs(REQUIRED) do
    if not merged[name] then missing[#missing + 1] = name end
  end
  return missing
end

--- Settles both forms. What is missing is told all at once.
---@param shared table  the shared files
---@param keys table<string, any>  the profile's
---@param where string  whose keys these are, for messages: 'the profile "x"'
---@return { session: string?, sso_account_id: string, sso_role_name: string, sso_region: string,
---  sso_start_url: string }? settings  session: absent in the legacy form
---@return table? err  ConfigError
function sso_settings.resolve(shared, keys, where)
  local name = given(keys, "sso_session")
  local session = name and shared.sso_session(name)
  if name and not session then
    return fault('%s names the sso_session "%s", but %s has no section [sso-session %s]; run "aws configure sso"',
      where, visible.text(name), visible.text(shared.config_path), visible.text(name))
  end
  local settings, failure = merge(keys, session, where, name)
  if not settings then return nil, failure end
  local missing = missing_from(settings)
  if #missing > 0 then
    return fault('%s is set up for IAM Identity Center, but has no %s%s; run "aws configure sso"', where,
      table.concat(missing, ", no "), name and (", nor has [sso-session %s]"):format(visible.text(name)) or "")
  end
  settings.session = name
  return settings
end

return sso_settings
