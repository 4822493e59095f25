--- Plain copies of tables whose metatables have a say in what is in them: the core looks at tables as they are.

local plain = {}

-- Deeper than any model; a table that contains itself ends here, and is found too deep by whoever looks at the copy.
local MAX_DEPTH = 66

local copy_of

local function copy_entries(value, copy, shape_of, depth)
  for key, item in pairs(value) do copy[key] = copy_of(shape_of(key), item, depth) end
end

-- Members that indexing finds although `pairs` does not.
local function copy_members(shape, value, copy, depth)
  for _, member in ipairs(shape.members) do
    if copy[member.name] == nil then
      local item = value[member.name]
      if item ~= nil then copy[member.name] = copy_of(member.shape, item, depth) end
    end
  end
end

function copy_of(shape, value, depth)
  if type(value) ~= "table" or depth > MAX_DEPTH then return value end
  local copy = {}
  if shape and shape.members then
    copy_entries(value, copy, function(key) return shape.by_name[key] and shape.by_name[key].shape end, depth + 1)
    copy_members(shape, value, copy, depth + 1)
  else
    local inner = shape and (shape.item or shape.value)
    copy_entries(value, copy, function() return inner end, depth + 1)
  end
  return copy
end

--- A copy in depth without metatables.
---@param shape? aws.backup.codec.Shape  # nil: an operation's that takes nothing
---@param value any
---@return any
function plain.copy(shape, value)
  return copy_of(shape, value, 1)
end

return plain
