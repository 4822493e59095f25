--- The transport of a client that brings none: over nginx's sockets where a call runs in a phase of nginx that serves
-- others meanwhile, else over libcurl. Decided for each request: see aws.backup.runtime.nginx.

local cosocket = require "aws.backup.transport.cosocket"
local curl = require "aws.backup.transport.curl"

local auto = {}

---@param settings aws.backup.CurlSettings
---@param runtime table  see aws.backup.runtime
---@return table transport  send(self, request); close() if it has connections of its own
function auto.new(settings, runtime)
  local over_curl = curl.new(settings, runtime)
  if not runtime.sockets then return over_curl end
  local transport, over_sockets = { close = over_curl.close }, nil

  function transport.send(_, request)
    local ngx, failure = runtime.sockets()
    if failure then return nil, "phase", failure.message, false end
    if not ngx then return over_curl:send(request) end
    over_sockets = over_sockets or cosocket.new(settings, ngx)
    return over_sockets:send(request)
  end

  return transport
end

return auto
