--- A claim says that somebody is at something that others wait for:
-- `{ is_held = function(), release = function() }`. It ends with a release, or with the coroutine that made it: a host
-- may drop that one, close it or kill it in the midst of a wait, and then nobody releases anything.

local core = require "aws.backup.core"
local has_ended = require "aws.backup.runtime.has_ended"
local leftovers = require "aws.backup.runtime.leftovers"
local lineage = require "aws.backup.runtime.lineage"

local claim = {}

local BEAT_SECONDS = 0.2

--- How long a claim is believed in that is renewed no more.
claim.LIFE_SECONDS = 0.8

local HELD_WEAKLY = { __mode = "v" }

-- The running coroutine, as its host knows it. In Lua 5.1 the main one has no name.
local function running()
  return lineage.root() or (coroutine.running())
end

-- One that lies below the running code on the stack, or is what runs, can't go on before that has ended.
local function may_go_on(owner)
  return owner.thread ~= nil and owner.thread ~= running() and coroutine.status(owner.thread) == "suspended"
end

--- What makes claims where coroutines are Lua's own.
---@param monotonic fun(): number  seconds
---@return fun(): { is_held: (fun(): boolean), release: fun() } new_claim
function claim.of_coroutines(monotonic)
  return function()
    local owner, collect = setmetatable({ thread = running() }, HELD_WEAKLY), leftovers.collector(monotonic)
    local is_main, released = owner.thread == nil, false
    return {
      is_held = function()
        if released then return false end
        if is_main then return true end
        return may_go_on(owner) and not (collect() and owner.thread == nil)
      end,
      release = function() released = true end,
    }
  end
end

--- What makes claims in nginx: a light thread of the same request renews them, and ends with the request.
---@param ngx table  nginx's API
---@return fun(renew: fun()?): { is_held: (fun(): boolean), release: fun() } new_claim  `renew` is called for as long as
---  the claim lasts, several times within claim.LIFE_SECONDS; it is for claims that other workers see, and those that
---  follow a reload shall not wait for one that goes
function claim.of_light_threads(ngx)
  return function(renew)
    local owner, held_until = coroutine.running(), core.monotonic() + claim.LIFE_SECONDS
    local heart = ngx.thread.spawn(function()
      while true do
        ngx.sleep(BEAT_SECONDS)
        if has_ended(owner) then return end
        held_until = core.monotonic() + claim.LIFE_SECONDS
        if renew and not ngx.worker.exiting() then renew() end
      end
    end)
    return {
      is_held = function() return core.monotonic() < held_until end,
      release = function()
        held_until = -math.huge
        ngx.thread.kill(heart)
      end,
    }
  end
end

return claim
