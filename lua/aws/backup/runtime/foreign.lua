--- Waits in a loop of the caller's own (copas, cqueues, luv and the like), so that the loop serves others meanwhile.
--
-- The option `runtime` of a client takes a table for that:
--
--     {
--       sleep = function(seconds),   -- yields to the loop, which resumes after so long
--       waiter = function(),         -- optional: see below
--     }
--
-- With `sleep` alone the sockets are looked at between short sleeps. A loop that can wait for a descriptor spares that
-- with `waiter`, which makes an object for one wait:
--
--     waiter:wait(descriptors, seconds)   -- yields until one of the descriptors can be read, so many seconds have
--                                         -- passed, or it is woken; none of that need be true when it returns
--     waiter:wake()                       -- ends the wait, from another coroutine of the loop; does nothing if it
--                                         -- has ended
--
-- A descriptor is open as long as it is waited for, and only one waiter waits for it at a time.
-- aws.backup.runtime.cqueues and aws.backup.runtime.luv make such tables.
--
-- Calls may be made in any coroutine that the loop resumes. In Lua 5.1 they may yield from within a coroutine that the
-- client made and that hands its yields on: a `sleep` that notes whom to resume must note the coroutine that the loop
-- knows, not what coroutine.running() says.

local arrivals = require "aws.backup.runtime.arrivals"
local scheduler = require "aws.backup.runtime.scheduler"
local watching = require "aws.backup.runtime.watching"

local foreign = {}

-- A short first pause answers fast services fast; the cap bounds what a slow answer costs in wake-ups.
local FIRST_PAUSE_SECONDS = 0.001
local LONGEST_PAUSE_SECONDS = 0.020

local function poll(given, engines, seconds, turns)
  local length = math.min(seconds, LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ^ turns)
  given.sleep(length)
  for _, engine in ipairs(engines) do arrivals.step(engine, 0) end
  return length
end

-- Whoever waits for one transfer.
local sleeper = {}
sleeper.__index = sleeper

function sleeper:is_served() return self.transfer:done() end
function sleeper:arrived() if self.wake then self.wake() end end

--- A runtime that waits as the given table does.
---@param given { sleep: fun(seconds: number), waiter: (fun(): aws.backup.Waiter)? }
---@return table runtime
function foreign.new(given)
  local runtime = { name = "custom" }

  -- Waits for engines and moves them on, for at most so long: the less the fewer `turns` it took so far, and no longer
  -- than until asleep:is_served(), for which asleep.wake() is called, if it was set. Returns how long it slept by the
  -- time of the loop, if that may be a virtual one.
  function runtime.pause(engines, seconds, turns, asleep)
    if #engines == 0 then
      given.sleep(seconds)
      return seconds
    elseif given.waiter then
      watching.wait(given.waiter(), engines, seconds, asleep)
      return 0
    end
    return poll(given, engines, seconds, turns)
  end

  function runtime.sleep(seconds)
    if not scheduler.give({ seconds = seconds }, runtime) then given.sleep(seconds) end
  end

  function runtime.finish(engine, transfer)
    if scheduler.give({ engine = engine, transfer = transfer }, runtime) then return end
    local asleep, engines, turns = setmetatable({ transfer = transfer }, sleeper), { engine }, 0
    arrivals.expect(transfer, asleep)
    arrivals.step(engine, 0)
    while not transfer:done() do
      runtime.pause(engines, math.huge, turns, asleep)
      turns = turns + 1
    end
  end

  return runtime
end

return foreign
