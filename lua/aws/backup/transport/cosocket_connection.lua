--- One connection over nginx's sockets, for one request: found in the pool or opened, through a proxy if there is one,
-- with TLS if the request wants it; and given back.
--
-- Failures come as a kind, a sentence without the names of hosts, and whether another attempt may go better if the kind
-- alone does not tell. What goes wrong at the proxy is of the kind "proxy".

local core = require "aws.backup.core"
local explain = require "aws.backup.transport.explain"
local has_ended = require "aws.backup.runtime.has_ended"
local http_reader = require "aws.backup.transport.http_reader"
local http_writer = require "aws.backup.transport.http_writer"

local cosocket_connection = {}

-- How long an idle connection is kept: shorter than what libcurl allows (118 s) and than load balancers do (60 s), so
-- that few are closed by the other side in the moment they are used.
local IDLE_MS = 55000

local DEFAULT_SECONDS = 60
local MAX_MS = 2147483647

local methods = {}
local metatable = { __index = methods }

-- Time.

-- Milliseconds for the socket; 0 would mean the default of nginx.
local function to_ms(seconds)
  return math.min(math.max(math.ceil(seconds * 1000), 1), MAX_MS)
end

-- Lets the next operation of the socket take so many seconds at most, and no longer than the request may. Returns the
-- kind of failure if it takes longer, and the milliseconds.
local function arm(self, seconds, kind)
  local left = self.deadline and self.deadline - core.monotonic()
  if left and left < seconds then seconds, kind = left, "timeout" end
  local ms = to_ms(seconds)
  self.socket:settimeouts(ms, ms, ms)
  self.is_armed = false
  return kind, ms
end

local function arm_to_connect(self)
  return arm(self, self.connect_by - core.monotonic(), "connect_timeout")
end

-- For sending to the other side, and for its silence. What is armed stays so, unless there is less and less time.
local function arm_to_talk(self)
  if self.is_armed then return "read_timeout" end
  local late = arm(self, self.read_timeout, "read_timeout")
  self.is_armed = self.deadline == nil
  return late
end

-- For connecting, and at once for all that follows where the connection is an idle one, as it mostly is.
local function arm_for_all(self, must_be_fresh)
  if self.deadline or must_be_fresh then return arm_to_connect(self) end
  local ms, talking_ms = to_ms(self.connect_timeout), to_ms(self.read_timeout)
  self.socket:settimeouts(ms, talking_ms, talking_ms)
  self.is_armed = true
  return "connect_timeout", ms
end

-- Connecting.

-- RFC 6761, 6.3: localhost is this machine, and no name server is asked for it.
local LOOPBACK = { "127.0.0.1", "[::1]" }

-- What an error of connect means: the sentences are those of ngx_lua and of the C library.
local function connect_failure(failure, late)
  if failure == "timeout" then return late, "no connection was made" end
  -- Waiting brings no resolver.
  if failure:find("^no resolver defined") then return "dns", failure, false end
  if failure:find("resolve", 1, true) then return "dns", failure end
  return "connect", failure
end

-- How soon it is noticed that whoever wants the connection was killed.
local BEAT_SECONDS = 0.2

-- Waits for a light thread that this one has spawned until it has ended, `seconds` are over or somebody else has ended.
-- Then it is no more.
local function attend(ngx, running, seconds, owner)
  while seconds > 0 and not has_ended(running) and not has_ended(owner) do
    local beat = math.min(seconds, BEAT_SECONDS)
    local alarm = ngx.thread.spawn(function() ngx.sleep(beat) end)
    ngx.thread.wait(running, alarm)
    ngx.thread.kill(alarm)
    seconds = seconds - beat
  end
  ngx.thread.kill(running)
end

