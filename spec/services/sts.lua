--- What STS answers, as entries for the loopback server; a context whose STS that is; and checks of what it was sent.

local assert = require "luassert"
local client = require "aws.backup.credentials.sts"
local core = require "aws.backup.core"
local new_context = require("spec.services.context").new
local time = require "aws.backup.codec.time"

local sts = {}

--- The moment at which the clocks of spec/services/context.lua stand.
sts.NOW = 1767323045

sts.ROLE = "arn:aws:iam::123456789012:role/R"

--- Credentials to assume a role with.
sts.BASE = { access_key_id = "AKIDBASEBASEBASE", secret_access_key = "BASESECRETBASESECRET+/" }
sts.SESSION = { access_key_id = "ASIABASEBASEBASE", secret_access_key = "BASESECRETBASESECRET",
  session_token = "BASETOKEN/BASETOKEN+BASETOKEN==" }

--- The token of an identity provider.
sts.TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2lnbmF0dXJl"

--- The credentials of a good answer.
sts.FOUND = {
  access_key_id = "ASIAEXAMPLEEXAMPLE", secret_access_key = "FOUNDSECRETFOUNDSECRET",
  session_token = "FOUNDTOKEN/FOUNDTOKEN+==", expiration = sts.NOW + 3600,
}

local GOOD = [[
<%sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <%sResult>
    <AssumedRoleUser>
      <Arn>arn:aws:sts::123456789012:assumed-role/R/S</Arn>
      <AssumedRoleId>AROAEXAMPLE:S</AssumedRoleId>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>%s</AccessKeyId>
      <SecretAccessKey>%s</SecretAccessKey>
      <SessionToken>%s</SessionToken>
      <Expiration>%s</Expiration>
    </Credentials>
    <PackedPolicySize>6</PackedPolicySize>
  </%sResult>
  <ResponseMetadata><RequestId>good-request</RequestId></ResponseMetadata>
</%sResponse>
]]

local REFUSAL = [[
<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error>
  <RequestId>bad-request</RequestId>
</ErrorResponse>
]]

local function entry(status, body, changes)
  -- The server's clock is the one of the context, unless the spec says otherwise.
  local made = { method = "POST", status = status, body = body, headers = { date = time.http_date(sts.NOW) } }
  for name, value in pairs(changes or {}) do made[name] = value end
  return made
end

--- An answer with credentials.
---@param changes? table  of the entry; `action` (AssumeRole), `expiration` (epoch seconds) and `ahead` (seconds by
---  which the server's clock is ahead) go into the answer
function sts.good(changes)
  changes = changes or {}
  local action, found = changes.action or "AssumeRole", sts.FOUND
  local ahead = changes.ahead or 0
  local expiration = time.iso8601(changes.expiration or found.expiration + ahead)
  local made = entry(200, GOOD:format(action, action, found.access_key_id, found.secret_access_key,
    found.session_token, expiration, action, action), changes)
  if changes.ahead then made.headers = { date = time.http_date(sts.NOW + ahead) } end
  made.action, made.expiration, made.ahead = nil, nil, nil
  return made
end

--- An answer with an error.
---@param status integer
---@param code string
---@param message? string
---@param changes? table  of the entry; `ahead` as above
function sts.refusal(status, code, message, changes)
  local made = entry(status, REFUSAL:format(code, message or "the reason"), changes)
  if made.ahead then made.headers, made.ahead = { date = time.http_date(sts.NOW + made.ahead) }, nil end
  return made
end

--- Whether a request that the server saw is signed with these keys for STS of that region: signs it again.
---@param seen table
---@param keys { access_key_id: string, secret_access_key: string }
---@param region string
---@return boolean
function sts.is_signed(seen, keys, region)
  local names = seen.headers.authorization:match("SignedHeaders=([^,]*)")
  local headers = {}
  for name in names:gmatch("[^;]+") do headers[name] = seen.headers[name] end
  local signed = assert(core.new_signer():sign(
    { method = seen.method, path = seen.path, query = seen.query, headers = headers, body = seen.body },
    { access_key_id = keys.access_key_id, secret_access_key = keys.secret_access_key },
    { region = region, service = "sts", timestamp = seen.headers["x-amz-date"] }))
  return signed.authorization == seen.headers.authorization
end

--- The parameters of a form.
---@param body string
---@return table<string, string>
function sts.form(body)
  local parameters = {}
  for name, value in body:gmatch("([^&=]+)=([^&]*)") do
    parameters[name] = value:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
  end
  return parameters
end

local SECRETS = {
  sts.BASE.secret_access_key, sts.BASE.access_key_id, sts.SESSION.session_token, sts.SESSION.access_key_id,
  sts.FOUND.secret_access_key, sts.FOUND.session_token, sts.FOUND.access_key_id, sts.TOKEN,
  "BASETOKEN%2FBASETOKEN%2BBASETOKEN%3D%3D", "BASESECRETBASESECRET%2B%2F",
}

--- The first of the secrets above that a text shows; nil if it shows none.
---@param text string
---@return string?
function sts.secret_in(text)
  for _, secret in ipairs(SECRETS) do
    if text:find(secret, 1, true) then return secret end
  end
  return nil
end

--- A context whose STS is the server.
---@param server table
---@param settings? table  to be changed
---@param overrides? table  as of spec/services/context.lua
function sts.context(server, settings, overrides)
  local given = { settings = settings, env = { AWS_ENDPOINT_URL_STS = server.url } }
  for name, value in pairs(overrides or {}) do given[name] = value end
  return new_context(given)
end

--- Parameters that STS takes, with changes.
function sts.params(changes)
  local params = { role_arn = sts.ROLE, role_session_name = "se", where = 'profile "p"' }
  for name, value in pairs(changes or {}) do params[name] = value end
  return params
end

--- Asks for a role as the profile of `sts.params` does, changed.
function sts.assume(context, changes, base, region, deadline)
  return client.new(context):assume_role(sts.params(changes), base or sts.BASE, region, deadline)
end

function sts.assume_with_token(context, read, changes)
  return client.new(context):assume_role_with_web_identity(sts.params(changes), nil, nil,
    read or function() return sts.TOKEN end)
end

--- The error of a call that the server answers by the script, which shows no secret; what the server saw goes along,
--- and the context.
function sts.failure_of(server, script, settings, changes, base)
  server:script(script)
  local context = sts.context(server, settings)
  local found, err = sts.assume(context, changes, base)
  assert.is_nil(found)
  assert.is_true(err:is("CredentialsError"))
  assert.is_nil(sts.secret_in(tostring(err)))
  assert.is_nil(sts.secret_in(table.concat(context.logged, "\n")))
  return err, server:seen(), context
end

return sts
