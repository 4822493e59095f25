--- Ctrl-C: the standalone interpreters raise it as a text out of whatever runs. Whoever catches what a caller's
-- function raises passes it on, so that a program can be ended everywhere.

local interrupt = {}

--- Whether something that was raised is it.
---@param raised any
---@return boolean
function interrupt.is(raised)
  return type(raised) == "string" and (raised == "interrupted!" or raised:find(": interrupted!$") ~= nil)
end

--- What it is with a word of what it leaves behind; whatever else was raised stays what it is.
---@param told string
---@param raised any
---@return any
function interrupt.with(told, raised)
  return interrupt.is(raised) and told .. ": interrupted!" or raised
end

--- What it says of what it leaves behind, if it is it.
---@param raised string
---@return string?  nil: nothing
function interrupt.told(raised)
  local told = raised:match("^(.*): interrupted!$")
  return told and told:find(" goes on at AWS", 1, true) and told or nil
end

--- Raises it again, if it is it.
---@param raised any
function interrupt.pass_on(raised)
  if interrupt.is(raised) then error(raised, 0) end
end

return interrupt
