-- What the calls of clients share when they are made in parallel, and what one of them leaves to the others.

local backup = require "aws.backup"
local blocking = require "aws.backup.runtime.blocking"
local core = require "aws.backup.core"
local emulator = require "aws.backup.emulator"
local services = require "spec.services.server"
local time = require "aws.backup.codec.time"

local LUA = assert(os.getenv("LUA"), "run the specs with tools/busted, which says which Lua runs them")
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }
local ROLE = "arn:aws:iam::123456789012:role/backup"
local TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"

local function numbers(count)
  local items = {}
  for index = 1, count do items[index] = index end
  return items
end

local function new_client(options)
  local given = { region = "us-east-1", credentials = KEYS, env = {} }
  for name, value in pairs(options) do given[name] = value end
  return backup.client(given)
end

local function list(client)
  return client:list_backup_vaults {}
end

local function values_of(results)
  local values = {}
  for index, result in ipairs(results) do
    if not result.ok then error(result.error, 0) end
    values[index] = result.value
  end
  return values
end

-- The lines that a program of this folder prints.
local function run(program, argument)
  local pipe = assert(io.popen(("%s spec/runtime/%s %s 2>&1"):format(LUA, program, argument or "")))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

describe("calls in parallel over the network", function()
  local server

  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  -- How many calls had begun when the first one ended, and how many came to the service.
  local function begun_before_the_first_end(client, items, options)
    server:script { { path = "/backup-vaults/", body = "{}", delay = 0.1 } }
    local begun, begun_at_first_end = 0, nil
    values_of(backup.parallel(items, function()
      begun = begun + 1
      list(client)
      begun_at_first_end = begun_at_first_end or begun
    end, options))
    return begun_at_first_end, #server:seen()
  end

  it("are under way at the same time", function()
    local client = new_client { endpoint_url = server.url }
    local begun, came = begun_before_the_first_end(client, numbers(40))
    assert.equal(40, begun)
    assert.equal(40, came)
  end)

  it("wait in line where a client has fewer connections", function()
    local client = new_client { endpoint_url = server.url, max_connections = 5 }
    local begun, came = begun_before_the_first_end(client, numbers(10))
    assert.equal(10, begun)
    assert.equal(10, came)
    client:close()
  end)

  it("may be those of several clients with connections of their own", function()
    local clients = {}
    for index = 1, 3 do clients[index] = new_client { endpoint_url = server.url, max_connections = 2 } end
    server:script { { path = "/backup-vaults/", body = "{}", delay = 0.1 } }
    local begun, begun_at_first_end = 0, nil
    values_of(backup.parallel(numbers(6), function(index)
      begun = begun + 1
      list(clients[index % 3 + 1])
      begun_at_first_end = begun_at_first_end or begun
    end))
    assert.equal(6, begun_at_first_end)
    for _, client in ipairs(clients) do client:close() end
  end)

  it("fetch credentials once, and all wait for them", function()
    server:script {
      { path = "/credentials", delay = 0.1, body = ('{"AccessKeyId":"AKID","SecretAccessKey":"SECRET","Token":"TOKEN",'
        .. '"Expiration":"%s"}'):format(time.iso8601(core.time() + 3600)) },
      { path = "/backup-vaults/", body = "{}" },
    }
    local client = backup.client {
      region = "us-east-1", endpoint_url = server.url,
      env = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/credentials",
        AWS_CONFIG_FILE = "/nowhere", AWS_SHARED_CREDENTIALS_FILE = "/nowhere",
      },
    }
    local begun, ended = 0, 0
    values_of(backup.parallel(numbers(50), function()
      begun = begun + 1
      list(client)
      ended = ended + 1
      assert(begun == 50)
    end))
    local asked = {}
    for _, request in ipairs(server:seen()) do asked[request.path] = (asked[request.path] or 0) + 1 end
    assert.same({ ["/credentials"] = 1, ["/backup-vaults/"] = 50 }, asked)
    assert.equal(50, ended)
  end)

  it("fetch for themselves where they lie above whoever fetches, who could not go on before them", function()
    server:script {
      { path = "/credentials", delay = 0.1, body = ('{"AccessKeyId":"AKID","SecretAccessKey":"SECRET","Token":"TOKEN",'
        .. '"Expiration":"%s"}'):format(time.iso8601(core.time() + 3600)) },
      { path = "/backup-vaults/", body = "{}" },
    }
    local client = backup.client {
      region = "us-east-1", endpoint_url = server.url, timeout = 10,
      env = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/credentials",
        AWS_CONFIG_FILE = "/nowhere", AWS_SHARED_CREDENTIALS_FILE = "/nowhere",
      },
    }
    local called = 0
    values_of(backup.parallel(numbers(10), function()
      blocking.sleep(0.01)
      coroutine.wrap(function()
        list(client)
        called = called + 1
      end)()
    end))
    assert.equal(10, called)
  end)

  it("end on Ctrl-C, which goes on to the caller once they are cancelled", function()
    server:script {
      { path = "/backup-vaults/", delay = 60 },
      { path = "/backup-jobs/job-1", body = '{"BackupJobId":"job-1","State":"RUNNING"}' },
    }
    local said = run("interrupted.lua", server.url)
    assert.truthy(said[1]:find("^raised: .*interrupted!$"), said[1])
    assert.same({ "unwound: 4", "under way: 0", "afterwards: interrupted! not" }, { said[2], said[3], said[4] })
  end)

  it("end on Ctrl-C at the latest when the function ends that is at work then", function()
    local said = run("interrupted_at_work.lua")
    assert.truthy(said[1]:find("^false%s.*interrupted!$"), said[1])
    assert.equal("early", said[2])
  end)
