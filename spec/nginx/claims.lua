--- What runs in the nginx of spec/nginx/claims_spec.lua: callers that go away while they fetch credentials, and others
--- that want the same.

-- luacheck: std ngx_lua

local backup = require "aws.backup"
local cjson = require "cjson"

local claims = {}

local SERVICES = assert(os.getenv("SERVICES"))

-- The clients of this worker, by the name of their credentials.
local clients = {}

local function client_of(name, more)
  if not clients[name] then
    local options = {
      region = "eu-west-1", endpoint_url = SERVICES,
      env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = SERVICES .. "/credentials/" .. name },
    }
    for key, value in pairs(more or {}) do options[key] = value end
    clients[name] = backup.client(options)
  end
  return clients[name]
end

--- Makes a call, and tells which worker made it and how long that took.
function claims.call()
  local begun = ngx.now()
  local shared_dict = ngx.var.arg_shared and "aws_credentials" or nil
  client_of(ngx.var.arg_credentials, { shared_dict = shared_dict }):list_backup_vaults()
  ngx.update_time()
  ngx.say(cjson.encode { pid = ngx.worker.pid(), seconds = ngx.now() - begun })
end

local cases = {}

-- How long it takes to make a call.
local function time_of(call)
  ngx.update_time()
  local begun = ngx.now()
  call()
  ngx.update_time()
  return ngx.now() - begun
end

-- Kills a call in the midst of its fetch, and makes another.
function cases.killed()
  local client = client_of("killed")
  local function call() return client:list_backup_vaults() end
  local thread = ngx.thread.spawn(call)
  ngx.sleep(0.05)
  assert(ngx.thread.kill(thread))
  return { seconds = time_of(call) }
end

-- The same while another one waits for that fetch already.
function cases.awaited()
  local client = client_of("awaited")
  local function call() return client:list_backup_vaults() end
  local thread = ngx.thread.spawn(call)
  local other = ngx.thread.spawn(function() return time_of(call) end)
  ngx.sleep(0.05)
  assert(ngx.thread.kill(thread))
  return { seconds = select(2, assert(ngx.thread.wait(other))) }
end

-- One that waits for the fetch of another is killed; the fetch goes on, and what follows it.
function cases.waiter()
  local client = client_of("waiter")
  local function call() return client:list_backup_vaults() end
  local thread = ngx.thread.spawn(call)
  local waiter, last = ngx.thread.spawn(call), ngx.thread.spawn(call)
  ngx.sleep(0.05)
  assert(ngx.thread.kill(waiter))
  assert(ngx.thread.wait(thread))
  assert(ngx.thread.wait(last))
  return { ended = true }
end

function cases.pid()
  return { pid = ngx.worker.pid() }
end

--- Answers the current request with what comes of a case.
function claims.run(name)
  ngx.print(cjson.encode(cases[name]()))
end

return claims
