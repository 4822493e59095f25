--- The sentence of a transport's failure inside nginx: which host, what happened, and what to do about it.

local milliseconds = require("aws.backup.codec.number").milliseconds_text

local explain = {}

-- What is wrong with an answer, by the core's word for it.
local FAULTS_OF_ANSWER = {
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
  cut_in_body = "it ended before the last %d bytes of its body",
  cut_in_chunks = "it ended before its last chunk",
}

-- By kind. `place` is the host, and the proxy before it.
local WRITERS = {
  dns = function(scene)
    return ("%s: %s; check the network, nginx's directive resolver, and the region: not every region has every kind of "
      .. "endpoint (FIPS, dual stack)"):format(scene.host, scene.detail)
  end,
  connect = function(scene)
    return ("%s: %s; check network, proxy and firewall"):format(scene.host, scene.detail)
  end,
  connect_timeout = function(scene)
    return ("no connection to %s within %s; check network, proxy and firewall, or raise connect_timeout"):format(
      scene.place, milliseconds(scene.request.connect_timeout))
  end,
  read_timeout = function(scene)
    return ("%s sent nothing for %s; raise read_timeout if it needs longer"):format(scene.place,
      milliseconds(scene.request.read_timeout))
  end,
  timeout = function(scene)
    return ("no complete answer from %s within %s; raise timeout if it needs longer"):format(scene.place,
      milliseconds(scene.request.timeout))
  end,
  tls = function(scene)
    return ("TLS with %s failed: %s (certificates trusted: those that nginx's directive lua_ssl_trusted_certificate "
      .. "names, in chains no longer than lua_ssl_verify_depth)"):format(scene.tls_peer or scene.host, scene.detail)
  end,
  proxy = function(scene)
    return ("proxy %s, on the way to %s: %s"):format(scene.proxy_host, scene.host, scene.detail)
  end,
  reset = function(scene)
    return ("%s closed the connection before the answer was complete: %s"):format(scene.place, scene.detail)
  end,
  too_large = function(scene)
    return ("%s: %s (max_response_bytes)"):format(scene.host, scene.detail)
  end,
}

--- What is wrong with an answer.
---@param fault string  the core's word for it
---@param left? integer  bytes of the body that have not come
---@return string
function explain.fault_of_answer(fault, left)
  return FAULTS_OF_ANSWER[fault]:format(left)
end

---@param kind string
---@param scene { host: string, proxy_host: string?, tls_peer: string?, detail: string, request: table? }  request: its
---  times, for the kinds that tell one
---@return string
function explain.failure(kind, scene)
  scene.place = scene.proxy_host and ("%s, through the proxy %s,"):format(scene.host, scene.proxy_host) or scene.host
  local write = WRITERS[kind]
  return write and write(scene) or scene.host .. ": " .. scene.detail
end

return explain