end)

describe("calls in parallel", function()
  it("do not wait for the pause of another one before its retry", function()
    local failed = false
    local client = new_client {
      random = function() return 1 end,
      transport = function(request)
        if request.path:find("first", 1, true) and not failed then
          failed = true
          return { status = 503, headers = {}, body = "{}" }
        end
        return { status = 200, headers = {}, body = "{}" }
      end,
    }
    local ended = {}
    values_of(backup.parallel({ "first", "second", "third" }, function(name)
      local _, meta = client:describe_backup_vault { BackupVaultName = name }
      ended[#ended + 1] = ("%s after %d"):format(name, meta.attempts)
    end))
    assert.same({ "second after 1", "third after 1", "first after 2" }, ended)
  end)

  it("keep one rate in the retry mode adaptive", function()
    local skipped, sent = 0, {}
    local function monotonic() return core.monotonic() + skipped end
    local client = new_client {
      retry_mode = "adaptive", random = function() return 0 end, monotonic = monotonic,
      runtime = { sleep = function(seconds) skipped = skipped + seconds end },
      transport = function()
        sent[#sent + 1] = monotonic()
        if #sent > 1 then return { status = 200, headers = {}, body = "{}" } end
        return { status = 400, headers = { ["x-amzn-errortype"] = "ThrottlingException" }, body = "{}" }
      end,
    }
    values_of(backup.parallel(numbers(8), function() list(client) end))
    assert.equal(9, #sent)
    -- The first throttling leads to the lowest rate, half a call a second, from which it rises: one by one they are let
    -- through, as they would be one after the other.
    for index = 3, 9 do assert.is_true(sent[index] - sent[index - 1] > 0.05, "too early: call " .. index) end
    assert.is_true(sent[9] - sent[1] > 3)
  end)

  it("go on while others follow jobs", function()
    local control_plane = emulator.new { credentials = KEYS }
    control_plane:create_vault("Default")
    local client = new_client { transport = control_plane }
    local followed, looks, calls = 0, 0, 0
    local values = values_of(backup.parallel({ "follow", "follow", "call" }, function(what)
      if what == "call" then
        while followed < 2 do
          list(client)
          calls = calls + 1
          control_plane:advance(60)
          blocking.sleep(0.01)
        end
        return "called"
      end
      local started = client:start_backup_job { BackupVaultName = "Default", ResourceArn = TABLE, IamRoleArn = ROLE }
      local job = client:wait_for_backup_job(started.BackupJobId, {
        interval = 0.02, max_interval = 0.02, on_progress = function() looks = looks + 1 end,
      })
      followed = followed + 1
      return job.State
    end))
    assert.same({ "COMPLETED", "COMPLETED", "called" }, values)
    assert.is_true(calls >= 4)
    assert.is_true(looks >= 4)
  end)

  it("leave their failures with their items", function()
    local control_plane = emulator.new { credentials = KEYS }
    local client = new_client { transport = control_plane, max_attempts = 1 }
    control_plane:create_vault("there")
    local results = backup.parallel({ "there", "missing", 5, "there" }, function(name)
      return (client:describe_backup_vault { BackupVaultName = name }).BackupVaultName
    end)
    assert.same({ ok = true, value = "there" }, results[1])
    assert.is_true(backup.is(results[2].error, "vault_missing"))
    assert.is_true(backup.is(results[3].error, "ParamValidationError"))
    assert.same({ ok = true, value = "there" }, results[4])
  end)
end)
