-- Run by uuid_spec.lua: makes UUIDs, then a child that makes some and a child of its own, and some in each of them.

local library = ...
local FEW, MANY = 3, 50 -- so that some are left that were made in advance; more than are made so

local core = require "aws.backup.core"
local split = assert(package.loadlib(library, "split"))
local join = assert(package.loadlib(library, "join"))

local function write(side, count)
  for _ = 1, count do io.write(side, " ", assert(core.uuid()), "\n") end
  io.flush()
end

write("before", FEW)
if split(true) then
  write("child", FEW)
  if split(true) then
    write("grandchild", MANY)
  else
    write("child", MANY)
    assert(join(true))
  end
else
  write("parent", MANY)
  assert(join(true))
  write("parent", MANY)
end
