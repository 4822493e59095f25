-- How the waits of functions that run in parallel are shared, wherever in them a wait stands.

local backup = require "aws.backup"
local blocking = require "aws.backup.runtime.blocking"
local core = require "aws.backup.core"
local foreign = require "aws.backup.runtime.foreign"

local unpack = table.unpack or unpack -- luacheck: ignore

local MOMENT = 0.01 -- seconds
local IS_PUC_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

-- What lets a wait through everywhere: the pcall of coxpcall is the only one in Lua 5.1 that does.
local catching = _VERSION == "Lua 5.1" and require("coxpcall").pcall or pcall

local function wait(moments)
  blocking.sleep(moments * MOMENT)
end

-- Runs functions in parallel, each one once; raises what one of them does.
local function run(...)
  local results = backup.parallel({ ... }, function(fn) return fn() end)
  for _, result in ipairs(results) do
    if not result.ok then error(result.error, 0) end
  end
  return results
end

-- Ways to call a function from where Lua may not let it yield. Each returns what the function does.
local ODD_PLACES = {
  ["a generator"] = function(fn)
    local generate = coroutine.wrap(function() coroutine.yield(fn()) end)
    return generate()
  end,
  ["table.sort"] = function(fn)
    local value
    table.sort({ 2, 1 }, function(left, right)
      value = value or fn()
      return left < right
    end)
    return value
  end,
  ["string.gsub"] = function(fn)
    local value
    string.gsub("x", "x", function() value = fn() end)
    return value
  end,
  ["pcall"] = function(fn) return select(2, pcall(fn)) end,
  ["xpcall"] = function(fn) return select(2, xpcall(fn, print)) end,
  ["an iterator"] = function(fn)
    local values, ended = {}, false
    local function next_value()
      if ended then return nil end
      ended = true
      return (fn())
    end
    for value in next_value do values[#values + 1] = value end
    return values[1]
  end,
  ["a metamethod"] = function(fn)
    return setmetatable({}, { __concat = function() return (fn()) end }) .. ""
  end,
}

-- Where a yield gets through, by Lua.
local GETS_THROUGH = {
  ["pcall"] = not IS_PUC_5_1, ["xpcall"] = not IS_PUC_5_1, ["an iterator"] = not IS_PUC_5_1,
  ["a metamethod"] = not IS_PUC_5_1,
}

describe("a wait in parallel with others", function()
  for place, call in pairs(ODD_PLACES) do
    it("is right within " .. place .. ", and those who wait already go on", function()
      local looks, gone_on = 0, nil
      local results = run(function()
        for _ = 1, 3 do
          wait(1)
          looks = looks + 1
        end
      end, function()
        return call(function()
          wait(10)
          gone_on = looks
          return "waited"
        end)
      end)
      assert.equal("waited", results[2].value)
      assert.equal(3, gone_on)
    end)

    it("lets more begin within " .. place .. (GETS_THROUGH[place] and "" or " as soon as it is over"), function()
      local begun, begun_meanwhile = 0, nil
      local function begin() begun = begun + 1 end
      local results = run(begin, function()
        return call(function()
          wait(2)
          begun_meanwhile = begun
          return "waited"
        end)
      end, begin)
      assert.equal("waited", results[2].value)
      assert.equal(GETS_THROUGH[place] and 2 or 1, begun_meanwhile)
      assert.equal(2, begun)
    end)
  end

  it("is right however many of them can't be shared", function()
    local items, order = {}, {}
    for index = 1, 20 do items[index] = index end
    local results = backup.parallel(items, function(index)
      wait(1)
      local value = ODD_PLACES["a generator"](function()
        wait(2)
        return ODD_PLACES["table.sort"](function()
          wait(1)
          return index
        end)
      end)
      order[#order + 1] = value
      return value
    end)
    for index, result in ipairs(results) do assert.same({ ok = true, value = index }, result) end
    assert.equal(20, #order)
  end)

  it("is right in parallel within a generator", function()
    local results = run(function()
      return ODD_PLACES["a generator"](function()
        local inner = backup.parallel({ 3, 2, 1 }, function(moments)
          wait(moments)
          return moments
        end)
        return inner[1].value + inner[2].value + inner[3].value
      end)
    end, function() wait(1) end)
    assert.equal(6, results[1].value)
  end)

  it("may stand in the pcall that lets it through (coxpcall in Lua 5.1), one within the other", function()
    local running, most, items = 0, 0, {}
    for index = 1, 10 do items[index] = index end
    local results = backup.parallel(items, function(index)
      local _, _, reason = catching(catching, function()
        running = running + 1
        most = math.max(most, running)
        wait(1)
        running = running - 1
        error("number " .. index, 0)
      end)
      return reason
    end)
    assert.equal(10, most)
    assert.equal("number 7", results[7].value:match("^[^\n]*")) -- coxpcall adds a traceback
  end)

  it("may stand in the pcall that lets it through within one that does not", function()
    local results = run(function()
      local _, _, value = pcall(catching, function()
        wait(1)
        return "through"
      end)
      return value
    end)
    assert.equal("through", results[1].value)
  end)

  it("leaves nothing behind where Lua refuses it: in what a metamethod calls last, in Lua 5.1", function()
    local values = {}
    local results = run(function()
      local fine, value = catching(function()
        return setmetatable({}, { __concat = function() return blocking.sleep(2 * MOMENT) end }) .. ""
      end)
      values[1] = fine or tostring(value):find("attempt to yield", 1, true) ~= nil
      local began = core.monotonic()
      wait(4)
      return core.monotonic() - began
    end, function() wait(3) end)
    assert.is_true(values[1])
    assert.is_true(results[1].value >= 4 * MOMENT)
  end)

  it("lets go of what Lua 5.4 closes when it is cancelled", function()
    local load = loadstring or load -- luacheck: ignore
    local hold = load("local held <close> = ...; return held.wait()")
    assert.equal(_VERSION == "Lua 5.4", hold ~= nil)
    local closed = 0
    local thing = setmetatable({ wait = function() blocking.sleep(60) end },
      { __close = function() closed = closed + 1 end })
    local fine = pcall(backup.parallel, { "holds", "ends" }, function(item)
      -- What was told to give up, and waits again, is left where it waits.
      if item == "holds" and hold then
        catching(blocking.sleep, 60)
        hold(thing)
      end
    end, { on_progress = function() error("enough") end })
    assert.is_false(fine)
    assert.equal(hold and 1 or 0, closed)
  end)

  it("is an error if it is no client's, and leaves the others alone", function()
    local results = backup.parallel({ "yields", "waits" }, function(item)
      if item == "yields" then
        local got = coroutine.yield("something")
        return got
      end
      wait(1)
      return "waited"
    end)
    assert.is_true(backup.is(results[1].error, "ClientError"))
    assert.truthy(results[1].error.message:find("only the calls and waits of clients may wait", 1, true))
    assert.same({ ok = true, value = "waited" }, results[2])
  end)

  it("raises in a coroutine that goes on after its function was given up", function()
    local routine, reason
    backup.parallel({ 1 }, function()
      routine = coroutine.running()
      coroutine.yield()
      local _
      _, reason = pcall(wait, 1)
    end)
    if coroutine.status(routine) == "suspended" then coroutine.resume(routine) end -- Lua 5.4 has closed it
    assert.is_true(reason == nil or backup.is(reason, "ClientError"))
  end)
end)

describe("waits in the loop of a host", function()
  -- A host with a clock of its own, which passes as fast as it is slept.
  local function new_host()
    local host = { time = 0, slept = {} }
    host.runtime = foreign.new {
      sleep = function(seconds)
        host.time = host.time + seconds
        host.slept[#host.slept + 1] = seconds
      end,
    }
    return host
  end

  it("are one sleep for all, as long as the shortest", function()
    local host, woken = new_host(), {}
    backup.parallel({ 50, 20, 30 }, function(seconds)
      host.runtime.sleep(seconds)
      woken[#woken + 1] = { seconds, math.floor(host.time + 0.5) }
    end)
    assert.same({ { 20, 20 }, { 30, 30 }, { 50, 50 } }, woken)
    assert.equal(3, #host.slept)
    assert.is_true(host.time < 50.1)
  end)

  it("are never less than none, however close together they end", function()
    local host, items = new_host(), {}
    for index = 1, 300 do items[index] = index * 1e-7 end
    backup.parallel(items, function(seconds) host.runtime.sleep(seconds) end)
    for _, seconds in ipairs(host.slept) do assert.is_true(seconds >= 0) end
  end)

  it("are the host's own outside of the functions", function()
    local host = new_host()
    host.runtime.sleep(5)
    assert.same({ 5 }, host.slept)
  end)

  it("are the host's for clients that would block, once one of them has brought a host", function()
    local host = new_host()
    run(function() host.runtime.sleep(1) end, function() blocking.sleep(2) end)
    assert.equal(2, #host.slept)
  end)

  it("are asked for with growing pauses while a transfer is under way, and without waiting in the engine", function()
    local host, steps = new_host(), {}
    local engine = {
      step = function(_, seconds) steps[#steps + 1] = seconds end,
      is_full = function() return false end, is_open = function() return true end,
      next_ended = function() end,
    }
    local transfer = { done = function() return #steps >= 7 end, cancel = function() end }
    engine.next_ended = function(self)
      if #steps < 7 or self.told then return nil end
      self.told = true
      return transfer
    end
    run(function() host.runtime.finish(engine, transfer) end)
    assert.same({ 0, 0, 0, 0, 0, 0, 0 }, steps)
    assert.same({ 0.001, 0.002, 0.004, 0.008, 0.016, 0.020, 0.020 }, host.slept)
  end)

  it("raise what the host raises, whoever waits there", function()
    local runtime = foreign.new { sleep = function() error("the loop ends", 0) end }
    local unwound = 0
    local fine, reason = pcall(backup.parallel, { 1, 2 }, function()
      local _, failure = catching(runtime.sleep, 1)
      unwound = unwound + 1
      error(failure, 0)
    end)
    assert.is_false(fine)
    assert.equal("the loop ends", reason)
    assert.equal(2, unwound)
  end)
end)

describe("transfers in parallel", function()
  it("of several engines are all waited for", function()
    local server = require("spec.core.server").start()
    local engines = { core.new_engine(), core.new_engine(), core.new_engine() }
    local results = run(unpack((function()
      local functions = {}
      for index, engine in ipairs(engines) do
        functions[index] = function()
          local transfer = assert(engine:start { method = "GET", url = server.url .. "/drip", timeout = 20 })
          blocking.finish(engine, transfer)
          return transfer:result().body
        end
      end
      return functions
    end)()))
    for index in ipairs(engines) do assert.equal("slow, steady", results[index].value) end
    server:stop()
  end)

  it("end with the engine that is closed under them", function()
    local server = require("spec.core.server").start()
    local engine = core.new_engine()
    local results = run(function()
      local transfer = assert(engine:start { method = "GET", url = server.url .. "/silent", timeout = 20 })
      blocking.finish(engine, transfer)
      return select(2, transfer:result())
    end, function()
      wait(3)
      engine:close()
    end)
    assert.equal("closed", results[1].value)
    server:stop()
  end)
end)
