--- Checks parameters against the model as the service does: what is required, and patterns, ranges and
--- values of an enum. (The client's own check leaves patterns and enums of answers alone and lets new
--- values through; a service does not.)

local patterns = require "aws.backup.codec.patterns"
local core = require "aws.backup.core"

local failure = require "aws.backup.emulator.failure"

local check = {}

local function contains(list, value)
  for _, candidate in ipairs(list) do
    if candidate == value then return true end
  end
  return false
end

local function in_range(shape, amount)
  return amount >= (shape.min or -math.huge) and amount <= (shape.max or math.huge)
end

local function range_text(shape)
  if not shape.max then return ("at least %d"):format(shape.min) end
  if not shape.min then return ("at most %d"):format(shape.max) end
  return ("%d to %d"):format(shape.min, shape.max)
end

-- Each returns what is wrong with a value, or nil.
local FAULT = {}

local function fault_in(shape, value, path, member)
  local find = FAULT[shape.type]
  return find and find(shape, value, path, member)
end

function FAULT.string(shape, value, path, member)
  if value == "" and member and member.page_token then return ("Invalid %s: it must not be empty"):format(path) end
  local shown = shape.sensitive and "" or (" '%s'"):format(value)
  if shape.enum and not contains(shape.enum, value) then
    return ("Invalid %s%s: it must be one of %s"):format(path, shown, table.concat(shape.enum, ", "))
  end
  if not in_range(shape, core.utf8_length(value) or #value) then
    return ("Invalid %s: its length must be %s"):format(path, range_text(shape))
  end
  local fits, wanted = patterns.check(shape, value, member and member.owner)
  if not fits then return ("Invalid %s%s: it must be %s"):format(path, shown, wanted) end
end

function FAULT.integer(shape, value, path)
  if in_range(shape, value) then return nil end
  return ("Invalid %s %d: it must be %s"):format(path, value, range_text(shape))
end

FAULT.long = FAULT.integer

function FAULT.list(shape, value, path)
  if not in_range(shape, #value) then
    return ("Invalid %s: it must have %s items"):format(path, range_text(shape))
  end
  for index, item in ipairs(value) do
    local fault = fault_in(shape.item, item, ("%s[%d]"):format(path, index - 1))
    if fault then return fault end
  end
end

function FAULT.map(shape, value, path)
  -- A sensitive map must not be quoted in a message, and none of them has a pattern.
  if shape.sensitive then return nil end
  for key, item in pairs(value) do
    local fault = fault_in(shape.key, key, path) or fault_in(shape.value, item, path .. "." .. key)
    if fault then return fault end
  end
end

function FAULT.structure(shape, value, path)
  for _, member in ipairs(shape.members) do
    local item = value[member.name]
    local where = path and path .. "." .. member.name or member.name
    local fault = item ~= nil and fault_in(member.shape, item, where, member)
    if fault then return fault end
  end
end

-- Collects the paths of all required members that are not there.
local function missing_in(shape, value, path, missing)
  if shape.type == "list" then
    for index, item in ipairs(value) do missing_in(shape.item, item, ("%s[%d]"):format(path, index - 1), missing) end
  elseif shape.type == "structure" then
    for _, member in ipairs(shape.members) do
      local item, where = value[member.name], path and path .. "." .. member.name or member.name
      if item == nil and member.required then
        missing[#missing + 1] = where
      elseif item ~= nil then
        missing_in(member.shape, item, where, missing)
      end
    end
  end
  return missing
end

--- Checks the parameters of a call.
---@param operation aws.backup.codec.Operation
---@param params table  # of the right types
---@return true?
---@return table? failure  # MissingParameterValueException or InvalidParameterValueException
function check.params(operation, params)
  if not operation.input then return true end
  local missing = missing_in(operation.input, params, nil, {})
  if #missing > 0 then
    return nil, failure.new("MissingParameterValueException",
      "Required parameters are missing: " .. table.concat(missing, ", "))
  end
  local fault = fault_in(operation.input, params, nil)
  if fault then return failure.invalid(fault) end
  return true
end

return check
