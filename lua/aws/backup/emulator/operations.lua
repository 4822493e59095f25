--- Which operations the emulator answers, and with what: the one place where they come together. A handler
--- takes the world and the parameters (right by the model) and returns an output, or nil and a failure.

local operations = {}

local FAMILIES = { "vaults", "backup_jobs", "recovery_points", "protected_resources", "tags", "settings" }

local handlers = {}
for _, family in ipairs(FAMILIES) do
  for name, handler in pairs(require("aws.backup.emulator." .. family).operations) do
    assert(handlers[name] == nil, name)
    handlers[name] = handler
  end
end

--- The handler of an operation.
---@param name string  # "StartBackupJob"
---@return (fun(world: table, params: table): table?, table?)?  # nil: not implemented
function operations.handler(name)
  return handlers[name]
end

return operations
