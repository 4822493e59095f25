--- Faults that a test asks for: the next calls, or the next of one operation, fail as it says.

local faults = {}

local methods = {}
local metatable = { __name = "aws.backup.emulator.faults", __index = methods }

local FIELDS = { operation = true, times = true, after = true, error = true, kind = true, message = true }
local ERROR_FIELDS = { code = true, message = true, status = true, headers = true }
-- What a transport can answer instead of a response (the kinds of aws.backup.core).
local KINDS = {
  dns = true, connect = true, connect_timeout = true, read_timeout = true, timeout = true, tls = true, proxy = true,
  reset = true, too_large = true, protocol = true, memory = true, cancelled = true, closed = true, url = true,
}

-- Each check returns what is wrong, or nil.

local function unknown_field(given, known, what)
  for name in pairs(given) do
    if not known[name] then return ("unknown field of %s: %s"):format(what, tostring(name)) end
  end
end

local function fault_in_count(value, name, least)
  if value == nil or (type(value) == "number" and value >= least and value == math.floor(value)) then return nil end
  return ("fault.%s must be an integer of at least %d, not %s"):format(name, least, tostring(value))
end

local function fault_in_message(value, name)
  if value ~= nil and type(value) ~= "string" then return ("fault.%s must be a string"):format(name) end
end

local function fault_in_error(given)
  if given == nil then return nil end
  if type(given) ~= "table" then return "fault.error must be a table {code=, message=, status=, headers=}" end
  local status = given.status
  if type(given.code) ~= "string" then return "fault.error.code must be an exception's name" end
  if status ~= nil and (type(status) ~= "number" or status < 300 or status > 599) then
    return "fault.error.status must be an HTTP status from 300 to 599"
  end
  if given.headers ~= nil and type(given.headers) ~= "table" then
    return "fault.error.headers must be a table of names and values"
  end
  return unknown_field(given, ERROR_FIELDS, "fault.error") or fault_in_message(given.message, "error.message")
end

local function fault_in(given)
  if type(given) ~= "table" then return "a fault is a table" end
  if (given.error == nil) == (given.kind == nil) then return "a fault has either an error or a kind" end
  if given.kind ~= nil and not KINDS[given.kind] then
    return "fault.kind is no kind of transport failure: " .. tostring(given.kind)
  end
  return unknown_field(given, FIELDS, "fault") or fault_in_count(given.times, "times", 1)
    or fault_in_count(given.after, "after", 0) or fault_in_message(given.message, "message")
    or fault_in_error(given.error)
end

local function refusal_of(given)
  if not given then return nil end
  return {
    code = given.code, message = given.message or "", status = given.status or 400, members = {},
    headers = given.headers,
  }
end

---@return table faults
function faults.new()
  return setmetatable({ list = {} }, metatable)
end

--- Adds a fault.
---@param given table  # see `inject` of the emulator
---@param operation? string  # the operation's name in upper camel case; nil: any call
---@return { remove: fun() }? handle
---@return string? message  # what is wrong with the fault
function methods:add(given, operation)
  local wrong = fault_in(given)
  if wrong then return nil, wrong end
  local fault = {
    operation = operation, times = given.times or 1, after = given.after or 0,
    failure = refusal_of(given.error), kind = given.kind, message = given.message,
  }
  self.list[#self.list + 1] = fault
  return { remove = function() self:remove(fault) end }
end

--- Takes a fault away.
---@param fault table
function methods:remove(fault)
  for index, candidate in ipairs(self.list) do
    if candidate == fault then return table.remove(self.list, index) end
  end
end

--- The fault that a call meets, if any; it is used up by one.
---@param operation? string  # nil: the call has none
---@return { failure: table?, kind: string?, message: string? }?
function methods:take(operation)
  for _, fault in ipairs(self.list) do
    if fault.operation == nil or fault.operation == operation then
      if fault.after > 0 then
        fault.after = fault.after - 1
      else
        fault.times = fault.times - 1
        if fault.times == 0 then self:remove(fault) end
        return fault
      end
    end
  end
  return nil
end

return faults
