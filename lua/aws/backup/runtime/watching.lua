--- Waiting for engines in a loop that can wait for descriptors.
--
-- Of all who wait for an engine, one watches its descriptor and moves the transfers of all on. Whose transfer has ended
-- is woken. Whoever goes and leaves nobody who watches wakes another one to do so. Hence an answer costs two wake-ups,
-- however many wait.

local arrivals = require "aws.backup.runtime.arrivals"
local claim = require "aws.backup.runtime.claim"
local core = require "aws.backup.core"

local watching = {}

-- If the loop drops whoever watches, or somebody whose connection another one waits for, it is noticed after so long.
local LONGEST_SECONDS = 0.5
-- What a loop may be late before that is believed.
local GRACE_SECONDS = 1
-- Where the system has no descriptor that stands for all sockets, they are looked at so often.
local WITHOUT_DESCRIPTOR_SECONDS = 0.020

---@class aws.backup.Waiter
---@field wait fun(self: aws.backup.Waiter, descriptors: integer[], seconds: number)
---@field wake fun(self: aws.backup.Waiter)

-- Who waits for an engine, in whatever client: a fact about the engine, which all of them share.
local crowds = setmetatable({}, { __mode = "k" })

local function crowd_of(engine)
  local crowd = crowds[engine]
  if not crowd then
    -- Weak, because a loop may drop a coroutine that waits.
    crowd = { waiters = setmetatable({}, { __mode = "k" }), watched_until = nil, watcher = nil }
    crowds[engine] = crowd
  end
  return crowd
end

local function how_long(engines, seconds)
  seconds = math.min(seconds, LONGEST_SECONDS)
  for _, engine in ipairs(engines) do
    if not engine:descriptor() then seconds = math.min(seconds, WITHOUT_DESCRIPTOR_SECONDS) end
    seconds = math.min(seconds, engine:timeout() or seconds)
  end
  return seconds
end

local new_claim = claim.of_coroutines(function() return core.monotonic() end)

local function is_watched(crowd)
  return crowd.watcher ~= nil and core.monotonic() < crowd.watched_until and crowd.watcher.is_held()
end

-- Returns the crowds of which the waiter is the one who watches, and what it is to watch.
local function join(engines, waiter, seconds)
  local watched, descriptors = {}, {}
  for _, engine in ipairs(engines) do
    local crowd, descriptor = crowd_of(engine), engine:descriptor()
    crowd.waiters[waiter] = true
    if descriptor and not is_watched(crowd) then
      crowd.watched_until, crowd.watcher = core.monotonic() + seconds + GRACE_SECONDS, new_claim()
      watched[#watched + 1], descriptors[#descriptors + 1] = crowd, descriptor
    end
  end
  return watched, descriptors
end

local function leave(engines, waiter, watched)
  for _, engine in ipairs(engines) do crowd_of(engine).waiters[waiter] = nil end
  for _, crowd in ipairs(watched) do crowd.watcher = nil end
end

local function find_successors(engines)
  for _, engine in ipairs(engines) do
    local crowd = crowd_of(engine)
    local successor = next(crowd.waiters)
    if successor and not is_watched(crowd) then successor:wake() end
  end
end

--- Waits for engines and moves them on, for at most so long.
---@param waiter aws.backup.Waiter
---@param engines table[]
---@param seconds number
---@param asleep table  see aws.backup.runtime.foreign
function watching.wait(waiter, engines, seconds, asleep)
  seconds = how_long(engines, seconds)
  local watched, descriptors = join(engines, waiter, seconds)
  asleep.wake = function() waiter:wake() end
  waiter:wait(descriptors, seconds)
  asleep.wake = nil
  leave(engines, waiter, watched)
  for _, engine in ipairs(engines) do arrivals.step(engine, 0) end
  if asleep:is_served() then find_successors(engines) end
end

return watching