-- Runs `run` in a light thread, until it has returned, the time is over, or the running thread is killed: then nobody
-- would end it, which is why another one attends to it.
local function within(ngx, ms, run)
  local owner, returned = coroutine.running(), {}
  local attendant = ngx.thread.spawn(function()
    local running = ngx.thread.spawn(function() returned = { pcall(run) } end)
    -- With an idle connection it has returned by now.
    if returned[1] ~= nil then return ngx.thread.wait(running) end
    return attend(ngx, running, ms / 1000, owner)
  end)
  ngx.thread.wait(attendant)
  if returned[1] == false then error(returned[2], 0) end
  if returned[1] == nil then return nil, "timeout" end
  return returned[2], returned[3]
end

-- What resolves names has a timeout of its own (resolver_timeout, 30 s), so it is given up from outside. That takes
-- light threads, of which nginx keeps a little until the request has ended; so not where an idle connection should be
-- there, for which no name is resolved.
local function connect_by_name(self, hop, ms)
  local socket, pool = self.socket, self.route.pool
  if self.route.idle > 0 then return socket:connect(hop.host, hop.port, pool) end
  return within(self.ngx, ms, function() return socket:connect(hop.host, hop.port, pool) end)
end

local function connect_to_this_machine(self, hop)
  local connected, failure = self.socket:connect(LOOPBACK[1], hop.port, self.route.pool)
  if connected or failure == "timeout" then return connected, failure end
  return self.socket:connect(LOOPBACK[2], hop.port, self.route.pool)
end

local function connect_once(self, hop, must_be_fresh)
  local route = self.route
  local late, ms = arm_for_all(self, must_be_fresh)
  local connected, failure
  if route.has_address then
    connected, failure = self.socket:connect(hop.host, hop.port, route.pool)
  elseif hop.host == "localhost" then
    connected, failure = connect_to_this_machine(self, hop)
  else
    connected, failure = connect_by_name(self, hop, ms)
  end
  self.is_reused = connected and self.socket:getreusedtimes() > 0
  route.idle = self.is_reused and math.max(route.idle - 1, 0) or 0
  if connected then return true end
  return nil, connect_failure(failure, late)
end

-- A connection to the first hop. If it must be a fresh one, idle ones that turn up are closed: where one was stale, so
-- are the others.
local function connect(self, hop, must_be_fresh)
  while true do
    local connected, kind, message, retryable = connect_once(self, hop, must_be_fresh)
    if not connected then return nil, kind, message, retryable end
    if not (must_be_fresh and self.is_reused) then break end
    self.socket:close()
  end
  if self.route.tcp_keepalive and not self.is_reused then self.socket:setoption("keepalive", true) end
  return true
end

-- TLS.

local function handshake(self, host)
  self.tls_peer = host
  local late = arm_to_connect(self)
  local name = host:gsub("^%[(.*)%]$", "%1"):gsub("%.$", "")
  local done, failure = self.socket:sslhandshake(false, name, self.route.verify_tls)
  if done then
    -- Where it comes to its end at once, ngx_lua says so of one with a bad certificate too, having closed its socket.
    if self.socket:getreusedtimes() then return true end
    return nil, "tls", "the certificate can't be verified"
  end
  if failure == "timeout" then return nil, late, "no TLS connection was made" end
  -- It says nothing about the certificate: the other side may just have closed.
  return nil, "tls", failure, failure == "handshake failed" or nil
end

-- Sending and receiving.

local function send(self, bytes, late)
  local sent, failure = self.socket:send(bytes)
  if sent then return true end
  if failure == "timeout" then return nil, late, "it did not take the request" end
  return nil, "reset", failure == "closed" and "it ended before the request was sent" or failure
end

local function receive(self, max, late)
  local bytes, failure = self.socket:receiveany(max)
  if bytes then return bytes end
  if failure == "timeout" then return nil, late, "nothing more came" end
  return nil, failure == "closed" and "closed" or "reset", failure
end

-- What readers receive with.

-- What comes faster than it can be waited for is told no time by the socket.
local function receive_answer(max, self)
  if self.deadline and core.monotonic() >= self.deadline then return nil, "timeout", "nothing more came" end
  return receive(self, max, arm_to_talk(self))
