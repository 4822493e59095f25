--- Which credentials a client signs with: those it was given, or what the default chain finds.
--
-- A provider is an object with a `name` and `get(self)`, which returns a snapshot
-- `{access_key_id, secret_access_key, session_token?, expiration?}` or nil and why. What a caller hands in is
-- wrapped so that every snapshot is checked in one place. Secrets live in closures: nothing that walks over a
-- client's fields meets them.

local chain = require "aws.backup.credentials.chain"
local environment = require "aws.backup.credentials.environment"
local errors = require "aws.backup.errors"
local protect = require "aws.backup.protect"

local credentials = {}

local FIELDS = { "access_key_id", "secret_access_key", "session_token" }

local function fault(message)
  return nil, errors.new("CredentialsError", { message = message })
end

-- A control character would end up in a header; the message must not show the value.
local function check_text(name, value, source)
  if type(value) ~= "string" or value == "" then
    return fault(string.format("the credentials of %s have no %s", source, name))
  elseif value:find("[%c%s]") then
    return fault(string.format(
      "the %s of %s holds a blank or a control character; was it copied with its line end?", name, source))
  end
  return true
end

local function snapshot(given, source)
  if type(given) ~= "table" then
    return fault(source .. " gave " .. type(given) .. " instead of a table with access_key_id and secret_access_key")
  end
  local copy = { expiration = given.expiration }
  for _, name in ipairs(FIELDS) do
    local value = given[name]
    if name ~= "session_token" or (value ~= nil and value ~= "") then
      local fine, failure = check_text(name, value, source)
      if not fine then return nil, failure end
      copy[name] = value
    end
  end
  if copy.expiration ~= nil and type(copy.expiration) ~= "number" then
    return fault("the expiration of " .. source .. " must be a number of epoch seconds")
  end
  return copy
end

local function from_table(given)
  local kept, failure = snapshot(given, "the option credentials")
  if not kept then return nil, failure end
  return { name = "option", get = function() return kept end }
end

-- A caller's function may raise, or return nil and why; both come out as a CredentialsError.
local function from_function(call)
  local source = "the caller's credentials function"
  local function get()
    local ran, given, reason = protect(call)
    if not ran then return fault(source .. " failed: " .. tostring(given)) end
    if given == nil and reason ~= nil then return fault(source .. " gave none: " .. tostring(reason)) end
    return snapshot(given, source)
  end
  return { name = "function", get = get }
end

local function default_chain(getenv)
  return chain.new({ environment.new(getenv) })
end

--- The provider for what a caller gave as `credentials`.
---@param given table|function|nil  nil: the default chain
---@param getenv fun(name: string): string?
---@return table? provider, table? err  CredentialsError
function credentials.resolve(given, getenv)
  if given == nil then return default_chain(getenv) end
  if type(given) == "table" and given.get ~= nil then
    return from_function(function() return given:get() end)
  elseif type(given) == "table" and not (getmetatable(given) or {}).__call then
    return from_table(given)
  end
  return from_function(function() return given() end)
end

return credentials
