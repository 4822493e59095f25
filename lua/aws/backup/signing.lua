--- From a serialized operation to a signed request: the URL, the headers, and the signature of the C core.

local time = require "aws.backup.codec.time"

local signing = {}

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
---@param scope { service: string, region: string, now: number }  now: epoch seconds
---@return true?, string? message
function signing.sign(signer, request, credentials, scope)
  local headers = request.headers
  local timestamp = time.amz_date(scope.now)
  headers["x-amz-date"] = timestamp
  headers["x-amz-security-token"] = credentials.session_token
  local signed, message = signer:sign(
    { method = request.method, path = request.path, query = request.query, headers = headers, body = request.body },
    { access_key_id = credentials.access_key_id, secret_access_key = credentials.secret_access_key },
    { region = scope.region, service = scope.service, timestamp = timestamp })
  if not signed then return nil, message end
  headers.authorization = signed.authorization
  return true
end

return signing
