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

-- Kills a thread in the midst of parallel; what was begun by then, and what is known of it some time later.
function cases.parallel()
  local client = client_of("parallel")
  local begun, ended = 0, 0
  local items = {}
  for index = 1, 50 do items[index] = index end
  local thread = ngx.thread.spawn(function()
    backup.parallel(items, function()
      begun = begun + 1
      client:list_backup_vaults()
      ended = ended + 1
    end, { concurrency = 2 })
  end)
  ngx.sleep(0.5)
  assert(ngx.thread.kill(thread))
  local begun_then, ended_then = begun, ended
  ngx.sleep(1.5)
  return { begun_then = begun_then, begun = begun, ended_then = ended_then, ended = ended }
end

-- What a function raises ends all others before parallel raises it.
function cases.parallel_raises()
  local client, ended = client_of("parallel"), 0
  local fine = pcall(backup.parallel, { 1, 2, 3, 4 }, function(item)
    client:list_backup_vaults()
    ended = ended + 1
    return item
  end, { concurrency = 2, on_progress = function() error("enough") end })
  local ended_then = ended
  ngx.sleep(1)
  return { fine = fine, ended_then = ended_then, ended = ended }
end

-- Kills a call that waits for a name server.
function cases.resolving()
  local client = backup.client {
    region = "eu-west-1", endpoint_url = "http://host.silent", retry_mode = "off", env = {},
    credentials = { access_key_id = "AKID", secret_access_key = "S" },
  }
  local thread = ngx.thread.spawn(function() return client:list_backup_vaults() end)
  ngx.sleep(0.3)
  return { killed = ngx.thread.kill(thread) == 1 }
end

function cases.pid()
  return { pid = ngx.worker.pid() }
end

--- Answers the current request with what comes of a case.
function claims.run(name)
  ngx.print(cjson.encode(cases[name]()))
end

return claims
