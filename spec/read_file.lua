--- The whole text of a file that must be there, for specs.
---@param path string
---@return string
return function(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end
