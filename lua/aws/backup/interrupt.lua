--- Ctrl-C: the standalone interpreters raise it as a text out of whatever runs. Whoever catches what a caller's
-- function raises passes it on, so that a program can be ended everywhere.

local interrupt = {}

--- Whether something that was raised is it.
---@param raised any
---@return boolean
function interrupt.is(raised)
  return type(raised) == "string" and (raised == "interrupted!" or raised:find(": interrupted!$") ~= nil)
end

--- Raises it again, if it is it.
---@param raised any
function interrupt.pass_on(raised)
  if interrupt.is(raised) then error(raised, 0) end
end

return interrupt
