--- When a cached token is renewed, and what comes of it if that fails: what the tokens of IAM Identity Center and of
--- `aws login` have in common.
--
-- A token that is still good is kept as long as it lasts: a renewal that fails early hurts nobody. A service that
-- refuses may do so because another process was faster with the same refresh token; then the file holds, or will hold
-- in a moment, what that process got.

local document = require "aws.backup.credentials.document"
local time = require "aws.backup.codec.time"

local token_renewal = {}

-- The least between two attempts of one client.
local PAUSE_SECONDS = 60

-- How long the other process may take from its answer to the file.
local LOOKS, LOOK_PAUSE_SECONDS = 3, 0.1

-- More is no lifetime, but a fault of whoever says so.
local LONGEST_LIFE_SECONDS = 2 ^ 31

local UNDER_WAY = { text = "a renewal was tried less than a minute ago" }

---@class aws.backup.credentials.RenewalFailure
---@field text string  why there is no new token
---@field remedy? string  what to do about it; absent: log in again
---@field refused? boolean  the service said no: another process may have been faster
---@field final? boolean  what is left of the old token must not be used

--- What a token service answered, as far as it is asked for, with `expires_at` for the file: an ISO 8601 text.
---@param response { body: string }
---@param members table  see document.read; expiresIn is one of them
---@param now number  epoch seconds
---@return table? answer
---@return aws.backup.credentials.RenewalFailure? failure
function token_renewal.read_answer(response, members, now)
  local answer, fault = document.read(response.body, members)
  if not answer then return nil, { text = "the answer " .. fault } end
  if not (answer.expiresIn > 0 and answer.expiresIn < LONGEST_LIFE_SECONDS) then
    return nil, { text = "the answer has an expiresIn that is no lifetime" }
  end
  answer.expires_at = time.iso8601(math.floor(now + answer.expiresIn))
  return answer
end

--- A source of a token that is good for now.
---@param context aws.backup.CredentialsContext
---@param cache table  see token_cache
---@param options { window: number, urgent: number, pause_when_expired: boolean?,
---  renew: fun(token: aws.backup.credentials.CachedToken, urgent: boolean, deadline: number?): string?, table? }
---  window: it is renewed when no more than so many seconds are left; urgent: below so many, more effort is worth it;
---  pause_when_expired: not more than one attempt a minute even then; renew: returns the whole new document, or nil and
---  a RenewalFailure
---@return fun(deadline: number?, is_rejected: (fun(token): boolean)?): aws.backup.credentials.CachedToken?,
---  aws.backup.credentials.RenewalFailure? current  is_rejected: true for a token that must not be used, though it has
---  not expired
function token_renewal.new(context, cache, options)
  local next_attempt, last_failure = nil, UNDER_WAY

  local function from_another_process(old, deadline)
    for look = 1, LOOKS do
      local newer = cache.newer_than(old)
      if newer and newer.expires_at > context.clock() then return newer end
      if look == LOOKS or not context.http:wait(LOOK_PAUSE_SECONDS, deadline) then return nil end
    end
  end

  -- Returns a token, or nil and why there is none.
  local function attempt(token, left, deadline)
    local text, failure = options.renew(token, left < options.urgent, deadline)
    if text then return cache.store(token, text) end
    return failure.refused and from_another_process(token, deadline) or nil, failure
  end

  local function may_attempt(left)
    if left <= 0 and not options.pause_when_expired then return true end
    return not next_attempt or context.monotonic() >= next_attempt
  end

  return function(deadline, is_rejected)
    local token, message = cache.load()
    if not token then return nil, { text = message } end
    local left = is_rejected and is_rejected(token) and 0 or token.expires_at - context.clock()
    if left > options.window then return token end
    local failure = last_failure
    if may_attempt(left) then
      local begun = context.monotonic()
      local renewed
      renewed, failure = attempt(token, left, deadline)
      -- Noted afterwards: who was dropped in the midst of it has made none.
      next_attempt, last_failure = begun + PAUSE_SECONDS, not renewed and failure or UNDER_WAY
      if renewed then return renewed end
      -- No pause: the next login may be a minute away, and its token as short-lived as this one.
      if failure.final then next_attempt = nil end
    end
    if left <= 0 or failure.final then return nil, failure end
    context.log("a token could not be renewed, %d seconds of it are left: %s", math.floor(left), failure.text)
    return token
  end
end

return token_renewal
