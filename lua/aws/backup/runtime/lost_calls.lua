--- Tells nginx's error log of a call that never comes back. In a TLS handshake that happens to whoever waits when the
-- handshake ends: the client has gone, its time is over, or this nginx can't wait there after all. The code that waits
-- is dropped with it, and has no way to say so.

local lost_calls = {}

local LOOK_SECONDS = 1
local LONG_SECONDS = 3600

-- Waits beside the call for as long as the handshake lasts: nginx ends both waits at once.
local function wait_along(semaphore)
  while true do semaphore:wait(LONG_SECONDS) end
end

local function tell(ngx, what, phase_name)
  ngx.log(ngx.ERR, "aws.backup: ", what, ' in the phase "', phase_name, '" of nginx was left without an outcome: ',
    "the TLS handshake that waited for it has ended. The client is gone, or client_header_timeout is over, or this ",
    "nginx lacks OpenResty's patch to wait there; client:later(operation, params, callback) makes a call that no ",
    "handshake can end")
end

-- Looks now and then whether the call is still waited for, until it is over.
local function look_after(ngx, call)
  local function look()
    if call.is_over then return end
    if call.semaphore:count() == 0 then return tell(ngx, call.what, call.phase_name) end
    ngx.timer.at(LOOK_SECONDS, look)
  end
  ngx.timer.at(LOOK_SECONDS, look)
end

local function settle(ngx, call, fine, ...)
  call.is_over = true
  ngx.thread.kill(call.thread)
  if not fine then error((...), 0) end
  return ...
end

--- Runs a function that makes a call in a phase of a TLS handshake.
---@param ngx table  nginx's API
---@param what string  that is done, for the log
---@param phase_name string
---@param run function  what it returns is returned, what it raises is raised
---@param ... any  its arguments
---@return any ...
function lost_calls.watch(ngx, what, phase_name, run, ...)
  local semaphore = require("ngx.semaphore").new(0)
  local call = { what = what, phase_name = phase_name, semaphore = semaphore,
    thread = ngx.thread.spawn(wait_along, semaphore) }
  look_after(ngx, call)
  return settle(ngx, call, pcall(run, ...))
end

return lost_calls
