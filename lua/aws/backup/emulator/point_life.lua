--- The life of recovery points: made by jobs, moved and deleted by their lifecycles.

local ids = require "aws.backup.emulator.ids"
local lifecycle = require "aws.backup.emulator.lifecycle"
local registry = require "aws.backup.emulator.registry"

local point_life = {}

-- How long a deletion takes, in virtual seconds; as in the service, the vault counts the recovery point meanwhile.
local DELETION_SECONDS = 30
-- A lifecycle's deletion comes at a random moment within eight hours after its time (developer guide), all
-- done by then.
local DELETION_SPREAD = 8 * 3600 - 2 * DELETION_SECONDS
-- How long a search index is built.
local INDEX_SECONDS = 120

--- Begins the recovery point of a job that has begun to run.
---@param world table
---@param vault table  # where it goes
---@param job table
---@return table point  # Status CREATING
function point_life.begin(world, vault, job)
  local point = {
    arn = job.point_arn or job.resource.traits.point(world, job),
    vault = vault, resource = job.resource, role_arn = job.role_arn, status = "CREATING",
    created = job.created, initiated = job.created, storage_class = "WARM", lifecycle = job.lifecycle,
    calculated = lifecycle.calculate(job.lifecycle, job.created),
    tags = {}, is_parent = job.children ~= nil, parent = job.parent and job.parent.point or nil, events = {},
  }
  for key, value in pairs(job.tags) do point.tags[key] = value end
  vault.points:add(point.arn, point)
  world.recovery_points:add(point.arn, point)
  return point
end

local function protect(world, point)
  local resource = point.resource
  local entry = world.protected:get(resource.arn)
  if not entry then
    entry = { resource = resource, points = registry.new() }
    world.protected:add(resource.arn, entry)
  end
  entry.points:add(point.arn, point)
end

local function build_index(world, point)
  point.index_status = "PENDING"
  world.schedule:after(INDEX_SECONDS, function() point.index_status = "ACTIVE" end)
end

--- Ends the making of a recovery point: from here on it can be restored, and its lifecycle runs.
---@param world table
---@param point table
---@param job table  # the job that made it
---@param status string  # COMPLETED, or PARTIAL for a composite that lacks something
function point_life.complete(world, point, job, status)
  point.status, point.completed, point.size = status, world:now(), job.size
  if job.index == "ENABLED" then build_index(world, point) end
  protect(world, point)
  point_life.plan(world, point)
end

--- Takes a recovery point away at once.
---@param world table
---@param point table
function point_life.remove(world, point)
  for _, event in pairs(point.events) do world.schedule:cancel(event) end
  point.vault.points:remove(point.arn)
  world.recovery_points:remove(point.arn)
  local entry = world.protected:get(point.resource.arn)
  if entry then
    entry.points:remove(point.arn)
    if entry.points.count == 0 then world.protected:remove(point.resource.arn) end
  end
  if not point.is_parent then return end
  for _, other in world.recovery_points:oldest_first() do
    if other.parent == point then other.parent = nil end
  end
end

--- Begins a deletion; some time later the recovery point is gone.
---@param world table
---@param point table
function point_life.delete(world, point)
  if point.status == "DELETING" then return end
  point.status = "DELETING"
  for _, event in pairs(point.events) do world.schedule:cancel(event) end
  point.events = { gone = world.schedule:after(DELETION_SECONDS, function() point_life.remove(world, point) end) }
end

--- Plans what the lifecycle of a recovery point will do, in place of what was planned before.
---@param world table
---@param point table
function point_life.plan(world, point)
  for _, event in pairs(point.events) do world.schedule:cancel(event) end
  point.events = {}
  local calculated = point.calculated or {}
  if calculated.MoveToColdStorageAt and point.storage_class == "WARM" then
    point.events.cold = world.schedule:at(calculated.MoveToColdStorageAt, function() point.storage_class = "COLD" end)
  end
  if calculated.DeleteAt then
    local due = math.max(calculated.DeleteAt, world:now()) + ids.fraction(point.arn) * DELETION_SPREAD
    point.events.delete = world.schedule:at(due, function() point_life.delete(world, point) end)
  end
end

--- The newest recovery point of a protected resource.
---@param entry table  # of `world.protected`
---@param vault? table  # only those of this vault
---@return table? point
function point_life.newest(entry, vault)
  for _, point in entry.points:newest_first() do
    if vault == nil or point.vault == vault then return point end
  end
  return nil
end

return point_life
