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

local shared_settings = setmetatable({}, { __mode = "v" })

-- What the core keeps of settings. Most clients of a program have the same, and so share it.
local function transfer_settings(settings)
  local ca_bundle, verify_tls = settings.ca_bundle, settings.verify_tls
  local tcp_keepalive, max_response_bytes = settings.tcp_keepalive, settings.max_response_bytes
  local key = ("%s %s %s %s"):format(tostring(verify_tls), tostring(tcp_keepalive), tostring(max_response_bytes),
    ca_bundle and "=" .. ca_bundle or "")
  local made = shared_settings[key]
  if not made then
    made = core.transfer_settings {
      ca_bundle = ca_bundle, verify_tls = verify_tls, tcp_keepalive = tcp_keepalive,
      max_response_bytes = max_response_bytes,
    }
    shared_settings[key] = made
  end
  return made
end

local transports = {}
transports.__index = transports

-- Begins a transfer. The engine may have been closed by somebody else, or belong to the parent process.
local function start(self, request, chosen)
  local engine = self.driving or self.engine()
  local transfer, kind, facts = engine:start(request, self.transfer_settings, chosen)
  if kind == "closed" then
    engine = self.engine()
    transfer, kind, facts = engine:start(request, self.transfer_settings, chosen)
  end
  self.driving = engine
  return transfer, kind, facts
end

--- Sends a request; one with `direct = true` goes through no proxy.
---@param request table
---@return table? response  or nil, kind, message, and true where a failure of TLS or of a proxy may be over soon
---@return string? kind, string? message, true? retryable
function transports:send(request)
  local chosen = proxy.for_request(self.proxy_for, request)
  local transfer, kind, facts = start(self, request, chosen)
  local response, retryable
  if transfer then
    self.runtime.finish(self.driving, transfer)
    response, kind, facts, retryable = transfer:result()
  end
  if response then return response end
  return nil, kind, explain.transfer(kind, facts, request, chosen, self.ca_bundle), retryable
end

--- A transport for one client. The clients of a Lua state share one engine, and with it the connections, unless one
-- asks for a bound of its own; what else differs between clients (proxy, certificates, bounds) goes along with each
-- request.
---@param settings aws.backup.CurlSettings
---@param runtime table  see aws.backup.runtime
---@return table transport  send(self, request); close() if it has connections of its own
function curl.new(settings, runtime)
  local engine, close = core.engine, nil
  if settings.max_connections then engine, close = private_engine(settings.max_connections) end
  return setmetatable({
    engine = engine, close = close, runtime = runtime, transfer_settings = transfer_settings(settings),
    proxy_for = settings.proxy_for, ca_bundle = settings.ca_bundle, driving = nil,
  }, transports)
end

return curl
