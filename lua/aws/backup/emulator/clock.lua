--- The emulator's two times. *Wall* time is the caller's clock: signatures and the Date header live in it.
--- *Virtual* time is what jobs, windows and lifecycles live in: it starts at the wall time, runs `speed`
--- times as fast, jumps ahead when told to, and never goes back, whatever the wall clock does.

local clock = {}

local methods = {}
local metatable = { __name = "aws.backup.emulator.clock", __index = methods }

--- Makes a clock.
---@param wall fun(): number  # epoch seconds
---@param speed number  # virtual seconds in a wall second, at least 0
---@return table clock
function clock.new(wall, speed)
  local start = wall()
  local self = { wall = wall, speed = speed, reading = start, virtual = start }
  return setmetatable(self, metatable)
end

--- The virtual time.
---@return number seconds  # since the epoch
function methods:now()
  local reading = self.wall()
  if reading > self.reading then
    self.virtual = self.virtual + (reading - self.reading) * self.speed
  end
  self.reading = reading
  return self.virtual
end

--- Moves the virtual time ahead.
---@param seconds number  # at least 0
function methods:advance(seconds)
  self.virtual = self:now() + seconds
end

return clock
