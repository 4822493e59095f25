--- What a Lua table is: a list, or something that only looks like one.

local sequence = {}

--- Counts the items of a list.
---@param value table
---@return integer? count  # nil if the table is no sequence
---@return string? message  # names the key or the hole
function sequence.length(value)
  local count, highest = 0, 0
  for key in pairs(value) do
    if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then
      local shown = type(key) == "string" and "a string key" or ("the key " .. tostring(key))
      return nil, "must be a list, but has " .. shown
    end
    count = count + 1
    if key > highest then highest = key end
  end
  if highest ~= count then
    local hole = 1
    while value[hole] ~= nil do hole = hole + 1 end
    return nil, ("must be a list without holes, but item %d is missing"):format(hole)
  end
  return count
end

return sequence
