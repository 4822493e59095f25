--- What an account has switched on in a region, and the types of resources that there are.

local failure = require "aws.backup.emulator.failure"
local resources = require "aws.backup.emulator.resources"

local settings = { operations = {} }

-- Types whose backups AWS Backup can manage itself if the account wants it so.
local MANAGEABLE = { "DynamoDB", "EFS" }

-- Types that can be backed up incrementally on request.
local INCREMENTAL = { "DynamoDB" }

-- Off in the one answer of a real account that was seen; which are on differs by the account's age.
local OFF = { Aurora = true, CloudFormation = true, DocumentDB = true, FSx = true, Neptune = true,
  ["SAP HANA on Amazon EC2"] = true }

--- The settings of a new account.
---@return { opt_in: table<string, boolean>, management: table<string, boolean>, incremental: table<string, boolean> }
function settings.defaults()
  local opt_in, management, incremental = {}, {}, {}
  for _, name in ipairs(resources.names()) do opt_in[name] = not OFF[name] end
  for _, name in ipairs(MANAGEABLE) do management[name] = true end
  for _, name in ipairs(INCREMENTAL) do incremental[name] = false end
  return { opt_in = opt_in, management = management, incremental = incremental }
end

function settings.operations.DescribeRegionSettings(world)
  return {
    ResourceTypeOptInPreference = world.settings.opt_in,
    ResourceTypeManagementPreference = world.settings.management,
    ResourceTypeOptInIncremental = world.settings.incremental,
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

-- The members of UpdateRegionSettings: which table each is for, and what its fault is called.
local PREFERENCES = {
  { member = "ResourceTypeOptInPreference", key = "opt_in", what = "opt in" },
  { member = "ResourceTypeManagementPreference", key = "management", what = "management" },
  { member = "ResourceTypeOptInIncremental", key = "incremental", what = "opt in incremental" },
}

function settings.operations.UpdateRegionSettings(world, params)
  for _, preference in ipairs(PREFERENCES) do
    local fine, refusal = check(world.settings[preference.key], params[preference.member], preference.what)
    if not fine then return nil, refusal end
  end
  for _, preference in ipairs(PREFERENCES) do
    merge(world.settings[preference.key], params[preference.member])
  end
  return {}
end

function settings.operations.GetSupportedResourceTypes()
  return { ResourceTypes = resources.names() }
end

return settings
