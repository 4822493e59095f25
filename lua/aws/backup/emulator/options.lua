--- The emulator's options: what may be given, and what holds otherwise.

local core = require "aws.backup.core"
local endpoint = require "aws.backup.endpoint"
local habits = require "aws.backup.habits"
local nearest = require "aws.backup.nearest"
local time = require "aws.backup.codec.time"

local resources = require "aws.backup.emulator.resources"
local settings = require "aws.backup.emulator.settings"

local options = {}

---@class aws.backup.EmulatorOptions
---@field region? string  # default us-east-1
---@field account_id? string  # twelve digits; default 123456789012
---@field credentials? table  # who may sign: one `{access_key_id=, secret_access_key=, session_token=, expiration=}`
---(epoch seconds or ISO 8601), a list of such, or a map from access key id to such; default: the keys of AWS's examples
---@field clock? fun(): number  # epoch seconds, for signatures and for the virtual time; default: the system's
---@field speed? number  # how many seconds of virtual time pass in one second; default 1
---@field durations? table<string, number>  # how long a job of a resource type runs, in seconds of virtual time; a
---stack or a cluster takes as long as its parts
---@field uuid? fun(): string  # makes ids, each time another; default: random

local KNOWN = {
  region = true, account_id = true, credentials = true, clock = true, speed = true, durations = true, uuid = true,
}

local EXAMPLE = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }

-- Reads an expiration as epoch seconds; nil, message if it is none.
local function read_expiration(given)
  if type(given) == "number" then return given end
  local seconds = type(given) == "string" and time.parse(given)
  if not seconds then return nil, "credentials.expiration must be epoch seconds or ISO 8601" end
  return seconds
end

local function add_credentials(by_id, entry, key)
  if type(entry) ~= "table" then return nil, "credentials must be tables" end
  local id = entry.access_key_id or (type(key) == "string" and key) or nil
  if type(id) ~= "string" or type(entry.secret_access_key) ~= "string" then
    return nil, "credentials need access_key_id and secret_access_key"
  end
  local expiration, message
  if entry.expiration ~= nil then
    expiration, message = read_expiration(entry.expiration)
    if not expiration then return nil, message end
  end
  by_id[id] = {
    access_key_id = id, secret_access_key = entry.secret_access_key, session_token = entry.session_token,
    expiration = expiration,
  }
  return true
end

local function credentials_by_id(given)
  local by_id = {}
  local list = given.secret_access_key ~= nil and { given } or given
  for key, entry in pairs(list) do
    local fine, message = add_credentials(by_id, entry, key)
    if not fine then return nil, message end
  end
  return by_id
end

-- What the endpoint rules say of a region: its partition, and whether there can be such a region.
local function read_region(region)
  if type(region) ~= "string" then return nil, "region must be a string" end
  local place, err = endpoint.resolve { region = region }
  if not place then return nil, err.message end
  return place
end

-- The two checks return what is wrong, or nil.

local function what_instead(name)
  local habit = habits.look_up(habits.EMULATOR_OPTIONS, name)
  if habit then return "; write " .. habit end
  local meant = nearest.among(tostring(name), KNOWN)
  return meant and "; did you mean " .. meant .. "?" or ""
end

local function fault_in_types(given)
  for name in pairs(given) do
    if not KNOWN[name] then return "unknown option " .. tostring(name) .. what_instead(name) end
  end
  for name, wanted in pairs { credentials = "table", clock = "function", durations = "table", uuid = "function" } do
    if given[name] ~= nil and type(given[name]) ~= wanted then return name .. " must be a " .. wanted end
  end
end

local function fault_in_values(complete)
  local account = complete.account_id
  if type(account) ~= "string" or #account ~= 12 or account:find("%D") then
    return "account_id must be a string of twelve digits"
  end
  if type(complete.speed) ~= "number" or not (complete.speed >= 0 and complete.speed < math.huge) then
    return "speed must be a number of at least 0: how many seconds of virtual time pass in one second, as in speed = 60"
  end
end

-- The durations of all types, with the given ones in place of the defaults; nil, message if one is wrong.
local function merge_durations(given)
  local durations = resources.durations()
  for name, seconds in pairs(given) do
    if durations[name] == nil then
      return nil, "durations names no resource type that is backed up as a whole: " .. tostring(name)
    end
    if type(seconds) ~= "number" or not (seconds > 0 and seconds < math.huge) then
      return nil, "durations." .. name .. " must be a number of seconds above 0"
    end
    durations[name] = seconds
  end
  return durations
end

--- Completes options with their defaults.
---@param given? aws.backup.EmulatorOptions
---@return table? settings
---@return string? message  # what is unknown or wrong
function options.complete(given)
  given = given or {}
  if type(given) ~= "table" then return nil, "options must be a table" end
  local wrong = fault_in_types(given)
  if wrong then return nil, wrong end
  local credentials, message = credentials_by_id(given.credentials or EXAMPLE)
  if not credentials then return nil, message end
  local durations, wrong_duration = merge_durations(given.durations or {})
  if not durations then return nil, wrong_duration end
  local place, err = read_region(given.region or "us-east-1")
  if not place then return nil, err end
  local complete = {
    region = place.region, partition = place.partition,
    account_id = given.account_id or "123456789012",
    credentials = credentials,
    clock = given.clock or core.time,
    speed = given.speed or 1,
    durations = durations,
    uuid = given.uuid,
    settings = settings.defaults(),
  }
  wrong = fault_in_values(complete)
  if wrong then return nil, wrong end
  return complete
end

return options
