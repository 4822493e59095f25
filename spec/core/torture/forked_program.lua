-- A fork with a program under way: it stays the parent's, and the copy can neither kill it nor take its output.

local host = ...
local core = require "aws.backup.core"

assert(core.replace_file(host.file, ""))
local script = "until [ -s \"$0\" ]; do sleep 0.01; done; echo out; exit 3"
local child = assert(core.spawn { "sh", "-c", script, host.file })
local copy = host.fork()
if copy == 0 then
  assert(child:step(20) and select(2, child:result()) == "closed")
  child:kill()
  return
end

assert(host.wait(copy) == 0, "the copy failed")
assert(not child:step(0))
assert(core.replace_file(host.file, "go on"))
repeat until child:step(1)
assert(child:result().status == 3 and child:result().stdout == "out\n")
