--- Keeps the credentials of a provider and fetches them anew in time, once for all who ask at that moment.
--
-- A set is used as it is until 15 minutes before it expires. From then on one caller at a time tries to replace it,
-- while the others go on with it; in the last 10 minutes they wait for the new one. As long as the old set has not
-- really expired, a refresh that fails is logged and the old set is used on, so that an outage of the place where
-- credentials come from, shorter than that, goes unnoticed. What expires is decided by the wall clock, because
-- expirations are wall clock times; pauses and claims are measured by the monotonic one, which never jumps.
--
-- A source of credentials, as the client knows it, is `{ name, get(self, deadline), renew(self, used, deadline) }`.

local claim = require "aws.backup.runtime.claim"
local errors = require "aws.backup.errors"
local gate = require "aws.backup.runtime.gate"
local protect = require "aws.backup.protect"
local raise = require "aws.backup.raise"
local snapshot = require "aws.backup.credentials.snapshot"
local time = require "aws.backup.codec.time"

local refresh = {}

local WINDOW_SECONDS = 900
-- For sets that do not live longer than the usual window.
local SHORT_WINDOW_SECONDS = 300
-- The last part of the window, in which everybody waits: 10 of 15 minutes.
local MANDATORY_SHARE = 2 / 3

-- Between two attempts, while the old set is still good.
local ADVISORY_PAUSE_SECONDS = 60
local MANDATORY_PAUSE_SECONDS = 10

-- How long whoever fetches is believed to be still at it, even if its claim holds: a host may keep a coroutine that it
-- will not resume. Longer than any fetch takes, a process that asks somebody something included.
local LONGEST_FETCH_SECONDS = 120

-- How often those who wait look whether whoever fetches is still there.
local LOOK_SECONDS = 0.2

local NEVER = math.huge

--- From when on a set shall be replaced, and from when on everybody waits for that: epoch seconds.
---@param expiration? number  epoch seconds
---@param now number  when the set was fetched
---@return number refresh_at, number mandatory_at
function refresh.windows(expiration, now)
  if not expiration then return NEVER, NEVER end
  local left = expiration - now
  local window = WINDOW_SECONDS
  if left <= window then window = math.min(SHORT_WINDOW_SECONDS, left / 2) end
  return expiration - window, expiration - window * MANDATORY_SHARE
end

local function fault(message)
  return nil, errors.new("CredentialsError", { message = message })
end

local function owner_of(state)
  return state.owner or "the provider " .. state.provider.name
end

local function shown(epoch)
  if not epoch then return "never" end
  return time.iso8601(epoch) or tostring(epoch)
end

local function expired(state, found, now)
  return fault(("the credentials of %s were %s expired (at %s, and this machine's clock says %s); renew them where "
    .. "they come from, or set the clock"):format(owner_of(state),
    state.current and "refreshed, but are still" or "found, but are", shown(found.expiration), shown(now)))
end

-- What a provider returned, checked. A text is no answer here: those who ask have found credentials before, or need
-- them.
local function checked(state, found, reason)
  if not found then
    if type(reason) == "table" then return nil, reason end
    return fault(("%s gives no credentials: %s"):format(owner_of(state), tostring(reason)))
  end
  local failure
  found, failure = snapshot.check(found, owner_of(state))
  if not found then return nil, failure end
  local now = state.context.clock()
  if snapshot.has_expired(found, now) then return expired(state, found, now) end
  return found
end

local function is_same(current, found)
  return current and current.expiration == found.expiration and not snapshot.differ(current, found)
    and current.secret_access_key == found.secret_access_key
end

-- Makes a set the current one. If it is the one that is there already, its windows stay as they were.
local function keep(state, found)
  local context = state.context
  if not is_same(state.current, found) then
    state.current = found
    state.refresh_at, state.mandatory_at = refresh.windows(found.expiration, context.clock())
    state.source.name = state.provider.name
    context.log("found credentials in %s; they expire: %s", state.provider.name, shown(found.expiration))
  end
  return state.current
end

-- The fetch that is under way, unless whoever began it will not end it.
local function flight_of(state)
  local flight = state.flight
  if flight and state.context.monotonic() < flight.latest_end and flight.claim.is_held() then return flight end
  return nil
end

-- An error of one's own: callers note in it what they were about.
local function copy_of(failure)
  return errors.new(failure.class, failure)
end

-- Fetches, for everybody who waits meanwhile. Only whoever still has the claim at the end leaves something behind.
local function fetch(state, deadline, rejected)
  local flight = {
    latest_end = state.context.monotonic() + LONGEST_FETCH_SECONDS, rejected = rejected, gate = state.new_gate(),
    claim = state.new_claim(),
  }
  state.flight = flight
  local ran, found, failure = protect(state.provider.get, state.provider, deadline, rejected)
  flight.claim.release()
  local claimed = state.flight == flight
  if claimed then state.flight = nil end
  if ran then
    found, failure = checked(state, found, failure)
    if found and claimed then found = keep(state, found) end
    flight.found, flight.failure = found, failure and copy_of(failure)
  end
  flight.gate.open()
  if not ran then raise(found) end
  return found, failure
