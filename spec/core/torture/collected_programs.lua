-- A handler of the host's collects all children, as nginx's does: the status comes all the same.

local host = ...
local core = require "aws.backup.core"

host.collect_children(true)
for status = 0, 9 do
  local child = assert(core.spawn { "sh", "-c", "exit " .. status })
  repeat until child:step(1)
  assert(child:result().status == status)
  core.spawn({ "sleep", "60" }):kill()
end
host.collect_children(false)
