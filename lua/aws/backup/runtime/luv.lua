--- Waiting in the loop of luv (https://github.com/luvit/luv). luv knows callbacks alone, so what calls a client runs in
--- a coroutine:
--
--     local runtime = require("aws.backup.runtime.luv").new()
--     local client = backup.client { runtime = runtime }
--     runtime.spawn(function() client:start_backup_job { ... } end)
--     uv.run()
--
-- Needs the module luv, which is no dependency of this one.

local errors = require "aws.backup.errors"
local lineage = require "aws.backup.runtime.lineage"
local raise = require "aws.backup.raise"

local adapter = {}

local MS_PER_SECOND = 1000

-- An error that nothing caught goes on to the loop, as that of a callback does. Who was closed meanwhile waits no more.
local function resume(thread, ...)
  if coroutine.status(thread) == "dead" then return end
  local fine, failure = coroutine.resume(thread, ...)
  if not fine then raise(failure) end
end

local function running_thread()
  return lineage.root() or error(errors.new("ClientError", { message = "with the runtime of luv, clients can be called "
    .. "in coroutines alone; put the calls into a function for spawn of that runtime" }), 0)
end

-- Calls `go_on` when a descriptor can be read or the time is over, whatever comes first. Returns the handles; the first
-- is the timer's.
local function watch(uv, descriptors, seconds, go_on)
  local handles = { uv.new_timer() }
  uv.update_time() -- a timer counts from when the loop last looked at the clock
  handles[1]:start(math.ceil(seconds * MS_PER_SECOND), 0, go_on)
  for _, descriptor in ipairs(descriptors) do
    local handle = uv.new_poll(descriptor)
    -- None for a descriptor that is still watched elsewhere. Then whoever watches it wakes this one.
    if handle then
      handle:start("r", go_on)
      handles[#handles + 1] = handle
    end
  end
  return handles
end

local function new_waiter(uv)
  local waiter = {}
  local handles, go_on

  function waiter.wait(_, descriptors, seconds)
    local thread = running_thread()
    function go_on()
      for _, handle in ipairs(handles) do
        if not handle:is_closing() then handle:close() end
      end
      handles = nil
      resume(thread)
    end
    handles = watch(uv, descriptors, seconds, function() if handles then go_on() end end)
    coroutine.yield()
  end

  function waiter.wake()
    if handles then handles[1]:start(0, 0, go_on) end
  end

  return waiter
end

--- A table for the option `runtime` of a client whose methods are called in coroutines that the loop of luv resumes.
-- Its `spawn(fn, ...)` starts a function in such a coroutine; what the function raises ends the loop.
---@return { sleep: fun(seconds: number), waiter: (fun(): aws.backup.Waiter), spawn: fun(fn: function, ...) }
function adapter.new()
  local uv = require "luv"
  return {
    sleep = function(seconds) new_waiter(uv):wait({}, seconds) end,
    waiter = function() return new_waiter(uv) end,
    spawn = function(fn, ...) resume(coroutine.create(fn), ...) end,
  }
end

return adapter
