--- Starts the loopback server that plays HTTP services (spec/services/play.lua, inside an nginx of its own) for a
--- spec, gives it what to answer, and tells what it was asked.
---
--- The server ends when its standard input brings a line or is closed: with stop, or with this process.

local cjson = require "cjson"

local base64 = require "aws.backup.codec.base64"
local core = require "aws.backup.core"
local json = require "aws.backup.codec.json"

local START_TIMEOUT = 20 -- seconds; a machine may be busy
local CONTROL_TIMEOUT = 10 -- seconds
local PORTS_TRIED = 5

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

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

local function new_directory()
  local pipe = assert(io.popen("mktemp -d"))
  local directory = assert(pipe:read("*l"), "mktemp made no directory")
  pipe:close()
  return directory
end

local function random_port()
  local high, low = assert(core.random(2)):byte(1, 2)
  return 20000 + (high * 256 + low) % 40000
end

-- Waits until the server in the directory is ready: true, or nil and what it said instead.
local function await_start(directory)
  local deadline = core.monotonic() + START_TIMEOUT
  local said
  repeat
    if read_file(directory .. "/started") then return true end
    said = read_file(directory .. "/output") or ""
    if said:find("[emerg]", 1, true) or said:find("^serve: ") then return nil, said end
    core.sleep(0.01)
  until core.monotonic() > deadline
  return nil, ("not ready after %d seconds: %s"):format(START_TIMEOUT, said)
end

local function start_on(port)
  local directory = new_directory()
  local input = assert(io.popen(("exec spec/services/serve %s %d"):format(directory, port), "w"))
  local ready, said = await_start(directory)
  if not ready then
    input:close()
    return nil, said
  end
  local conf = read_file(directory .. "/nginx.conf")
  return setmetatable({
    input = input, directory = directory, engine = core.new_engine(), port = port, url = "http://127.0.0.1:" .. port,
    url6 = conf:find("listen [::1]", 1, true) and "http://[::1]:" .. port or nil,
  }, server)
end

--- Starts a server; ready when this returns. It answers everything with 404 until it has a script.
---@return table server  port, url, url6 (nil where the machine has no IPv6), script, seen, stop
function server.start()
  local started, said
  for _ = 1, PORTS_TRIED do
    started, said = start_on(random_port())
    if started or not said:find("Address already in use", 1, true) then break end
  end
  return started or error("the loopback server does not start: " .. said)
end

--- Ends the server; nothing of it is left.
function server:stop()
  self.engine:close()
  -- A program that the spec has started may hold the pipe open, too: hence a line.
  self.input:write("stop\n")
  self.input:close()
end

local function control(self, method, name, body)
  local transfer = assert(self.engine:start {
    method = method, url = self.url .. "/.control/" .. name, headers = {}, body = body,
    connect_timeout = CONTROL_TIMEOUT, read_timeout = CONTROL_TIMEOUT,
  })
  while not transfer:done() do self.engine:step(1) end
  local response, _, message = transfer:result()
  assert(response and response.status == 200, message or (response and response.body))
  return response.body
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
