--- The way of requests to one place over nginx's sockets: through which proxy, over which pool of idle connections.

local base64 = require "aws.backup.codec.base64"
local core = require "aws.backup.core"
local explain = require "aws.backup.transport.explain"
local http_writer = require "aws.backup.transport.http_writer"
local uri = require "aws.backup.codec.uri"
local url_reader = require "aws.backup.url"

local cosocket_route = {}

-- How many idle connections are kept for each place.
local POOL_SIZE = 64
-- Where a client has a bound of its own, as many calls may wait for their turn.
local BACKLOG = 65535
-- libcurl's, so that a proxy is the same one inside nginx and outside.
local PROXY_PORT = { http = 1080, https = 443 }

-- The header that tells a proxy user and password, from "user:password", both percent-encoded.
local function authorization(user_info)
  if not user_info then return nil end
  local user, password = user_info:match("^([^:]*):?(.*)$")
  return "proxy-authorization: Basic " .. base64.encode(uri.decode(user) .. ":" .. uri.decode(password)) .. "\r\n"
end

-- The proxy of a URL that aws.backup.proxy chose; nil if none can be read from it.
local function proxy_from(url)
  local read = url_reader.read(url)
  return read and {
    url = url, scheme = read.scheme, host = read.host, port = read.port or PROXY_PORT[read.scheme],
    authorization = authorization(read.user_info),
  }
end

local function refuse(scene, kind, detail, retryable)
  scene.detail = detail
  return nil, kind, explain.failure(kind, scene), retryable
end

-- The proxy at a URL, for a target.
local function read_proxy(url, target, scene)
  local found = proxy_from(url)
  scene.proxy_host = found and found.host or "of this request"
  if not found then
    return refuse(scene, "proxy", "it must be a URL such as http://host:3128 (schemes http and https)", false)
  end
  if found.scheme == "https" and target.scheme == "https" then
    return refuse(scene, "proxy",
      "nginx's sockets have no TLS inside TLS; give a proxy whose URL begins with http://", false)
  end
  return found
end

-- nginx takes certificates from its configuration alone. Trusting others than those that were named is no way out.
local function check_trust(settings, target, proxy, scene)
  local uses_tls = target.scheme == "https" or (proxy and proxy.scheme == "https")
  if not uses_tls or not settings.verify_tls or (settings.ca_bundle or "") == "" then return true end
  return refuse(scene, "tls", ("ca_bundle (AWS_CA_BUNDLE) can't be given to nginx's sockets; leave it out, and write "
    .. "lua_ssl_trusted_certificate %s; into nginx's configuration"):format(settings.ca_bundle), false)
end

-- Everything that makes one connection another one's equal. The proxy's URL may hold a password.
local function pool_name(settings, target, proxy)
  local is_forwarded = proxy and target.scheme == "http"
  return table.concat({
    "aws.backup", target.scheme, is_forwarded and "*" or target.host .. ":" .. target.port,
    proxy and core.sha256_hex(proxy.url) or "direct", settings.verify_tls and "verified" or "unverified",
    settings.tcp_keepalive and "probed" or "", settings.owner or "",
  }, "|")
end

local function is_address(host)
  return host:find("^%[") ~= nil or host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil
end

---@class aws.backup.Route
---@field target aws.backup.Target  its path has no meaning
---@field proxy? table  scheme, host, port, authorization
---@field has_address boolean  of the first hop, so that no name need be resolved
---@field form_prefix string  what stands before the path in requests: a proxy that forwards gets the whole URL
---@field authorization? string  a header line for a proxy that forwards
---@field pool table  options of connect
---@field idle integer  what a client knows of the idle connections in the pool: it may be wrong, since others take and
---  close them
---@field max_body_bytes integer
---@field tcp_keepalive? boolean
---@field verify_tls boolean

local function new_route(settings, target, proxy)
  local is_forwarded = proxy and target.scheme == "http"
  return {
    target = target, proxy = proxy, has_address = is_address((proxy or target).host),
    form_prefix = is_forwarded and "http://" .. target.authority or "",
    authorization = is_forwarded and proxy.authorization or nil,
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
---@param proxy_for? fun(origin: string): string?
---@return aws.backup.Route? route
---@return string? kind, string? message, boolean? retryable
function cosocket_route.find(settings, origin, proxy_for)
  local target, kind, detail = http_writer.target(origin)
  if not target then return refuse({ host = "the request" }, kind, detail) end
  local scene, url = { host = target.host }, proxy_for and proxy_for(origin)
  local proxy, message, retryable
  if url then
    proxy, kind, message, retryable = read_proxy(url, target, scene)
    if not proxy then return nil, kind, message, retryable end
  end
  local is_trusted
  is_trusted, kind, message, retryable = check_trust(settings, target, proxy, scene)
  if not is_trusted then return nil, kind, message, retryable end
  return new_route(settings, target, proxy)
end

return cosocket_route
