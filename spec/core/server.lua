--- Starts the fault server (spec/core/fault_server.c, built as build/fault_server) for a spec.
--
-- The server ends when its standard input is closed: with stop, or with this process.

local core = require "aws.backup.core"

local START_TIMEOUT = 20 -- seconds; making a key takes a while under valgrind

local server = {}
server.__index = server

local function read_ports(path)
  local file = assert(io.open(path, "rb"))
  local port, tls_port = file:read("*a"):match("^(%d+) (%d+)\n")
  file:close()
  return port, tls_port
end

local function wait_for_ports(path)
  local deadline = core.monotonic() + START_TIMEOUT
  repeat
    local port, tls_port = read_ports(path)
    if port then
      return port, tls_port
    end
    core.sleep(0.01)
  until core.monotonic() > deadline
  error("build/fault_server does not start; was it built?")
end

--- Starts a server.
--- @return table server with url, tls_port, certificate (a file) and stop
function server.start()
  local info, certificate = os.tmpname(), os.tmpname()
  -- A sanitizer that is preloaded for the sake of this process would only slow the server down.
  local command = "unset LD_PRELOAD; exec build/fault_server " .. info .. " " .. certificate
  local input = assert(io.popen(command, "w"))
  local port, tls_port = wait_for_ports(info)
  os.remove(info)
  return setmetatable({
    input = input,
    port = port,
    tls_port = tls_port,
    certificate = certificate,
    url = "http://127.0.0.1:" .. port,
  }, server)
end

function server:stop()
  self.input:close()
  os.remove(self.certificate)
end

return server
