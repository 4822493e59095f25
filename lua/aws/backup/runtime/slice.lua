--- The piece of a wait that blocks the thread. It is short, so that Ctrl-C, which the interpreter only notices between
-- two Lua instructions, gets through.

local arrivals = require "aws.backup.runtime.arrivals"
local core = require "aws.backup.core"

local slice = {}

local LONGEST_SECONDS = 0.25

-- No system call waits for two engines; while one is waited for, the others wait so long at most.
local LONGEST_OF_SEVERAL_SECONDS = 0.005

--- Waits at most so long, and a slice at most; moves the transfers of the engines on meanwhile.
---@param engines table[]
---@param seconds number
function slice.wait(engines, seconds)
  local length = math.min(seconds, LONGEST_SECONDS)
  if #engines == 0 then return core.sleep(length) end
  if #engines > 1 then length = math.min(length, LONGEST_OF_SEVERAL_SECONDS) end
  for index = 2, #engines do
    if arrivals.step(engines[index], 0) then length = 0 end
  end
  arrivals.step(engines[1], length)
end

return slice
