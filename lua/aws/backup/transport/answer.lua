--- A transport of the caller's own: what comes back from it is checked, so that whatever it does ends in an error that
-- says what it must return. Our own give good answers, and are not looked at.

local ascii = require "aws.backup.ascii"
local number = require "aws.backup.codec.number"
local protect = require "aws.backup.protect"
local scheduler = require "aws.backup.runtime.scheduler"
local visible = require "aws.backup.codec.visible"

local answer = {}

-- Final answers of HTTP: what is below 200 only announces one.
local LEAST_STATUS, GREATEST_STATUS = 200, 599

local LONGEST_KIND = 40

-- How a kind of failure is spelled, such as "reset" or "connect_timeout": what is not is a message.
local KIND = "^%a[%w_]*$"

local CONTRACT = "a transport must return { status = 200, headers = { name = value }, body = text }, or nil, kind, "
  .. "message"

local function malformed(flaw)
  return nil, "protocol", "the transport gave " .. flaw .. "; " .. CONTRACT, false, true
end

local function a(value)
  return value == nil and "nothing" or "a " .. type(value)
end

local function status_of(given)
  if type(given) ~= "number" then return nil, "an answer without a numeric status (it is " .. a(given) .. ")" end
  local status = number.to_integer(given)
  if status and status >= LEAST_STATUS and status <= GREATEST_STATUS then return status end
  return nil, ("an answer whose status is %s, and not a whole number from %d to %d"):format(
    number.shown(given), LEAST_STATUS, GREATEST_STATUS)
end

-- The names in lower case. Where two differ in their case alone, the one that has it already counts.
local function headers_of(given)
  if given == nil then return {} end
  if type(given) ~= "table" then return nil, "an answer whose headers are " .. a(given) .. " and not a table" end
  local headers = {}
  for name, value in pairs(given) do
    if type(name) ~= "string" then
      return nil, "an answer with a header whose name is " .. a(name) .. " and not a string"
    end
    if type(value) ~= "string" then
      return nil, ("an answer whose header %s is %s and not a string"):format(visible.text(name, 80), a(value))
    end
    local lower = ascii.lower(name)
    if lower == name or headers[lower] == nil then headers[lower] = value end
  end
  return headers
end

-- Why there is no answer, as the transport tells it.
local function failure(kind, message, retryable)
  if type(retryable) ~= "boolean" then retryable = nil end
  if kind == nil and message == nil then return malformed("no answer and no reason") end
  if type(kind) == "string" and (message ~= nil or #kind <= LONGEST_KIND and kind:find(KIND)) then
    local told = message == nil and "the transport gave no message" or visible.value(message)
    return nil, visible.text(kind, LONGEST_KIND), told, retryable
  end
  -- As much of Lua fails: nil, message.
  return nil, "protocol", visible.value(message == nil and kind or message), retryable
end

--- Takes what `transport:send` returned.
---@param given any
---@param kind? string
---@param message? string
---@param retryable? boolean
---@return { status: integer, headers: table<string, string>, body: string }? response  names in lower case
---@return string? kind, string? message, boolean? retryable
---@return boolean? broken  what came was neither an answer nor a failure
function answer.check(given, kind, message, retryable)
  if given == nil then return failure(kind, message, retryable) end
  if type(given) ~= "table" then return malformed(a(given) .. ", which is an answer without a numeric status") end
  local status, headers, body, flaw
  status, flaw = status_of(given.status)
  if not status then return malformed(flaw) end
  headers, flaw = headers_of(given.headers)
  if not headers then return malformed(flaw) end
  body = given.body
  if body ~= nil and type(body) ~= "string" then
    return malformed("an answer whose body is " .. a(body) .. " and not a string")
  end
  return { status = status, headers = headers, body = body or "" }
end

--- A copy of a request, for a transport that may change what it is given: the next attempt needs it as it was.
---@param request table
---@return table
function answer.copy_of(request)
  local copy, headers = {}, {}
  for name, value in pairs(request) do copy[name] = value end
  for name, value in pairs(request.headers) do headers[name] = value end
  copy.headers = headers
  return copy
end

local function settle(ran, ...)
  if ran then return ... end
  local raised = ...
  scheduler.pass_on(raised)
  return nil, "raised", "the transport raised an error: " .. visible.value(raised), false
end

--- A transport of a caller's own, with its answers checked and its errors caught.
---@param transport { send: fun(self: table, request: table): ... }
---@return { send: fun(self: table, request: table): table?, string?, string?, boolean?, boolean? } checked
function answer.checked(transport)
  local function ask(request) return answer.check(transport:send(request)) end
  return { send = function(_, request) return settle(protect(ask, request)) end }
end

return answer
