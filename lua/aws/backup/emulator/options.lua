--- The emulator's options: what may be given, and what holds otherwise.

local core = require "aws.backup.core"
local time = require "aws.backup.codec.time"

local settings = require "aws.backup.emulator.settings"

local options = {}

---@class aws.backup.EmulatorOptions
---@field region? string  # default us-east-1
---@field account_id? string  # twelve digits; default 123456789012
---@field credentials? table  # who may sign: one `{access_key_id=, secret_access_key=, session_token=, expiration=}`
---(epoch seconds or ISO 8601), a list of such, or a map from access key id to such; default: the keys of AWS's examples
---@field clock? fun(): number  # epoch seconds, for signatures and for the virtual time; default: the system's
---@field speed? number  # how many seconds of virtual time pass in one second; default 1
---@field durations? table<string, number>  # how long a job of a resource type runs, in seconds of virtual time
---@field uuid? fun(): string  # makes ids, each time another; default: random

local KNOWN = {
  region = true, account_id = true, credentials = true, clock = true, speed = true, durations = true, uuid = true,
}

local EXAMPLE = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }

local function fault(message)
  error("emulator: " .. message, 4)
end

local function expiration_of(entry)
  local given = entry.expiration
  if given == nil or type(given) == "number" then return given end
  local seconds = type(given) == "string" and time.parse(given)
  if not seconds then fault("credentials.expiration must be epoch seconds or ISO 8601") end
  return seconds
end

local function add_credentials(by_id, entry, id)
  if type(entry) ~= "table" then fault("credentials must be tables") end
  id = entry.access_key_id or id
  if type(id) ~= "string" or type(entry.secret_access_key) ~= "string" then
    fault("credentials need access_key_id and secret_access_key")
  end
  by_id[id] = {
    access_key_id = id, secret_access_key = entry.secret_access_key, session_token = entry.session_token,
    expiration = expiration_of(entry),
  }
end

local function credentials_by_id(given)
  local by_id = {}
  if given.secret_access_key ~= nil then
    add_credentials(by_id, given)
    return by_id
  end
  for key, entry in pairs(given) do
    add_credentials(by_id, entry, type(key) == "string" and key or nil)
  end
  return by_id
end

local function check_types(given)
  for name in pairs(given) do
    if not KNOWN[name] then fault("unknown option " .. tostring(name)) end
  end
  for name, wanted in pairs { credentials = "table", clock = "function", durations = "table", uuid = "function" } do
    if given[name] ~= nil and type(given[name]) ~= wanted then fault(name .. " must be a " .. wanted) end
  end
end

local function check_values(complete)
  if type(complete.region) ~= "string" or not complete.region:find("^%w[%w-]*$") then
    fault("region must be a name as in eu-west-1")
  end
  if type(complete.account_id) ~= "string" or not complete.account_id:find("^%d+$") or #complete.account_id ~= 12 then
    fault("account_id must be a string of twelve digits")
  end
  if type(complete.speed) ~= "number" or not (complete.speed >= 0 and complete.speed < math.huge) then
    fault("speed must be a number of at least 0")
  end
  for name, seconds in pairs(complete.durations) do
    if type(seconds) ~= "number" or not (seconds > 0 and seconds < math.huge) then
      fault("durations." .. tostring(name) .. " must be a number of seconds above 0")
    end
  end
end

--- Completes options with their defaults.
---@param given aws.backup.EmulatorOptions
---@return table settings  # raises for what is unknown or wrong
function options.complete(given)
  if type(given) ~= "table" then fault("options must be a table") end
  check_types(given)
  local complete = {
    region = given.region or "us-east-1",
    account_id = given.account_id or "123456789012",
    credentials = credentials_by_id(given.credentials or EXAMPLE),
    clock = given.clock or core.time,
    speed = given.speed or 1,
    durations = given.durations or {},
    uuid = given.uuid,
    settings = settings.defaults(),
  }
  check_values(complete)
  return complete
end

return options