end

-- Waits for the end of a fetch that another caller makes. Returns an error if it failed, or took too long.
local function await(state, flight, deadline)
  local latest = deadline or NEVER
  while state.flight == flight do
    local now = state.context.monotonic()
    if now >= latest then
      local _, failure = fault(("the call's time ended before another call had fetched credentials of %s; give the "
        .. "option timeout more seconds"):format(owner_of(state)))
      return failure
    end
    if not flight_of(state) then return nil end
    flight.gate.wait(math.min(latest - now, LOOK_SECONDS))
  end
  return flight.failure and copy_of(flight.failure)
end

-- As long as the old set is good, waiting for another must leave the call time for itself.
local function half_of(context, deadline)
  if not deadline then return nil end
  local now = context.monotonic()
  return now + (deadline - now) / 2
end

-- Tries to replace a set that is still good; else that set it is.
local function replace(state, deadline, is_mandatory)
  local context = state.context
  local found, failure = fetch(state, deadline)
  local now = context.clock()
  if found and now < state.refresh_at then return found end
  state.pause_until = context.monotonic() + (is_mandatory and MANDATORY_PAUSE_SECONDS or ADVISORY_PAUSE_SECONDS)
  if found then return found end
  if snapshot.has_expired(state.current, now) then return nil, failure end
  context.log("the credentials of %s could not be refreshed, and are used on until they expire at %s: %s",
    owner_of(state), shown(state.current.expiration), failure.message)
  return state.current
end

-- The set to use where it is not fresh, or there is none.
local function get(state, deadline)
  local context = state.context
  while true do
    local now, current = context.clock(), state.current
    if now < state.refresh_at then return current end
    local is_good = current and not snapshot.has_expired(current, now)
    if is_good and context.monotonic() < state.pause_until then return current end
    local is_mandatory, flight = now >= state.mandatory_at, flight_of(state)
    if flight and is_good and not is_mandatory then return current end
    local bound = is_good and half_of(context, deadline) or deadline
    if not flight then
      if is_good then return replace(state, bound, is_mandatory) end
      return fetch(state, bound)
    end
    local failure = await(state, flight, bound)
    if failure then
      if state.current and not snapshot.has_expired(state.current, context.clock()) then return state.current end
      return nil, failure
    end
  end
end

-- Replaces credentials that the service took for expired. What another caller fetched meanwhile will do.
local function renew(state, used, deadline)
  while not (state.current and snapshot.differ(state.current, used)) do
    local flight = flight_of(state)
    if not flight then
      local found, failure = fetch(state, deadline, used)
      if not found then return false, failure end
      return snapshot.differ(found, used)
    end
    local failure = await(state, flight, deadline)
    if failure then return false, failure end
    -- It was for the same reason, so another one would find the same.
    if flight.rejected and flight.found then return snapshot.differ(flight.found, used) end
  end
  return true
end

--- Makes a source of a provider.
---@param provider table  its `get(self, deadline, rejected)` really fetches; `rejected` is a set that must not come
---  back from a memory of its own
---@param context aws.backup.CredentialsContext  clock, monotonic, sleep or new_gate, new_claim, log
---@param owner? string  whose credentials these are, for messages; default: the provider's name
---@return table source
function refresh.new(provider, context, owner)
  -- Everything secret is in here, out of reach for those who walk over the source.
  local source = { name = provider.name }
  local state = {
    source = source, provider = provider, context = context, owner = owner,
    refresh_at = -NEVER, mandatory_at = -NEVER, pause_until = -NEVER,
    new_gate = context.new_gate or gate.polling(context.sleep),
    new_claim = context.new_claim or claim.of_coroutines(context.monotonic),
  }
  local clock = context.clock

  --- Credentials that are good now: the same table as long as nothing has changed.
  ---@param deadline? number  monotonic seconds: no wait goes beyond it
  ---@return aws.backup.CredentialsSnapshot? found, aws.backup.Error? err
  function source.get(_, deadline)
    if clock() < state.refresh_at then return state.current end
    return get(state, deadline)
  end

  --- Fetches credentials anew because the service said that those used have expired.
  ---@param used aws.backup.CredentialsSnapshot
  ---@param deadline? number  monotonic seconds
  ---@return boolean changed, aws.backup.Error? err  true: the next get gives others
  function source.renew(_, used, deadline)
    return renew(state, used, deadline)
  end

  return source
end

return refresh
