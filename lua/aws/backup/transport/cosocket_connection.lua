--- One connection over nginx's sockets, for one request: found in the pool or opened, through a proxy if there is one,
-- with TLS if the request wants it; and given back.
--
-- Failures come as a kind, a sentence without the names of hosts, and whether another attempt may go better if the kind
-- alone does not tell. What goes wrong at the proxy is of the kind "proxy".

local core = require "aws.backup.core"
local http_reader = require "aws.backup.transport.http_reader"
local http_writer = require "aws.backup.transport.http_writer"

local cosocket_connection = {}

-- Idle connections: how many are kept for each place, and how long. Shorter than what libcurl allows (118 s) and than
-- load balancers do (60 s), so that few are closed by the other side in the moment they are used.
local POOL_SIZE = 64
local IDLE_MS = 55000
-- Where a client has a bound of its own, as many calls may wait for their turn.
local BACKLOG = 65535

-- The head of an answer to CONNECT is all that is read of it.
local NO_BODY = 0

local MAX_MS = 2147483647

local methods = {}
local metatable = { __index = methods }

-- Time.

-- Lets the next operation of the socket take until a moment at most, and no longer than the request may. Returns the
-- kind of failure if it takes longer.
local function arm(self, moment, kind)
  local deadline = self.deadline
  if deadline and deadline < moment then moment, kind = deadline, "timeout" end
  -- 0 would mean the default of nginx.
  local ms = math.min(math.max(math.ceil((moment - core.monotonic()) * 1000), 1), MAX_MS)
  self.socket:settimeouts(ms, ms, ms)
  return kind, ms
end

-- Connecting.

-- RFC 6761, 6.3: localhost is this machine, and no name server is asked for it.
local LOOPBACK = { "127.0.0.1", "[::1]" }

local function is_address(host)
  return host:find("^%[") ~= nil or host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil
end

-- What an error of connect means: the sentences are those of ngx_lua and of the C library.
local function connect_failure(failure, late)
  if failure == "timeout" then return late, "no connection was made" end
  -- Waiting brings no resolver.
  if failure:find("^no resolver defined") then return "dns", failure, false end
  if failure:find("resolve", 1, true) then return "dns", failure end
  return "connect", failure
end

-- Runs `run` in a light thread, until it has returned or the time is over.
local function within(ngx, ms, run)
  local connected, failure, has_returned = nil, "timeout", false
  local running = ngx.thread.spawn(function()
    connected, failure = run()
    has_returned = true
  end)
  -- With an idle connection it has returned by now.
  if has_returned then
    ngx.thread.wait(running)
    return connected, failure
  end
  local alarm = ngx.thread.spawn(function() ngx.sleep(ms / 1000) end)
  local ran, message = ngx.thread.wait(running, alarm)
  ngx.thread.kill(running)
  ngx.thread.kill(alarm)
  if not ran then error(message, 0) end
  return connected, failure
end

-- What resolves names has a timeout of its own (resolver_timeout, 30 s), so it is given up from outside. That takes
-- light threads, of which nginx keeps a little until the request has ended; so not where an idle connection should be
-- there, for which no name is resolved.
local function connect_by_name(self, hop, ms)
  local function run() return self.socket:connect(hop.host, hop.port, self.pool) end
  if (self.idle[self.pool.pool] or 0) > 0 then return run() end
  return within(self.ngx, ms, run)
end

-- What a client knows of the idle connections in a pool: it may be wrong, since others take and close them. A fresh one
-- tells that there was none.
local function note_idle(self, change)
  local name = self.pool.pool
  self.idle[name] = math.max((self.idle[name] or 0) + change, 0)
end

local function connect_to_this_machine(self, hop)
  local connected, failure = self.socket:connect(LOOPBACK[1], hop.port, self.pool)
  if connected or failure == "timeout" then return connected, failure end
  return self.socket:connect(LOOPBACK[2], hop.port, self.pool)
end

local function connect_once(self, hop)
  local late, ms = arm(self, self.connect_by, "connect_timeout")
  local connected, failure
  if is_address(hop.host) then
    connected, failure = self.socket:connect(hop.host, hop.port, self.pool)
  elseif hop.host == "localhost" then
    connected, failure = connect_to_this_machine(self, hop)
  else
    connected, failure = connect_by_name(self, hop, ms)
  end
  self.is_reused = connected and self.socket:getreusedtimes() > 0
  note_idle(self, self.is_reused and -1 or -math.huge)
  if connected then return true end
  return nil, connect_failure(failure, late)
end

-- A connection to the first hop. If it must be a fresh one, idle ones that turn up are closed: where one was stale, so
-- are the others.
local function connect(self, hop, must_be_fresh)
  while true do
    local connected, kind, message, retryable = connect_once(self, hop)
    if not connected then return nil, kind, message, retryable end
    if not (must_be_fresh and self.is_reused) then break end
    self.socket:close()
  end
  if self.tcp_keepalive and not self.is_reused then self.socket:setoption("keepalive", true) end
  return true
end

-- TLS.

local function handshake(self, host)
  self.tls_peer = host
  local late = arm(self, self.connect_by, "connect_timeout")
  local name = host:gsub("^%[(.*)%]$", "%1"):gsub("%.$", "")
  local done, failure = self.socket:sslhandshake(false, name, self.verify_tls)
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

local function send(self, bytes, moment, kind)
  local late = arm(self, moment, kind)
  local sent, failure = self.socket:send(bytes)
  if sent then return true end
  if failure == "timeout" then return nil, late, "it did not take the request" end
  return nil, "reset", failure == "closed" and "it ended before the request was sent" or failure
