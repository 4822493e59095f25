--- How far the clock of a service is ahead of the local one, learned from its answers, so that a machine with a wrong
-- clock can sign. One an endpoint: nothing says that two of them agree.
--
-- Services refuse a signature that is more than five minutes off. What is learned holds for the local clock as it was:
-- when that is set (NTP, a virtual machine that wakes up), the wall clock leaps against the monotonic one, and the
-- correction is dropped.

local time = require "aws.backup.codec.time"

local clock_skew = {}

--- A difference up to here changes nothing: a little less than what services bear.
clock_skew.TOLERATED_SECONDS = 240

local LEAP_SECONDS = 60

local CODES = {
  AuthFailure = true, InvalidSignatureException = true, RequestExpired = true, RequestInTheFuture = true,
  RequestTimeTooSkewed = true, SignatureDoesNotMatch = true, AccessDeniedException = true,
}

--- Whether an error code may be due to a wrong clock. Alone it proves nothing: see `learn`.
---@param code string?
---@return boolean
function clock_skew.is_skew_code(code)
  return CODES[code] == true
end

--- What the server's clock said when it answered; nil if the answer does not tell. One with an Age comes out of a
--- cache, and its Date is of the moment when the cache got it (RFC 9111, 5.1).
---@param headers table<string, string>  names in lower case
---@return number?  epoch seconds
function clock_skew.server_time(headers)
  return headers.date and not headers.age and time.parse_http_date(headers.date) or nil
end

--- Seconds that the server's clock is ahead of `now`, by its answer; nil if that does not tell.
---@param headers table<string, string>  names in lower case
---@param now number  epoch seconds
---@return number?
function clock_skew.ahead(headers, now)
  local date = clock_skew.server_time(headers)
  return date and date - now
end

local methods = {}
local metatable = { __index = methods }

--- The time to sign with.
---@return number  epoch seconds
function methods:now()
  local now = self.clock()
  if self.offset == 0 then return now end
  if math.abs(now - self.monotonic() - self.anchor) > LEAP_SECONDS then self.offset = 0 end
  return now + self.offset
end

--- Learns from the answer to a request that was signed with `now`.
---@param headers table<string, string>
---@return boolean corrected  true if the time signed with was off, and is right from here on
function methods:learn(headers)
  local ahead = clock_skew.ahead(headers, self:now())
  if not ahead or math.abs(ahead) <= clock_skew.TOLERATED_SECONDS then return false end
  self.offset = self.offset + ahead
  self.anchor = self.clock() - self.monotonic()
  return true
end

---@param clock fun(): number  epoch seconds
---@param monotonic fun(): number  seconds
---@return table skew  now(self), learn(self, headers)
function clock_skew.new(clock, monotonic)
  return setmetatable({ clock = clock, monotonic = monotonic, offset = 0, anchor = 0 }, metatable)
end

return clock_skew
