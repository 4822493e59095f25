--- How a call waits: for time to pass, and for a transfer to end.
--
-- A runtime is `{ name, sleep = function(seconds), finish = function(engine, transfer) }`.

local blocking = require "aws.backup.runtime.blocking"
local errors = require "aws.backup.errors"
local foreign = require "aws.backup.runtime.foreign"

local runtime = {}

-- Inside nginx only the phases that run before it serves may block.
local function serving_nginx_phase()
  local ngx = rawget(_G, "ngx")
  local get_phase = type(ngx) == "table" and ngx.get_phase
  local phase = get_phase and get_phase()
  if phase and phase ~= "init" and phase ~= "init_worker" then return phase end
  return nil
end

-- Between two looks at the sockets the worker serves others.
local function nginx()
  local ngx = rawget(_G, "ngx")
  if type(ngx) ~= "table" or not ngx.sleep then
    return nil, errors.new("ConfigError", { message =
      'runtime = "ngx" waits with ngx.sleep, which is only there inside nginx; leave runtime out here' })
  end
  return foreign.new({ sleep = ngx.sleep })
end

--- The runtime for what a caller chose.
---@param choice "auto"|"blocking"|"ngx"|table  a table brings its own sleep(seconds)
---@return table? runtime, table? err  ConfigError: nothing that would block was chosen in nginx
function runtime.choose(choice)
  if type(choice) == "table" then return foreign.new(choice) end
  if choice == "ngx" then return nginx() end
  local phase = choice == "auto" and serving_nginx_phase()
  if phase then
    return nil, errors.new("ConfigError", { message =
      'waiting in the nginx phase "' .. phase .. '" would block the worker; give the option '
      .. 'runtime = "ngx", or accept the blocking with runtime = "blocking"' })
  end
  return blocking
end

return runtime
