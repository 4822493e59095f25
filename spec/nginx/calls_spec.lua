-- A program in a real nginx: clients made in init_by_lua and used by several workers, reloads, exits and stalls.

local cjson = require "cjson"

local server = require "spec.nginx.server"

local CLIENTS_AT_ONCE = 8
local RELOADS = 5
local CALLS_BETWEEN_RELOADS = 40
local HELD_CALLS = 100

describe("in nginx", function()
  local upstream, folder, nginx

  -- An nginx that uses the upstream; more than one at a time is not needed.
  local function start(values)
    values.UPSTREAM, values.CERTIFICATE, values.KEY = upstream.url, folder .. "/certificate", folder .. "/key"
    values.CODE_CACHE = values.CODE_CACHE or "on"
    nginx = server.start { template = "spec/nginx/calls.conf.in", values = values }
    return nginx
  end

  setup(function()
    folder = server.make_certificate()
    upstream = server.start { template = "spec/nginx/upstream.conf.in" }
  end)
  after_each(function()
    if nginx then nginx:stop() end
    nginx = nil
  end)
  teardown(function()
    upstream:stop()
    server.remove(folder)
  end)

  local function start_call(name, kind)
    return { name = name, transfer = nginx:start_transfer(("/%s?name=%s"):format(kind or "call", name)) }
  end

  -- The worker that made the call; an error if it did not go well.
  local function finish_call(started)
    local response, _, message = nginx:finish(started.transfer)
    local pid, outcome = (response and response.body or ""):match("^(%d+) (.*)$")
    assert.equal(started.name, outcome or message or response.body .. nginx:last_errors())
    return pid
  end

  local function outcome_of(name)
    return cjson.decode((nginx:ask("/outcomes")))[name]
  end

  local function open_calls()
    return tonumber((upstream:ask("/seen")):match("%d+$"))
  end

  it("a client made in init_by_lua, and used there, serves all workers: each call gets its own answer", function()
    start { WORKERS = 3 }
    assert.equal("in-init", outcome_of("init"))
    for _, kind in ipairs { "call", "call-blocking" } do
      local started, pids, workers = {}, {}, 0
      for index = 1, 60 do started[index] = start_call(("vault-%s-%d"):format(kind, index), kind) end
      for _, call in ipairs(started) do
        local pid = finish_call(call)
        if not pids[pid] then workers = workers + 1 end
        pids[pid] = true
      end
      assert.is_true(workers >= 2, kind .. " was made by " .. workers .. " worker")
    end
    assert.equal("", nginx:read("error.log"))
  end)

  it("a worker whose calls all stall serves others meanwhile, calls of AWS Backup as well", function()
    start { WORKERS = 1 }
    local held = {}
    for index = 1, HELD_CALLS do held[index] = start_call("held-" .. index) end
    server.await("all of them wait for the upstream", function()
      nginx.engine:step(0)
      return open_calls() == HELD_CALLS
    end)
    for index = 1, 20 do
      assert.equal("quick", (nginx:ask("/quick")))
      finish_call(start_call("vault-" .. index))
    end
    for _, call in ipairs(held) do assert.is_false(call.transfer:done()) end
    upstream:ask("/release")
    for _, call in ipairs(held) do finish_call(call) end
    assert.equal("", nginx:read("error.log"))
  end)

  it("a call is tried again after a pause that holds nobody up", function()
    start { WORKERS = 1 }
    finish_call(start_call("flaky-1"))
    assert.equal("2 0", (upstream:ask("/seen?name=flaky-1")))
  end)

  it("reloads under load lose no call and log no error", function()
    start { WORKERS = 2 }
    local running, made, pids = {}, 0, {}
    local function keep_busy()
      while #running < CLIENTS_AT_ONCE do
        made = made + 1
        running[#running + 1] = start_call(("slow-5-%d"):format(made))
      end
    end
    for _ = 1, RELOADS do
      for _ = 1, CALLS_BETWEEN_RELOADS do
        keep_busy()
        pids[finish_call(table.remove(running, 1))] = true
      end
      local workers = table.concat(nginx:workers(), " ")
      nginx:signal("HUP")
      server.await("others have taken over", function()
        keep_busy()
        pids[finish_call(table.remove(running, 1))] = true
        return #nginx:workers() == 2 and table.concat(nginx:workers(), " ") ~= workers
      end)
    end
    for _, call in ipairs(running) do pids[finish_call(call)] = true end
    local workers = 0
    for _ in pairs(pids) do workers = workers + 1 end
    assert.is_true(workers > RELOADS, "only " .. workers .. " workers made calls")
    assert.equal("", nginx:read("error.log"))
  end)

  it("a worker that is told to exit makes an end of its calls first, those made later as well", function()
    start { WORKERS = 2 }
    local started = {}
    for index = 1, 10 do
      started[index] = start_call("held-at-exit-" .. index)
      assert.equal("done", (nginx:ask("/call-later?name=held-later-" .. index)))
    end
    server.await("all of them wait for the upstream", function()
      nginx.engine:step(0)
      return open_calls() == 20
    end)
    nginx:signal("QUIT")
    server.await("nginx has stopped to listen", function()
      return not nginx:finish(nginx:start_transfer("/quick", { headers = { connection = "close" } }))
    end)
    upstream:ask("/release")
    for _, call in ipairs(started) do finish_call(call) end
    server.await("nginx has ended", function() return nginx:has_ended() end)
    assert.equal("0 0", (upstream:ask("/seen?name=none")))
    assert.equal("", nginx:read("error.log"))
  end)

  it("a call made later takes the parameters as they were, and tells what came of it", function()
    start { WORKERS = 1 }
    nginx:ask("/call-later?name=vault-later")
    server.await("it is made", function() return outcome_of("vault-later") end)
    assert.equal("vault-later", outcome_of("vault-later"))
  end)

  it("of more calls later than nginx has timers some are refused, and none is lost", function()
    start { WORKERS = 1 }
    local taken = tonumber((nginx:ask("/call-later-often?times=400")))
    assert.is_true(taken >= 200 and taken <= 256, taken .. " were taken")
    server.await("all that were taken are made", function() return outcome_of("burst") == taken end)
    assert.equal("", nginx:read("error.log"))
  end)

  it("lua_code_cache off works: every request has a client of its own", function()
    start { WORKERS = 1, CODE_CACHE = "off" }
    for index = 1, 5 do finish_call(start_call("vault-" .. index)) end
    nginx:ask("/call-later?name=vault-uncached")
    server.await("it is made", function() return outcome_of("vault-uncached") end)
    assert.equal("vault-uncached", outcome_of("vault-uncached"))
    for line in nginx:read("error.log"):gmatch("[^\n]+") do
      assert.truthy(line:find("lua_code_cache is off; this will hurt performance", 1, true), line)
    end
  end)

  it("a thousand calls of one worker leave neither memory nor file descriptors behind", function()
    start { WORKERS = 1 }
    local worker = nginx:workers()[1]
    local function call_often(times)
      local good, kilobytes = nginx:ask("/call-often?times=" .. times):match("^(%d+) (.*)$")
      assert.equal(times, tonumber(good))
      return tonumber(kilobytes)
    end
    call_often(200)
    local files, kilobytes = server.open_files(worker), call_often(200)
    local grown = call_often(1000) - kilobytes
    assert.is_true(server.open_files(worker) <= files)
    assert.is_true(grown < 200, "memory grew by " .. grown .. " kB")
  end)
end)
