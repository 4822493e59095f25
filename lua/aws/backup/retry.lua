--- When a failed attempt is tried again, and after how long: the `standard` mode that all AWS SDKs have as their
-- default since November 2026 (SDK reference guide, "Retry behavior"), `legacy` and `off`.
--
-- Two rules differ from botocore on purpose: LimitExceededException is not retried, since in AWS Backup it means an
-- exhausted quota, which waiting a second does not change; failures of TLS are not retried, since a certificate
-- does not become valid by asking again.

local retry = {}

local CAPACITY = 500
local COST = { transient = 14, throttling = 5 }
local BASE_SECONDS = { transient = 0.05, throttling = 1 }
local LONGEST_BACKOFF_SECONDS = 20
local HINT_SLACK_SECONDS = 5
local REFUND_WITHOUT_RETRY = 1

local function set(names)
  local members = {}
  for name in names:gmatch("%S+") do members[name] = true end
  return members
end

local THROTTLING_CODES = set [[
  Throttling ThrottlingException ThrottledException RequestThrottledException RequestThrottled
  TooManyRequestsException ProvisionedThroughputExceededException TransactionInProgressException
  RequestLimitExceeded BandwidthLimitExceeded SlowDown PriorRequestNotComplete EC2ThrottledException
]]
local TRANSIENT_CODES = set [[ RequestTimeout RequestTimeoutException InternalError ]]
local TRANSIENT_KINDS = set [[ dns connect connect_timeout read_timeout reset ]]
local TRANSIENT_STATUS = { [500] = true, [502] = true, [503] = true, [504] = true }
local LEGACY_TRANSIENT_STATUS = { [500] = true, [502] = true, [503] = true, [504] = true, [509] = true }

local function classify(mode, failure)
  if failure.kind then return TRANSIENT_KINDS[failure.kind] and "transient" or nil end
  if THROTTLING_CODES[failure.code] or failure.http_status == 429 then return "throttling" end
  local transient = mode == "legacy" and LEGACY_TRANSIENT_STATUS or TRANSIENT_STATUS
  if TRANSIENT_CODES[failure.code] or transient[failure.http_status] then return "transient" end
  return nil
end

--- Whether the same request might succeed a moment later.
---@param mode string
---@param failure { kind: string?, code: string?, http_status: integer? }
---@return boolean
function retry.is_retryable(mode, failure)
  return classify(mode, failure) ~= nil
end

-- The service's own wish: x-amz-retry-after in milliseconds, else Retry-After in seconds (its date form is not used
-- by AWS). It is only ever a hint: bounded on both sides by the caller.
local function hinted_seconds(headers)
  local milliseconds = headers["x-amz-retry-after"]
  if milliseconds and milliseconds:find("^%d+$") and #milliseconds < 10 then return tonumber(milliseconds) / 1000 end
  local seconds = headers["retry-after"]
  if seconds and seconds:find("^%d+$") and #seconds < 7 then return tonumber(seconds) end
  return nil
end

local function standard_delay(class, attempt, headers, random)
  local backoff = random() * math.min(BASE_SECONDS[class] * 2 ^ (attempt - 1), LONGEST_BACKOFF_SECONDS)
  local hint = hinted_seconds(headers)
  if not hint then return backoff end
  return math.max(backoff, math.min(hint, backoff + HINT_SLACK_SECONDS))
end

--- A retry policy. One a client: its quota keeps a client from adding load to a service that is down.
---@param mode "standard"|"legacy"|"off"
---@param max_attempts integer  in total, the first included
---@param random fun(): number  in [0, 1)
---@return table policy
function retry.new(mode, max_attempts, random)
  local policy = { max_attempts = max_attempts }
  local tokens = CAPACITY

  --- Begins a call. The returned object decides about that call's attempts alone.
  function policy.begin()
    local call = { attempt = 1 }
    local last_cost

    -- The seconds to wait before the next attempt; nil and why if there shall be none.
    function call.next_delay(failure, headers)
      local class = classify(mode, failure)
      if not class then return nil, "not retryable" end
      if call.attempt >= max_attempts then return nil, "no attempts left" end
      if mode == "legacy" then
        call.attempt = call.attempt + 1
        return random() * 2 ^ (call.attempt - 2)
      end
      if tokens < COST[class] then return nil, "retry quota exhausted" end
      tokens, last_cost = tokens - COST[class], COST[class]
      local delay = standard_delay(class, call.attempt, headers, random)
      call.attempt = call.attempt + 1
      return delay
    end

    function call.succeeded()
      tokens = math.min(CAPACITY, tokens + (last_cost or REFUND_WITHOUT_RETRY))
    end

    return call
  end

  return policy
end

return retry
