--- Starts the fault server (spec/core/fault_server.c, built as build/fault_server) for a spec.
--
-- The server ends when its standard input is closed: with stop, or with this process.

local core = require "aws.backup.core"

local START_TIMEOUT = 20 -- seconds; making a key takes a while under valgrind

local server = {}
server.__index = server

-- What the server tells, in its order.
local PORTS = { "port", "tls_port", "expired_port", "old_tls_port", "witness_port", "full_port", "ipv6_port" }

local function read_info(path)
  local file = assert(io.open(path, "rb"))
  local line = file:read("*a"):match("^(.*)\n")
  file:close()
  return line
end

local function wait_for_info(path)
  local deadline = core.monotonic() + START_TIMEOUT
  repeat
    local line = read_info(path)
    if line then
      return line
    end
    core.sleep(0.01)
  until core.monotonic() > deadline
  error("build/fault_server does not start; was it built?")
end

-- A directory of certificates as OpenSSL wants it, with the server's in it.
local function make_directory(certificate, name)
  local directory = certificate .. ".d"
  os.execute(("mkdir %s && cp %s %s/%s"):format(directory, certificate, directory, name))
  return directory
end

--- Starts a server.
--- @return table server  url; port, tls_port (for localhost), expired_port, old_tls_port (TLS 1.1), witness_port
---   (counts who connects), full_port (lets nobody in), ipv6_port (on ::1; 0 on a machine without IPv6); certificate
---   (a file: what tls_port and expired_port show), certificate_directory (the first alone); stop
function server.start()
  local info, certificate = os.tmpname(), os.tmpname()
  -- A sanitizer that is preloaded for the sake of this process would only slow the server down.
  local command = "unset LD_PRELOAD; exec build/fault_server " .. info .. " " .. certificate
  local self = setmetatable({ input = assert(io.popen(command, "w")), certificate = certificate }, server)
  local words = wait_for_info(info):gmatch("%S+")
  os.remove(info)
  for _, name in ipairs(PORTS) do
    self[name] = words()
  end
  self.certificate_name = words()
  self.certificate_directory = make_directory(certificate, self.certificate_name)
  self.url = "http://127.0.0.1:" .. self.port
  return self
end

function server:stop()
  self.input:close()
  os.remove(self.certificate_directory .. "/" .. self.certificate_name)
  os.remove(self.certificate_directory)
  os.remove(self.certificate)
end

--- The path that makes the server answer with these very bytes.
--- @param bytes string
--- @param ending? "close" | "reset" | "fall-silent"  what it does then; absent: takes the next request
--- @return string path
function server.sending(bytes, ending)
  return "/send" .. (ending and "-and-" .. ending or "") .. "/" .. core.uri_encode(bytes)
end

return server
