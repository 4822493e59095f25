local core = require "aws.backup.core"

local START_TIMEOUT = 20 -- seconds; a machine may be busy
local PORTS_TRIED = 5
local CALLS = 40

describe("the workers of an nginx", function()
  local directory, input, port, engine

  local function read(name)
    local file = io.open(directory .. "/" .. name, "r")
    if not file then return "" end
    local text = file:read("*a")
    file:close()
    return text
  end

  local function start_transfer(path)
    return assert(engine:start {
      method = "GET", url = ("http://127.0.0.1:%d%s"):format(port, path), headers = {}, connect_timeout = 10,
      read_timeout = 20,
    })
  end

  local function finish(transfer)
    while not transfer:done() do engine:step(1) end
    return transfer:result()
  end

  local function ask(path)
    local response, _, message = finish(start_transfer(path))
    assert.equal(200, response and response.status, message or read("error.log"))
    return response.body
  end

  local function launch()
    local pipe = assert(io.popen("mktemp -d"))
    directory = pipe:read("*l")
    pipe:close()
    local high, low = assert(core.random(2)):byte(1, 2)
    port = 20000 + (high * 256 + low) % 40000
    input = assert(io.popen(("exec spec/nginx/serve %s %d"):format(directory, port), "w"))
  end

  -- True if it answers, false if the port is taken; else an error.
  local function await_start()
    local deadline = core.monotonic() + START_TIMEOUT
    repeat
      local response = finish(start_transfer("/fetches"))
      if response then return true end
      if read("error.log"):find("Address already in use", 1, true) then return false end
      core.sleep(0.02)
    until core.monotonic() > deadline
    error("nginx does not start: " .. read("output") .. read("error.log"))
  end

  setup(function()
    -- So many connections that each worker gets its share.
    engine = core.new_engine { max_connections = CALLS }
    for _ = 1, PORTS_TRIED do
      launch()
      if await_start() then return end
      input:close()
    end
    error("no free port was found")
  end)

  teardown(function()
    engine:close()
    input:close()
  end)

  -- Many calls at once. Returns with which keys, and by which workers, they were made: sets.
  local function call_often()
    local transfers, keys, pids = {}, {}, {}
    for index = 1, CALLS do transfers[index] = start_transfer("/call") end
    for _, transfer in ipairs(transfers) do
      local response, _, message = finish(transfer)
      local pid, key = (response and response.body or ""):match("^(%d+) (%w+)\n$")
      assert.is_string(pid, message or response.body .. read("error.log"))
      keys[key], pids[pid] = true, true
    end
    return keys, pids
  end

  local function size(set)
    local count = 0
    for _ in pairs(set) do count = count + 1 end
    return count
  end

  it("share what one of them has fetched: 40 calls, 1 fetch", function()
    local keys, pids = call_often()
    assert.same({ K1 = true }, keys)
    assert.equal(2, size(pids))
    assert.equal("1", ask("/fetches"))
  end)

  it("share the new ones too when the service says that the credentials have expired", function()
    ask("/expire")
    local keys, pids = call_often()
    assert.same({ K2 = true }, keys)
    assert.equal(2, size(pids))
    assert.equal("2", ask("/fetches"))
  end)

  it("find the credentials of those before them after a reload", function()
    local _, before = call_often()
    os.execute("kill -HUP " .. read("nginx.pid"))
    local deadline = core.monotonic() + START_TIMEOUT
    local function is_new()
      local pid, key = ask("/call"):match("^(%d+) (%w+)\n$")
      assert.equal("K2", key)
      return not before[pid]
    end
    while not is_new() and core.monotonic() < deadline do core.sleep(0.02) end
    assert.is_true(is_new())
    assert.equal("2", ask("/fetches"))
  end)

  it("meet no trouble that nginx would log", function()
    assert.equal("", read("error.log"))
  end)
end)
