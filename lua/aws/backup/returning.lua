--- The other way to fail, with the option raise = false: `nil, err` in place of an error that is raised.

local errors = require "aws.backup.errors"
local protect = require "aws.backup.protect"

-- What a function of the caller's raises on its own account goes on.
local function settle(ran, ...)
  if ran then return ... end
  local raised = ...
  if errors.is(raised, "Error") then return nil, raised end
  error(raised, 0)
end

--- A function that returns the client's errors where the given one raises them.
---@param fn function
---@return function
return function(fn)
  return function(...) return settle(protect(fn, ...)) end
end
