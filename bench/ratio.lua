--- Times two pieces of work in turn and gives their ratio, which holds where single times on a shared machine do not.

local core = require "aws.backup.core"

local ratio = {}

local ROUNDS = 9
local ROUND_SECONDS = 0.02

local function time_of(work, times)
  local started = core.monotonic()
  for _ = 1, times do work() end
  return core.monotonic() - started
end

-- How often a piece of work fits into a round.
local function calibrate(work)
  local times = 1
  while time_of(work, times) < ROUND_SECONDS do times = times * 2 end
  return times
end

local function median(values)
  table.sort(values)
  return values[math.floor(#values / 2) + 1]
end

--- Runs two clocks in turn; their medians, and the median of the ratios of neighbouring rounds.
---@param time_work fun(): number  seconds for one piece of the work
---@param time_floor fun(): number
---@return { work: number, floor: number, ratio: number }  work and floor in microseconds
function ratio.of_rounds(time_work, time_floor)
  local works, floors, ratios = {}, {}, {}
  for round = 1, ROUNDS do
    works[round], floors[round] = time_work(), time_floor()
    ratios[round] = works[round] / floors[round]
  end
  return { work = median(works) * 1e6, floor = median(floors) * 1e6, ratio = median(ratios) }
end

--- Times a piece of work and its floor, both so often that a round takes long enough to be timed.
---@param work fun()
---@param floor fun()
---@return { work: number, floor: number, ratio: number }  work and floor in microseconds
function ratio.measure(work, floor)
  local work_times, floor_times = calibrate(work), calibrate(floor)
  return ratio.of_rounds(function() return time_of(work, work_times) / work_times end,
    function() return time_of(floor, floor_times) / floor_times end)
end

return ratio
