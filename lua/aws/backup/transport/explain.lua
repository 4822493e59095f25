--- The sentence of a transport's failure inside nginx: which host, what happened, and what to do about it.

local milliseconds = require("aws.backup.codec.number").milliseconds_text

local explain = {}

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
