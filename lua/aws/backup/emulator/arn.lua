--- Amazon Resource Names: taking them apart, and making those of AWS Backup.

local arn = {}

--- Takes an ARN apart: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; region and account may be empty,
--- the resource may hold more colons.
---@param text string
---@return { partition: string, service: string, region: string, account: string, resource: string }?  # nil: no ARN
function arn.parse(text)
  local partition, service, region, account, resource =
    text:match("^arn:(aws[%w-]*):([%w.-]+):([%w-]*):(%d*):([^%s%c]+)$")
  if not partition or (account ~= "" and #account ~= 12) then return nil end
  return { partition = partition, service = service, region = region, account = account, resource = resource }
end

--- Makes the ARN of something that a world holds.
---@param world table  # its partition, region and account
---@param service string
---@param resource string
---@return string
function arn.of(world, service, resource)
  return table.concat({ "arn", world.partition, service, world.region, world.account_id, resource }, ":")
end

--- Makes an ARN without an account, as snapshots and images have it.
---@param world table
---@param service string
---@param resource string
---@return string
function arn.without_account(world, service, resource)
  return table.concat({ "arn", world.partition, service, world.region, "", resource }, ":")
end

--- True for the ARN of a role that AWS Backup may be given: one of the same partition and account, and not
--- the service-linked role, which only the service itself assumes.
---@param world table
---@param text string
---@return boolean
function arn.is_passable_role(world, text)
  local parts = arn.parse(text)
  return parts.account == world.account_id and parts.partition == world.partition
    and not parts.resource:find("^role/aws%-service%-role/") and not parts.resource:find("/AWSServiceRoleForBackup$")
end

--- True for a text that has the form of a role's ARN. The path before the name may hold every visible character
--- (IAM API reference, CreateRole).
---@param text string
---@return boolean
function arn.is_role(text)
  local parts = arn.parse(text)
  if not parts or parts.service ~= "iam" or parts.region ~= "" or parts.account == "" then return false end
  local path, name = parts.resource:match("^role/(.-)([^/]*)$")
  return name ~= nil and name:find("^[A-Za-z0-9+=,.@_-]+$") ~= nil and path:find("[^!-~]") == nil
end

return arn
