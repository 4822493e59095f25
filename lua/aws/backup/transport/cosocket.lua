--- The transport over nginx's own sockets: its event loop, its resolver, its TLS, its pool of idle connections. A call
-- that waits holds nobody up. For the phases of nginx that may wait; elsewhere ngx_lua refuses.
--
-- HTTP/1.1, one request at a time on each connection. No redirect is followed: it is an answer like any other.

local connection = require "aws.backup.transport.cosocket_connection"
local explain = require "aws.backup.transport.explain"
local http_writer = require "aws.backup.transport.http_writer"
local memo = require "aws.backup.memo"
local route_finder = require "aws.backup.transport.cosocket_route"
local url_reader = require "aws.backup.url"

local cosocket = {}

local DEFAULT_RESPONSE_BYTES = 64 * 1024 * 1024
local PROXY_AUTHENTICATION_REQUIRED = 407

-- The request as it goes over the wire, in pieces.
local function write(request, route, rest)
  local path, kind, message = http_writer.path(rest)
  if not path then return nil, kind, message end
  local head
  head, kind, message =
    http_writer.head(request, route.form_prefix .. path, route.target.authority, route.authorization)
  if not head then return nil, kind, message end
  return request.body and { head, request.body } or { head }
end

-- One request over an idle connection, or over a fresh one if that turns out to have ended meanwhile. As with libcurl
-- this is no attempt of its own: most servers that close an idle connection never saw the request.
local function exchange(opened, bytes, method, must_be_fresh)
  local done, kind, message, retryable = opened:open(must_be_fresh)
  if not done then return nil, kind, message, retryable end
  local response, is_stale
  response, kind, message, is_stale = opened:exchange(bytes, method)
  if is_stale and not must_be_fresh then return exchange(opened, bytes, method, true) end
  return response, kind, message
end

local function is_refusal_of_proxy(route, response)
  return response.status == PROXY_AUTHENTICATION_REQUIRED and route.proxy ~= nil and route.target.scheme == "http"
end

local function explained(route, opened, kind, detail)
  return explain.failure(kind, {
    host = route.target.host, proxy_host = route.proxy and route.proxy.host, detail = detail,
    tls_peer = opened and opened.tls_peer, request = opened, is_in_nginx = true,
  })
end

local function send(ngx, route, rest, request)
  local bytes, kind, message = write(request, route, rest)
  if not bytes then return nil, kind, explained(route, nil, kind, message) end
  local opened = connection.new(ngx, route, request)
  local response, retryable
  response, kind, message, retryable = exchange(opened, bytes, request.method, false)
  opened:release()
  if response and is_refusal_of_proxy(route, response) then
    response, kind, message, retryable = nil, "proxy", explain.detail("proxy_credentials"), false
  end
  if response then return response end
  return nil, kind, explained(route, opened, kind, message), retryable
end

---@class aws.backup.CosocketSettings
---@field ca_bundle? string  # refused where TLS is used: lua_ssl_trusted_certificate takes its place
---@field verify_tls? boolean
---@field proxy_for? fun(origin: string): aws.backup.Proxy?  # see aws.backup.proxy; absent: no proxy
---@field tcp_keepalive? boolean  # probe connections while they are silent
---@field max_response_bytes? integer
---@field max_connections? integer  # gives the client connections of its own, so many at most in each worker

--- A transport for one client. The clients of a worker share idle connections, unless one asks for a bound of its own.
---@param settings aws.backup.CosocketSettings
---@param ngx table  nginx's API
---@return table transport  send(self, request)
function cosocket.new(settings, ngx)
  local transport = {}
  local used = {
    ca_bundle = settings.ca_bundle, proxy_for = settings.proxy_for, tcp_keepalive = settings.tcp_keepalive,
    verify_tls = settings.verify_tls ~= false,
    max_response_bytes = settings.max_response_bytes or DEFAULT_RESPONSE_BYTES,
    max_connections = settings.max_connections, owner = settings.max_connections and tostring(transport) or nil,
  }
  local find_route = memo.new(function(origin) return route_finder.find(used, origin, used.proxy_for) end)
  local find_direct_route = memo.new(function(origin) return route_finder.find(used, origin) end)

  function transport.send(_, request)
    -- Where there is none, the finder tells why.
    local origin = url_reader.origin(request.url) or ""
    local route, kind, message, retryable = (request.direct and find_direct_route or find_route)(origin)
    if not route then return nil, kind, message, retryable end
    return send(ngx, route, request.url:sub(#origin + 1), request)
  end

  return transport
end

return cosocket
