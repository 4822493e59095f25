--- Tags of vaults and recovery points, by their ARNs.

local sorted_keys = require "aws.backup.sorted_keys"

local arn = require "aws.backup.emulator.arn"
local failure = require "aws.backup.emulator.failure"
local paging = require "aws.backup.emulator.paging"
local tag_rules = require "aws.backup.emulator.tag_rules"

local tags = { operations = {} }

local function find_vault(world, parts, text)
  local name = parts.service == "backup" and parts.resource:match("^backup%-vault:(.+)$")
  local vault = name and world.vaults:get(name)
  if vault and vault.arn == text then return vault end
  return nil
end

-- What an ARN names: a table with `tags`, and `resource` if it is a recovery point.
local function find(world, text)
  local parts = arn.parse(text)
  if not parts then return failure.invalid("Invalid ResourceArn: " .. text) end
  local target = world.recovery_points:get(text) or find_vault(world, parts, text)
  if target then
    -- Backups of DynamoDB without its advanced features are not AWS Backup's own to tag.
    if parts.service == "dynamodb" then
      return failure.invalid("Advanced DynamoDB backup features are not enabled.", { Code = "ERROR_3930" })
    end
    return target
  end
  if parts.service == "backup" and not parts.resource:find("^recovery%-point:") then
    return failure.not_found("Cannot find resource " .. text)
  end
  return failure.not_found("Cannot find recovery point.", { Code = "ERROR_2603" })
end

function tags.operations.TagResource(world, params)
  local target, refusal = find(world, params.ResourceArn)
  if not target then return nil, refusal end
  local added, invalid = tag_rules.check(params.Tags, "Tags")
  if not added then return nil, invalid end
  local all = {}
  for _, source in ipairs { target.tags, added } do
    for key, value in pairs(source) do all[key] = value end
  end
  if tag_rules.count(all) > tag_rules.MOST then
    return nil, failure.new("LimitExceededException",
      ("At most %d tags can be on one resource."):format(tag_rules.MOST))
  end
  target.tags = all
  return {}
end

function tags.operations.UntagResource(world, params)
  local target, refusal = find(world, params.ResourceArn)
  if not target then return nil, refusal end
  if target.resource and target.resource.traits.untag == "refused" then
    return failure.invalid(("Tags of %s recovery points are removed with the service's own API."):format(
      target.resource.type))
  end
  for _, key in ipairs(params.TagKeyList) do target.tags[key] = nil end
  return {}
end

function tags.operations.ListTags(world, params)
  local target, refusal = find(world, params.ResourceArn)
  if not target then return nil, refusal end
  local keys = sorted_keys(target.tags)
  local function walk(after)
    local index = 0
    return function()
      repeat index = index + 1 until keys[index] == nil or after == nil or keys[index] > after
      return keys[index], keys[index]
    end
  end
  local page, token = paging.cut(world, "ListTags", params, walk, function() return true end)
  if not page then return nil, token end
  local listed = {}
  for _, key in ipairs(page) do listed[key] = target.tags[key] end
  return { Tags = listed, NextToken = token }
end

return tags
