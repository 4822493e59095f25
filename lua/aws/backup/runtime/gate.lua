--- What coroutines wait at for an event that one of them will bring about. A gate is made for one event:
-- `{ wait = function(seconds), open = function() }`. `wait` may end early; whoever waits looks whether it has happened.
--
-- A runtime that can wake its coroutines brings gates of its own (`new_gate`); this is for all others.

local gate = {}

local POLL_SECONDS = 0.05

--- What makes gates where all that can be done is to sleep.
---@param sleep fun(seconds: number)
---@return fun(): { wait: fun(seconds: number), open: fun() } new_gate
function gate.polling(sleep)
  local polled = {
    wait = function(seconds) sleep(math.min(seconds, POLL_SECONDS)) end,
    open = function() end,
  }
  return function() return polled end
end

return gate
