--- Runs a script to its end: `backup.main`. What is wrong goes to the error output as a text, and the exit status tells
--- the kinds apart, so that whoever runs the script (cron, a shell, CI) can act on it.

local errors = require "aws.backup.errors"
local interrupt = require "aws.backup.interrupt"
local is_callable = require "aws.backup.callable"
local raise = require "aws.backup.raise"
local visible = require "aws.backup.codec.visible"

local main = {}

local FAILED, INTERRUPTED = 1, 130

-- The first class that an error is of tells.
local STATUSES = {
  { "ParamValidationError", 2 }, { "ConfigError", 2 }, { "EndpointError", 2 },
  { "ServiceError", 3 },
  { "TransportError", 4 }, { "ResponseError", 4 },
  { "JobFailedError", 5 },
  { "WaitTimeoutError", 6 },
}

--- The exit status of something that was raised.
---@param raised any
---@return integer
function main.status_of(raised)
  if interrupt.is(raised) then return INTERRUPTED end
  for _, known in ipairs(STATUSES) do
    if errors.is(raised, known[1]) then return known[2] end
  end
  return FAILED
end

local function text_of(raised)
  if interrupt.is(raised) then
    return "interrupted; " .. (interrupt.told(raised) or "backup jobs that were started go on at AWS (stop_backup_job "
      .. "ends one)")
  end
  if errors.is(raised, "Error") or type(raised) == "string" then return tostring(raised) end
  return visible.value(raised)
end

-- A fault of the program wants its place; what happened in the world has none in it.
local function with_place(raised)
  local debug_library = rawget(_G, "debug")
  if type(raised) ~= "string" or interrupt.is(raised) or type(debug_library) ~= "table" then return raised end
  return debug_library.traceback(raised, 2)
end

-- Nothing and true are success, false is failure, and a number is the status itself; `nil, err` is what the client's
-- methods return with raise = false.
local function status_returned(value, second)
  if not value and errors.is(second, "Error") then return nil, second end
  if value == false then return FAILED end
  local is_status = type(value) == "number" and value % 1 == 0 and value >= 0 and value <= 255
  return is_status and math.floor(value) or 0
end

--- Runs a function; what is wrong is written to a file.
---@param fn function
---@param file file*
---@return integer status
function main.run(fn, file)
  local ran, first, second = xpcall(function() return fn() end, with_place)
  local status, failure
  if ran then status, failure = status_returned(first, second) else failure = first end
  if status then return status end
  file:write(text_of(failure), "\n")
  return main.status_of(failure)
end

local function refuse(class, message)
  raise(errors.new(class, { message = message }))
end

--- See backup.main.
---@param fn function
function main.run_and_exit(fn)
  if not is_callable(fn) then
    refuse("ClientError", "main must be given the function that it runs, not "
      .. (fn == nil and "nil; did it return something in place of a function?" or "a " .. type(fn)))
  end
  local ngx = rawget(_G, "ngx")
  if type(ngx) == "table" and ngx.get_phase then
    refuse("ConfigError", "main ends the process, which would be a worker of nginx; use pcall, or clients with "
      .. "raise = false")
  end
  local status = main.run(fn, io.stderr)
  io.stdout:flush()
  os.exit(status)
end

return main
