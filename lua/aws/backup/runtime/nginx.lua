--- Waits inside nginx so that the worker serves others meanwhile: with ngx.sleep, while requests go over nginx's own
-- sockets. Decided anew for each wait, since a client that init_by_lua makes is used in any phase of any worker.

local claim = require "aws.backup.runtime.claim"
local core = require "aws.backup.core"
local errors = require "aws.backup.errors"
local lost_calls = require "aws.backup.runtime.lost_calls"
local phase = require "aws.backup.runtime.phase"
local raise = require "aws.backup.raise"

local nginx = {}

-- What to do instead, where nothing may be waited for.
local ADVICE = {
  exit_worker = "make the call before the worker exits",
  init = 'leave the option runtime out, or give runtime = "blocking"',
}
local GENERAL_ADVICE = "client:later(operation, params, callback) makes the call in a timer as soon as this phase has "
  .. "ended, as ngx.timer.at does with any function"

local NOT_KNOWN_TO_COME_BACK = " (it takes OpenResty's patches, and this nginx does not show them)"

local function no_waiting(name)
  return nil, errors.new("ConfigError", { message = ('in the phase "%s" of nginx nothing can be waited for%s, so no '
    .. "call can be made; %s"):format(name, phase.is_in_handshake(name) and NOT_KNOWN_TO_COME_BACK or "",
    ADVICE[name] or GENERAL_ADVICE) })
end

-- Lets all go on who wait for one event. Made for that event, and dropped after it.
local function new_gate(semaphore)
  local posts, waiting = semaphore.new(0), 0
  return {
    wait = function(seconds)
      waiting = waiting + 1
      posts:wait(seconds)
      waiting = waiting - 1
    end,
    open = function()
      if waiting > 0 then posts:post(waiting) end
    end,
  }
end

--- Makes the runtime.
---@param ngx table  nginx's API
---@param before_serving? table  the runtime for init_by_lua, before there is anybody to serve; absent: no call there
---@return table runtime
function nginx.new(ngx, before_serving)
  local runtime = { name = "ngx" }

  --- The API of nginx if requests go over its sockets here; nil if they go over libcurl.
  ---@return table? api
  ---@return aws.backup.Error? err  ConfigError, where no call can be made: names the phase and what to do instead
  function runtime.sockets()
    local name = phase.current()
    if phase.may_wait(name) then return ngx end
    if before_serving and name == "init" then return nil end
    return no_waiting(name)
  end

  --- Whether calls can be made here.
  ---@return true?, aws.backup.Error? err  as of `sockets`
  function runtime.check()
    local _, failure = runtime.sockets()
    if failure then return nil, failure end
    return true
  end

  --- Raises what `check` returns, where nothing can be waited for.
  ---@param seconds number
  function runtime.sleep(seconds)
    local api, failure = runtime.sockets()
    if failure then raise(failure) end
    if not api then return before_serving.sleep(seconds) end
    if seconds > 0 then ngx.sleep(seconds) end
  end

  --- Runs a function that makes a call, and tells the log if it never comes back.
  ---@param what string  that is done, for the log
  ---@param run function
  ---@param ... any  its arguments
  ---@return any ...  what it returns
  function runtime.watched(what, run, ...)
    local name = phase.current()
    if not phase.is_in_handshake(name) then return run(...) end
    return lost_calls.watch(ngx, what, name, run, ...)
  end

  --- Waits for a transfer of the C core: there is none but before serving.
  function runtime.finish(engine, transfer)
    before_serving.finish(engine, transfer)
  end

  --- Something to wait for: `wait(seconds)` ends when somebody calls `open()`, or by itself.
  function runtime.new_gate()
    return new_gate(require "ngx.semaphore")
  end

  --- A claim, see aws.backup.runtime.claim. Where nothing can be waited for nobody else runs before it is released.
  runtime.new_claim = (function()
    local waiting, at_once = claim.of_light_threads(ngx), claim.of_coroutines(core.monotonic)
    return function(renew)
      return (phase.may_wait(phase.current()) and waiting or at_once)(renew)
    end
  end)()

  return runtime
end

return nginx
