--- Which profile of the shared files a client uses ("AWS SDKs and Tools Reference Guide", Shared config and credentials
-- files; AWS_PROFILE).

local errors = require "aws.backup.errors"
local nearest = require "aws.backup.nearest"
local visible = require "aws.backup.codec.visible"

local profile_selection = {}

local DEFAULT_NAME = "default"

-- AWS_DEFAULT_PROFILE is the older spelling, which the AWS CLI and the SDK for Python read too.
local VARIABLES = { "AWS_PROFILE", "AWS_DEFAULT_PROFILE" }

-- Bytes of a message that the names of the known profiles may take.
local LONGEST_LIST = 500

local function selected(given, getenv)
  if given then return given, "option", "the option profile" end
  for index = 1, #VARIABLES do
    local name = getenv(VARIABLES[index])
    if name then return name, "environment", VARIABLES[index] end
  end
  return DEFAULT_NAME
end

local function suggestion_for(name, names)
  local candidates = {}
  for _, known in ipairs(names) do candidates[known] = true end
  local found = nearest.among(name, candidates)
  return found and ("; did you mean %s?"):format(found) or ""
end

local function unknown(name, selected_by, shared)
  local names = shared.profile_names()
  local known = #names > 0 and "the profiles there are " .. visible.text(table.concat(names, ", "), LONGEST_LIST)
    or "there is no profile in them"
  return nil, errors.new("ConfigError", {
    message = ("the profile %q, named by %s, is neither in %s nor in %s: %s%s (its section is [profile %s] in the "
      .. "first file, [%s] in the second)"):format(name, selected_by, shared.config_path, shared.credentials_path,
      known, suggestion_for(name, names), name, name),
  })
end

---@class aws.backup.ProfileSelection
---@field name string
---@field source "option"|"environment"|nil  who selected it; nil: nobody, it is the default
---@field keys table<string, string|table>  of both files; empty if nobody selected it and it is in neither
---@field key_source fun(key: string): string  names a key and where it stands, for a message

-- Nobody selected one, and none has the name that is meant then.
local NOTHING = { name = DEFAULT_NAME, keys = {}, key_source = function(key) return key end }

--- Selects the profile: the option, then AWS_PROFILE, then AWS_DEFAULT_PROFILE, then the one named default.
---@param given string?  the option profile
---@param getenv aws.backup.Getenv
---@param shared aws.backup.SharedFiles
---@return aws.backup.ProfileSelection? selection
---@return table? err  ConfigError: it was selected and is in neither file, even if it is the one named default
function profile_selection.choose(given, getenv, shared)
  local name, source, selected_by = selected(given, getenv)
  local keys = shared.profile(name)
  if not keys and source then return unknown(name, selected_by, shared) end
  if not keys then return NOTHING end

  local function key_source(key)
    local credentials = shared.credentials_file(name)
    local path = credentials and credentials[key] ~= nil and shared.credentials_path or shared.config_path
    return ("%s in profile %q of %s"):format(key, name, path)
  end
  return { name = name, source = source, keys = keys, key_source = key_source }
end

return profile_selection
