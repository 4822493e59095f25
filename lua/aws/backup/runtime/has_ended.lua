--- Whether a light thread of nginx has ended. Its status is known in the request that it belongs to alone; one that was
--- killed counts like one that came to its end.
---@param thread thread
---@return boolean
return function(thread)
  local status = coroutine.status(thread)
  return status == "dead" or status == "zombie"
end
