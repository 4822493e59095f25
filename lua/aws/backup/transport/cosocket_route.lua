--- The way of requests to one place over nginx's sockets: through which proxy, over which pool of idle connections.

local base64 = require "aws.backup.codec.base64"
local core = require "aws.backup.core"
local explain = require "aws.backup.transport.explain"
local http_writer = require "aws.backup.transport.http_writer"

local cosocket_route = {}

-- How many idle connections are kept for each place.
local POOL_SIZE = 64
-- Where a client has a bound of its own, as many calls may wait for their turn.
local BACKLOG = 65535

-- The header that tells a proxy user and password.
local function authorization(proxy)
  if not proxy or not proxy.user then return nil end
  return "proxy-authorization: Basic " .. base64.encode(proxy.user .. ":" .. proxy.password) .. "\r\n"
end

local function refuse(scene, kind, detail, retryable)
  scene.detail, scene.is_in_nginx = detail, true
  return nil, kind, explain.failure(kind, scene), retryable
end

local function check_proxy(target, proxy, scene)
  if not proxy or proxy.scheme ~= "https" or target.scheme ~= "https" then return true end
  return refuse(scene, "proxy",
    "nginx's sockets have no TLS inside TLS; give a proxy whose URL begins with http://", false)
end

-- nginx takes certificates from its configuration alone. Trusting others than those that were named is no way out.
local function check_trust(settings, target, proxy, scene)
  local uses_tls = target.scheme == "https" or (proxy and proxy.scheme == "https")
  if not uses_tls or not settings.verify_tls or (settings.ca_bundle or "") == "" then return true end
  return refuse(scene, "tls", ("the option ca_bundle can't be given to nginx's sockets; leave it out, and write "
    .. "lua_ssl_trusted_certificate %s; into nginx's configuration"):format(settings.ca_bundle), false)
end

-- Tells proxies and their users apart without a password in it. No part of a proxy has a NUL.
local function proxy_name(proxy)
  if not proxy then return "direct" end
  return core.sha256_hex(table.concat({
    proxy.scheme, proxy.host, ("%d"):format(proxy.port), proxy.user or "", proxy.password or "",
  }, "\0"))
end

-- Everything that makes one connection another one's equal.
local function pool_name(settings, target, proxy)
  local is_forwarded = proxy and target.scheme == "http"
  return table.concat({
    "aws.backup", target.scheme, is_forwarded and "*" or target.host .. ":" .. target.port,
    proxy_name(proxy), settings.verify_tls and "verified" or "unverified",
    settings.tcp_keepalive and "probed" or "", settings.owner or "",
  }, "|")
end

local function is_address(host)
  return host:find("^%[") ~= nil or host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil
end

---@class aws.backup.Route
---@field target aws.backup.Target  its path has no meaning
---@field proxy? aws.backup.Proxy
---@field proxy_authorization? string  a header line for it
---@field has_address boolean  of the first hop, so that no name need be resolved
---@field form_prefix string  what stands before the path in requests: a proxy that forwards gets the whole URL
---@field authorization? string  the same, where requests have it themselves: of a proxy that forwards
---@field pool table  options of connect
---@field idle integer  what a client knows of the idle connections in the pool: it may be wrong, since others take and
---  close them
---@field max_body_bytes integer
---@field tcp_keepalive? boolean
---@field verify_tls boolean

local function new_route(settings, target, proxy)
  local is_forwarded, proxy_authorization = proxy and target.scheme == "http", authorization(proxy)
  return {
    target = target, proxy = proxy, proxy_authorization = proxy_authorization,
    has_address = is_address((proxy or target).host),
    form_prefix = is_forwarded and "http://" .. target.authority or "",
    authorization = is_forwarded and proxy_authorization or nil,
    pool = {
      pool = pool_name(settings, target, proxy), pool_size = settings.max_connections or POOL_SIZE,
      backlog = settings.max_connections and BACKLOG or nil,
    },
    idle = 0, max_body_bytes = settings.max_response_bytes, tcp_keepalive = settings.tcp_keepalive,
    verify_tls = settings.verify_tls,
  }
end

--- Finds the way to an origin.
---@param settings table  ca_bundle, verify_tls, tcp_keepalive, max_connections, owner, max_response_bytes
---@param origin string  "https://host:8443"
---@param proxy_for? fun(origin: string): aws.backup.Proxy?
---@return aws.backup.Route? route
---@return string? kind, string? message, boolean? retryable
function cosocket_route.find(settings, origin, proxy_for)
  local target, kind, detail = http_writer.target(origin)
  if not target then return refuse({ host = "the request" }, kind, detail) end
  local proxy = proxy_for and proxy_for(origin)
  local scene = { host = target.host, proxy_host = proxy and proxy.host }
  local is_fine, message, retryable
  is_fine, kind, message, retryable = check_proxy(target, proxy, scene)
  if is_fine then is_fine, kind, message, retryable = check_trust(settings, target, proxy, scene) end
  if not is_fine then return nil, kind, message, retryable end
  return new_route(settings, target, proxy)
end

return cosocket_route
