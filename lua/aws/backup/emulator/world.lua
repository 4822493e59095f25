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

-- The longest prefix counts. Source: the partitions file of the AWS SDKs.
local PARTITIONS = {
  { "cn-", "aws-cn" }, { "us-gov-", "aws-us-gov" }, { "us-isob-", "aws-iso-b" }, { "us-isof-", "aws-iso-f" },
  { "eu-isoe-", "aws-iso-e" }, { "us-iso-", "aws-iso" }, { "eusc-", "aws-eusc" },
}

local function partition_of(region)
  for _, entry in ipairs(PARTITIONS) do
    if region:sub(1, #entry[1]) == entry[1] then return entry[2] end
  end
  return "aws"
end

--- Makes an empty world.
---@param options table  # complete: see options.lua
---@return table world
function world.new(options)
  local time = clock.new(options.clock, options.speed)
  return setmetatable({
    region = options.region, account_id = options.account_id, partition = partition_of(options.region),
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
