--- The transport over the C core (libcurl): hands a request over, waits for the answer as the runtime does.

local core = require "aws.backup.core"

local curl = {}

--- A transport for one client. All clients of a Lua state share one engine, and with it the connections; what
-- differs between clients (proxy, certificates, bounds) goes along with each request.
---@param settings table  ca_bundle, verify_tls, proxy, no_proxy, max_response_bytes
---@param runtime table  see aws.backup.runtime
---@param engine? fun(): table  default: the engine of this Lua state, asked for at each call as a fork changes it
---@return table transport  send(self, request): see design of the transport contract in README
function curl.new(settings, runtime, engine)
  engine = engine or core.engine
  local transport = {}

  function transport.send(_, request)
    local driving, kind, message = engine()
    if not driving then return nil, kind, message end
    local transfer
    transfer, kind, message = driving:start {
      method = request.method, url = request.url, headers = request.headers, body = request.body,
      connect_timeout = request.connect_timeout, read_timeout = request.read_timeout, timeout = request.timeout,
      ca_bundle = settings.ca_bundle, verify_tls = settings.verify_tls,
      proxy = settings.proxy, no_proxy = settings.no_proxy,
      max_response_bytes = settings.max_response_bytes,
    }
    if not transfer then return nil, kind, message end
    runtime.finish(driving, transfer)
    return transfer:result()
  end

  return transport
end

return curl
