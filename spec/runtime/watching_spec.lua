-- Many who wait for one engine in a loop that can wait for descriptors: who watches, and who wakes whom.

local core = require "aws.backup.core"
local foreign = require "aws.backup.runtime.foreign"

local DESCRIPTOR = 5

-- A loop whose coroutines go on when the spec says so. `waiting[name]` is what a coroutine waits for.
local function new_loop()
  local loop = { waiting = {}, ended = {}, woken = {} }

  local function waiter()
    local made = {}
    function made.wait(_, descriptors, seconds)
      made.name = loop.running
      loop.waiting[made.name] = { descriptors = descriptors, seconds = seconds }
      made.asleep = true
      coroutine.yield()
    end
    function made.wake()
      if made.asleep then loop.woken[#loop.woken + 1] = made.name end
      made.asleep = false
    end
    return made
  end
  loop.runtime = foreign.new { sleep = function() error("slept") end, waiter = waiter }

  local threads = {}

  function loop.resume(name)
    loop.running, loop.waiting[name] = name, nil
    assert(coroutine.resume(threads[name]))
    if coroutine.status(threads[name]) == "dead" then loop.ended[#loop.ended + 1] = name end
  end

  -- A coroutine that waits for the transfer of its name.
  function loop.start(name, engine)
    threads[name] = coroutine.create(function() loop.runtime.finish(engine, engine.transfer(name)) end)
    loop.resume(name)
  end

  -- Those that are woken go on, each in its turn.
  function loop.resume_woken()
    while loop.woken[1] do loop.resume(table.remove(loop.woken, 1)) end
  end

  function loop.drop(name)
    threads[name], loop.waiting[name] = nil, nil
  end

  function loop.watchers()
    local names = {}
    for name, what in pairs(loop.waiting) do
      if what.descriptors[1] then names[#names + 1] = name end
    end
    table.sort(names)
    return names
  end

  return loop
end

-- An engine whose transfers end at the step after the spec says so.
local function new_engine(changes)
  local done, answered, untold = {}, {}, {}
  local engine = {
    descriptor = function() return DESCRIPTOR end,
    timeout = function() return 0.5 end,
    step = function()
      for _, transfer in ipairs(answered) do
        done[transfer] = true
        untold[#untold + 1] = transfer
      end
      answered = {}
    end,
    is_full = function() return false end, is_open = function() return true end,
    next_ended = function() return table.remove(untold, 1) end,
  }
  local transfers = {}
  function engine.transfer(name)
    transfers[name] = transfers[name] or { done = function(self) return done[self] == true end }
    return transfers[name]
  end
  function engine.answer(...)
    for _, name in ipairs { ... } do answered[#answered + 1] = engine.transfer(name) end
  end
  for name, value in pairs(changes or {}) do engine[name] = value end
  return engine
end

describe("of those who wait for an engine", function()
  local loop, engine

  local function start(...)
    for _, name in ipairs { ... } do loop.start(name, engine) end
  end

  before_each(function()
    loop, engine = new_loop(), new_engine()
  end)

  it("one watches its descriptor, the others wait to be woken", function()
    start("first", "second", "third")
    assert.same({ "first" }, loop.watchers())
    assert.same({ DESCRIPTOR }, loop.waiting.first.descriptors)
    assert.same({}, loop.waiting.third.descriptors)
  end)

  it("each waits no longer than until the engine has something to do anyway, and no more than half a second", function()
    start("first", "second")
    assert.equal(0.5, loop.waiting.first.seconds)
    engine.timeout = function() return 0.3 end
    start("second")
    assert.equal(0.3, loop.waiting.second.seconds)
    engine.timeout = function() return nil end
    start("third")
    assert.equal(0.5, loop.waiting.third.seconds)
  end)

  it("one that has its answer at once does not wait at all", function()
    engine.answer("first")
    start("first")
    assert.same({ "first" }, loop.ended)
  end)

  it("those are woken whose transfers have ended, and the one who watches goes on watching", function()
    start("first", "second", "third")
    engine.answer("third")
    loop.resume("first")
    assert.same({ "third" }, loop.woken)
    loop.resume_woken()
    assert.same({ "third" }, loop.ended)
    assert.same({ "first" }, loop.watchers())
  end)

  it("another one watches when the one who does so has its answer", function()
    start("first", "second", "third")
    engine.answer("first")
    loop.resume("first")
    assert.equal(1, #loop.woken)
    loop.resume_woken()
    assert.same({ "first" }, loop.ended)
    assert.equal(1, #loop.watchers())
  end)

  it("another one watches even if whoever was to do so has its answer by then", function()
    start("first", "second", "third", "fourth")
    engine.answer("first")
    loop.resume("first")
    local successor = loop.woken[1]
    engine.answer(successor)
    loop.resume_woken()
    assert.same({ "first", successor }, loop.ended)
    assert.equal(1, #loop.watchers())
  end)

  it("the one who watches is woken if another one has brought about its answer", function()
    start("first", "second")
    engine.answer("first")
    start("third")
    assert.same({ "first" }, loop.woken)
    loop.resume_woken()
    assert.same({ "first" }, loop.ended)
    assert.equal(1, #loop.watchers())
  end)

  it("each is woken once by its answer, in whatever order they come, until nobody waits", function()
    start("a", "b", "c", "d", "e", "f")
    for _, names in ipairs { { "d" }, { "a", "c" }, { "f" }, { "b", "e" } } do
      engine.answer(names[1], names[2])
      loop.resume(loop.watchers()[1])
      loop.resume_woken()
    end
    table.sort(loop.ended)
    assert.same({ "a", "b", "c", "d", "e", "f" }, loop.ended)
    assert.same({}, loop.waiting)
  end)

  it("another one notices that the loop has dropped the one who watched", function()
    local monotonic, time = core.monotonic, 1000
    core.monotonic = function() return time end
    start("first", "second")
    loop.drop("first")
    for _ = 1, 4 do
      time = time + loop.waiting.second.seconds
      loop.resume("second")
    end
    core.monotonic = monotonic
    assert.same({ "second" }, loop.watchers())
  end)

  it("another one notices within a second, by claims, that the loop has dropped the one who watched", function()
    local monotonic, time, waited = core.monotonic, 1000, 0
    core.monotonic = function() return time end
    start("first", "second")
    loop.drop("first")
    while not loop.watchers()[1] do
      time, waited = time + loop.waiting.second.seconds, waited + loop.waiting.second.seconds
      loop.resume("second")
    end
    core.monotonic = monotonic
    assert.is_true(waited < 1.1, waited)
  end)

  it("all look at the sockets often where the system has no such descriptor", function()
    engine = new_engine { descriptor = function() return nil end }
    start("first", "second")
    assert.same({}, loop.watchers())
    assert.equal(0.02, loop.waiting.first.seconds)
    engine.answer("second")
    loop.resume("first")
    loop.resume_woken()
    assert.same({ "second" }, loop.ended)
  end)
end)
