--- Small HTTP exchanges of credential providers, over the transport that the client's calls go through: what waits
-- there waits here, so nothing blocks where the client does not.
--
-- What comes back in such an answer is a secret: no body is ever part of a message or of the log.

local answer = require "aws.backup.transport.answer"
local ascii = require "aws.backup.ascii"
local clock_skew = require "aws.backup.clock_skew"
local endpoint_url = require "aws.backup.endpoint_url"
local number = require "aws.backup.codec.number"
local retry = require "aws.backup.retry"
local url = require "aws.backup.url"

local http = {}

-- Far more than any answer with credentials has. A provider may ask for less.
local MAX_BODY_BYTES = 1024 * 1024

-- How long one exchange may take in all, whatever the timeouts of its parts: an answer that comes byte by byte would
-- otherwise hold its caller, and all who wait for the same credentials, for as long as it likes.
local LONGEST_EXCHANGE_SECONDS = 30

-- The least that is left to an attempt: a timeout of 0 would mean none.
local SHORTEST_SECONDS = 0.001

local DEFAULT_PORT = url.DEFAULT_PORT

local methods = {}
local metatable = { __index = methods }

-- The parts of a URL, or nil if it is not one to send anything to. A fragment is never sent; a user name is not taken,
-- because the password beside it would show up in messages of others.
local function split(text)
  local read = url.read(text)
  if not read or read.user_info then return nil end
  local path, query = read.rest:match("^([^?#]*)%??([^#]*)")
  if path == "" then path = "/" end
  local place = { scheme = read.scheme, host = read.host, port = read.port or DEFAULT_PORT[read.scheme] }
  return {
    url = read.scheme .. "://" .. read.authority .. path .. (query ~= "" and "?" .. query or ""),
    scheme = read.scheme, host = endpoint_url.authority(place), path = path, query = query ~= "" and query or nil,
  }
end

-- The smaller of two bounds, either of which may be absent.
local function at_most(seconds, left)
  if not left or (seconds and seconds < left) then return seconds end
  return left
end

-- The seconds that an exchange may take. Whoever is patient for so long with each part of it need not wait longer for
-- the whole.
local function whole_of(request)
  local connect, read = request.connect_timeout, request.read_timeout
  return connect and read and math.min(connect + read, LONGEST_EXCHANGE_SECONDS) or LONGEST_EXCHANGE_SECONDS
end

local function complete(self, request, place, left)
  local headers = ascii.lower_names(request.headers)
  headers.host = place.host
  headers["user-agent"] = headers["user-agent"] or self.user_agent
  headers["accept-encoding"] = headers["accept-encoding"] or "identity" -- no transport unpacks an answer
  return {
    method = request.method, url = place.url, host = place.host, path = place.path, query = place.query,
    headers = headers, body = request.body, direct = request.direct, timeout = left,
    connect_timeout = at_most(request.connect_timeout, left), read_timeout = at_most(request.read_timeout, left),
  }
end

--- Sends one request and waits for the answer. Redirects are answers like any other: following one would carry a
--- token to another host. The URL's host, path, query and Host header are filled in, and the User-Agent.
---
--- It ends after connect_timeout and read_timeout together, and after 30 seconds at the latest.
---@param request { method: string, url: string, headers: table<string, string>?, body: string?,
---  connect_timeout: number?, read_timeout: number?, direct: boolean?, max_body_bytes: integer? }  times in seconds;
---  direct: through no proxy; not changed
---@param deadline? number  monotonic seconds; nothing is sent once it has passed
---@return { status: integer, headers: table<string, string>, body: string, skew: number? }? response  names of headers
---  in lower case; skew: seconds that the server's clock is ahead, if it told its time
---@return string? kind, string? message, boolean? retryable  why there is no answer, as transports tell it
function methods:exchange(request, deadline)
  local place = split(request.url)
  if not place then
    return nil, "url", "not an absolute http or https URL, percent-encoded and without a user name"
  end
  local left = deadline and deadline - self.monotonic()
  if left and left <= 0 then return nil, "timeout", "no time was left to ask " .. place.host end
  local whole = whole_of(request)
  local sent = complete(self, request, place, math.max(at_most(whole, left), SHORTEST_SECONDS))
  local response, kind, message, retryable = answer.check(self.transport:send(sent))
  if not response then
    -- The transport would advise on the option timeout, which is not what ran out.
    if kind == "timeout" and sent.timeout == whole then
      message = ("%s did not come to the end of its answer within %s s"):format(place.host, number.float_text(whole))
    end
    self.log("%s %s://%s: no answer (%s)", request.method, place.scheme, place.host, kind)
    return nil, kind, message, retryable
  end
  self.log("%s %s://%s: HTTP %d", request.method, place.scheme, place.host, response.status)
  local limit = request.max_body_bytes or MAX_BODY_BYTES
  if #response.body > limit then return nil, "too_large", ("the answer has more than %d bytes"):format(limit) end
  response.skew = clock_skew.ahead(response.headers, self.clock())
  return response
end

--- Waits before another attempt, if there will be time for one.
---@param seconds number
---@param deadline? number  monotonic seconds
---@return boolean waited  false: at once, because the deadline would pass
function methods:wait(seconds, deadline)
  if deadline and self.monotonic() + seconds >= deadline then return false end
  if seconds > 0 then self.sleep(seconds) end
  return true
end

--- Tries until something comes of it.
---@param attempts integer  in all, the first included
---@param once fun(attempt: integer): any, any, boolean?  a result; or nil, why, and whether trying again may help
---@param deadline? number  monotonic seconds: no attempt begins later
---@param pause number|fun(attempt: integer): number  seconds to wait after the attempt of that number
---@return any result, any reason  the last reason if there is no result
function methods:with_attempts(attempts, once, deadline, pause)
  local attempt = 1
  while true do
    local result, reason, again = once(attempt)
    if result ~= nil or not again or attempt >= attempts then return result, reason end
    local seconds = type(pause) == "function" and pause(attempt) or pause
    if not self:wait(seconds, deadline) then return nil, reason end
    attempt = attempt + 1
  end
end

--- Whether the same exchange may go better a moment later: the connection failed, or the server is in trouble (5xx) or
--- busy (429). For what `exchange` returned.
---@param response table?
---@param kind string?
---@param retryable boolean?
---@return boolean
function http.may_pass(response, kind, retryable)
  if response then return response.status >= 500 or response.status == 429 end
  return retry.is_retryable("standard", { kind = kind, retryable = retryable })
end

--- A time that an answer names, by the local clock: moved where the two clocks differ by more than 240 s, so that
--- credentials are neither dropped too early nor kept too long.
---@param epoch number  seconds, by the server's clock
---@param response { skew: number? }
---@return number epoch  by the local clock
function http.local_time(epoch, response)
  if response.skew and math.abs(response.skew) > clock_skew.TOLERATED_SECONDS then return epoch - response.skew end
  return epoch
end

--- What providers exchange with.
---@param parts { transport: table, clock: (fun(): number), monotonic: (fun(): number), sleep: fun(seconds: number),
---  user_agent: string, log: fun(format: string, ...) }  sleep and transport may yield
---@return table http
function http.new(parts)
  return setmetatable({
    transport = parts.transport, clock = parts.clock, monotonic = parts.monotonic, sleep = parts.sleep,
    user_agent = parts.user_agent, log = parts.log,
  }, metatable)
end

return http
