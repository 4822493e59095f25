--- The parameters by which STS is asked for a role's credentials: what each may be (STS API reference, AssumeRole and
-- AssumeRoleWithWebIdentity), and how they are written as a form. What STS would refuse is refused before it is sent.

local uri = require "aws.backup.codec.uri"
local visible = require "aws.backup.codec.visible"

local sts_parameters = {}

local API_VERSION = "2011-06-15"

local SHORTEST_SECONDS, LONGEST_SECONDS = 900, 43200

local LONGEST_SHOWN = 100

-- A check returns the text to send, or nil and the rule.
local function text_of(least, most, others, letters)
  local rule = ("%d to %d characters"):format(least, most)
  if letters then rule = rule .. ", each " .. letters end
  return function(value)
    local fits = type(value) == "string" and #value >= least and #value <= most
      and not (others and value:find(others))
    return fits and value or nil, rule
  end
end

-- A profile has digits, code a number.
local function duration(value)
  local rule = ("a whole number of seconds from %d to %d"):format(SHORTEST_SECONDS, LONGEST_SECONDS)
  local seconds = value
  if type(value) == "string" then seconds = value:find("^[0-9]+$") and #value < 10 and tonumber(value) end
  if type(seconds) ~= "number" or seconds < SHORTEST_SECONDS or seconds > LONGEST_SECONDS or seconds % 1 ~= 0 then
    return nil, rule
  end
  return ("%d"):format(seconds)
end

local function six_digits(value)
  return type(value) == "string" and value:match("^[0-9][0-9][0-9][0-9][0-9][0-9]$") or nil, "exactly 6 digits"
end

-- In the order in which they are sent. The field is named as in a profile; a secret's value is never shown.
local PARAMETERS = {
  { name = "RoleArn", field = "role_arn", check = text_of(20, 2048), required = true },
  { name = "RoleSessionName", field = "role_session_name",
    check = text_of(2, 64, "[^0-9A-Za-z_+=,.@%-]", "a letter of ASCII, a digit or one of _+=,.@-") },
  { name = "DurationSeconds", field = "duration_seconds", check = duration },
  { name = "ExternalId", field = "external_id", secret = true,
    check = text_of(2, 1224, "[^0-9A-Za-z_+=,.@:/%-]", "a letter of ASCII, a digit or one of _+=,.@:/-") },
  { name = "SerialNumber", field = "mfa_serial", check = text_of(9, 256) },
  { name = "TokenCode", field = "mfa_code", secret = true, check = six_digits },
  { name = "WebIdentityToken", field = "web_identity_token", secret = true, check = text_of(4, 20000) },
}

local function shown(parameter, value)
  if type(value) == "number" then return tostring(value) end
  if type(value) ~= "string" then return "a " .. type(value) end
  if parameter.secret then return ("a text of length %d"):format(#value) end
  return '"' .. visible.text(value, LONGEST_SHOWN) .. '"'
end

--- Writes a request's body.
---@param action string  "AssumeRole" or "AssumeRoleWithWebIdentity"
---@param params { role_arn: string, role_session_name: string, duration_seconds: integer|string|nil,
---  external_id: string?, mfa_serial: string?, mfa_code: string?, web_identity_token: string? }
---@return string? body  application/x-www-form-urlencoded
---@return string? message  names the parameter as a profile has it, its value unless it is secret, and the rule
function sts_parameters.form(action, params)
  local pairs_of_form = { "Action=" .. action, "Version=" .. API_VERSION }
  for _, parameter in ipairs(PARAMETERS) do
    local value = params[parameter.field]
    if value == nil and parameter.required then return nil, parameter.field .. " is missing" end
    if value ~= nil then
      local text, rule = parameter.check(value)
      if not text then
        return nil, ("%s must be %s, not %s"):format(parameter.field, rule, shown(parameter, value))
      end
      pairs_of_form[#pairs_of_form + 1] = parameter.name .. "=" .. uri.encode(text)
    end
  end
  return table.concat(pairs_of_form, "&")
end

return sts_parameters
