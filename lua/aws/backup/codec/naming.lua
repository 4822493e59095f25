--- The method name of an operation.

local ascii = require "aws.backup.ascii"

local naming = {}

--- Turns upper camel case into snake case exactly as botocore names its clients' methods:
--- `StartBackupJob` is `start_backup_job`, `GetPITRMalwareScanResults` is `get_pitr_malware_scan_results`.
---@param name string
---@return string
function naming.snake_case(name)
  -- A plural of an acronym at the end stays one word: ListBackupARNs is list_backup_arns.
  local plural = name:match("[A-Z][A-Z]+s$")
  if plural then
    name = name:sub(1, #name - #plural) .. "_" .. ascii.lower(plural)
  end
  name = name:gsub("(.)([A-Z][a-z]+)", "%1_%2")
  return ascii.lower((name:gsub("([a-z0-9])([A-Z])", "%1_%2")))
end

return naming
