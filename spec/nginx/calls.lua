--- What runs in the nginx of spec/nginx/calls_spec.lua and spec/nginx/phases_spec.lua: clients that are made while
--- nginx reads its configuration, and calls in every phase. What came of each is in the dictionary `outcomes`.

-- luacheck: std ngx_lua

local cjson = require "cjson"

local backup = require "aws.backup"
local phases = require "aws.backup.runtime.phase"

local calls = {}

local function new_client(runtime)
  return backup.client {
    region = "eu-west-1", endpoint_url = assert(os.getenv("UPSTREAM")), runtime = runtime,
    env = { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "SECRET" }, random = function() return 0 end,
  }
end

-- Made in init_by_lua, used in all workers.
local clients = { auto = new_client("auto"), blocking = new_client("blocking"), ngx = new_client("ngx") }

-- The name of the vault that AWS Backup described, or the error.
local function outcome_of(fine, output)
  if fine then return output.BackupVaultName end
  return tostring(output)
end

local function describe(client, name)
  return outcome_of(pcall(client.describe_backup_vault, client, { BackupVaultName = name }))
end

local function keep(name, outcome)
  ngx.shared.outcomes:set(name, outcome)
end

--- Makes a call in this phase, and one later.
function calls.try(phase)
  keep(phase, describe(clients.auto, "in-" .. phase))
  keep(phase .. " (ngx)", describe(clients.ngx, "in-" .. phase))
  local params = { BackupVaultName = "after-" .. phase }
  local fine, started, failure = pcall(clients.auto.later, clients.auto, "describe_backup_vault", params,
    function(output, err) keep(phase .. " (later)", outcome_of(output ~= nil, output or err)) end)
  if not fine or not started then keep(phase .. " (later)", tostring(failure or started)) end
  -- Whoever calls may use the table for something else.
  params.BackupVaultName = "changed"
end

--- The same where nobody is left to ask for it: written into a file in nginx's prefix.
function calls.try_and_write(phase)
  calls.try(phase)
  local file = assert(io.open(ngx.config.prefix() .. phase, "w"))
  for _, name in ipairs { phase, phase .. " (later)" } do file:write(ngx.shared.outcomes:get(name), "\n") end
  file:close()
end

--- To be called in init_worker_by_lua.
function calls.start_worker()
  calls.try("init_worker")
  assert(ngx.timer.at(0, function() calls.try("timer") end))
end

--- Tells which worker called, and what came of it, for the vault of the argument `name`.
function calls.call(kind)
  ngx.print(ngx.worker.pid(), " ", describe(clients[kind], ngx.var.arg_name))
end

--- Calls when the answer has gone out; for log_by_lua.
function calls.call_later()
  local name = ngx.var.arg_name
  assert(clients.auto:later("DescribeBackupVault", { BackupVaultName = name }, function(output, err)
    keep(name, outcome_of(output ~= nil, output or err))
  end))
end

--- Calls later as often as the argument `times` says, at once; prints how often that was taken. What goes well is
--- counted as `burst`.
function calls.call_later_often()
  local taken = 0
  for index = 1, tonumber(ngx.var.arg_times) do
    local name = "burst-" .. index
    local started = clients.auto:later("DescribeBackupVault", { BackupVaultName = name }, function(output)
      if output.BackupVaultName == name then ngx.shared.outcomes:incr("burst", 1, 0) end
    end)
    if started then taken = taken + 1 end
  end
  ngx.print(taken)
end

--- Calls as often as the argument `times` says, one after the other; prints how often it went well, and the kilobytes
--- of Lua's memory in use then.
function calls.call_often()
  local good = 0
  for index = 1, tonumber(ngx.var.arg_times) do
    local name = "vault-" .. index
    if describe(clients.auto, name) == name then good = good + 1 end
  end
  collectgarbage()
  collectgarbage()
  ngx.print(good, " ", collectgarbage("count"))
end

--- In which phases of a handshake a call may wait here, as JSON.
function calls.tell_waits()
  local told = {}
  for _, name in ipairs { "ssl_client_hello", "ssl_cert", "ssl_session_fetch" } do
    told[name] = phases.may_wait(name)
  end
  ngx.print(cjson.encode(told))
end

--- All outcomes, as JSON.
function calls.tell_outcomes()
  local told = {}
  for _, name in ipairs(ngx.shared.outcomes:get_keys(0)) do told[name] = ngx.shared.outcomes:get(name) end
  ngx.print(cjson.encode(told))
end

return calls
