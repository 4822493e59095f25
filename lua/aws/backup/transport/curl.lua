--- The transport over the C core (libcurl): hands a request over, waits for the answer as the runtime does.

local core = require "aws.backup.core"
local explain = require "aws.backup.transport.explain"
local proxy = require "aws.backup.proxy"

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

---@class aws.backup.CurlSettings
---@field ca_bundle? string  # file or directory of PEM certificates
---@field verify_tls? boolean
---@field proxy_for? fun(origin: string): aws.backup.Proxy?  # see aws.backup.proxy; absent: no proxy
---@field tcp_keepalive? boolean  # probe the connections that are opened for this client while they are silent
---@field max_response_bytes? integer
---@field max_connections? integer  # gives the client connections of its own, so many at most

--- A transport for one client. The clients of a Lua state share one engine, and with it the connections, unless one
-- asks for a bound of its own; what else differs between clients (proxy, certificates, bounds) goes along with each
-- request. A request with `direct = true` goes through no proxy.
---@param settings aws.backup.CurlSettings
---@param runtime table  see aws.backup.runtime
---@return table transport  send(self, request): a response; or nil, kind, message, and true where a failure of TLS or
---  of a proxy may be over soon. close() if it has connections of its own
function curl.new(settings, runtime)
  local transport, engine = {}, core.engine
  if settings.max_connections then
    engine, transport.close = private_engine(settings.max_connections)
  end
  local transfer_settings = core.transfer_settings {
    ca_bundle = settings.ca_bundle, verify_tls = settings.verify_tls, tcp_keepalive = settings.tcp_keepalive,
    max_response_bytes = settings.max_response_bytes,
  }
  local driving, ca_bundle = nil, settings.ca_bundle

  function transport.send(_, request)
    local chosen = proxy.for_request(settings.proxy_for, request)
    driving = driving or engine()
    local transfer, kind, facts = driving:start(request, transfer_settings, chosen)
    if kind == "closed" then -- by somebody else, or it belongs to the parent process
      driving = engine()
      transfer, kind, facts = driving:start(request, transfer_settings, chosen)
    end
    local response, retryable
    if transfer then
      runtime.finish(driving, transfer)
      response, kind, facts, retryable = transfer:result()
    end
    if response then return response end
    return nil, kind, explain.transfer(kind, facts, request, chosen, ca_bundle), retryable
  end

  return transport
end

return curl
