--- Calls in the background of nginx: in a timer that runs as soon as the phase at hand has ended. The way out of phases
-- that can't wait, such as log_by_lua.

local errors = require "aws.backup.errors"
local phase = require "aws.backup.runtime.phase"

local later = {}

-- nginx runs so many timers of a worker at a time (lua_max_running_timers), and drops those beyond, telling only its
-- log. What is not begun can be told to whoever asked for it.
local MOST_TIMERS = 256

-- Where nginx takes no timers.
local IMPOSSIBLE = { init = "call the operation itself", exit_worker = "make the call before the worker exits" }

local function misuse(message)
  return nil, errors.new("ConfigError", { message = message })
end

--- Whether a call can be made later.
---@param callback any
---@return true?, aws.backup.Error? err  ConfigError: not inside nginx, not in this phase, or no function
function later.check(callback)
  local name = phase.current()
  if not name then return misuse("later is for nginx, and this program is none; call the operation itself") end
  if IMPOSSIBLE[name] then
    return misuse(('there is no later in the phase "%s" of nginx; %s'):format(name, IMPOSSIBLE[name]))
  end
  if type(callback) ~= "function" then
    return misuse("later must be given a function(output, err_or_meta) that is told what came of the call")
  end
  return true
end

local function copy_of(value, copies)
  if type(value) ~= "table" then return value end
  if not copies[value] then
    local copy = {}
    copies[value] = copy
    for key, item in pairs(value) do copy[key] = copy_of(item, copies) end
  end
  return copies[value]
end

--- A copy in depth: the tables that a caller gives may be used for something else by then.
---@param params any
---@return any
function later.copy(params)
  return copy_of(params, {})
end

local function perform(premature, run, callback)
  if premature then
    return callback(nil, errors.new("ClientError", {
      message = "the worker of nginx exits before the call was made; make it again in the worker that follows",
    }))
  end
  return callback(run())
end

local function refuse(reason, directive)
  return nil, errors.new("ClientError", {
    message = ("nginx takes no more timers (%s); make fewer calls at once%s"):format(reason, directive),
  })
end

--- Makes a call later.
---@param run fun(): table?, table  returns output and meta, or nil and an error
---@param callback fun(output: table?, meta_or_err: table)
---@return true?, aws.backup.Error? err  ClientError: nginx takes no more timers
function later.start(run, callback)
  local timer = rawget(_G, "ngx").timer
  if timer.running_count() + timer.pending_count() >= MOST_TIMERS then
    return refuse(("this worker has %d under way"):format(MOST_TIMERS), "")
  end
  local started, message = timer.at(0, perform, run, callback)
  if started then return true end
  return refuse(tostring(message), ", or raise lua_max_pending_timers")
end

return later
