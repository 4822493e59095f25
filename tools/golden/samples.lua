--- Sample parameters made from the shapes: the required members alone, or every member there is.

local patterns = require "aws.backup.codec.patterns"

local samples = {}

-- The first that fits the shape is taken.
local TEXTS = {
  "Example", "Example-1", "123456789012", "arn:aws:backup:eu-west-1:123456789012:recovery-point:Example",
  "arn:aws:backup:eu-west-1:123456789012:accesspoint/example",
}

-- With all that a label must escape.
local ARN = "arn:aws:ec2:eu-west-1::image/ami-1 %\195\169"

-- 2026-01-02T03:04:05.087Z
local TIME = 1767323045.087

local function text_for(shape, member)
  if shape.enum then return shape.enum[1] end
  if member and member.name:find("IamRoleArn$") then return "arn:aws:iam::123456789012:role/service-role/Example" end
  if member and member.name:find("Arn$") and not shape.pattern then return ARN end
  for _, text in ipairs(TEXTS) do
    if patterns.matches(shape.pattern, text) and #text <= (shape.max or #text) then return text end
  end
  error("no sample fits the shape " .. shape.name)
end

-- Members that documented rules bound.
local NUMBERS = {
  StartWindowMinutes = 60, CompleteWindowMinutes = 120, MoveToColdStorageAfterDays = 30, DeleteAfterDays = 120,
}

local value_of

local function structure(shape, full)
  local value = {}
  for _, member in ipairs(shape.members) do
    if full or member.required then value[member.name] = value_of(member.shape, full, member) end
  end
  return value
end

function value_of(shape, full, member)
  if shape.type == "structure" then return structure(shape, full) end
  if shape.type == "list" then return { value_of(shape.item, full) } end
  if shape.type == "map" then return { [value_of(shape.key, full)] = value_of(shape.value, full) } end
  if shape.type == "string" then return text_for(shape, member) end
  if shape.type == "boolean" then return true end
  if shape.type == "timestamp" then return TIME end
  return member and NUMBERS[member.name] or shape.min or 1
end

--- Parameters for an operation.
---@param operation aws.backup.codec.Operation
---@param full boolean  # every member; else the required ones
---@return table
function samples.params(operation, full)
  return operation.input and structure(operation.input, full) or {}
end

return samples
