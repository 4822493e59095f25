--- The region of the EC2 instance that this program runs on, by its instance metadata. For clients whose region is set
-- nowhere, and for the defaults mode "auto"; whoever wants it asks for it, because off EC2 it takes seconds.

local metadata_client = require "aws.backup.credentials.metadata_client"
local region = require "aws.backup.region"

local instance_region = {}

local PATH = "/latest/meta-data/placement/region"

local function read_region(response)
  local name = metadata_client.first_line(response)
  if region.is_valid(name) then return name end
  return nil, "what is no region's name"
end

--- Asks for the region.
---@param context aws.backup.CredentialsContext
---@param deadline? number  monotonic seconds
---@return string? name  nil if instance metadata is disabled, or does not tell, for whatever reason: the log says it
function instance_region.find(context, deadline)
  if context.settings.imds.disabled then return nil end
  local name
  local get, failure = metadata_client.new(context):open(deadline)
  if get then name, failure = get(PATH, read_region) end
  if not name then context.log("no region from instance metadata: %s", tostring(failure)) end
  return name
end

return instance_region
