-- A program is killed although a copy of this process holds our end of its lines open.

local host = ...
local core = require "aws.backup.core"

assert(core.replace_file(host.file, ""))
local child = assert(core.spawn { "sh", "-c", "echo $$ > \"$0\"; exec sleep 60", host.file })
local pid
repeat pid = core.read_file(host.file, 100):match("%d+\n") until pid
local copy = host.fork()
if copy == 0 then
  repeat until core.read_file(host.file, 100) == "enough"
  return
end

child:kill()
local asked = assert(core.spawn { "sh", "-c", "kill -0 " .. pid })
repeat until asked:step(1)
assert(asked:result().status ~= 0, "it is alive")
assert(core.replace_file(host.file, "enough"))
assert(host.wait(copy) == 0, "the copy failed")
