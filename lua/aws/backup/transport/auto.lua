--- The transport of a client that brings none: over nginx's sockets where a call runs in a phase of nginx that serves
-- others meanwhile, else over libcurl. Decided for each request: see aws.backup.runtime.nginx.

local cosocket = require "aws.backup.transport.cosocket"
local curl = require "aws.backup.transport.curl"
local visible = require "aws.backup.codec.visible"

local auto = {}

-- What is left of the settings over nginx's sockets. Certificates are named in nginx's configuration alone. Those that
-- somebody named for this client can't be passed over; those that the environment names for all programs can, since
-- whoever wrote the configuration knew of nginx.
local function settings_of_sockets(settings)
  local kept = {}
  for name, value in pairs(settings) do kept[name] = value end
  if not settings.ca_bundle_in_code then kept.ca_bundle = nil end
  return kept
end

--- What to tell of a ca_bundle of the environment or the profile that nginx's sockets do without.
---@param settings aws.backup.Settings
---@param runtime table  see aws.backup.runtime
---@return string? warning  nil: there is none, or it is heeded
function auto.unheeded_bundle(settings, runtime)
  if not runtime.sockets or not settings.ca_bundle or not settings.verify_tls then return nil end
  if settings.in_code.ca_bundle then return nil end
  local path = visible.text(settings.ca_bundle)
  return ("%s (%s) is not heeded by calls over nginx's sockets, which trust what nginx's configuration names; if that "
    .. "is not enough, write lua_ssl_trusted_certificate %s; there"):format(settings.sources.ca_bundle, path, path)
end

---@class aws.backup.AutoSettings : aws.backup.CurlSettings
---@field ca_bundle_in_code? boolean  # it was given as an option: sockets that can't take it refuse

---@param settings aws.backup.AutoSettings
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
    over_sockets = over_sockets or cosocket.new(settings_of_sockets(settings), ngx)
    return over_sockets:send(request)
  end

  return transport
end

return auto
