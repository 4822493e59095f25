--- From a serialized operation to a signed request: the URL, the headers, and the signature of the C core.

local core = require "aws.backup.core"
local time = require "aws.backup.codec.time"

local signing = {}

local SIGNING_NAME = "backup"

local function joined_query(first, second)
  if not first then return second end
  if not second then return first end
  return first .. "&" .. second
end

--- The request of one call, without what differs between its attempts.
---@param endpoint table  see aws.backup.endpoint
---@param parts { method: string, path: string, query: string?, headers: table, body: string? }
---@return table request  method, url, host, path, query, headers, body: escaped once and for all
function signing.prepare(endpoint, parts)
  local path = endpoint.path .. parts.path
  local query = joined_query(endpoint.query, parts.query)
  local url = endpoint.scheme .. "://" .. endpoint.authority .. path
  if query then url = url .. "?" .. query end
  local headers = { host = endpoint.authority }
  for name, value in pairs(parts.headers) do headers[name] = value end
  return {
    method = parts.method, url = url, host = endpoint.authority, path = path, query = query,
    headers = headers, body = parts.body,
  }
end

--- Signs a request for one attempt. The clock is read once, so that date and scope can't fall on two days.
---@param signer table  core.new_signer()
---@param request table  from `prepare`; its headers are completed in place
---@param credentials table  a snapshot
---@param region string
---@param now number  epoch seconds
---@return true?, string? message
function signing.sign(signer, request, credentials, region, now)
  local headers = request.headers
  local timestamp = time.amz_date(now)
  headers["x-amz-date"] = timestamp
  headers["x-amz-security-token"] = credentials.session_token
  local signed, message = signer:sign(
    { method = request.method, path = request.path, query = request.query, headers = headers, body = request.body },
    { access_key_id = credentials.access_key_id, secret_access_key = credentials.secret_access_key },
    { region = region, service = SIGNING_NAME, timestamp = timestamp })
  if not signed then return nil, message end
  headers.authorization = signed.authorization
  return true
end

--- A random UUID, version 4 (RFC 9562).
---@return string? uuid, string? message  nil if the system has no randomness to give
function signing.uuid()
  local bytes, message = core.random(16)
  if not bytes then return nil, message end
  local hex = core.hex(bytes)
  local variant = ("89ab"):sub(bytes:byte(9) % 4 + 1, bytes:byte(9) % 4 + 1)
  return table.concat({
    hex:sub(1, 8), hex:sub(9, 12), "4" .. hex:sub(14, 16), variant .. hex:sub(18, 20), hex:sub(21, 32),
  }, "-")
end

return signing
