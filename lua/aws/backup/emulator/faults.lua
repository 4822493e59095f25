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

local function check_fields(given, known, what)
  for name in pairs(given) do
    if not known[name] then error(("unknown field of %s: %s"):format(what, tostring(name)), 4) end
  end
end

local function check_count(value, name, least)
  if value == nil then return least end
  if type(value) ~= "number" or value < least or value ~= math.floor(value) then
    error(("fault.%s must be an integer of at least %d, not %s"):format(name, least, tostring(value)), 4)
  end
  return value
end

local function check_error(given)
  if type(given) ~= "table" then error("fault.error must be a table {code=, message=, status=, headers=}", 4) end
  check_fields(given, ERROR_FIELDS, "fault.error")
  if type(given.code) ~= "string" then error("fault.error.code must be an exception's name", 4) end
  local status = given.status or 400
  if type(status) ~= "number" or status < 300 or status > 599 then
    error("fault.error.status must be an HTTP status from 300 to 599", 4)
  end
  if given.headers ~= nil and type(given.headers) ~= "table" then
    error("fault.error.headers must be a table of names and values", 4)
  end
  return { code = given.code, message = given.message or "", status = status, members = {}, headers = given.headers }
end

local function check_fault(given, operation)
  if type(given) ~= "table" then error("a fault is a table", 3) end
  check_fields(given, FIELDS, "fault")
  if (given.error == nil) == (given.kind == nil) then error("a fault has either an error or a kind", 3) end
  if given.kind ~= nil and not KINDS[given.kind] then
    error("fault.kind is no kind of transport failure: " .. tostring(given.kind), 3)
  end
  return {
    operation = operation, times = check_count(given.times, "times", 1), after = check_count(given.after, "after", 0),
    failure = given.error ~= nil and check_error(given.error) or nil, kind = given.kind, message = given.message,
  }
end

---@return table faults
function faults.new()
  return setmetatable({ list = {} }, metatable)
end

--- Adds a fault.
---@param given table  # see `inject` of the emulator
---@param operation? string  # the operation's name in upper camel case; nil: any call
---@return { remove: fun() }
function methods:add(given, operation)
  local fault = check_fault(given, operation)
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
