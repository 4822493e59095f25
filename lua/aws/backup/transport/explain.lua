--- The sentences of a transport's failures, for both transports: which host, what happened, and what to do about it.
-- The core and the sockets tell facts: a kind, and a reason, which is a word.

local milliseconds = require("aws.backup.codec.number").milliseconds_text
local url_reader = require "aws.backup.url"

local explain = {}

-- What happened, by reason: an answer that makes no sense or was cut, a request that can't be sent. `%s` is what the
-- reason is about.
local DETAILS = {
  bad_status_line = "the answer has no status line of HTTP/1.1",
  other_protocol = "the answer has a change to another protocol, though none was asked for",
  bad_header = "the answer has a header line that is none",
  bad_length = "the answer has a Content-Length that makes no sense",
  two_framings = "the answer has both a Content-Length and a Transfer-Encoding",
  content_encoding = "the answer has a Content-Encoding, though none was asked for",
  transfer_encoding = "the answer has a Transfer-Encoding, though none was asked for",
  bad_chunk_size = "the answer has a chunk size that is none",
  endless_chunk = "the answer has a chunk without an end",
  too_large = "the answer has larger headers or a larger body than is taken",
  no_memory = "there is not enough memory for the answer",
  cut_in_status_line = "it ended before its status line",
  cut_in_headers = "it ended before the end of its headers",
  cut_in_body = "it ended before the last %s bytes of its body",
  cut_in_chunks = "it ended before its last chunk",
  url = "a URL must begin with http:// or https://, be percent-encoded and have no fragment",
  url_user = "a URL with a user name is not taken",
  url_host = "the URL names no host, or an impossible port",
  method = "the method must be an HTTP method such as GET",
  head_body = "HEAD takes no body",
  header_name = "a header name is empty or holds a byte that no name may hold",
  header_value = "the value of header %s holds a CR, LF or NUL byte",
  header_framing = "header %s can't be given: the body is sent in one piece",
  header_length = "header %s does not agree with the size of the body",
  proxy_credentials = "it wants a user name and password, or other ones",
  proxy_tunnel = "it answered HTTP %s to CONNECT",
  proxy_bytes = "it sent bytes of its own into the tunnel",
}

-- Whole sentences, by reason: those that are about no host.
local SENTENCES = {
  set_up = "not enough memory for the request, or a libcurl without TLS or proxy support",
  closed = "the engine is closed",
  forked = "the engine is closed: it belongs to the process before a fork",
  closed_under_way = "the engine was closed while the request was under way",
  forked_under_way = "the request was begun by the process before a fork; only that one gets the answer",
  cancelled = "the request was cancelled",
  running = "the request is still under way",
  ca_control = "ca_bundle (AWS_CA_BUNDLE) holds a control character",
  ca_unreadable = "CA bundle %s can't be read; ca_bundle (AWS_CA_BUNDLE) must name a file or directory of PEM "
    .. "certificates",
  proxy_parts = "the proxy must have a host name or an address, a port from 1 to 65535, no control character in user "
    .. "name and password, and no colon in the user name",
}

local function limit(scene, name)
  return milliseconds(scene.request[name])
end

-- By kind. `place` is the host, and the proxy before it.
local WRITERS = {
  dns = function(scene)
    local resolver = scene.is_in_nginx and "nginx's directive resolver, " or ""
    return ("%s: %s; check the network, %sand the region: not every region has every kind of endpoint (FIPS, dual "
      .. "stack)"):format(scene.host, scene.detail, resolver)
  end,
  connect = function(scene)
    return ("%s: %s; check network, proxy and firewall"):format(scene.host, scene.detail)
  end,
  connect_timeout = function(scene)
    local what = scene.is_systems and ("%s: %s"):format(scene.host, scene.detail)
      or ("no connection to %s within %s"):format(scene.place, limit(scene, "connect_timeout"))
    return what .. "; check network, proxy and firewall, or raise connect_timeout"
  end,
  read_timeout = function(scene)
    return ("%s sent nothing for %s; raise read_timeout if it needs longer"):format(scene.place,
      limit(scene, "read_timeout"))
  end,
  timeout = function(scene)
    return ("no complete answer from %s within %s; raise timeout if it needs longer"):format(scene.place,
      limit(scene, "timeout"))
  end,
  tls = function(scene)
    local trusted = scene.is_in_nginx
      and "those that nginx's directive lua_ssl_trusted_certificate names, in chains no longer than "
        .. "lua_ssl_verify_depth"
      or (scene.ca_bundle or "the system's") .. "; ca_bundle or AWS_CA_BUNDLE names others"
    return ("TLS with %s failed: %s (certificates trusted: %s)"):format(scene.tls_peer or scene.host, scene.detail,
      trusted)
  end,
  proxy = function(scene)
    return ("proxy %s, on the way to %s: %s"):format(scene.proxy_host, scene.host, scene.detail)
  end,
  reset = function(scene)
    return ("%s closed the connection before the answer was complete: %s"):format(scene.place, scene.detail)
  end,
  too_large = function(scene)
    return ("%s: %s (max_header_bytes, max_response_bytes)"):format(scene.host, DETAILS.too_large)
  end,
}

--- What happened, without the names of hosts.
---@param reason string
---@param about? string|integer  what the reason is about: the name of a header, bytes that are missing
---@return string
function explain.detail(reason, about)
  return (DETAILS[reason]:format(about or ""))
end

---@class aws.backup.Scene
---@field host string
---@field proxy_host? string
---@field tls_peer? string  absent: the host
---@field detail? string  absent where a limit of ours has struck
---@field is_systems? boolean  the limit that has struck is the system's
---@field request? table  its times, for the kinds that tell one
---@field ca_bundle? string
---@field is_in_nginx? boolean

---@param kind string
---@param scene aws.backup.Scene
---@return string
function explain.failure(kind, scene)
  scene.place = scene.proxy_host and ("%s, through the proxy %s,"):format(scene.host, scene.proxy_host) or scene.host
  local write = WRITERS[kind]
  return write and write(scene) or scene.host .. ": " .. scene.detail
end

-- What the core's facts say: its own reason, or what libcurl says of this failure, or of such failures.
local function detail_of(facts)
  if facts.reason == "late" then return nil end
  if facts.reason ~= "library" then return explain.detail(facts.reason, facts.detail or facts.lacking) end
  return facts.detail or facts.meaning
end

--- The sentence of a failure that the core met over libcurl.
---@param kind string
---@param facts { reason: string, detail: string?, meaning: string?, lacking: integer?, at_proxy: boolean }
---@param request table  as transports get it
---@param proxy? aws.backup.Proxy
---@param ca_bundle? string
---@return string
function explain.transfer(kind, facts, request, proxy, ca_bundle)
  local sentence = SENTENCES[facts.reason]
  if sentence then return (sentence:format(facts.detail or "")) end
  local read = url_reader.read(request.url)
  local host = read and read.host or "the request"
  return explain.failure(kind, {
    host = host, proxy_host = proxy and proxy.host, tls_peer = facts.at_proxy and proxy and proxy.host or host,
    detail = detail_of(facts), is_systems = facts.reason == "library", request = request, ca_bundle = ca_bundle,
  })
end

return explain
