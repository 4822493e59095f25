--- Waits with the caller's own sleep (copas, cqueues, luv): the engine is stepped without waiting, and between two
-- steps the caller's scheduler has the thread.

local foreign = {}

-- A short first pause answers fast services fast; the cap bounds what a slow answer costs in wake-ups.
local FIRST_PAUSE_SECONDS = 0.001
local LONGEST_PAUSE_SECONDS = 0.020

---@param given { sleep: fun(seconds: number) }
---@return table runtime
function foreign.new(given)
  local runtime = { name = "custom" }

  function runtime.sleep(seconds)
    given.sleep(seconds)
  end

  function runtime.finish(engine, transfer)
    local pause = FIRST_PAUSE_SECONDS
    engine:step(0)
    while not transfer:done() do
      given.sleep(pause)
      pause = math.min(pause * 2, LONGEST_PAUSE_SECONDS)
      engine:step(0)
    end
  end

  return runtime
end

return foreign
