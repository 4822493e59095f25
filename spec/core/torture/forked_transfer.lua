-- A fork with transfers under way: the parent's go on, the child's copies are closed.

local host = ...
local core = require "aws.backup.core"

local engine = core.engine()

local function fetch(path)
  local transfer = assert(core.engine():start { method = "GET", url = host.url .. path })
  repeat until core.engine():step(0.1) == 0
  return assert(transfer:result()).body
end

local connection = fetch "/count"
local transfer = assert(engine:start { method = "GET", url = host.url .. "/drip" })
local queued = assert(engine:start { method = "GET", url = host.url .. "/count" })
engine:step(0.01)
local child = host.fork()
if child == 0 then
  assert(select(2, transfer:result()) == "closed")
  assert(select(2, queued:result()) == "closed")
  assert(transfer:done())
  assert(not pcall(engine.step, engine, 0))
  assert(select(2, engine:start { method = "GET", url = host.url }) == "closed")
  assert(core.engine() ~= engine)
  assert(fetch "/count" ~= connection)
  queued:cancel()
  queued = nil -- luacheck: ignore 311
  engine:close()
  collectgarbage()
  return
end

assert(host.wait(child) == 0, "the child failed")
repeat until engine:step(0.1) == 0
assert(transfer:result().body == "slow, steady")
assert(queued:result().status == 200)
assert(core.engine() == engine)
assert(#fetch "/echo" > 0)