end

-- The function that a reader receives with; `moment_of(self)` tells until when it may wait.
local function receiver(self, moment_of, kind)
  local socket = self.socket
  return function(max)
    local late = arm(self, moment_of(self), kind)
    local bytes, failure = socket:receiveany(max)
    if bytes then return bytes end
    if failure == "timeout" then return nil, late, "nothing more came" end
    return nil, failure == "closed" and "closed" or "reset", failure
  end
end

-- Proxies.

local function connect_end(self)
  return self.connect_by
end

-- Asks the proxy for a tunnel to the target.
local function open_tunnel(self, target, proxy)
  local place = ("%s:%d"):format(target.host, target.port)
  local head, kind, message = http_writer.head({ method = "CONNECT" }, place, place, proxy.authorization)
  local sent
  if head then sent, kind, message = send(self, head, self.connect_by, "connect_timeout") end
  if not sent then return nil, kind, message end
  local reader = http_reader.new(receiver(self, connect_end, "connect_timeout"), NO_BODY)
  local answer
  answer, kind, message = reader:read_head()
  if not answer then return nil, kind, message end
  if answer.status < 200 or answer.status > 299 then
    return nil, "proxy", ("it answered HTTP %d to CONNECT"):format(answer.status), answer.status >= 500
  end
  -- They would be taken for the target's.
  if reader:has_unread() then return nil, "protocol", "it sent bytes of its own into the tunnel" end
  return true
end

local FAULTS_OF_PROXY = { dns = true, connect = true, reset = true, protocol = true }

local function blame_proxy(kind, message, retryable)
  if not FAULTS_OF_PROXY[kind] then return nil, kind, message, retryable end
  if retryable == nil then retryable = true end
  return nil, "proxy", message, retryable
end

-- Public.

-- Everything that makes one connection another one's equal. The proxy's URL may hold a password.
local function pool_name(route, settings)
  local target, proxy = route.target, route.proxy
  local is_forwarded = proxy and target.scheme == "http"
  return table.concat({
    "aws.backup", target.scheme, is_forwarded and "*" or target.host .. ":" .. target.port,
    proxy and core.sha256_hex(proxy.url) or "direct", settings.verify_tls and "verified" or "unverified",
    settings.tcp_keepalive and "probed" or "", settings.owner or "",
  }, "|")
end

--- Opens the connection, or finds an idle one.
---@param must_be_fresh boolean
---@return true?, string? kind, string? message, boolean? retryable
function methods:open(must_be_fresh)
  self.connect_by = core.monotonic() + self.connect_timeout
  local target, proxy = self.route.target, self.route.proxy
  local hop = proxy or target
  local has_tunnel = proxy ~= nil and target.scheme == "https"
  local done, kind, message, retryable = connect(self, hop, must_be_fresh)
  if done and self.is_reused then return true end
  if done and hop.scheme == "https" then done, kind, message, retryable = handshake(self, hop.host) end
  if done and has_tunnel then done, kind, message, retryable = open_tunnel(self, target, proxy) end
  if done and has_tunnel then return handshake(self, target.host) end
  if done then return true end
  if proxy then return blame_proxy(kind, message, retryable) end
  return nil, kind, message, retryable
end

-- Until when the other side may be silent.
local function silence_end(self)
  return core.monotonic() + self.read_timeout
end

--- Sends a request and reads the answer.
---@param bytes string[]
---@param method string
---@return { status: integer, headers: table<string, string>, body: string }? response
---@return string? kind, string? message
---@return boolean? is_stale  the connection was an idle one, and ended without a byte of an answer
function methods:exchange(bytes, method)
  local sent, kind, message = send(self, bytes, silence_end(self), "read_timeout")
  if not sent then return nil, kind, message, self.is_reused and kind == "reset" end
  local reader = http_reader.new(receiver(self, silence_end, "read_timeout"), self.max_body_bytes)
  local head, body, is_reusable
  head, kind, message = reader:read_head()
  if not head then return nil, kind, message, self.is_reused and kind == "reset" and not reader.has_begun end
  body, is_reusable, message = reader:read_body(head, method)
  if not body then return nil, is_reusable, message end
  self.is_reusable = is_reusable
  return { status = head.status, headers = head.headers, body = body }
end

--- Ends the use of the connection: it becomes idle if another request may follow on it, else it is closed.
function methods:release()
  if self.is_reusable and self.socket:setkeepalive(IDLE_MS) then
    note_idle(self, 1)
  else
    self.socket:close()
  end
end

--- A connection that is not open yet.
---@param ngx table  nginx's API
---@param route { target: aws.backup.Target, proxy: table? }
---@param settings table  verify_tls, tcp_keepalive, max_connections, owner, max_response_bytes, idle (a table that the
---  connections of a client share)
---@param request { connect_timeout: number, read_timeout: number, timeout: number? }  seconds
---@return table connection
function cosocket_connection.new(ngx, route, settings, request)
  return setmetatable({
    ngx = ngx, socket = ngx.socket.tcp(), route = route, verify_tls = settings.verify_tls,
    tcp_keepalive = settings.tcp_keepalive, max_body_bytes = settings.max_response_bytes,
    pool = {
      pool = pool_name(route, settings), pool_size = settings.max_connections or POOL_SIZE,
      backlog = settings.max_connections and BACKLOG or nil,
    },
    idle = settings.idle, connect_timeout = request.connect_timeout, read_timeout = request.read_timeout,
    deadline = request.timeout and core.monotonic() + request.timeout,
  }, metatable)
end

return cosocket_connection
