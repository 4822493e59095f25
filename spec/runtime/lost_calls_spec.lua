-- The watch over calls in a handshake, with an nginx that is played. spec/nginx/lost_calls_spec.lua has a real one.

local lost_calls = require "aws.backup.runtime.lost_calls"

describe("a call under a watch", function()
  local real_semaphore, played, ngx
  before_each(function()
    real_semaphore = package.loaded["ngx.semaphore"]
    played = { count = -1, timers = {}, logged = {}, killed = 0 }
    package.loaded["ngx.semaphore"] = { new = function() return { count = function() return played.count end } end }
    ngx = {
      ERR = 4,
      log = function(...) played.logged[#played.logged + 1] = table.concat({ ... }) end,
      timer = { at = function(_, look) played.timers[#played.timers + 1] = look end },
      thread = {
        spawn = function() return "thread" end,
        kill = function(thread) played.killed = played.killed + (thread == "thread" and 1 or 0) end,
      },
    }
  end)
  after_each(function() package.loaded["ngx.semaphore"] = real_semaphore end)

  local function watch(run, ...)
    return lost_calls.watch(ngx, "ListBackupVaults", "ssl_cert", run, ...)
  end

  local function look()
    table.remove(played.timers, 1)()
  end

  it("returns what it returned, nil as well, and is looked at no more", function()
    local function run(a, b) return a, nil, b end
    assert.same({ 1, nil, 2 }, { watch(run, 1, 2) })
    assert.equal(1, played.killed)
    played.count = 0
    look()
    assert.same({ {}, {} }, { played.timers, played.logged })
  end)

  it("raises what it raised", function()
    local raised = {}
    local fine, caught = pcall(watch, function() error(raised) end)
    assert.is_false(fine)
    assert.equal(raised, caught)
    assert.equal(1, played.killed)
  end)

  it("is looked at until it is over, and told of once if nobody waits for it any more", function()
    watch(function()
      for _ = 1, 3 do look() end
      assert.same({}, played.logged)
      assert.equal(1, #played.timers)
      played.count = 0
      look()
      assert.equal(0, #played.timers)
    end)
    assert.equal(1, #played.logged)
    assert.truthy(played.logged[1]:find('ListBackupVaults in the phase "ssl_cert" of nginx was left', 1, true))
  end)
end)
