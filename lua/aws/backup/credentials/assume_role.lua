--- Credentials of a role that a profile names with role_arn, assumed with other credentials (SDK reference guide,
-- "Assume role credential provider"). Nothing is asked for before the credentials are needed.

local protect = require "aws.backup.protect"
local retry = require "aws.backup.retry"
local scheduler = require "aws.backup.runtime.scheduler"
local sts = require "aws.backup.credentials.sts"
local visible = require "aws.backup.codec.visible"

local assume_role = {}

local function nobody_to_ask(params)
  return sts.failure(params, ("it demands a code of the MFA device %s, and there is nobody to ask; give the option "
    .. "mfa_code = function(serial) ... end, which returns the six digits"):format(params.mfa_serial))
end

-- The parameters of one call. For a role that demands MFA they have the code of this moment, which only the caller's
-- function can give: nothing here ever reads from a terminal, which may not be there, or belong to somebody else.
local function with_code(context, params)
  if not params.mfa_serial then return params end
  local ran, code, reason = protect(context.settings.mfa_code, params.mfa_serial)
  if not ran then
    scheduler.pass_on(code)
    return sts.failure(params, "the function mfa_code failed: " .. visible.value(code))
  end
  if code == nil then
    return sts.failure(params, "the function mfa_code gave no code: " .. visible.value(reason or "it returned nil"))
  end
  local asked = { mfa_code = code }
  for name, value in pairs(params) do asked[name] = value end
  return asked
end

--- A provider of a role's credentials. Its `get` asks STS each time; with `mfa_serial` it also asks the function of the
-- option `mfa_code` each time, so that a session that needs MFA outlasts its first hour only if that function answers.
---@param context aws.backup.CredentialsContext
---@param spec { role_arn: string, base: table, profile: string?, external_id: string?, mfa_serial: string?,
---  duration_seconds: integer|string|nil, role_session_name: string?, region: string?, features: string[]? }
---  base: provider of the credentials to assume the role with; profile: its name, for messages; region: whose STS to
---  ask, default the client's; features: ids for the User-Agent
---@return table provider
function assume_role.new(context, spec)
  local provider = { name = "assume role" }
  local service = sts.new(context)
  local params = {
    role_arn = spec.role_arn, role_session_name = spec.role_session_name, external_id = spec.external_id,
    duration_seconds = spec.duration_seconds, mfa_serial = spec.mfa_serial, features = spec.features,
    where = spec.profile and ("profile %q"):format(spec.profile),
  }

  local function base_credentials(deadline)
    local base, reason = spec.base:get(deadline)
    if base then return base end
    if type(reason) == "table" then return nil, reason end
    return sts.failure(params, ("there are no credentials to assume it with (%s: %s)"):format(
      spec.base.name, tostring(reason)))
  end

  -- Returns the base credentials as well, in third place.
  local function ask(deadline)
    local base, asked, failure
    base, failure = base_credentials(deadline)
    if not base then return nil, failure end
    asked, failure = with_code(context, params)
    if not asked then return nil, failure end
    local found
    found, failure = service:assume_role(asked, base, spec.region, deadline)
    return found, failure, base
  end

  function provider.get(_, deadline)
    local fine, failure = service:check(params)
    if not fine then return nil, failure end
    if params.mfa_serial and not context.settings.mfa_code then return nobody_to_ask(params) end
    local found, base
    found, failure, base = ask(deadline)
    -- As with any call: credentials that STS calls expired are replaced once, if there are others.
    if found or not base or not spec.base.renew or not retry.blames_credentials(failure.details.code)
      or not spec.base:renew(base, deadline) then
      return found, failure
    end
    found, failure = ask(deadline)
    return found, failure
  end

  return provider
end

return assume_role
