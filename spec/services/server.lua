--- Starts the loopback server that plays HTTP services (spec/services/play.lua, inside an nginx of its own) for a
--- spec, gives it what to answer, and tells what it was asked.
---
--- The server ends when its standard input brings a line or is closed: with stop, or with this process.

local cjson = require "cjson"

local base64 = require "aws.backup.codec.base64"
local json = require "aws.backup.codec.json"
local nginx_server = require "spec.nginx.server"

---@class spec.services.Entry  what to answer, and to whom
---@field method? string  absent: any
---@field path? string  without the query; absent: any
---@field times? integer  how often this entry answers; absent: for ever
---@field status? integer  200
---@field headers? table<string, string>  "date" plays a wrong clock
---@field body? string
---@field delay? number  seconds before the answer
---@field close? boolean  drop the connection without an answer
---@field truncate? integer  send so many bytes of the body, then drop the connection

---@class spec.services.Seen
---@field method string
---@field path string  as it was sent
---@field query? string
---@field headers table<string, string>  names in lower case
---@field body string

local server = {}
server.__index = server

--- Starts a server; ready when this returns. It answers everything with 404 until it has a script.
---@return table server  port, url, url6 (nil where the machine has no IPv6), directory (what nginx writes to), script,
---  seen, stop
function server.start()
  local nginx = nginx_server.start { template = "spec/services/nginx.conf.in" }
  local has_ipv6 = nginx:read("nginx.conf"):find("listen [::1]", 1, true)
  return setmetatable({
    nginx = nginx, port = nginx.port, url = nginx.url, url6 = has_ipv6 and "http://[::1]:" .. nginx.port or nil,
    directory = nginx.directory,
  }, server)
end

--- Ends the server; nothing of it is left.
function server:stop()
  self.nginx:stop()
end

local function control(self, method, name, body)
  return (self.nginx:ask("/.control/" .. name, { method = method, body = body }))
end

local function encoded(entry)
  local copy, headers = {}, {}
  for name, value in pairs(entry) do copy[name] = value end
  for name, value in pairs(entry.headers or {}) do headers[name] = base64.encode(value) end
  copy.headers, copy.body = headers, entry.body and base64.encode(entry.body)
  return copy
end

--- Sets what to answer from now on: the first entry that fits and has times left. Forgets what was seen.
---@param entries spec.services.Entry[]
function server:script(entries)
  local script = {}
  for index, entry in ipairs(entries) do script[index] = encoded(entry) end
  control(self, "POST", "script", cjson.encode(script))
end

--- What was asked since the script was set, in order.
---@return spec.services.Seen[]
function server:seen()
  local seen = assert(json.decode(control(self, "GET", "seen")))
  for _, request in ipairs(seen) do
    request.body = base64.decode(request.body)
    for name, value in pairs(request.headers) do request.headers[name] = base64.decode(value) end
  end
  return seen
end

return server
