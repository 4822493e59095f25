--- The keys of a table in a fixed order, so that nothing depends on the order of `pairs`.
---@param map table<string, any>
---@return string[]
return function(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end
