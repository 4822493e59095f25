local errors = require "aws.backup.errors"
local fakes = require "spec.credentials.fakes"
local refresh = require "aws.backup.credentials.refresh"

local MINUTE, HOUR = 60, 3600
local START = 1767323045

-- A context whose wall clock and monotonic clock the test moves. Sleeping yields: whoever waits must be a coroutine.
local function new_context()
  local context = { now = START, uptime = 1000, logged = {} }
  function context.clock() return context.now end
  function context.monotonic() return context.uptime end
  function context.sleep(seconds) coroutine.yield("slept", seconds) end
  function context.log(format, ...) context.logged[#context.logged + 1] = format:format(...) end
  function context.advance(seconds)
    context.now, context.uptime = context.now + seconds, context.uptime + seconds
  end
  return context
end

local function failing(message)
  return errors.new("CredentialsError", { message = message })
end

-- A provider whose every set lives so long, with a key id that counts: K1, K2, ...
local function counting(context, lifetime)
  local count = 0
  return fakes.provider("fake", function()
    count = count + 1
    return fakes.set("K" .. count, lifetime and context.now + lifetime)
  end)
end

-- A caller in a coroutine of its own: step() runs it to its next wait; then `results` is there, or it waits on.
local function caller(fn)
  local self = {}
  local thread = coroutine.create(function() self.results = { fn() } end)
  function self.step()
    assert(coroutine.resume(thread))
    return self.results ~= nil
  end
  return self
end

-- A provider that takes its time: each get yields before it answers.
local function slow(...)
  local inner = fakes.provider("slow", ...)
  return { name = "slow", calls = inner.calls, get = function(_, deadline, rejected)
    local found, reason = inner:get(deadline, rejected)
    coroutine.yield("fetching")
    return found, reason
  end }
end

-- The first credentials of a source whose provider is slow.
local function primed(source)
  local first = caller(function() return source:get() end)
  repeat until first.step()
  return first.results[1]
end

local function id_of(source)
  local found = source:get()
  return found and found.access_key_id
end

describe("refresh.windows", function()
  it("begins 15 minutes before the end, and demands from 10 minutes on", function()
    assert.same({ START + 45 * MINUTE, START + 50 * MINUTE }, { refresh.windows(START + HOUR, START) })
  end)

  it("is 5 minutes for sets that live up to 15 minutes, and at most half of a life", function()
    assert.equal(START + 10 * MINUTE, (refresh.windows(START + 15 * MINUTE, START)))
    assert.equal(START + 9 * MINUTE, (refresh.windows(START + 14 * MINUTE, START)))
    assert.equal(START + 2 * MINUTE, (refresh.windows(START + 4 * MINUTE, START)))
    assert.equal(START + 1 * MINUTE, (refresh.windows(START + 16 * MINUTE, START)))
  end)

  it("never comes for what does not expire", function()
    assert.same({ math.huge, math.huge }, { refresh.windows(nil, START) })
  end)
end)

describe("a source of credentials", function()
  local context
  before_each(function() context = new_context() end)

  it("fetches nothing before it is asked, and is then named like what it found", function()
    local provider = counting(context, HOUR)
    local source = refresh.new(provider, context)
    assert.equal(0, #provider.calls)
    provider.name = "the winner"
    assert.equal("K1", id_of(source))
    assert.equal("the winner", source.name)
  end)

  it("gives the same table while nothing has changed", function()
    local provider = counting(context, HOUR)
    local source = refresh.new(provider, context)
    local first = source:get()
    context.advance(45 * MINUTE - 1)
    assert.equal(first, source:get())
    assert.equal(1, #provider.calls)
  end)

  it("makes no garbage while nothing has changed", function()
    local source = refresh.new(counting(context, HOUR), context)
    local function ask_often()
      for _ = 1, 10000 do source:get() end
      return collectgarbage("count")
    end
    collectgarbage("stop")
    local before = ask_often()
    local growth = ask_often() - before
    collectgarbage("restart")
    -- What a just-in-time compiler makes; a table for each get would be 500 KiB.
    assert.is_true(growth < 50, growth)
  end)

  it("never fetches again what does not expire", function()
    local provider = counting(context, nil)
    local source = refresh.new(provider, context)
    source:get()
    context.advance(10 * 365 * 24 * HOUR)
    assert.equal("K1", id_of(source))
    assert.equal(1, #provider.calls)
  end)

  it("uses a set as it is with more than 15 minutes left, and replaces it with less", function()
    for left, id in pairs { [16] = "K1", [15] = "K2", [14] = "K2", [9] = "K2", [0] = "K2", [-60] = "K2" } do
      local source = refresh.new(counting(context, HOUR), context)
      source:get()
      context.advance((60 - left) * MINUTE)
      assert.equal(id, id_of(source), left .. " minutes left")
    end
  end)

  it("does not fetch short-lived credentials at every call", function()
    local provider = counting(context, 15 * MINUTE)
    local source = refresh.new(provider, context)
    source:get()
    context.advance(9 * MINUTE)
    assert.equal("K1", id_of(source))
    context.advance(1 * MINUTE)
    assert.equal("K2", id_of(source))
    assert.equal(2, #provider.calls)
  end)

  it("decides by the wall clock, wherever that jumps", function()
    local source = refresh.new(counting(context, HOUR), context)
    source:get()
    context.now = START + 50 * MINUTE
    assert.equal("K2", id_of(source))
    context.now = START - HOUR
    assert.equal("K2", id_of(source))
  end)

  it("hands the caller's deadline on, but keeps half of the time while the old set is good", function()
    local provider = counting(context, HOUR)
    local source = refresh.new(provider, context)
    source:get(context.uptime + 20)
    assert.equal(1020, provider.calls[1].deadline)
    context.advance(55 * MINUTE)
    source:get(context.uptime + 20)
    assert.equal(context.uptime + 10, provider.calls[2].deadline)
    context.advance(2 * HOUR)
    source:get(context.uptime + 20)
    assert.equal(context.uptime + 20, provider.calls[3].deadline)
  end)

  it("logs where credentials were found, and none of them", function()
    refresh.new(fakes.provider("sso", fakes.set("AKID", START + HOUR, "TOKEN")), context):get()
    assert.same({ "found credentials in sso; they expire: 2026-01-02T04:04:05Z" }, context.logged)
    refresh.new(fakes.provider("process", fakes.set("AKID")), context):get()
    assert.equal("found credentials in process; they expire: never", context.logged[2])
  end)
end)

describe("what a provider gives", function()
  local context
  before_each(function() context = new_context() end)

  local function failure_of(answer, owner)
    local found, failure = refresh.new(fakes.provider("fake", answer), context, owner):get()
    assert.is_nil(found)
    assert.is_true(failure:is("CredentialsError"))
    return failure.message
  end

  it("is an error that lists what is missing", function()
    local message = failure_of(function() return { session_token = "T" } end)
    assert.equal("the provider fake gave no access_key_id and no secret_access_key", message)
    message = failure_of(function() return { access_key_id = "AKID", secret_access_key = "" } end)
    assert.equal("the provider fake gave no secret_access_key", message)
  end)

  it("is an error if it is expired already", function()
    local message = failure_of(fakes.set("AKID", START - 1))
    assert.truthy(message:find("were found, but are expired (at 2026-01-02T03:04:04Z", 1, true))
    assert.truthy(message:find("clock says 2026-01-02T03:04:05Z", 1, true))
  end)

  it("is an error if it was refreshed, but is still expired", function()
    local source = refresh.new(fakes.provider("fake", fakes.set("AKID", START + HOUR)), context)
    source:get()
    context.advance(HOUR)
    local found, failure = source:get()
    assert.is_nil(found)
    assert.is_true(failure:is("CredentialsError"))
    assert.truthy(failure.message:find("were refreshed, but are still expired", 1, true))
  end)

  it("is an error if it is nothing, in the words of the owner if there is one", function()
    assert.equal("the provider fake gives no credentials: AWS_ACCESS_KEY_ID is not set",
      failure_of("AWS_ACCESS_KEY_ID is not set"))
    assert.equal('the source_profile "a" gives no credentials: gone', failure_of("gone", 'the source_profile "a"'))
  end)

  it("goes through as the error that it is", function()
    local failure = errors.new("ConfigError", { message = "wrong" })
    assert.equal(failure, select(2, refresh.new(fakes.provider("fake", failure), context):get()))
  end)

  it("may raise, which harms nobody who asks later", function()
    local source = refresh.new(fakes.provider("fake", function() error("boom", 0) end, fakes.set("AKID")), context)
    assert.same({ false, "boom" }, { pcall(source.get, source) })
    assert.equal("AKID", id_of(source))
  end)
end)

describe("a refresh that fails", function()
  local context
  before_each(function() context = new_context() end)

  -- A source of a set that lives an hour, after which its provider gives nothing but failures.
  local function failing_source()
    local provider = fakes.provider("sso", fakes.set("OLD", START + HOUR), failing("no answer"))
    local source = refresh.new(provider, context)
    source:get()
    return source, provider
  end

  it("leaves the old set in use, and is logged", function()
    local source = failing_source()
    context.advance(46 * MINUTE)
    assert.equal("OLD", id_of(source))
    assert.equal("the credentials of the provider sso could not be refreshed, and are used on until they expire at "
      .. "2026-01-02T04:04:05Z: no answer", context.logged[#context.logged])
  end)

  it("leaves the old set in use in the last 10 minutes too, until it really expires", function()
    local source = failing_source()
    for _, minutes in ipairs { 51, 5, 3, 0.9 } do
      context.advance(minutes * MINUTE)
      assert.equal("OLD", id_of(source))
    end
    context.advance(0.1 * MINUTE)
    local found, failure = source:get()
    assert.is_nil(found)
    assert.equal("no answer", failure.message)
  end)

  it("is tried again after 60 s at the earliest", function()
    local source, provider = failing_source()
    context.advance(46 * MINUTE)
    source:get()
    context.advance(59)
    source:get()
    assert.equal(2, #provider.calls)
    context.advance(1)
    source:get()
    assert.equal(3, #provider.calls)
  end)

  it("is tried again after 10 s in the last 10 minutes", function()
    local source, provider = failing_source()
    context.advance(55 * MINUTE)
    source:get()
    context.advance(9)
    source:get()
    assert.equal(2, #provider.calls)
    context.advance(1)
    source:get()
    assert.equal(3, #provider.calls)
  end)

  it("has its pause measured by the clock that does not jump", function()
    local source, provider = failing_source()
    context.advance(46 * MINUTE)
    source:get()
    context.now = context.now + 2 * MINUTE
    source:get()
    assert.equal(2, #provider.calls)
    context.uptime = context.uptime + MINUTE
    source:get()
    assert.equal(3, #provider.calls)
  end)

  it("is raised at each call once the old set has expired, and then tried each time", function()
    local source, provider = failing_source()
    context.advance(HOUR)
    assert.is_nil((source:get()))
    assert.is_nil((source:get()))
    assert.equal(3, #provider.calls)
  end)

  it("is one too if it brings the set that is there already, which is asked for again after the pause", function()
    local provider = fakes.provider("process", fakes.set("SAME", START + HOUR))
    local source = refresh.new(provider, context)
    local first = source:get()
    context.advance(46 * MINUTE)
    assert.equal(first, source:get())
    assert.equal(first, source:get())
    assert.equal(2, #provider.calls)
    context.advance(MINUTE)
    assert.equal(first, source:get())
    assert.equal(3, #provider.calls)
  end)
end)

describe("many callers at once", function()
  local context
  before_each(function() context = new_context() end)

  local function callers(count, fn)
    local made = {}
    for index = 1, count do made[index] = caller(fn) end
    return made
  end

  local function step_all(them)
    local waiting = 0
    for _, one in ipairs(them) do
      if not one.results and not one.step() then waiting = waiting + 1 end
    end
    return waiting
  end

  it("make one fetch, and all get what it brought", function()
    local provider = slow(fakes.set("AKID", START + HOUR))
    local source = refresh.new(provider, context)
    local them = callers(20, function() return source:get() end)
    assert.equal(20, step_all(them))
    assert.equal(0, step_all(them))
    assert.equal(1, #provider.calls)
    for _, one in ipairs(them) do
      assert.equal("AKID", one.results[1].access_key_id)
      assert.equal(them[1].results[1], one.results[1])
    end
  end)

  it("share the failure of the one fetch, each with an error of its own", function()
    local provider = slow(failing("no answer"))
    local source = refresh.new(provider, context)
    local them = callers(5, function() return source:get() end)
    step_all(them)
    assert.equal(0, step_all(them))
    assert.equal(1, #provider.calls)
    for index, one in ipairs(them) do
      local failure = one.results[2]
      assert.equal("no answer", failure.message)
      assert.is_true(failure:is("CredentialsError"))
      assert.is_nil(failure.operation)
      failure.operation = "Operation" .. index
    end
  end)

  it("do not wait while more than 10 minutes are left: one refreshes, the others use the old set", function()
    local provider = slow(fakes.set("OLD", START + HOUR), fakes.set("NEW", START + 2 * HOUR))
    local source = refresh.new(provider, context)
    primed(source)
    context.advance(46 * MINUTE)
    local them = callers(5, function() return source:get() end)
    assert.equal(1, step_all(them))
    for index = 2, 5 do assert.equal("OLD", them[index].results[1].access_key_id) end
    assert.equal(0, step_all(them))
    assert.equal("NEW", them[1].results[1].access_key_id)
    assert.equal(2, #provider.calls)
  end)

  it("wait in the last 10 minutes, and all get the new set", function()
    local provider = slow(fakes.set("OLD", START + HOUR), fakes.set("NEW", START + 2 * HOUR))
    local source = refresh.new(provider, context)
    primed(source)
    context.advance(51 * MINUTE)
    local them = callers(5, function() return source:get() end)
    assert.equal(5, step_all(them))
    assert.equal(0, step_all(them))
    for _, one in ipairs(them) do assert.equal("NEW", one.results[1].access_key_id) end
    assert.equal(2, #provider.calls)
  end)

  it("use the old set when the refresh they waited for has failed", function()
    local provider = slow(fakes.set("OLD", START + HOUR), failing("no answer"))
    local source = refresh.new(provider, context)
    primed(source)
    context.advance(51 * MINUTE)
    local them = callers(5, function() return source:get() end)
    step_all(them)
    assert.equal(0, step_all(them))
    for _, one in ipairs(them) do assert.equal("OLD", one.results[1].access_key_id) end
    assert.equal(2, #provider.calls)
  end)

  it("wait no longer than their deadline", function()
    local source = refresh.new(slow(fakes.set("AKID")), context)
    local first = caller(function() return source:get() end)
    first.step()
    local second = caller(function() return source:get(context.uptime + 1) end)
    assert.is_false(second.step())
    context.advance(2)
    assert.is_true(second.step())
    assert.is_nil(second.results[1])
    assert.is_true(second.results[2]:is("CredentialsError"))
    assert.truthy(second.results[2].message:find("option timeout", 1, true))
    assert.is_true(first.step())
  end)

  it("wait half of their time while the old set is good, and then use it", function()
    local source = refresh.new(slow(fakes.set("OLD", START + HOUR)), context)
    primed(source)
    context.advance(51 * MINUTE)
    local first = caller(function() return source:get() end)
    first.step()
    local second = caller(function() return source:get(context.uptime + 4) end)
    assert.is_false(second.step())
    context.advance(1.9)
    assert.is_false(second.step())
    context.advance(0.1)
    assert.is_true(second.step())
    assert.equal("OLD", second.results[1].access_key_id)
    assert.is_true(first.step())
  end)

  -- Lets one fetch and then, if it is so, go away; another one has credentials within a second.
  local function assert_not_held_up_by(go_away)
    local provider = slow(fakes.set("GONE"), fakes.set("AKID"))
    local source = refresh.new(provider, context)
    local thread = coroutine.create(function() source:get() end)
    assert(coroutine.resume(thread))
    thread = go_away(thread)
    local second, waited = caller(function() return source:get() end), 0
    while not second.step() do
      waited = waited + 0.1
      context.advance(0.1)
    end
    assert.is_true(waited < 1, waited)
    assert.equal("AKID", second.results[1].access_key_id)
    assert.equal(2, #provider.calls)
    return thread
  end

  it("are not held up by one who was dropped while fetching", function()
    assert_not_held_up_by(function() end)
  end)

  it("are not held up by one who was closed while fetching", function()
    local close = coroutine.close or function() end -- luacheck: ignore
    assert_not_held_up_by(function(thread)
      close(thread)
      return coroutine.status(thread) == "dead" and thread or nil
    end)
  end)

  it("are not held up by one who was dropped while others were waiting already", function()
    local provider = slow(fakes.set("GONE"), fakes.set("AKID"))
    local source = refresh.new(provider, context)
    local first = caller(function() return source:get() end)
    first.step()
    local second = caller(function() return source:get() end)
    for _ = 1, 100 do
      assert.is_false(second.step())
      context.advance(0.1)
    end
    assert.equal(1, #provider.calls)
    assert.is_nil(first.results)
    first = nil -- luacheck: ignore
    local waited = 0
    while not second.step() do
      waited = waited + 0.1
      context.advance(0.1)
    end
    assert.is_true(waited < 1, waited)
    assert.equal("AKID", second.results[1].access_key_id)
  end)

  it("are not held up by one who was dropped while renewing", function()
    local provider = slow(fakes.set("OLD"), fakes.set("GONE"), fakes.set("NEW"))
    local source = refresh.new(provider, context)
    local used = primed(source)
    caller(function() return source:renew(used) end).step()
    local second, waited = caller(function() return source:renew(used) end), 0
    while not second.step() do
      waited = waited + 0.1
      context.advance(0.1)
    end
    assert.is_true(waited < 1, waited)
    assert.is_true(second.results[1])
    assert.equal("NEW", id_of(source))
  end)

  it("are not held up for ever by one who is kept, but not resumed", function()
    local provider = slow(fakes.set("STUCK"), fakes.set("AKID"))
    local source = refresh.new(provider, context)
    local first = caller(function() return source:get() end)
    first.step()
    local second = caller(function() return source:get() end)
    second.step()
    context.advance(119)
    assert.is_false(second.step())
    assert.equal(1, #provider.calls)
    context.advance(1)
    assert.is_false(second.step())
    assert.equal(2, #provider.calls)
    assert.is_true(second.step())
    assert.equal("AKID", second.results[1].access_key_id)
    assert.is_true(first.step())
  end)

  it("keep what was fetched by the one who has the claim, if another one comes back late", function()
    local source = refresh.new(slow(fakes.set("LATE", START + HOUR), fakes.set("KEPT", START + HOUR)), context)
    local late, second = caller(function() return source:get() end), caller(function() return source:get() end)
    late.step()
    context.advance(120)
    second.step()
    late.step()
    assert.equal("LATE", late.results[1].access_key_id)
    second.step()
    assert.equal("KEPT", id_of(source))
  end)
end)

describe("a forced renewal", function()
  local context
  before_each(function() context = new_context() end)

  it("fetches others, telling the provider which were rejected", function()
    local provider = counting(context, HOUR)
    local source = refresh.new(provider, context)
    local used = source:get()
    assert.is_true(source:renew(used, context.uptime + 5))
    assert.equal("K2", id_of(source))
    assert.same({ deadline = context.uptime + 5, rejected = used }, provider.calls[2])
  end)

  it("is done already if others are there", function()
    local provider = counting(context, HOUR)
    local source = refresh.new(provider, context)
    local used = source:get()
    assert.is_true(source:renew(used))
    assert.is_true(source:renew(used))
    assert.equal(2, #provider.calls)
  end)

  it("takes another session token for others", function()
    local source = refresh.new(fakes.provider("fake", fakes.set("AKID", START + HOUR, "T1"),
      fakes.set("AKID", START + HOUR, "T2")), context)
    assert.is_true(source:renew(source:get()))
    assert.equal("T2", source:get().session_token)
  end)

  it("is in vain if the same come back, as those of static keys do", function()
    local source = refresh.new(fakes.provider("environment", fakes.set("AKID")), context)
    local used = source:get()
    assert.same({ false }, { source:renew(used) })
    assert.equal(used, source:get())
  end)

  it("takes a corrected secret, though it does not count as others", function()
    local corrected = fakes.set("AKID")
    corrected.secret_access_key = "corrected"
    local source = refresh.new(fakes.provider("environment", fakes.set("AKID"), corrected), context)
    assert.is_false((source:renew(source:get())))
    assert.equal("corrected", source:get().secret_access_key)
  end)

  it("finds static keys that were replaced where they come from", function()
    local source = refresh.new(fakes.provider("environment", fakes.set("OLD"), fakes.set("NEW")), context)
    assert.is_true(source:renew(source:get()))
    assert.equal("NEW", id_of(source))
  end)

  it("leaves the old ones when it fails, and tells why", function()
    local source = refresh.new(fakes.provider("sso", fakes.set("OLD", START + HOUR), failing("no answer")), context)
    local renewed, failure = source:renew(source:get())
    assert.is_false(renewed)
    assert.equal("no answer", failure.message)
    assert.equal("OLD", id_of(source))
  end)

  it("is made once for many callers", function()
    for _, case in ipairs {
      { answer = fakes.set("NEW", START + HOUR), renewed = true },
      { answer = fakes.set("OLD", START + HOUR), renewed = false },
      { answer = failing("no answer"), renewed = false, message = "no answer" },
    } do
      local provider = slow(fakes.set("OLD", START + HOUR), case.answer)
      local source = refresh.new(provider, context)
      local used, them = primed(source), {}
      for index = 1, 5 do
        them[index] = caller(function() return source:renew(used) end)
        them[index].step()
      end
      for _, one in ipairs(them) do
        assert.is_true(one.step())
        assert.equal(case.renewed, one.results[1])
        assert.equal(case.message, one.results[2] and one.results[2].message)
      end
      assert.equal(2, #provider.calls)
    end
  end)

  it("waits for a refresh that is under way, and is content with what that brings", function()
    local provider = slow(fakes.set("OLD", START + HOUR), fakes.set("NEW", START + 2 * HOUR))
    local source = refresh.new(provider, context)
    local used = primed(source)
    context.advance(51 * MINUTE)
    local refresher = caller(function() return source:get() end)
    refresher.step()
    local renewer = caller(function() return source:renew(used) end)
    renewer.step()
    refresher.step()
    renewer.step()
    assert.is_true(renewer.results[1])
    assert.equal(2, #provider.calls)
  end)
end)
