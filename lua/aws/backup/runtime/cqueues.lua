--- Waiting in the loop of cqueues (https://25thandclement.com/~william/projects/cqueues.html):
--
--     local client = backup.client { runtime = require("aws.backup.runtime.cqueues").new() }
--     loop:wrap(function() client:start_backup_job { ... } end)
--
-- Needs the module cqueues, which is no dependency of this one.

local unpack = table.unpack or unpack -- luacheck: ignore

local adapter = {}

local function new_waiter(cqueues, condition)
  local woken = condition.new()
  local waiter = {}

  function waiter.wait(_, descriptors, seconds)
    local events = { woken, seconds }
    for index, descriptor in ipairs(descriptors) do events[index + 2] = { pollfd = descriptor, events = "r" } end
    cqueues.poll(unpack(events))
    -- cqueues goes by the number: without this it would take a descriptor that is opened later for the same.
    for _, descriptor in ipairs(descriptors) do cqueues.cancel(descriptor) end
  end

  function waiter.wake()
    woken:signal()
  end

  return waiter
end

--- A table for the option `runtime` of a client whose methods are called in coroutines of cqueues.
---@return { sleep: fun(seconds: number), waiter: fun(): aws.backup.Waiter }
function adapter.new()
  local cqueues, condition = require "cqueues", require "cqueues.condition"
  return {
    sleep = function(seconds) cqueues.sleep(seconds) end,
    waiter = function() return new_waiter(cqueues, condition) end,
  }
end

return adapter
