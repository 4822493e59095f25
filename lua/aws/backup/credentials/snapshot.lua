--- A set of credentials as the client hands it on: key id, secret and token that belong together, checked and copied in
-- one place, wherever they come from. Whoever has one may keep it: it never changes.

local errors = require "aws.backup.errors"
local habits = require "aws.backup.habits"
local sorted_keys = require "aws.backup.sorted_keys"

local snapshot = {}

-- Sets of bytes are written out, since %c and %s follow the locale.
local function flaw_of_text(value)
  if not value:find("[^\33-\126\128-\255]") then return nil end
  return "holds a blank or a control character; was it copied with its line end?"
end

-- No key and no token has any of this, whoever made it; and some of it could not be sent.
local function flaw_of_key(value)
  local first = value:sub(1, 1)
  if first:find("[\"'`]") and value:sub(-1) == first then return "stands in quotes; leave them out" end
  if value:find("[\128-\255]") then return "holds a character beyond ASCII; was it copied from formatted text?" end
  return flaw_of_text(value)
end

-- It stands between slashes and commas in a header. Those of AWS are letters and digits, and stand-ins for its services
-- are hardly freer.
local function flaw_of_key_id(value)
  local flaw = flaw_of_key(value)
  local stray = not flaw and value:match("[^0-9A-Za-z_.-]")
  if not stray then return flaw end
  return ("holds %s, but a key id has letters and digits; is it a secret, or a placeholder?"):format(
    stray == '"' and "a quote" or '"' .. stray .. '"')
end

-- The first two bounds are the signer's; all are far beyond what there is.
local FIELDS = {
  { name = "access_key_id", required = true, flaw_of = flaw_of_key_id, longest = 256 },
  { name = "secret_access_key", required = true, flaw_of = flaw_of_key, longest = 4096 },
  { name = "session_token", flaw_of = flaw_of_key, longest = 65536 },
  { name = "account_id", flaw_of = flaw_of_text, longest = 256 },
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

-- What the source of a field calls it.
local function called(field, names)
  return names and names[field.name] or field.name
end

local function missing_from(given, names)
  local missing = {}
  for _, field in ipairs(FIELDS) do
    if field.required and is_absent(given[field.name]) then missing[#missing + 1] = called(field, names) end
  end
  return missing
end

-- The fields that others call otherwise, each with its name here; "" if there are none.
local function misnamed_in(given)
  local told = {}
  for _, name in ipairs(sorted_keys(habits.CREDENTIALS)) do
    if given[name] ~= nil then told[#told + 1] = habits.CREDENTIALS[name] .. " for " .. name end
  end
  return told[1] and "; write " .. table.concat(told, ", ") or ""
end

-- What is wrong with a value, or nil.
local function flaw_of(field, value)
  if type(value) ~= "string" then return "is a " .. type(value) .. " instead of a string" end
  if #value > field.longest then return ("is longer than the %d bytes it may have"):format(field.longest) end
  return field.flaw_of(value)
end

--- A checked copy of credentials. No message shows a value of theirs: a key id may be the secret in the wrong place.
---@param given any
---@param source string  whose they are, for the message: "the option credentials"
---@param names? table<string, string>  what the source calls a field, where it has a name of its own: "AccessKeyId"
---@return aws.backup.CredentialsSnapshot? checked, aws.backup.Error? err  CredentialsError
function snapshot.check(given, source, names)
  if type(given) ~= "table" then
    return fault(source .. " gave " .. type(given) .. " instead of a table with access_key_id and secret_access_key")
  end
  local missing = missing_from(given, names)
  if #missing > 0 then
    return fault(source .. " gave no " .. table.concat(missing, " and no ") .. misnamed_in(given))
  end
  local copy = { expiration = given.expiration, features = given.features }
  for _, field in ipairs(FIELDS) do
    local value = given[field.name]
    if not is_absent(value) then
      local flaw = flaw_of(field, value)
      if flaw then return fault(("the %s of %s %s"):format(called(field, names), source, flaw)) end
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
