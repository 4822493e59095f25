local cases = require "spec.loops.cases"
local cqueues = require("spec.loops.debian").require "cqueues"
local services = require "spec.services.server"

describe("the loop of cqueues", function()
  local queue = cqueues.new()
  local loop = {
    runtime = require("aws.backup.runtime.cqueues").new(),
    spawn = function(fn) queue:wrap(fn) end,
    sleep = cqueues.sleep,
    run = function() assert(queue:loop()) end,
  }

  local server
  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  for _, case in ipairs(cases.common) do
    it(case[1], function() case[2](loop, server) end)
  end

  it("goes on while credentials are fetched, once for all", function() cases.fetch_credentials_once(loop, server) end)

  it("waits for descriptors, and looks at none in vain", function() cases.wait_for_descriptors(loop, server) end)

  it("forgets a descriptor that was waited for, so that another one may get its number", function()
    local waiter, reader, writer = loop.runtime.waiter(), nil, nil
    local socket = require "cqueues.socket"
    local read = {}
    for round = 1, 3 do
      loop.spawn(function()
        reader, writer = assert(socket.pair())
        assert(writer:xwrite("x", "bn"))
        waiter:wait({ reader:pollfd() }, 5)
        read[round] = reader:xread(1, "b")
        reader:close()
        writer:close()
      end)
      loop.run()
    end
    assert.same({ "x", "x", "x" }, read)
  end)
end)
