--- The transport over nginx's own sockets: its event loop, its resolver, its TLS, its pool of idle connections. A call
-- that waits holds nobody up. For the phases of nginx that may wait; elsewhere ngx_lua refuses.
--
-- HTTP/1.1, one request at a time on each connection. No redirect is followed: it is an answer like any other.

local base64 = require "aws.backup.codec.base64"
local connection = require "aws.backup.transport.cosocket_connection"
local explain = require "aws.backup.transport.explain"
local http_writer = require "aws.backup.transport.http_writer"
local proxy = require "aws.backup.proxy"
local uri = require "aws.backup.codec.uri"

local cosocket = {}

local DEFAULT_SECONDS = 60
local DEFAULT_RESPONSE_BYTES = 64 * 1024 * 1024
-- libcurl's, so that a proxy is the same one inside nginx and outside.
local PROXY_PORT = { http = 1080, https = 443 }
local PROXY_AUTHENTICATION_REQUIRED = 407

-- The header that tells a proxy user and password, from "user:password", both percent-encoded.
local function authorization(user_info)
  if not user_info then return nil end
  local user, password = user_info:match("^([^:]*):?(.*)$")
  return "proxy-authorization: Basic " .. base64.encode(uri.decode(user) .. ":" .. uri.decode(password)) .. "\r\n"
end

-- The proxy of a URL that aws.backup.proxy chose; nil if none can be read from it.
local function proxy_from(url)
  local scheme, authority = url:match("^([A-Za-z]+)://([^/?#]*)")
  local user_info, place = (authority or ""):match("^(.*)@([^@]*)$")
  local hop = scheme and http_writer.target(scheme .. "://" .. (place or authority))
  if not hop then return nil end
  return {
    url = url, scheme = hop.scheme, host = hop.host, authorization = authorization(user_info),
    port = hop.authority == hop.host and PROXY_PORT[hop.scheme] or hop.port,
  }
end

local function refuse_proxy(scene, detail)
  scene.proxy_host = scene.proxy_host or "of this request"
  return nil, "proxy", detail, false
end

-- The proxy to go through, if there is one.
local function find_proxy(settings, request, target, scene)
  local url = proxy.for_request(settings.proxy_for, request)
  if not url then return true end
  local found = proxy_from(url)
  if not found then
    return refuse_proxy(scene, "it must be a URL such as http://host:3128 (schemes http and https)")
  end
  scene.proxy_host = found.host
  if found.scheme == "https" and target.scheme == "https" then
    return refuse_proxy(scene, "nginx's sockets have no TLS inside TLS; give a proxy whose URL begins with http://")
  end
  return found
end

-- nginx takes certificates from its configuration alone. Trusting others than those that were named is no way out.
local function check_trust(settings, route)
  local uses_tls = route.target.scheme == "https" or (route.proxy and route.proxy.scheme == "https")
  if not uses_tls or settings.verify_tls == false or (settings.ca_bundle or "") == "" then return true end
  return nil, "tls", ("ca_bundle (AWS_CA_BUNDLE) can't be given to nginx's sockets; leave it out, and write "
    .. "lua_ssl_trusted_certificate %s; into nginx's configuration"):format(settings.ca_bundle), false
end

-- Where the request goes, and how.
local function find_route(settings, request, scene)
  local target, kind, message = http_writer.target(request.url)
  if not target then return nil, kind, message end
  scene.host = target.host
  local found, retryable
  found, kind, message, retryable = find_proxy(settings, request, target, scene)
  if not found then return nil, kind, message, retryable end
  local route = { target = target, proxy = found ~= true and found or nil }
  local trusted
  trusted, kind, message, retryable = check_trust(settings, route)
  if not trusted then return nil, kind, message, retryable end
  return route
end

-- The request as it goes over the wire: a proxy that forwards gets the whole URL.
local function write(request, route)
  local target, hop = route.target, route.proxy
  local is_forwarded = hop and target.scheme == "http"
  local form = is_forwarded and "http://" .. target.authority .. target.path or target.path
  local head, kind, message = http_writer.head(request, form, target.authority, is_forwarded and hop.authorization)
  if not head then return nil, kind, message end
  return { head, request.body or "" }
end

-- One request over an idle connection, or over a fresh one if that turns out to have ended meanwhile. As with libcurl
-- this is no attempt of its own: most servers that close an idle connection never saw the request.
local function exchange(opened, bytes, method)
  local done, response, kind, message, retryable, is_stale
  for _, must_be_fresh in ipairs { false, true } do
    done, kind, message, retryable = opened:open(must_be_fresh)
    if not done then return nil, kind, message, retryable end
    response, kind, message, is_stale = opened:exchange(bytes, method)
    if not is_stale then break end
  end
  return response, kind, message
end

local function is_refusal_of_proxy(route, response)
  return route.proxy ~= nil and route.target.scheme == "http" and response.status == PROXY_AUTHENTICATION_REQUIRED
end

local function send(ngx, settings, request, scene)
  local route, kind, message, retryable = find_route(settings, request, scene)
  if not route then return nil, kind, message, retryable end
  local bytes
  bytes, kind, message = write(request, route)
  if not bytes then return nil, kind, message end
  local opened = connection.new(ngx, route, settings, request)
  local response
  response, kind, message, retryable = exchange(opened, bytes, request.method)
  opened:release()
  scene.tls_peer = opened.tls_peer
  if response and is_refusal_of_proxy(route, response) then
    return nil, "proxy", "it wants a user name and password, or other ones", false
  end
  return response, kind, message, retryable
end

---@class aws.backup.CosocketSettings
---@field ca_bundle? string  # refused where TLS is used: lua_ssl_trusted_certificate takes its place
---@field verify_tls? boolean
---@field proxy_for? fun(scheme: string, host: string, port: integer): string?  # see aws.backup.proxy; absent: no proxy
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
    idle = {},
  }

  function transport.send(_, request)
    local bounded = setmetatable({
      connect_timeout = request.connect_timeout or DEFAULT_SECONDS,
      read_timeout = request.read_timeout or DEFAULT_SECONDS,
    }, { __index = request })
    local scene = { host = "the request", request = bounded }
    local response, kind, message, retryable = send(ngx, used, bounded, scene)
    if response then return response end
    scene.detail = message
    return nil, kind, explain.failure(kind, scene), retryable
  end

  return transport
end

return cosocket
