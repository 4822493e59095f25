--- When a failed attempt is tried again, and after how long: the `standard` mode that all AWS SDKs have as their
-- default since November 2026 (SDK reference guide, "Retry behavior"), `adaptive`, which also limits the rate of
-- sending, `legacy` and `off`.
--
-- Three rules differ from botocore on purpose. LimitExceededException is not retried, since in AWS Backup it means an
-- exhausted quota, which waiting a second does not change. Certificates that do not verify and proxies that refuse are
-- not retried, since asking again changes neither. And 429 is throttling whatever the code says.

local clock_skew = require "aws.backup.clock_skew"
local rate_limiter = require "aws.backup.rate_limiter"
local time = require "aws.backup.codec.time"

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

-- The old default of the Python SDK knew fewer codes, and one status more.
local LEGACY_THROTTLING_CODES = set [[
  Throttling ThrottlingException ThrottledException RequestThrottledException ProvisionedThroughputExceededException
]]
local LEGACY_TRANSIENT_STATUS = { [500] = true, [502] = true, [503] = true, [504] = true, [509] = true }

local EXPIRED_CODES = set [[ ExpiredToken ExpiredTokenException RequestExpired ]]

local function classify_legacy(failure)
  if failure.http_status == 429 then return "throttling" end
  if failure.http_status == 400 and LEGACY_THROTTLING_CODES[failure.code] then return "throttling" end
  return LEGACY_TRANSIENT_STATUS[failure.http_status] and "transient" or nil
end

-- A transport may know better than the kind tells: a proxy can be away, or refuse.
local function classify_transport(failure)
  local retryable = failure.retryable
  if retryable == nil then retryable = TRANSIENT_KINDS[failure.kind] end
  return retryable and "transient" or nil
end

local function classify(mode, failure)
  if failure.kind then return classify_transport(failure) end
  -- An answer that was good, but made no sense: the service has done its work.
  if failure.http_status and failure.http_status < 300 then return nil end
  if mode == "legacy" then return classify_legacy(failure) end
  if THROTTLING_CODES[failure.code] or failure.http_status == 429 then return "throttling" end
  if TRANSIENT_CODES[failure.code] or TRANSIENT_STATUS[failure.http_status] then return "transient" end
  return nil
end

--- Whether the same request might succeed a moment later.
---@param mode string
---@param failure { kind: string?, retryable: boolean?, code: string?, http_status: integer? }
---@return boolean
function retry.is_retryable(mode, failure)
  return classify(mode, failure) ~= nil
end

--- Whether a service means by a code that the credentials have run out. The same request with others may succeed.
---@param code string?
---@return boolean
function retry.blames_credentials(code)
  return EXPIRED_CODES[code] == true
end

-- Retry-After has a date or seconds; the date is read by the clock of the answer that it came with.
local function retry_after(headers)
  local text = headers["retry-after"]
  if not text then return nil end
  if text:find("^%d+$") and #text < 10 then return tonumber(text) end
  local at, now = time.parse_http_date(text), clock_skew.server_time(headers)
  return at and now and math.max(at - now, 0)
end

-- The service's own wish: x-amz-retry-after in milliseconds, else Retry-After. Only ever a hint, bounded on both sides
-- by the caller.
local function hinted_seconds(headers)
  local milliseconds = headers["x-amz-retry-after"]
  if milliseconds and milliseconds:find("^%d+$") and #milliseconds < 13 then return tonumber(milliseconds) / 1000 end
  return retry_after(headers)
end

local function standard_delay(class, retries, headers, random)
  local backoff = random() * math.min(BASE_SECONDS[class] * 2 ^ retries, LONGEST_BACKOFF_SECONDS)
  local hint = hinted_seconds(headers)
  if not hint then return backoff end
  return math.max(backoff, math.min(hint, backoff + HINT_SLACK_SECONDS))
end

local policies = {}
policies.__index = policies

-- The tokens of one client: they keep it from adding load to a service that is down.
local function take_tokens(policy, cost)
  if policy.quota < cost then return false end
  policy.quota = policy.quota - cost
  return true
end

local function give_back(policy, amount)
  policy.quota = math.min(CAPACITY, policy.quota + amount)
end

-- The plan of one call whose first attempt failed. It decides about that call's attempts alone.
local plans = {}
plans.__index = plans

--- The seconds to wait before the next attempt; nil and why if there shall be none.
---@param failure table
---@param headers table<string, string>
---@return number? seconds, string? why_not
function plans:next_delay(failure, headers)
  local policy, retries = self.policy, self.retries
  if self.attempts >= policy.max_attempts then return nil, "no attempts left" end
  local class = classify(policy.mode, failure)
  if not class then return nil, "not retryable" end
  local delay
  if policy.mode == "legacy" then
    delay = policy.random() * 2 ^ retries
  else
    if not take_tokens(policy, COST[class]) then return nil, "retry quota exhausted" end
    self.last_cost = COST[class]
    delay = standard_delay(class, retries, headers, policy.random)
  end
  self.attempts, self.retries = self.attempts + 1, retries + 1
  return delay
end

--- Another attempt at once, that costs nothing: the request is not the same any more.
---@return boolean granted
function plans:correct()
  if self.attempts >= self.policy.max_attempts then return false end
  self.attempts = self.attempts + 1
  return true
end

function plans:succeeded()
  give_back(self.policy, self.last_cost or REFUND_WITHOUT_RETRY)
end

--- Whether a failure is the service's wish for fewer requests.
---@param failure table
---@return boolean
function policies:is_throttling(failure)
  return classify(self.mode, failure) == "throttling"
end

--- For a call that needed no second attempt, and so no plan.
function policies:succeeded_at_once()
  if self.quota < CAPACITY then give_back(self, REFUND_WITHOUT_RETRY) end
end

--- The plan of a call whose first attempt failed.
---@return table plan  next_delay(failure, headers), correct(), succeeded()
function policies:begin()
  return setmetatable({ policy = self, attempts = 1, retries = 0, last_cost = nil }, plans)
end

--- A retry policy; one a client.
---@param mode "standard"|"adaptive"|"legacy"|"off"
---@param max_attempts integer  in total, the first included
---@param random fun(): number  in [0, 1)
---@param monotonic? fun(): number  seconds; adaptive mode measures its rate with it
---@return table policy  begin(), succeeded_at_once(), is_throttling(failure), quota, limiter (adaptive mode only)
function retry.new(mode, max_attempts, random, monotonic)
  return setmetatable({
    mode = mode, max_attempts = max_attempts, random = random, quota = CAPACITY,
    limiter = mode == "adaptive" and rate_limiter.new(monotonic) or nil,
  }, policies)
end

return retry
