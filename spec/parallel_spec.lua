-- What backup.parallel promises to its callers, over a transport that takes its time. How the waits are shared is in
-- spec/runtime/scheduler_spec.lua, what comes of it for the calls of clients in spec/runtime/parallel_calls_spec.lua.

local backup = require "aws.backup"
local blocking = require "aws.backup.runtime.blocking"

local MOMENT = 0.01 -- seconds

-- What users of Lua 5.1 take; elsewhere it is pcall itself.
local catching = _VERSION == "Lua 5.1" and require("coxpcall").pcall or pcall

-- A client whose service takes so many moments for an answer as the vault's name says.
local function new_client(more)
  local options = {
    region = "eu-west-1", credentials = { access_key_id = "AKID", secret_access_key = "SECRET" }, env = {},
    transport = function(request)
      local name, moments = request.path:match("/([a-z]+%-(%d+))$")
      blocking.sleep(tonumber(moments) * MOMENT)
      return { status = 200, headers = {}, body = ('{"BackupVaultName":"%s"}'):format(name) }
    end,
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return backup.client(options)
end

local function caught(...)
  local fine, failure = pcall(backup.parallel, ...)
  assert.is_false(fine)
  return failure
end

describe("backup.parallel", function()
  local client = new_client()

  local function describe_vault(name)
    return (client:describe_backup_vault { BackupVaultName = name }).BackupVaultName
  end

  it("returns the results in the order of the items, whichever ends first", function()
    local ended = {}
    local results = backup.parallel({ "slow-9", "quick-0", "middling-4" }, function(name, index)
      local described = describe_vault(name)
      ended[#ended + 1] = index
      return described
    end)
    assert.same({ { ok = true, value = "slow-9" }, { ok = true, value = "quick-0" },
      { ok = true, value = "middling-4" } }, results)
    assert.same({ 2, 3, 1 }, ended)
  end)

  it("passes any item but nil, and takes any first result, nil too", function()
    local results = backup.parallel({ false, 7, "x" }, function(item, index)
      if index == 3 then return nil end
      return item, "dropped"
    end)
    assert.same({ { ok = true, value = false }, { ok = true, value = 7 }, { ok = true } }, results)
  end)

  it("returns an empty list for an empty list, and calls nothing", function()
    local function never() error("called") end
    assert.same({}, backup.parallel({}, never, { on_progress = never }))
  end)

  it("keeps an error with its item, as it was raised", function()
    local raised = { reason = "mine" }
    local results = backup.parallel({ "text", "table", "call", "none", "fine" }, function(item)
      if item == "text" then error("plain text", 0) end
      if item == "table" then error(raised) end
      if item == "none" then error() end
      if item == "call" then return client:describe_backup_vault {} end
      return describe_vault("vault-0")
    end)
    assert.same({ ok = false, error = "plain text" }, results[1])
    assert.equal(raised, results[2].error)
    assert.same({ reason = "mine" }, raised)
    assert.is_true(backup.is(results[3].error, "ParamValidationError"))
    assert.same({ ok = false }, results[4])
    assert.same({ ok = true, value = "vault-0" }, results[5])
  end)

  it("has as many functions under way as it is told, and never more", function()
    for _, concurrency in ipairs { 1, 3, 65 } do
      local running, most, items = 0, 0, {}
      for index = 1, concurrency + 5 do items[index] = index end
      backup.parallel(items, function()
        running = running + 1
        most = math.max(most, running)
        describe_vault("vault-1")
        running = running - 1
      end, { concurrency = concurrency })
      assert.equal(concurrency, most)
    end
  end)

  it("has 64 under way unless it is told otherwise", function()
    local running, most, items = 0, 0, {}
    for index = 1, 100 do items[index] = index end
    backup.parallel(items, function()
      running = running + 1
      most = math.max(most, running)
      blocking.sleep(MOMENT)
      running = running - 1
    end)
    assert.equal(64, most)
  end)

  it("makes a coroutine for an item only when its turn comes", function()
    local create, made, items = coroutine.create, 0, {}
    for index = 1, 10000 do items[index] = index end
    local made_at_last
    coroutine.create = function(fn) -- luacheck: ignore
      made = made + 1
      return create(fn)
    end
    local results = backup.parallel(items, function(index)
      if index > 4 then return index end
      blocking.sleep(MOMENT)
      made_at_last = made_at_last or made
    end, { concurrency = 4 })
    coroutine.create = create -- luacheck: ignore
    assert.equal(4, made_at_last)
    assert.equal(10000, #results)
    assert.equal(10000, results[10000].value)
  end)

  it("refuses what makes no sense, and says what does", function()
    local function fn() end
    local cases = {
      { { nil, fn }, "ClientError", "must be a list, not a nil" },
      { { function() end, fn }, "ClientError", "collect what an iterator gives into a table" },
      { { { a = 1 }, fn }, "ClientError", "has a string key; give an array" },
      { { { 1, nil, 3 }, fn }, "ClientError", "item 2 is missing" },
      { { { 1 } }, "ClientError", "a function(item, index) after the items, not a nil" },
      { { { 1 }, client }, "ClientError", "not a table" },
      { { { 1 }, fn, 5 }, "ConfigError", "a table, not number" },
      { { { 1 }, fn, { concurency = 5 } }, "ConfigError", "did you mean concurrency?" },
      { { { 1 }, fn, { concurrency = 0 } }, "ConfigError", "a whole number from 1 to 65535, not 0" },
      { { { 1 }, fn, { concurrency = 1.5 } }, "ConfigError", "not 1.5" },
      { { { 1 }, fn, { concurrency = 65536 } }, "ConfigError", "not 65536" },
      { { { 1 }, fn, { concurrency = "8" } }, "ConfigError", 'not "8"' },
      { { { 1 }, fn, { on_progress = 5 } }, "ConfigError", "on_progress must be a function" },
    }
    for _, case in ipairs(cases) do
      local failure = caught(case[1][1], case[1][2], case[1][3])
      assert.is_true(backup.is(failure, case[2]), tostring(failure))
      assert.truthy(tostring(failure):find(case[3], 1, true), tostring(failure))
    end
  end)

  it("works in a coroutine of the caller's", function()
    local results
    local routine = coroutine.create(function()
      results = backup.parallel({ "first-2", "second-1" }, describe_vault)
    end)
    assert(coroutine.resume(routine))
    assert.equal("dead", coroutine.status(routine))
    assert.same({ { ok = true, value = "first-2" }, { ok = true, value = "second-1" } }, results)
  end)

  it("nests: what is done for one item does not hold up what is done for the others", function()
    local running, most = 0, 0
    local results = backup.parallel({ "a", "b", "c" }, function(letter)
      local inner = backup.parallel({ 1, 2, 1, 2 }, function(moments)
        running = running + 1
        most = math.max(most, running)
        local name = describe_vault(("%s-%d"):format(letter, moments))
        running = running - 1
        return name
      end, { concurrency = 2 })
      return inner[3].value .. " " .. inner[4].value
    end)
    for index, value in ipairs { "a-1 a-2", "b-1 b-2", "c-1 c-2" } do
      assert.same({ ok = true, value = value }, results[index])
    end
    assert.equal(6, most)
  end)

  it("counts nothing twice when functions end without a wait", function()
    local results = backup.parallel({ 1, 2, 3 }, function(outer)
      local inner = backup.parallel({ 10, 20 }, function(item) return item + outer end)
      return inner[1].value + inner[2].value
    end, { concurrency = 1 })
    assert.same({ { ok = true, value = 32 }, { ok = true, value = 34 }, { ok = true, value = 36 } }, results)
  end)

  describe("with on_progress", function()
    it("tells it of each item as it ends: how many, of how many, which, and what came of it", function()
      local told = {}
      local results = backup.parallel({ "slow-9", "bad-x", "quick-1" }, describe_vault, {
        on_progress = function(...) told[#told + 1] = { ... } end,
      })
      assert.equal(3, #told)
      assert.same({ 1, 3, "bad-x" }, { told[1][1], told[1][2], told[1][3] })
      assert.is_false(told[1][4].ok)
      assert.same({ 2, 3, "quick-1", { ok = true, value = "quick-1" } }, told[2])
      assert.same({ 3, 3, "slow-9", { ok = true, value = "slow-9" } }, told[3])
      assert.equal(results[1], told[3][4])
    end)

    it("lets it make calls, and comes back only when all of them have ended", function()
      local described, ended = {}, {}
      backup.parallel({ 1, 2, 3 }, function(index)
        describe_vault("item-1")
        ended[#ended + 1] = index
      end, {
        concurrency = 1,
        on_progress = function(done) described[done] = describe_vault("progress-3") end,
      })
      assert.same({ 1, 2, 3 }, ended)
      assert.same({ "progress-3", "progress-3", "progress-3" }, described)
    end)

    it("raises what it raises, after ending what is under way", function()
      local raised, unwound = {}, {}
      local failure = caught({ "slow-900", "quick-1", "slow-901" }, function(name)
        if name == "quick-1" then return describe_vault(name) end
        local _, reason = catching(describe_vault, name)
        unwound[#unwound + 1] = reason
        -- Whoever does not give up is left where it waits.
        describe_vault(name)
        unwound[#unwound + 1] = "went on"
      end, { on_progress = function() error(raised) end })
      assert.equal(raised, failure)
      assert.equal(2, #unwound)
      assert.equal(raised, unwound[1])
      assert.equal(raised, unwound[2])
    end)

    it("ends a nested one alone", function()
      local results = backup.parallel({ "inner", "outer-3" }, function(name)
        if name ~= "inner" then return describe_vault(name) end
        return backup.parallel({ "slow-900", "quick-0" }, describe_vault, {
          on_progress = function() error("mine", 0) end,
        })
      end)
      assert.same({ { ok = false, error = "mine" }, { ok = true, value = "outer-3" } }, results)
    end)
  end)
end)
