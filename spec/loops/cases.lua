--- What holds in every loop that a client can wait in. The spec of a loop says how it is run.

local assert = require "luassert"
local backup = require "aws.backup"
local core = require "aws.backup.core"
local time = require "aws.backup.codec.time"

local CALLS = 10
local DELAY_SECONDS = 0.15
local TICK_SECONDS = 0.01
-- Of the fifteen that fit into the delay. The machine may be busy, but a loop that is blocked has one.
local FEWEST_TICKS = 4
-- What one answer takes to wait for descriptors: to connect, to send, for the answer, and some that come to nothing.
local MOST_WAITS_PER_CALL = 6

---@class spec.loops.Loop
---@field runtime table  for the option of a client
---@field spawn fun(fn: function)  starts a coroutine of the loop, now or when the loop runs
---@field sleep fun(seconds: number)  in such a coroutine
---@field run fun()  runs the loop until all its coroutines have ended

local function new_client(loop, server, more)
  local options = {
    region = "us-east-1", endpoint_url = server.url, runtime = loop.runtime, env = {},
    random = function() return 0.9 end,
    credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return backup.client(options)
end

-- Runs a function in a coroutine of the loop. Returns what it returns, and how often the loop got to something else
-- meanwhile.
local function watch(loop, fn)
  local ended, outcome, ticks = false, nil, 0
  loop.spawn(function()
    outcome = fn()
    ended = true
  end)
  loop.spawn(function()
    while not ended do
      loop.sleep(TICK_SECONDS)
      ticks = ticks + 1
    end
  end)
  loop.run()
  assert.is_true(ended)
  return outcome, ticks
end

local function list(client)
  return client:list_backup_vaults {}
end

local function numbers()
  local items = {}
  for index = 1, CALLS do items[index] = index end
  return items
end

local cases = {}

--- Those of every loop.
---@type { [1]: string, [2]: fun(loop: spec.loops.Loop, server: table) }[]
cases.common = {}

local function common(name, run)
  cases.common[#cases.common + 1] = { name, run }
end

common("goes on while a call waits for its answer", function(loop, server)
  server:script { { body = "{}", delay = DELAY_SECONDS } }
  local client = new_client(loop, server)
  local output, ticks = watch(loop, function() return (list(client)) end)
  assert.is_table(output)
  assert.is_true(ticks >= FEWEST_TICKS)
end)

common("goes on while a call waits to be tried again", function(loop, server)
  server:script { { status = 503, times = 1 }, { body = "{}" } }
  local client = new_client(loop, server)
  local meta, ticks = watch(loop, function() return select(2, list(client)) end)
  assert.equal(2, meta.attempts)
  assert.is_true(ticks >= 1)
end)

common("has the calls of its coroutines under way at the same time", function(loop, server)
  server:script { { body = "{}", delay = DELAY_SECONDS } }
  local client = new_client(loop, server)
  local begun, begun_at_first_end, ended = 0, nil, 0
  for _ = 1, CALLS do
    loop.spawn(function()
      begun = begun + 1
      list(client)
      begun_at_first_end = begun_at_first_end or begun
      ended = ended + 1
    end)
  end
  loop.run()
  assert.equal(CALLS, begun_at_first_end)
  assert.equal(CALLS, ended)
end)

common("goes on while calls are made in parallel", function(loop, server)
  server:script { { body = "{}", delay = DELAY_SECONDS } }
  local client = new_client(loop, server)
  local begun, begun_at_first_end = 0, nil
  local results, ticks = watch(loop, function()
    return backup.parallel(numbers(), function(index)
      begun = begun + 1
      list(client)
      begun_at_first_end = begun_at_first_end or begun
      return index
    end)
  end)
  for index = 1, CALLS do assert.same({ ok = true, value = index }, results[index]) end
  assert.equal(CALLS, begun_at_first_end)
  assert.is_true(ticks >= FEWEST_TICKS)
end)

common("lets two coroutines make calls in parallel at the same time", function(loop, server)
  server:script { { body = "{}", delay = DELAY_SECONDS } }
  local client = new_client(loop, server)
  local begun, begun_at_first_end, good = 0, nil, 0
  for _ = 1, 2 do
    loop.spawn(function()
      local results = backup.parallel(numbers(), function()
        begun = begun + 1
        list(client)
        begun_at_first_end = begun_at_first_end or begun
      end)
      for _, result in ipairs(results) do good = good + (result.ok and 1 or 0) end
    end)
  end
  loop.run()
  assert.equal(2 * CALLS, begun_at_first_end)
  assert.equal(2 * CALLS, good)
end)

common("has the failure of a call in parallel with its item", function(loop)
  local client = new_client(loop, { url = "http://127.0.0.1:1" }, { max_attempts = 1 })
  local results = watch(loop, function() return backup.parallel({ 1 }, function() list(client) end) end)
  assert.is_true(backup.is(results[1].error, "TransportError"))
end)

--- Credentials are fetched once, whoever waits for them meanwhile.
---@param loop spec.loops.Loop
---@param server table
function cases.fetch_credentials_once(loop, server)
  server:script {
    { path = "/credentials", delay = DELAY_SECONDS, body = ('{"AccessKeyId":"AKID","SecretAccessKey":"SECRET",'
      .. '"Token":"TOKEN","Expiration":"%s"}'):format(time.iso8601(core.time() + 3600)) },
    { body = "{}" },
  }
  local client = backup.client {
    region = "us-east-1", endpoint_url = server.url, runtime = loop.runtime,
    env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/credentials",
      AWS_CONFIG_FILE = "/nowhere", AWS_SHARED_CREDENTIALS_FILE = "/nowhere",
    },
  }
  local ended = 0
  for _ = 1, CALLS do
    loop.spawn(function()
      list(client)
      ended = ended + 1
    end)
  end
  loop.run()
  assert.equal(CALLS, ended)
  assert.equal(CALLS + 1, #server:seen())
end

--- The loop waits for descriptors instead of looking at them now and then.
---@param loop spec.loops.Loop
---@param server table
function cases.wait_for_descriptors(loop, server)
  server:script { { body = "{}", delay = DELAY_SECONDS } }
  local waits, watched = 0, 0
  local function counting()
    local waiter = loop.runtime.waiter()
    return {
      wait = function(_, descriptors, seconds)
        waits, watched = waits + 1, watched + #descriptors
        waiter:wait(descriptors, seconds)
      end,
      wake = function() waiter:wake() end,
    }
  end
  local client = new_client(loop, server, { runtime = { sleep = loop.runtime.sleep, waiter = counting } })
  watch(loop, function() return list(client) end)
  assert.is_true(waits > 0 and waits <= MOST_WAITS_PER_CALL, waits .. " waits")
  assert.equal(waits, watched)
end

return cases
