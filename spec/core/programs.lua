--- Helpers for specs that run programs beside this one.

local core = require "aws.backup.core"

local programs = {}

local PATIENCE = 30 -- seconds, for what takes milliseconds on an idle machine
local STATE, ZOMBIE = 3, "Z"

function programs.wait_until(condition)
  local deadline = core.monotonic() + PATIENCE
  while not condition() do
    assert(core.monotonic() < deadline, "it never came about")
    core.sleep(0.005)
  end
end

--- Steps a child to its end; returns its result.
function programs.finish(child)
  programs.wait_until(function() return child:step(0.2) end)
  return child:result()
end

function programs.run(argv, options)
  return programs.finish(assert(core.spawn(argv, options)))
end

--- Runs a script of the shell.
function programs.sh(script, options)
  return programs.run({ "sh", "-c", script }, options)
end

--- The fields of /proc/PID/stat by their numbers in proc(5), without the name; nil if there is no such process.
function programs.fields(pid)
  local file = io.open("/proc/" .. pid .. "/stat", "rb")
  local text = file and file:read("*a")
  if file then file:close() end
  if not text then return nil end
  local fields = { pid, "" }
  for field in text:match("^.*%)(.*)$"):gmatch("%S+") do fields[#fields + 1] = field end
  return fields
end

function programs.is_alive(pid)
  local fields = programs.fields(pid)
  return fields ~= nil and fields[STATE] ~= ZOMBIE
end

--- How many processes that have ended this one has not collected.
function programs.zombies()
  local count = 0
  local listing = assert(io.popen("cat /proc/[0-9]*/stat 2>/dev/null"))
  for line in listing:lines() do
    local state, parent = line:match("^.*%) (%a) (%d+)")
    if state == ZOMBIE and tonumber(parent) == core.pid() then count = count + 1 end
  end
  listing:close()
  return count
end

--- Waits until a script has written a line to the file; returns the one or two numbers in it.
---@return string, string?
function programs.numbers_in(path)
  local line
  programs.wait_until(function()
    line = (core.read_file(path, 100) or ""):match("^(.*)\n$")
    return line
  end)
  return line:match("^(%d+) ?(%d*)$")
end

return programs
