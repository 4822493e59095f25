--- One backup job for each resource at a time (a fixed quota of the service): who holds a resource, and who
--- waits for it.

local occupancy = {}

local methods = {}
local metatable = { __name = "aws.backup.emulator.occupancy", __index = methods }

---@return table occupancy
function occupancy.new()
  return setmetatable({ holders = {}, queues = {} }, metatable)
end

--- Takes a resource for a job, or puts the job at the end of its queue.
---@param resource_arn string
---@param job table
---@return boolean taken  # false: it waits
function methods:take(resource_arn, job)
  if not self.holders[resource_arn] then
    self.holders[resource_arn] = job
    return true
  end
  local queue = self.queues[resource_arn] or {}
  queue[#queue + 1] = job
  self.queues[resource_arn] = queue
  return false
end

--- Lets a job go, whether it holds the resource, waits for it or never came that far.
---@param resource_arn string
---@param job table
---@return table? following  # the job that holds the resource from now on, if it has changed hands
function methods:leave(resource_arn, job)
  local queue = self.queues[resource_arn] or {}
  if self.holders[resource_arn] == job then
    local following = table.remove(queue, 1)
    self.holders[resource_arn] = following
    if #queue == 0 then self.queues[resource_arn] = nil end
    return following
  end
  for index, waiting in ipairs(queue) do
    if waiting == job then
      table.remove(queue, index)
      break
    end
  end
  return nil
end

--- The job that holds a resource.
---@param resource_arn string
---@return table?
function methods:holder(resource_arn)
  return self.holders[resource_arn]
end

return occupancy
