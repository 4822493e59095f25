-- Callers in nginx that go away while others wait for what they are at.

local cjson = require "cjson"

local core = require "aws.backup.core"
local nginx_server = require "spec.nginx.server"
local services = require "spec.services.server"

local CREDENTIALS = '{"AccessKeyId":"AKID","SecretAccessKey":"S","Token":"T","Expiration":"2099-01-01T00:00:00Z"}'

-- For ever, as far as these specs go: the provider itself gives up after two.
local LONG_SECONDS = 20

describe("in nginx, whoever wants the credentials that another call was fetching goes on within a second of", function()
  local service, nginx

  setup(function()
    service = services.start()
    nginx = nginx_server.start { template = "spec/nginx/claims.conf.in",
      values = { SERVICES = service.url, NAME_SERVER_PORT = 9 } }
  end)
  teardown(function()
    nginx:stop()
    service:stop()
  end)
  before_each(function()
    service:script {
      { path = "/backup-vaults/", body = '{"BackupVaultList":[]}' },
      { times = 1, body = CREDENTIALS, delay = LONG_SECONDS },
      { body = CREDENTIALS },
    }
  end)

  local function case(name)
    return cjson.decode((nginx:ask("/case?name=" .. name)))
  end

  local function fetches_of(name)
    local count = 0
    for _, request in ipairs(service:seen()) do
      if request.path == "/credentials/" .. name then count = count + 1 end
    end
    return count
  end

  -- A call that comes to no end; its transfer, once it is fetching.
  local function begin(name, more)
    local transfer = nginx:start_transfer(("/call?credentials=%s%s"):format(name, more or ""))
    nginx_server.await("credentials are fetched", function()
      nginx.engine:step(0)
      return fetches_of(name) == 1
    end)
    return transfer
  end

  -- Makes calls until one was made by each of so many workers. Returns the longest time that one took.
  local function longest_call(name, more, workers)
    local longest, pids, count = 0, {}, 0
    while count < workers do
      local told = cjson.decode((nginx:ask(("/call?credentials=%s%s"):format(name, more or ""))))
      longest = math.max(longest, told.seconds)
      if not pids[told.pid] then pids[told.pid], count = true, count + 1 end
    end
    return longest
  end

  it("the death of its thread", function()
    assert.is_true(case("killed").seconds < 1.2)
    assert.equal(2, fetches_of("killed"))
  end)

  it("the death of its thread, too, having waited before it", function()
    assert.is_true(case("awaited").seconds < 1.3)
    assert.equal(2, fetches_of("awaited"))
  end)

  it("the end of its client's connection", function()
    local transfer = begin("aborted")
    transfer:cancel()
    assert.is_true(longest_call("aborted", "", 2) < 1.2)
  end)

  it("the end of its client's connection where credentials are shared", function()
    local transfer = begin("aborted-shared", "&shared=1")
    transfer:cancel()
    assert.is_true(longest_call("aborted-shared", "&shared=1", 2) < 1.2)
    assert.equal(2, fetches_of("aborted-shared"))
  end)

  -- Which worker fetches is seen by who answers meanwhile: the transfer ends with its worker.
  it("the death of its worker", function()
    local transfer = begin("dead", "&shared=1")
    for _, pid in ipairs(nginx:workers()) do assert(os.execute("kill -9 " .. pid)) end
    nginx:finish(transfer)
    local begun = core.monotonic()
    nginx_server.await("a worker answers", function() return nginx:finish(nginx:start_transfer("/")) end)
    assert.is_true(longest_call("dead", "&shared=1", 1) < 1.2)
    assert.is_true(core.monotonic() - begun < LONG_SECONDS / 2)
    assert.equal(2, fetches_of("dead"))
  end)

  it("a reload", function()
    local before = {}
    for _, pid in ipairs(nginx:workers()) do before[pid] = true end
    local transfer = begin("reloaded", "&shared=1")
    nginx:signal("HUP")
    nginx_server.await("the new workers answer alone", function()
      for _ = 1, 10 do
        if before[cjson.decode((nginx:ask("/case?name=pid"))).pid] then return false end
      end
      return true
    end)
    assert.is_true(longest_call("reloaded", "&shared=1", 2) < 1.2)
    transfer:cancel()
  end)
end)

describe("in nginx, what runs in parallel ends", function()
  local service, nginx

  setup(function()
    service = services.start()
    nginx = nginx_server.start { template = "spec/nginx/claims.conf.in",
      values = { SERVICES = service.url, NAME_SERVER_PORT = 9 } }
    service:script {
      { path = "/backup-vaults/", body = '{"BackupVaultList":[]}', delay = 0.3 },
      { body = CREDENTIALS },
    }
  end)
  teardown(function()
    nginx:stop()
    service:stop()
  end)

  it("with the thread that was killed: nothing more is begun, and what was under way comes to no end", function()
    local told = cjson.decode((nginx:ask("/case?name=parallel")))
    assert.is_true(told.begun_then >= 2 and told.begun_then < 10, cjson.encode(told))
    assert.equal(told.begun_then, told.begun)
    assert.is_true(told.ended <= told.ended_then + 1, cjson.encode(told))
    assert.equal("", nginx:read("error.log"))
  end)

  it("before parallel raises what on_progress has raised", function()
    local told = cjson.decode((nginx:ask("/case?name=parallel_raises")))
    assert.is_false(told.fine)
    assert.equal(told.ended_then, told.ended)
    assert.equal("", nginx:read("error.log"))
  end)
end)

describe("in nginx, a killed call", function()
  it("does not hold its request where it was resolving a name", function()
    local socket = require "socket" -- copas has it
    local silent = assert(socket.udp())
    assert(silent:setsockname("127.0.0.1", 0))
    local nginx = nginx_server.start { template = "spec/nginx/claims.conf.in",
      values = { SERVICES = "http://127.0.0.1:1", NAME_SERVER_PORT = select(2, silent:getsockname()) } }
    local begun = core.monotonic()
    local told = nginx:ask("/case?name=resolving")
    local seconds = core.monotonic() - begun
    nginx:stop()
    silent:close()
    assert.same({ killed = true }, cjson.decode(told))
    assert.is_true(seconds < 5, seconds) -- resolver_timeout is 20
  end)
end)

describe("in nginx, a call that waits for the credentials of another may go away, too", function()
  local service, nginx

  setup(function()
    service = services.start()
    nginx = nginx_server.start { template = "spec/nginx/claims.conf.in",
      values = { SERVICES = service.url, NAME_SERVER_PORT = 9 } }
    service:script { { path = "/backup-vaults/", body = "{}" }, { body = CREDENTIALS, delay = 0.2 } }
  end)
  teardown(function()
    nginx:stop()
    service:stop()
  end)

  it("and the others get them", function()
    assert.same({ ended = true }, cjson.decode((nginx:ask("/case?name=waiter"))))
    assert.equal("", nginx:read("error.log"))
  end)
end)
