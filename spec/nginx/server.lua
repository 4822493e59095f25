--- Starts an nginx of its own for a spec (spec/nginx/serve), asks it things and tells how it is.
---
--- The server ends when its standard input brings a line or is closed: with stop, or with this process.

local core = require "aws.backup.core"
local lfs = require "lfs" -- busted has it

local server = {}
server.__index = server

local START_TIMEOUT = 20 -- seconds; a machine may be busy
local ASK_TIMEOUT = 30 -- seconds
local IDLE_SECONDS = 0.005
local LONGEST_EXCERPT = 2000
local PORTS_TRIED = 5
local CONNECTIONS = 256

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then return "" end
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

-- Below those that the system gives to connections.
local function random_port()
  local high, low = assert(core.random(2)):byte(1, 2)
  return 12000 + (high * 256 + low) % 20000
end

local function quoted(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

local function command(directory, port, options)
  -- The machine's own certificates are worth a warning in the log.
  local words = { "unset AWS_CA_BUNDLE;" }
  for name, value in pairs(options.values or {}) do words[#words + 1] = name .. "=" .. quoted(value) end
  words[#words + 1] = ("exec spec/nginx/serve %s %d %s"):format(directory, port, options.template)
  return table.concat(words, " ")
end

-- True if it answers; nil and what it said instead.
local function await_start(self)
  local deadline = core.monotonic() + START_TIMEOUT
  repeat
    local said = self:read("output") .. self:read("error.log")
    if said:find("[emerg]", 1, true) or said:find("serve: ", 1, true) then return nil, said end
    -- Another server may have the port.
    if not self:has_ended() and self:finish(self:start_transfer("/")) then return true end
    core.sleep(0.02)
  until core.monotonic() > deadline
  return nil, "not ready in time: " .. self:read("output") .. self:read("error.log")
end

local function start_on(port, options)
  local self = setmetatable({
    directory = new_directory(), port = port, url = "http://127.0.0.1:" .. port,
    engine = core.new_engine { max_connections = CONNECTIONS },
  }, server)
  self.input = assert(io.popen(command(self.directory, port, options), "w"))
  local ready, said = await_start(self)
  if ready then return self end
  self:stop()
  return nil, said
end

--- Starts a server; it answers when this returns.
---@param options { template: string, values: table<string, string>? }  the configuration, with a location = / that
---  answers; and what to fill in
---@return table self  port, url, directory; `idle`, a function to be called now and then while it is waited for
function server.start(options)
  local started, said
  for _ = 1, PORTS_TRIED do
    started, said = start_on(random_port(), options)
    if started or not said:find("Address already in use", 1, true) then break end
  end
  return started or error("nginx does not start: " .. said)
end

--- Ends the server; nothing of it is left.
function server:stop()
  self.engine:close()
  -- A program that the spec has started may hold the pipe open, too: hence a line.
  self.input:write("stop\n")
  self.input:close()
end

--- Sends a request without waiting for the answer.
---@param path string
---@param more? table  method, headers, body
---@return table transfer
function server:start_transfer(path, more)
  more = more or {}
  return assert(self.engine:start {
    method = more.method or "GET", url = self.url .. path, headers = more.headers or {}, body = more.body,
    connect_timeout = ASK_TIMEOUT, read_timeout = ASK_TIMEOUT,
  })
end

--- Waits for the answer: its table, or nil, kind, message.
function server:finish(transfer)
  while not transfer:done() do
    if self.idle then self.idle() end
    self.engine:step(self.idle and IDLE_SECONDS or 1)
  end
  return transfer:result()
end

--- The body of the answer, which must be a good one.
---@param path string
---@param more? table  method, headers, body
---@return string body, table headers
function server:ask(path, more)
  local response, _, message = self:finish(self:start_transfer(path, more))
  assert(response, message)
  assert(response.status == 200, ("HTTP %d: %s%s"):format(response.status, response.body, self:last_errors()))
  return response.body, response.headers
end

--- A file of the server's directory, "" if there is none.
---@param name string  as "error.log"
---@return string
function server:read(name)
  return read_file(self.directory .. "/" .. name)
end

--- The end of what nginx has logged.
---@return string
function server:last_errors()
  return self:read("error.log"):sub(-LONGEST_EXCERPT)
end

--- Sends the master a signal.
---@param name string  as "HUP"
function server:signal(name)
  assert(os.execute(("kill -%s %d"):format(name, self:pid())))
end

--- The master's process id.
---@return integer
function server:pid()
  return tonumber(self:read("nginx.pid"))
end

--- The workers' process ids.
---@return integer[]
function server:workers()
  local pids = {}
  for pid in read_file(("/proc/%d/task/%d/children"):format(self:pid(), self:pid())):gmatch("%d+") do
    pids[#pids + 1] = tonumber(pid)
  end
  return pids
end

--- Whether the master has ended, having taken its file with it, or has not begun to listen.
---@return boolean
function server:has_ended()
  return self:read("nginx.pid") == ""
end

--- How many file descriptors a process has open.
---@param pid integer
---@return integer
function server.open_files(pid)
  local count = 0
  for _ in lfs.dir(("/proc/%d/fd"):format(pid)) do count = count + 1 end
  return count
end

--- Makes a certificate for localhost, signed by itself.
---@return string directory  with the files `certificate` and `key`
function server.make_certificate()
  local directory = new_directory()
  local pipe = assert(io.popen(("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1 -keyout %s/key "
    .. "-out %s/certificate 2>&1"):format(directory, directory)))
  local said = pipe:read("*a")
  pipe:close()
  assert(read_file(directory .. "/certificate") ~= "", said)
  return directory
end

--- Removes a directory that was made here.
---@param directory string
function server.remove(directory)
  assert(os.execute("rm -r " .. directory))
end

--- Waits until something is so; an error if it takes too long.
---@param what string
---@param is_so fun(): any
function server.await(what, is_so)
  local deadline = core.monotonic() + START_TIMEOUT
  while not is_so() do
    assert(core.monotonic() < deadline, "it does not come about that " .. what)
    core.sleep(0.02)
  end
end

return server
