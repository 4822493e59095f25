--- A set of credentials as the client hands it on: key id, secret and token that belong together, checked and copied in
-- one place, wherever they come from. Whoever has one may keep it: it never changes.

local errors = require "aws.backup.errors"

local snapshot = {}

local FIELDS = {
  { name = "access_key_id", required = true },
  { name = "secret_access_key", required = true },
  { name = "session_token" },
  { name = "account_id" },
}

---@class aws.backup.CredentialsSnapshot
---@field access_key_id string
---@field secret_access_key string
---@field session_token? string
---@field expiration? number  # epoch seconds; absent: they do not expire
---@field account_id? string
---@field features? string[]  # ids for the User-Agent: where they come from

local function fault(message)
  return nil, errors.new("CredentialsError", { message = message })
end

local function is_absent(value)
  return value == nil or value == ""
end

local function missing_from(given)
  local missing = {}
  for _, field in ipairs(FIELDS) do
    if field.required and is_absent(given[field.name]) then missing[#missing + 1] = field.name end
  end
  return missing
end

-- What is wrong with a value, or nil. A control character would end up in a header.
local function flaw_of(value)
  if type(value) ~= "string" then return "is a " .. type(value) .. " instead of a string" end
  if value:find("[%c%s]") then return "holds a blank or a control character; was it copied with its line end?" end
  return nil
end

--- A checked copy of credentials. No message shows a value of theirs.
---@param given any
---@param source string  whose they are, for the message: "the option credentials"
---@return aws.backup.CredentialsSnapshot? checked, aws.backup.Error? err  CredentialsError
function snapshot.check(given, source)
  if type(given) ~= "table" then
    return fault(source .. " gave " .. type(given) .. " instead of a table with access_key_id and secret_access_key")
  end
  local missing = missing_from(given)
  if #missing > 0 then return fault(source .. " gave no " .. table.concat(missing, " and no ")) end
  local copy = { expiration = given.expiration, features = given.features }
  for _, field in ipairs(FIELDS) do
    local value = given[field.name]
    if not is_absent(value) then
      local flaw = flaw_of(value)
      if flaw then return fault(("the %s of %s %s"):format(field.name, source, flaw)) end
      copy[field.name] = value
    end
  end
  local expiration = copy.expiration
  -- NaN would be neither before nor after any moment.
  if expiration ~= nil and (type(expiration) ~= "number" or expiration ~= expiration) then
    return fault("the expiration of " .. source .. " must be a number of epoch seconds")
  end
  return copy
end

--- True if a request signed with one could fare otherwise than one signed with the other.
---@param a aws.backup.CredentialsSnapshot
---@param b aws.backup.CredentialsSnapshot
---@return boolean
function snapshot.differ(a, b)
  return a.access_key_id ~= b.access_key_id or a.session_token ~= b.session_token
end

--- True from the moment of expiration on.
---@param of aws.backup.CredentialsSnapshot
---@param now number  epoch seconds
---@return boolean
function snapshot.has_expired(of, now)
  return of.expiration ~= nil and of.expiration <= now
end

return snapshot
