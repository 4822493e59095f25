--- Where in nginx the running code is (ngx.get_phase), and whether it may wait there: the contexts of ngx.socket.tcp
-- and ngx.sleep in the documentation of ngx_lua and ngx_stream_lua.

local phase = {}

-- Some of them are there in newer versions only.
local MAY_WAIT = {
  rewrite = true, server_rewrite = true, access = true, precontent = true, content = true, timer = true,
  ssl_cert = true, proxy_ssl_cert = true, proxy_ssl_verify = true, preread = true,
}

-- These wait only in an nginx with OpenResty's patches; any other drops the connection, and with it whoever waits.
local MAY_WAIT_IF_PATCHED = { ssl_client_hello = true, ssl_session_fetch = true }

-- OpenResty's patches come with its own copy of ngx_lua, which is compiled in under that name.
local function is_patched(ngx)
  local configure = ngx.config and ngx.config.nginx_configure
  return configure ~= nil and configure():find("/ngx_lua-", 1, true) ~= nil
end

--- The name of the phase; nil outside nginx.
---@return string?
function phase.current()
  local ngx = rawget(_G, "ngx")
  local get_phase = type(ngx) == "table" and ngx.get_phase
  return get_phase and get_phase() or nil
end

--- Whether nginx serves others while code of that phase waits.
---@param name string
---@return boolean
function phase.may_wait(name)
  return MAY_WAIT[name] or MAY_WAIT_IF_PATCHED[name] and is_patched(rawget(_G, "ngx")) or false
end

return phase
