--- Whether a value can be called: a function, or what has a metatable that makes it one.
---@param value any
---@return boolean
return function(value)
  if type(value) == "function" then return true end
  local metatable = getmetatable(value)
  return type(metatable) == "table" and type(metatable.__call) == "function"
end
