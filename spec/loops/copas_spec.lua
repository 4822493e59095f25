local backup = require "aws.backup"
local cases = require "spec.loops.cases"
local copas = require("spec.loops.debian").require "copas"
local core = require "aws.backup.core"
local services = require "spec.services.server"
local socket = require "socket"

local STEP_SECONDS = 0.001

-- Debian's copas (1.1.7) can wait for sockets alone. This is what its users write, and what later ones have as
-- copas.sleep.
local sleepers = {}

local function sleep(seconds)
  sleepers[coroutine.running()] = core.monotonic() + seconds
  coroutine.yield()
end

local function wake()
  local now, due = core.monotonic(), {}
  for thread, time in pairs(sleepers) do
    if time <= now then due[#due + 1] = thread end
  end
  for _, thread in ipairs(due) do
    sleepers[thread] = nil
    copas.addthread(thread)
  end
end

local running = 0

local function spawn(fn)
  running = running + 1
  copas.addthread(function()
    fn()
    running = running - 1
  end)
end

local function run()
  while running > 0 do
    copas.step(STEP_SECONDS)
    wake()
  end
end

describe("the loop of copas", function()
  local loop = { runtime = { sleep = sleep }, spawn = spawn, sleep = sleep, run = run }
  local server
  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  for _, case in ipairs(cases.common) do
    it(case[1], function() case[2](loop, server) end)
  end

  it("serves its own sockets meanwhile", function()
    server:script { { body = "{}", delay = 0.15 } }
    local listening = assert(socket.bind("127.0.0.1", 0))
    local _, port = listening:getsockname()
    copas.addserver(listening, function(connection)
      local line = copas.receive(connection)
      while line do
        copas.send(connection, line .. "\n")
        line = copas.receive(connection)
      end
    end)
    local client = backup.client {
      region = "us-east-1", endpoint_url = server.url, runtime = loop.runtime, env = {},
      credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
    }
    local called, echoed = false, 0
    spawn(function()
      client:list_backup_vaults {}
      called = true
    end)
    spawn(function()
      local connection = socket.tcp()
      assert(copas.connect(connection, "127.0.0.1", port))
      while not called do
        copas.send(connection, "hello\n")
        assert(copas.receive(connection) == "hello")
        echoed = echoed + 1
      end
      connection:close()
    end)
    run()
    assert.is_true(called)
    assert.is_true(echoed > 10, echoed .. " lines")
  end)
end)
