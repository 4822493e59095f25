--- Signature Version 4, from the service's side: who sends this request, and is it as it was signed? The same C signer
--- that clients use computes what the signature should be.
---
--- The texts are those of AWS's front end; the order of the checks is its too, as far as it shows.

local ascii = require "aws.backup.ascii"
local core = require "aws.backup.core"
local time = require "aws.backup.codec.time"

local failure = require "aws.backup.emulator.failure"

local authenticate = {}

local SERVICE = "backup"
local ALGORITHM = "AWS4-HMAC-SHA256"
-- How far the clocks of the two sides may differ, in seconds.
local TOLERANCE = 15 * 60

local function incomplete(message)
  return nil, failure.new("IncompleteSignatureException", message)
end

local function invalid(message)
  return nil, failure.new("InvalidSignatureException", message)
end

local UNKNOWN_TOKEN = "The security token included in the request is invalid."

local function parse_credential(text)
  local key_id, date, region, service, terminator = text:match("^([^/]+)/([^/]+)/([^/]+)/([^/]+)/([^/]+)$")
  if not key_id then
    return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
  end
  return { key_id = key_id, date = date, region = region, service = service, terminator = terminator }
end

-- Takes the Authorization header apart.
local function parse_authorization(text)
  local algorithm, rest = text:match("^(%S+)%s+(.*)$")
  if algorithm ~= ALGORITHM then return incomplete("The Authorization header must begin with " .. ALGORITHM .. ".") end
  local fields = {}
  for pair in rest:gmatch("[^,%s]+") do
    local name, value = pair:match("^(%a+)=(.+)$")
    if not name then return incomplete("A part of the Authorization header is not a valid key=value pair.") end
    fields[name] = value
  end
  for _, name in ipairs { "Credential", "SignedHeaders", "Signature" } do
    if not fields[name] then return incomplete(("Authorization header requires '%s' parameter."):format(name)) end
  end
  local credential, refusal = parse_credential(fields.Credential)
  if not credential then return nil, refusal end
  credential.signature, credential.signed_headers = fields.Signature, {}
  for name in fields.SignedHeaders:gmatch("[^;]+") do
    credential.signed_headers[#credential.signed_headers + 1] = ascii.lower(name)
  end
  return credential
end

-- When the request was signed: X-Amz-Date, or Date if there is none.
local function signing_time(headers)
  local stamp = headers["x-amz-date"]
  if not stamp then
    local seconds = headers.date and time.parse_http_date(headers.date)
    if seconds then return time.amz_date(seconds), seconds end
    return incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
  end
  local year, month, day, hour, minute, second = stamp:match("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$")
  local seconds = year and time.parse(("%s-%s-%sT%s:%s:%sZ"):format(year, month, day, hour, minute, second))
  if not seconds then return incomplete("Date must be in ISO-8601 'basic format', as in 20260102T030405Z.") end
  return stamp, seconds
end

local function check_scope(credential, region, stamp)
  if credential.region ~= region then
    return invalid(("Credential should be scoped to a valid region, not '%s'."):format(credential.region))
  end
  if credential.service ~= SERVICE then
    return invalid(("Credential should be scoped to correct service: '%s'."):format(SERVICE))
  end
  if credential.terminator ~= "aws4_request" then
    return invalid("Credential should be scoped with a valid terminator: 'aws4_request'.")
  end
  if credential.date ~= stamp:sub(1, 8) then
    return invalid(("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
      .. "'%s' != '%s'."):format(credential.date, stamp:sub(1, 8)))
  end
  return true
end

local function check_clock(stamp, seconds, now)
  if seconds < now - TOLERANCE then
    return invalid(("Signature expired: %s is now earlier than %s (%s - 15 min.)")
      :format(stamp, time.amz_date(now - TOLERANCE), time.amz_date(now)))
  end
  if seconds > now + TOLERANCE then
    return invalid(("Signature not yet current: %s is still later than %s (%s + 15 min.)")
      :format(stamp, time.amz_date(now + TOLERANCE), time.amz_date(now)))
  end
  return true
end

-- What must not be changed on the way must be signed: the host, the type of the body, and whatever steers AWS.
local function check_signed_headers(headers, signed_headers)
  local signed = {}
  for _, name in ipairs(signed_headers) do signed[name] = true end
  if not signed.host then return invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.") end
  for name in pairs(headers) do
    if (name == "content-type" or name:find("^x%-amz%-")) and not signed[name] then
      return invalid(("'%s' must be a 'SignedHeader' in the AWS Authorization."):format(name))
    end
  end
  if not headers["x-amz-date"] and not signed.date then
    return invalid("'date' must be a 'SignedHeader' in the AWS Authorization.")
  end
  return true
end

local function check_payload_hash(headers, body)
  local given = headers["x-amz-content-sha256"]
  if given and not core.equal(ascii.lower(given), core.sha256_hex(body or "")) then
    return invalid("The value of the header x-amz-content-sha256 is not the SHA-256 of the body.")
  end
  return true
end

local function check_session(entry, headers, now)
  local given = headers["x-amz-security-token"]
  if (given or entry.session_token) and not core.equal(given or "", entry.session_token or "") then
    return nil, failure.new("UnrecognizedClientException", UNKNOWN_TOKEN)
  end
  if entry.expiration and now >= entry.expiration then
    return nil, failure.new("ExpiredTokenException", "The security token included in the request is expired")
  end
  return true
end

local MISMATCH = "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
  .. "Access Key and signing method. Consult the service documentation for details."

local function check_signature(context, request, entry, credential, stamp)
  local expected, message = context.signer:sign(request,
    { access_key_id = entry.access_key_id, secret_access_key = entry.secret_access_key },
    { region = context.region, service = SERVICE, timestamp = stamp }, { signed_headers = credential.signed_headers })
  if not expected then return invalid(MISMATCH .. " (" .. message .. ")") end
  if not core.equal(expected.signature, credential.signature) then return invalid(MISMATCH) end
  return true
end

local function parse_request(headers, query)
  if not headers.authorization then
    if (query or ""):find("X-Amz-Signature=", 1, true) then
      return incomplete("Presigned requests are not supported here: sign with the Authorization header.")
    end
    return nil, failure.new("MissingAuthenticationTokenException", "Missing Authentication Token")
  end
  return parse_authorization(headers.authorization)
end

--- Verifies a request.
---@param context { signer: table, region: string, credentials: table<string, table>, now: number }  # now: wall clock
---@param request { method: string, path: string, query: string?, headers: table, body: string? }  # header names in
---lower case
---@return table? credentials  # the entry of `context.credentials` that signed it
---@return table? failure
function authenticate.verify(context, request)
  local headers, now = request.headers, context.now
  local credential, refusal = parse_request(headers, request.query)
  if not credential then return nil, refusal end
  local stamp, signed_at = signing_time(headers)
  if not stamp then return nil, signed_at end
  local entry = context.credentials[credential.key_id]
  if not entry then return nil, failure.new("UnrecognizedClientException", UNKNOWN_TOKEN) end
  local checks = {
    function() return check_scope(credential, context.region, stamp) end,
    function() return check_clock(stamp, signed_at, now) end,
    function() return check_signed_headers(headers, credential.signed_headers) end,
    function() return check_payload_hash(headers, request.body) end,
    function() return check_signature(context, request, entry, credential, stamp) end,
    function() return check_session(entry, headers, now) end,
  }
  for _, check in ipairs(checks) do
    local fine, fault = check()
    if not fine then return nil, fault end
  end
  return entry
end

return authenticate