end

local function receive_from_proxy(max, self)
  return receive(self, max, (arm_to_connect(self)))
end

-- Proxies.

-- Asks the proxy for a tunnel to the target.
local function open_tunnel(self, target)
  local place = ("%s:%d"):format(target.host, target.port)
  local head, kind, message = http_writer.head({ method = "CONNECT" }, place, place, self.route.proxy_authorization)
  local sent
  if head then sent, kind, message = send(self, head, (arm_to_connect(self))) end
  if not sent then return nil, kind, message end
  -- The head of the answer is all that is read of it.
  local answer, has_more
  answer, kind, message, has_more = http_reader.read_head(receive_from_proxy, self)
  if not answer then return nil, kind, message end
  if answer.status < 200 or answer.status > 299 then
    return nil, "proxy", explain.detail("proxy_tunnel", answer.status), answer.status >= 500
  end
  -- They would be taken for the target's.
  if has_more then return nil, "protocol", explain.detail("proxy_bytes") end
  return true
end

local FAULTS_OF_PROXY = { dns = true, connect = true, reset = true, protocol = true }

local function blame_proxy(kind, message, retryable)
  if not FAULTS_OF_PROXY[kind] then return nil, kind, message, retryable end
  if retryable == nil then retryable = true end
  return nil, "proxy", message, retryable
end

-- Public.

--- Opens the connection, or finds an idle one.
---@param must_be_fresh boolean
---@return true?, string? kind, string? message, boolean? retryable
function methods:open(must_be_fresh)
  self.connect_by = core.monotonic() + self.connect_timeout
  local target, proxy = self.route.target, self.route.proxy
  local hop = proxy or target
  local done, kind, message, retryable = connect(self, hop, must_be_fresh)
  if done and self.is_reused then return true end
  local has_tunnel = proxy ~= nil and target.scheme == "https"
  if done and hop.scheme == "https" then done, kind, message, retryable = handshake(self, hop.host) end
  if done and has_tunnel then done, kind, message, retryable = open_tunnel(self, target) end
  if done and has_tunnel then return handshake(self, target.host) end
  if done then return true end
  if proxy then return blame_proxy(kind, message, retryable) end
  return nil, kind, message, retryable
end

--- Sends a request and reads the answer.
---@param bytes string[]  in pieces
---@param method string
---@return { status: integer, headers: table<string, string>, body: string }? response
---@return string? kind, string? message
---@return boolean? is_stale  the connection was an idle one, and ended without a byte of an answer
function methods:exchange(bytes, method)
  local sent, kind, message = send(self, bytes, arm_to_talk(self))
  if not sent then return nil, kind, message, self.is_reused and kind == "reset" end
  local response, has_begun
  response, kind, message, has_begun = http_reader.read(receive_answer, self, self.route.max_body_bytes, method)
  if not response then return nil, kind, message, self.is_reused and kind == "reset" and not has_begun end
  self.is_reusable = kind
  return response
end

--- Ends the use of the connection: it becomes idle if another request may follow on it, else it is closed.
function methods:release()
  if self.is_reusable and self.socket:setkeepalive(IDLE_MS) then
    self.route.idle = self.route.idle + 1
  else
    self.socket:close()
  end
end

--- A connection that is not open yet.
---@param ngx table  nginx's API
---@param route aws.backup.Route
---@param request { connect_timeout: number, read_timeout: number, timeout: number? }  seconds
---@return table connection
function cosocket_connection.new(ngx, route, request)
  return setmetatable({
    ngx = ngx, socket = ngx.socket.tcp(), route = route, connect_timeout = request.connect_timeout or DEFAULT_SECONDS,
    read_timeout = request.read_timeout or DEFAULT_SECONDS,
    timeout = request.timeout, deadline = request.timeout and core.monotonic() + request.timeout,
    connect_by = nil, is_armed = false, is_reused = false, is_reusable = false, tls_peer = nil,
  }, metatable)
end

return cosocket_connection
