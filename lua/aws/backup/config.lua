--- Where settings come from: option, then environment, then profile, then defaults mode, then default (precedence as
-- in every AWS SDK: "AWS SDKs and Tools Reference Guide", configuration).
--
-- `resolve` reads once, when a client is made. A value that is found at a level stops the search; a value that
-- makes no sense there is an error that names the place, it does not fall through. Blank counts as not set.

local configured_endpoint = require "aws.backup.configured_endpoint"
local defaults_mode = require "aws.backup.defaults_mode"
local environment = require "aws.backup.environment"
local errors = require "aws.backup.errors"
local option_checks = require "aws.backup.option_checks"
local profile_selection = require "aws.backup.profile_selection"
local regions = require "aws.backup.region"
local rows = require "aws.backup.settings"
local shared_files = require "aws.backup.shared_files"

local config = {}

-- A longer one still works; the User-Agent may be cut where AWS reads it.
local LONGEST_APP_ID = 50

-- Of the rows those that have a place outside the code, and by name those that options are made for.
local OUTSIDE, HAS_ROW = {}, {}
for _, row in ipairs(rows) do
  if row.convert then OUTSIDE[#OUTSIDE + 1] = row end
  if not row.group then HAS_ROW[row.name] = true end
end

-- The defaults of all rows as settings where nothing is set, and the rows whose default depends on others. These have
-- there what they have without the others; nothing of it ever changes.
local function read_defaults()
  local defaults, dependent = {}, {}
  for _, row in ipairs(rows) do
    local holder = defaults
    if row.group then
      defaults[row.group] = defaults[row.group] or {}
      holder = defaults[row.group]
    end
    if type(row.default) ~= "function" then
      holder[row.name] = row.default
    else
      dependent[#dependent + 1] = row
      if row.group then holder[row.name] = row.default(defaults) end
    end
  end
  return defaults, dependent
end

local DEFAULTS, DEPENDENT = read_defaults()
local SETTINGS = { __index = DEFAULTS }

local function fault(message)
  return nil, errors.new("ConfigError", { message = message })
end

local function is_blank(text)
  return not text:find("%S")
end

-- The options, and what the other levels are read from.
local function begin(given, getenv, files)
  local shared, selection, failure
  shared, failure = shared_files.load(getenv, files)
  if not shared then return nil, failure end
  selection, failure = profile_selection.choose(given.profile, getenv, shared)
  if not selection then return nil, failure end

  local settings, sources, in_code = {}, {}, {}
  for name, value in pairs(given) do
    settings[name] = value
    if HAS_ROW[name] then sources[name], in_code[name] = "the option " .. name, true end
  end
  settings.getenv, settings.files, settings.shared = getenv, files, shared
  settings.profile_name, settings.profile_source = selection.name, selection.source
  settings.profile, settings.key_source = selection.keys, selection.key_source
  settings.sources, settings.in_code, settings.warnings = sources, in_code, {}
  for _, warning in ipairs(shared.warnings) do table.insert(settings.warnings, warning) end
  return settings
end

-- The text that a row has outside the code, and where it stands.
local function find_text(row, settings, variable)
  local names = row.variables
  for index = 1, names and #names or 0 do
    local text = variable(names[index])
    if text and (row.blank_counts or not is_blank(text)) then return text, names[index] end
  end
  local text = row.key and settings.profile[row.key]
  if type(text) == "table" or text and (row.blank_counts or not is_blank(text)) then
    return text, settings.key_source(row.key)
  end
  return nil
end

-- The table that a row's value goes into. What is not set outside the code has the default, which all clients share.
local function holder_of(row, settings)
  local group = row.group
  if not group then return settings end
  local holder = settings[group]
  if not holder then
    holder = setmetatable({}, { __index = DEFAULTS[group] })
    settings[group] = holder
  end
  return holder
end

local function read_row(row, settings, variable)
  local text, source = find_text(row, settings, variable)
  if text == nil then return true end
  if type(text) == "table" then return fault(source .. " must be a single value, not an indented block") end
  local value, complaint = row.convert(text)
  if value == nil then return fault(source .. " " .. complaint) end
  holder_of(row, settings)[row.name] = value
  settings.sources[row.group and row.group .. "." .. row.name or row.name] = source
  return true
end

-- What is not given in code. Settings without a value have their defaults from here on.
local function read_rows(settings, variable)
  for index = 1, #OUTSIDE do
    local row = OUTSIDE[index]
    if row.group or settings[row.name] == nil then
      local fine, failure = read_row(row, settings, variable)
      if not fine then return nil, failure end
    end
  end
  return setmetatable(settings, SETTINGS)
end

local function read_endpoint(settings)
  if settings.endpoint_url then
    settings.sources.endpoint_url = "the option endpoint_url"
    return true
  end
  local found, failure = configured_endpoint.find(settings, "backup")
  if failure then return nil, failure end
  if found then settings.endpoint_url, settings.sources.endpoint_url = found.url, found.source end
  return true
end

local function settle_pseudo_region(settings)
  local given = settings.region
  local real, is_pseudo = regions.split_pseudo(given)
  if not is_pseudo then return end
  local source = ("the region %s of %s"):format(given, settings.sources.region)
  settings.region, settings.use_fips, settings.sources.use_fips = real, true, source
  table.insert(settings.warnings, ("%s means %s with FIPS endpoints; write that, and use_fips"):format(source, real))
end

-- What depends on other settings, and has no value of its own.
local function apply_defaults(settings)
  for index = 1, #DEPENDENT do
    local row = DEPENDENT[index]
    if row.group then
      local holder = rawget(settings, row.group)
      if holder and rawget(holder, row.name) == nil then holder[row.name] = row.default(settings) end
    elseif rawget(settings, row.name) == nil then
      settings[row.name] = row.default(settings)
    end
  end
  if settings.retry_mode == "off" then settings.max_attempts = 1 end
end

-- Asks at most once, and not at all where instance metadata is off. A region that is none is none.
local function asker(instance_region, settings)
  local asked, answer
  return function()
    if not asked and instance_region and not settings.imds.disabled then
      answer = instance_region(settings)
      if type(answer) ~= "string" or not regions.is_valid(answer) then answer = nil end
    end
    asked = true
    return answer
  end
end

local function settle_region_and_mode(settings, ask)
  if not settings.region and settings.imds_region then
    settings.region = ask()
    if settings.region then settings.sources.region = "instance metadata" end
  end
  settings.defaults_mode = defaults_mode.settle(settings.defaults_mode, settings.region, settings.getenv, ask)
  settings.connect_timeout = settings.connect_timeout or defaults_mode.connect_timeout(settings.defaults_mode)
end

local function warn_of_app_id(settings)
  if settings.app_id and #settings.app_id > LONGEST_APP_ID then
    table.insert(settings.warnings, ("%s has more than %d characters; the app id may be cut where AWS reads it"):format(
      settings.sources.app_id, LONGEST_APP_ID))
  end
end

---@class aws.backup.Settings  every option's final value, what `aws.backup.settings` lists, and:
---@field getenv aws.backup.Getenv
---@field files aws.backup.Files
---@field shared aws.backup.SharedFiles
---@field profile table<string, string|table>  the keys of the selected profile in both files; {} if there is none
---@field profile_name string
---@field profile_source "option"|"environment"|nil  who selected the profile; nil: it is the default
---@field key_source fun(key: string): string  names a key of the profile and its file, for messages
---@field sources table<string, string>  by setting ("region", "imds.timeout"): where a value that is no default is from
---@field in_code table<string, boolean>  by setting: it was given as an option
---@field warnings string[]  for the log
---@field imds { timeout: integer, attempts: integer, endpoint: string?, endpoint_mode: "ipv4"|"ipv6",
---  v1_disabled: boolean, disabled: boolean }

--- Settles every setting of a client.
---@param given? aws.backup.Options  not changed
---@param instance_region? fun(settings: aws.backup.Settings): string?  asks the metadata of the EC2 instance for its
---  region, nil if it can't be had; called at most once, and only for imds_region or the defaults mode "auto". It gets
---  the settings as they are so far: all but region, defaults_mode and connect_timeout
---@return aws.backup.Settings? settings
---@return table? err  ConfigError
function config.resolve(given, instance_region)
  given = given or {}
  local fine, message = option_checks.check(given)
  if not fine then return fault(message) end
  local getenv, variable, files = environment.of(given.env, given.files)
  local settings, failure = begin(given, getenv, files)
  if not settings then return nil, failure end
  fine, failure = read_rows(settings, variable)
  if fine then fine, failure = read_endpoint(settings) end
  if not fine then return nil, failure end
  settle_pseudo_region(settings)
  apply_defaults(settings)
  settle_region_and_mode(settings, asker(instance_region, settings))
  warn_of_app_id(settings)
  return settings
end

return config
