--- Waits in the calling thread. A wait in a function that runs in parallel with others (aws.backup.parallel) is part of
-- the one wait for all of them.

local core = require "aws.backup.core"
local scheduler = require "aws.backup.runtime.scheduler"
local slice = require "aws.backup.runtime.slice"

local blocking = { name = "blocking" }

local function shared(wait)
  return scheduler.give(wait) or scheduler.drive(wait)
end

---@param seconds number
function blocking.sleep(seconds)
  if seconds <= 0 or shared({ seconds = seconds }) then return end
  local ending = core.monotonic() + seconds
  local left = seconds
  while left > 0 do
    slice.wait({}, left)
    left = ending - core.monotonic()
  end
end

---@param engine table
---@param transfer table
function blocking.finish(engine, transfer)
  if shared({ engine = engine, transfer = transfer }) then return end
  local engines = { engine }
  while not transfer:done() do slice.wait(engines, math.huge) end
end

return blocking
