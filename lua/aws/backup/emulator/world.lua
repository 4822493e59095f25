--- All that one emulator holds: one account in one region. Handlers get it as their first argument; it
--- knows the time and makes ids, and knows nothing of requests.

local number = require "aws.backup.codec.number"

local clock = require "aws.backup.emulator.clock"
local ids = require "aws.backup.emulator.ids"
local occupancy = require "aws.backup.emulator.occupancy"
local registry = require "aws.backup.emulator.registry"
local schedule = require "aws.backup.emulator.schedule"

local world = {}

local methods = {}
local metatable = { __name = "aws.backup.emulator.world", __index = methods }

--- Makes an empty world.
---@param options table  # complete: see options.lua
---@return table world
function world.new(options)
  local time = clock.new(options.clock, options.speed)
  return setmetatable({
    region = options.region, account_id = options.account_id, partition = options.partition,
    clock = time,
    schedule = schedule.new(time:now()),
    new_uuid = options.uuid or ids.uuid,
    -- Page tokens are signed with it, so that one of another emulator is told apart.
    token_key = (options.uuid or ids.uuid)(),
    vaults = registry.new(),
    jobs = registry.new(),
    recovery_points = registry.new(),
    protected = registry.new(),
    occupancy = occupancy.new(),
    requests = {},
    failures = {},
    durations = options.durations,
    settings = options.settings,
  }, metatable)
end

--- The present moment of this world, to the millisecond. It stands still while one request is answered.
---@return number seconds  # virtual time since the epoch
function methods:now()
  return number.round_seconds(self.schedule.time)
end

--- Lets everything happen that was due until now.
function methods:catch_up()
  self.schedule:run(self.clock:now())
end

return world
