--- The keys of a table in a fixed order, so that what is generated does not depend on the order of `pairs`.
---@param object table<string, any>
---@return string[]
return function(object)
  local keys = {}
  for key in pairs(object) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end
