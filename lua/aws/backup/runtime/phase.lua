--- Where in nginx the running code is (ngx.get_phase), and whether it may wait there: the contexts of ngx.socket.tcp
-- and ngx.sleep in the documentation of ngx_lua and ngx_stream_lua.

local phase = {}

-- Some of them are there in newer versions only. Those of TLS towards a proxied server are there in an nginx with
-- OpenResty's patches only.
local MAY_WAIT = {
  rewrite = true, server_rewrite = true, access = true, precontent = true, content = true, timer = true,
  proxy_ssl_cert = true, proxy_ssl_verify = true, preread = true,
}

-- No level of a log: what is asked to filter by it filters as before, and tells what is wrong.
local NO_LEVEL = -1

-- Whether the core of this nginx has OpenResty's patches. The configure arguments don't tell; ngx_lua does, which was
-- compiled with that core: its log can only be filtered where they are.
local function is_core_patched()
  local found, errlog = pcall(require, "ngx.errlog")
  if not found then return false end
  local asked, _, message = pcall(errlog.set_filter_level, NO_LEVEL)
  return asked and type(message) == "string" and not message:find("missing", 1, true)
end

-- Whether the OpenSSL of this nginx has OpenResty's patch: with it there is one more function.
local function is_openssl_patched()
  local found, ffi = pcall(require, "ffi")
  if not found then return false end
  -- Somebody else may have declared it.
  pcall(ffi.cdef, "void *SSL_magic_pending_session_ptr(void);")
  return (pcall(function() return ffi.C.SSL_magic_pending_session_ptr end))
end

-- Debian and what comes of it take over that one of the patches by which a certificate may be waited for, and are known
-- by where they build.
local function is_debian(ngx)
  local configure = ngx.config and ngx.config.nginx_configure
  local arguments = configure and configure() or ""
  return arguments:find("prefix%-map=/build/[^ ]*nginx%-[%d.]+=%.") ~= nil
    and arguments:find("--modules-path=/usr/lib/nginx/modules", 1, true) ~= nil
end

-- The phases of a TLS handshake. Any nginx lets code wait there, but one that does not know of it ends the handshake,
-- and with it whoever waits: no outcome, no error. Hence only where it is known to come back.
local IN_HANDSHAKE = {
  ssl_client_hello = is_core_patched,
  ssl_cert = function(ngx) return is_core_patched() or is_debian(ngx) end,
  ssl_session_fetch = function() return is_core_patched() and is_openssl_patched() end,
}

--- The name of the phase; nil outside nginx.
---@return string?
function phase.current()
  local ngx = rawget(_G, "ngx")
  local get_phase = type(ngx) == "table" and ngx.get_phase
  return get_phase and get_phase() or nil
end

--- Whether a phase is one of a TLS handshake in which some nginx can wait and another can't.
---@param name string
---@return boolean
function phase.is_in_handshake(name)
  return IN_HANDSHAKE[name] ~= nil
end

--- Whether nginx serves others while code of that phase waits, and comes back to it.
---@param name string
---@return boolean
function phase.may_wait(name)
  local comes_back = IN_HANDSHAKE[name]
  if comes_back then return comes_back(rawget(_G, "ngx")) end
  return MAY_WAIT[name] or false
end

return phase
