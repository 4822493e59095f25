--- What runs in the nginx that bench/nginx/run.lua measures: calls of a client, and the same request over a socket of
--- nginx with nothing around it.

-- luacheck: std ngx_lua

local backup = require "aws.backup"
local core = require "aws.backup.core"
local http_writer = require "aws.backup.transport.http_writer"
local sample = require "bench.sample"

local worker = {}

local IDLE_MS = 55000
-- As many as the client keeps.
local POOL = { pool_size = 64 }
local READ_MS = 60000

local function new_client(url)
  return backup.client { region = "eu-west-1", endpoint_url = url, env = {}, credentials = sample.keys }
end

local holding = new_client(assert(os.getenv("HOLDING")))

-- The bytes of a call, made once, and where they go.
local function bytes_of_call(client)
  local request = client:prepare("StartBackupJob", sample.params)
  request.headers["amz-sdk-request"] = "attempt=1; max=3"
  local target = assert(http_writer.target(request.url))
  local head = assert(http_writer.head(request, target.path, target.authority))
  return table.concat(head) .. request.body, target.host, target.port
end

-- The least that a program does which trusts the other side.
local function exchange(bytes, host, port)
  local socket = ngx.socket.tcp()
  socket:settimeouts(READ_MS, READ_MS, READ_MS)
  assert(socket:connect(host, port, POOL))
  assert(socket:send(bytes))
  local line = assert(socket:receive("*l"))
  local status, length = line:match("^HTTP/1%.1 (%d+)"), nil
  assert(status == "200", line)
  repeat
    line = assert(socket:receive("*l"))
    length = length or line:match("^[Cc]ontent%-[Ll]ength: (%d+)")
  until line == ""
  local body = assert(socket:receive(tonumber(length)))
  assert(socket:setkeepalive(IDLE_MS))
  return body
end

-- The two ways to ask one service.
local function ways_to(url)
  local client = new_client(url)
  local bytes, host, port = bytes_of_call(client)
  return {
    call = function() return client:start_backup_job(sample.params).BackupJobId end,
    bare = function() return exchange(bytes, host, port):match('"BackupJobId":"([^"]*)"') end,
  }
end

local answering = assert(os.getenv("ANSWERING"))
local near, distant = ways_to(answering), ways_to(answering .. "/distant")

--- Makes a call, or the same request without a client.
---@param kind "call"|"bare"
function worker.run(kind)
  ngx.print((near[kind]()))
end

--- The same, of a service that takes its time.
---@param kind "call"|"bare"
function worker.run_distant(kind)
  ngx.print((distant[kind]()))
end

--- Tells how many seconds one takes, of as many in a row as the argument `times` says; `kind`: call or bare.
function worker.time()
  local run = near[ngx.var.arg_kind]
  local times, started = tonumber(ngx.var.arg_times), core.monotonic()
  for _ = 1, times do run() end
  ngx.print(("%.9f"):format((core.monotonic() - started) / times))
end

--- Makes a call that is answered when spec/nginx/upstream.lua answers for the vault of the argument `name`.
function worker.held_call()
  ngx.print(holding:describe_backup_vault({ BackupVaultName = ngx.var.arg_name }).BackupVaultName)
end

--- Tells the kilobytes of Lua's memory in use.
function worker.tell_memory()
  collectgarbage()
  collectgarbage()
  ngx.print(collectgarbage("count"))
end

return worker
