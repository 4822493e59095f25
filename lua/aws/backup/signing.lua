--- From a serialized operation to a signed request: the URL, the headers, and the signature of the C core.

local core = require "aws.backup.core"
local time = require "aws.backup.codec.time"

local floor = math.floor

local signing = {}

local function joined_query(first, second)
  if not first then return second end
  if not second then return first end
  return first .. "&" .. second
end

--- The request of one call, without what differs between its attempts.
---@param endpoint table  see aws.backup.endpoint
---@param parts { method: string, path: string, query: string?, headers: table, body: string? }
---@param timeouts { connect_timeout: number, read_timeout: number }  seconds
---@return table request  method, url, host, path, query, headers, body, connect_timeout, read_timeout: escaped once and
---  for all
function signing.prepare(endpoint, parts, timeouts)
  local path = endpoint.path .. parts.path
  local query = joined_query(endpoint.query, parts.query)
  local target = query and path .. "?" .. query or path
  local headers = { -- the absent ones make room for what an attempt adds
    host = endpoint.authority, ["content-type"] = nil, ["amz-sdk-invocation-id"] = nil, ["amz-sdk-request"] = nil,
    ["user-agent"] = nil, ["x-amz-date"] = nil, authorization = nil,
    ["accept-encoding"] = "identity", -- whatever sends it, none of the transports unpacks an answer
  }
  for name, value in pairs(parts.headers) do headers[name] = value end
  return {
    method = parts.method, url = endpoint.scheme .. "://" .. endpoint.authority .. target, host = endpoint.authority,
    path = path, query = query, headers = headers, body = parts.body,
    connect_timeout = timeouts.connect_timeout, read_timeout = timeouts.read_timeout,
  }
end

--- A signer; one a client, since it keeps the key derived from a secret, and the text of the present second.
---@return fun(request: table, credentials: table, service: string, region: string, now: number): true?, string?
---  completes the headers of a request from `prepare` for one attempt, or returns nil and why not. credentials: a
---  snapshot. now: epoch seconds, read once, so that date and scope can't fall on two days
function signing.new()
  local signer, second, timestamp = core.new_signer(), nil, nil

  return function(request, credentials, service, region, now)
    if floor(now) ~= second then second, timestamp = floor(now), time.amz_date(floor(now)) end
    if not timestamp then return nil, ("the clock says %s, which is no time to sign with"):format(now) end
    local headers = request.headers
    headers["x-amz-date"] = timestamp
    headers["x-amz-security-token"] = credentials.session_token
    local authorization, message = signer:authorize(request, credentials, region, service, timestamp)
    if not authorization then return nil, message end
    headers.authorization = authorization
    return true
  end
end

return signing
