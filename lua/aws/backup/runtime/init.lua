--- How a call waits: for time to pass, and for a transfer to end.
--
-- A runtime is `{ name, sleep = function(seconds), finish = function(engine, transfer) }`. That of nginx has more:
-- see aws.backup.runtime.nginx.

local blocking = require "aws.backup.runtime.blocking"
local errors = require "aws.backup.errors"
local foreign = require "aws.backup.runtime.foreign"
local nginx = require "aws.backup.runtime.nginx"
local phase = require "aws.backup.runtime.phase"

local runtime = {}

--- The runtime for what a caller chose.
---@param choice "auto"|"blocking"|"ngx"|table  auto: by where each call runs; a table brings its own sleep(seconds)
---@return table? runtime, table? err  ConfigError: "ngx" outside nginx
function runtime.choose(choice)
  if type(choice) == "table" then return foreign.new(choice) end
  local is_nginx = phase.current() ~= nil
  if choice == "ngx" and not is_nginx then
    return nil, errors.new("ConfigError", { message =
      'runtime = "ngx" waits as nginx does, which is only possible inside nginx; leave runtime out here' })
  end
  if choice == "blocking" or not is_nginx then return blocking end
  return nginx.new(rawget(_G, "ngx"), choice == "auto" and blocking or nil)
end

return runtime
