--- What an account has switched on in a region, and the types of resources that there are.

local failure = require "aws.backup.emulator.failure"
local resources = require "aws.backup.emulator.resources"

local settings = { operations = {} }

-- Types whose backups AWS Backup can manage itself if the account wants it so.
local MANAGEABLE = { "DynamoDB", "EFS" }

-- Off in the one answer of a real account that was seen; which are on differs by the account's age.
local OFF = { Aurora = true, CloudFormation = true, DocumentDB = true, FSx = true, Neptune = true,
  ["SAP HANA on Amazon EC2"] = true }

--- The settings of a new account.
---@return { opt_in: table<string, boolean>, management: table<string, boolean> }
function settings.defaults()
  local opt_in, management = {}, {}
  for _, name in ipairs(resources.names()) do opt_in[name] = not OFF[name] end
  for _, name in ipairs(MANAGEABLE) do management[name] = true end
  return { opt_in = opt_in, management = management }
end

function settings.operations.DescribeRegionSettings(world)
  return {
    ResourceTypeOptInPreference = world.settings.opt_in,
    ResourceTypeManagementPreference = world.settings.management,
  }
end

local INVALID_TYPE = "Element present in resource type %s preference has invalid values. Please use "
  .. "describeRegionSettings API to know the supported resource types"

-- What is given is merged; a type that is not known spoils the whole call.
local function check(known, given, what)
  for name in pairs(given or {}) do
    if known[name] == nil then return failure.invalid(INVALID_TYPE:format(what)) end
  end
  return true
end

local function merge(known, given)
  for name, value in pairs(given or {}) do known[name] = value end
end

function settings.operations.UpdateRegionSettings(world, params)
  local opt_in, management = params.ResourceTypeOptInPreference, params.ResourceTypeManagementPreference
  local fine, refusal = check(world.settings.opt_in, opt_in, "opt in")
  if fine then fine, refusal = check(world.settings.management, management, "management") end
  if not fine then return nil, refusal end
  merge(world.settings.opt_in, opt_in)
  merge(world.settings.management, management)
  return {}
end

function settings.operations.GetSupportedResourceTypes()
  return { ResourceTypes = resources.names() }
end

return settings
