--- Waits in the calling thread. Every wait is cut into slices, so that Ctrl-C, which the interpreter only notices
-- between two Lua instructions, gets through.

local core = require "aws.backup.core"

local blocking = { name = "blocking" }

local SLICE_SECONDS = 0.25

---@param seconds number
function blocking.sleep(seconds)
  local ending = core.monotonic() + seconds
  local left = seconds
  while left > 0 do
    core.sleep(math.min(left, SLICE_SECONDS))
    left = ending - core.monotonic()
  end
end

---@param engine table
---@param transfer table
function blocking.finish(engine, transfer)
  while not transfer:done() do engine:step(SLICE_SECONDS) end
end

return blocking
