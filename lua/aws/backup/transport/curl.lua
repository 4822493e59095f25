--- The transport over the C core (libcurl): hands a request over, waits for the answer as the runtime does.

local core = require "aws.backup.core"

local curl = {}

-- An engine with a bound of its own. A child process makes another: a connection shared by two processes would hand
-- each the other's answers.
local function private_engine(max_connections)
  local engine, owner
  local function get()
    if owner ~= core.pid() then
      engine, owner = core.new_engine { max_connections = max_connections }, core.pid()
    end
    return engine
  end
  local function close()
    if engine then engine:close() end
  end
  return get, close
end

--- A transport for one client. The clients of a Lua state share one engine, and with it the connections, unless one
-- asks for a bound of its own; what else differs between clients (proxy, certificates, bounds) goes along with each
-- request.
---@param settings table  ca_bundle, verify_tls, proxy, no_proxy, max_response_bytes, max_connections
---@param runtime table  see aws.backup.runtime
---@return table transport  send(self, request); close() if it has connections of its own
function curl.new(settings, runtime)
  local transport, engine = {}, core.engine
  if settings.max_connections then
    engine, transport.close = private_engine(settings.max_connections)
  end

  function transport.send(_, request)
    local driving = engine()
    local transfer, kind, message = driving:start {
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
