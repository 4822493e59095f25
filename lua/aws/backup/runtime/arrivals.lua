--- Tells whoever waits for a transfer that it has ended. All transfers of an engine move on together, whoever steps it;
-- so those who wait must hear of theirs although another one has moved it.

local core = require "aws.backup.core"
local leftovers = require "aws.backup.runtime.leftovers"

local arrivals = {}

-- A fact about transfers, not a state of the clients that made them. Weak, because whoever waits may be dropped.
local expected = setmetatable({}, { __mode = "kv" })

--- Notes who is to be told of the end of a transfer that has not ended yet; nil: nobody any more.
---@param transfer table
---@param whom? { arrived: fun(self: table) }
function arrivals.expect(transfer, whom)
  expected[transfer] = whom
end

-- By engine, what collects while its connections are all in use and none of their transfers ends: those may be of
-- coroutines that were dropped.
local collectors = setmetatable({}, { __mode = "k" })

local function tell(engine)
  local told = false
  local transfer = engine:next_ended()
  while transfer do
    local whom = expected[transfer]
    if whom then
      expected[transfer], told = nil, true
      whom:arrived()
    end
    transfer = engine:next_ended()
  end
  return told
end

-- Of an engine that can't be stepped any more (closed, or from before a fork) all transfers have ended, and it tells of
-- none.
local function tell_of_ended()
  local ended = {}
  for transfer, whom in pairs(expected) do
    if transfer:done() then ended[transfer] = whom end
  end
  for transfer, whom in pairs(ended) do
    expected[transfer] = nil
    whom:arrived()
  end
  return next(ended) ~= nil
end

--- Moves the transfers of an engine on, waits for them at most so long, and tells who was waiting for those that ended.
---@param engine table
---@param seconds number
---@return boolean told  whether there was anybody to tell
function arrivals.step(engine, seconds)
  if not engine:is_open() then return tell_of_ended() end
  if tell(engine) then return true end
  engine:step(seconds)
  local told = tell(engine)
  if told or not engine:is_full() then
    collectors[engine] = nil
    return told
  end
  collectors[engine] = collectors[engine] or leftovers.collector(core.monotonic)
  if not collectors[engine]() then return false end
  engine:step(0)
  return tell(engine)
end

return arrivals
