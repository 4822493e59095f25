--- Gets back what dropped coroutines still hold. Nobody tells that a host has let a coroutine go: that comes out when
-- the garbage collector finds it. Who waits for something that such a coroutine may have lets it look, now and then.

local leftovers = {}

local PAUSE_SECONDS = 0.25
-- Of the time of whoever waits, a big heap takes so much at most.
local LARGEST_SHARE = 0.05

--- A function to be called again and again while something is waited for. It collects at times, and tells if it has.
---@param monotonic fun(): number  seconds
---@return fun(): boolean collect
function leftovers.collector(monotonic)
  local next_time
  return function()
    local now = monotonic()
    next_time = next_time or now + PAUSE_SECONDS
    if now < next_time then return false end
    collectgarbage()
    local ended = monotonic()
    next_time = ended + math.max(PAUSE_SECONDS, (ended - now) / LARGEST_SHARE)
    return true
  end
end

return leftovers
