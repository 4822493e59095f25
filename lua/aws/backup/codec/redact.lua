--- Parameters as they may be shown: what the model calls sensitive is replaced, everything else stays.

local redact = {}

redact.HIDDEN = "HIDDEN"

-- What stands in for a sensitive value. A number or a time has no such text, so it is left out.
local STAND_INS = {
  string = function() return redact.HIDDEN end,
  map = function(shape)
    return shape.value.type == "string" and { [redact.HIDDEN] = redact.HIDDEN } or {}
  end,
  list = function(shape)
    return shape.item.type == "string" and { redact.HIDDEN } or {}
  end,
  structure = function() return {} end,
}

local copy_of

local COPIES = {
  structure = function(shape, value)
    local copy = {}
    for name, item in pairs(value) do
      local member = shape.by_name[name]
      if member then copy[name] = copy_of(member.shape, item) end
    end
    return copy
  end,
  list = function(shape, value)
    local copy = {}
    for index, item in pairs(value) do copy[index] = copy_of(shape.item, item) end
    return copy
  end,
  map = function(shape, value)
    local copy = {}
    for key, item in pairs(value) do copy[key] = copy_of(shape.value, item) end
    return copy
  end,
}

function copy_of(shape, value)
  if shape.sensitive then
    local stand_in = STAND_INS[shape.type]
    return stand_in and stand_in(shape)
  end
  local copy = type(value) == "table" and COPIES[shape.type]
  return copy and copy(shape, value) or value
end

--- A copy of parameters that may be printed. They must fit the shape already.
---@param shape? aws.backup.codec.Shape  of an operation's input; nil: it has none
---@param params table
---@return table
function redact.params(shape, params)
  return shape and copy_of(shape, params) or {}
end

return redact
