--- The shared config and credentials files: where they are, and what both say together ("AWS SDKs and Tools Reference
--- Guide", Shared config and credentials files; Location of the shared files).
--
-- `load` reads both files at once and keeps nothing open, so that what it returns can be made when a module is loaded
-- and used where files can't be read any more.

local errors = require "aws.backup.errors"
local ini = require "aws.backup.ini"
local sorted_keys = require "aws.backup.sorted_keys"
local visible = require "aws.backup.codec.visible"

local shared_files = {}

-- Far more than thousands of profiles need, and little enough to read by mistake.
local MAX_MEBIBYTES = 16
local MAX_BYTES = MAX_MEBIBYTES * 1024 * 1024

local CONFIG = { kind = "config", variable = "AWS_CONFIG_FILE", default = "~/.aws/config" }
local CREDENTIALS = { kind = "credentials", variable = "AWS_SHARED_CREDENTIALS_FILE", default = "~/.aws/credentials" }

-- The usual way to say that there is no such file, and the one device that is safe to take for one.
local NOTHING = "/dev/null"

local REASONS = {
  denied = "this user has no permission to read it",
  not_a_file = "it is a directory, or something else that is no regular file",
  too_large = ("it is larger than %d MiB"):format(MAX_MEBIBYTES),
}

---@alias aws.backup.Getenv fun(name: string): string?  # blank counts as not set

--- The home directory of the user.
---@param getenv aws.backup.Getenv
---@return string? path  # nil if no variable names it
function shared_files.home(getenv)
  local home = getenv("HOME") or getenv("USERPROFILE")
  if home then return home end
  local drive, path = getenv("HOMEDRIVE"), getenv("HOMEPATH")
  return drive and path and drive .. path or nil
end

local function is_below_home(path)
  return path == "~" or path:sub(1, 2) == "~/"
end

--- A path whose leading ~ is replaced by the home directory. `~user`, and a ~ elsewhere, stay as they are, and so does
--- every path if there is no home directory.
---@param path string
---@param getenv aws.backup.Getenv
---@return string
function shared_files.expand(path, getenv)
  local home = is_below_home(path) and shared_files.home(getenv)
  if not home then return path end
  if path ~= "~" and home:sub(-1) == "/" then home = home:sub(1, -2) end
  return home .. path:sub(2)
end

local function failure(file, path, reason)
  return nil, errors.new("ConfigError", {
    message = ("can't use the shared %s file %s: %s; correct it, or name another file in %s"):format(
      file.kind, visible.text(path), reason, file.variable),
  })
end

-- Where a file is. The second result is true if there is none to read: its place is below a home that nobody knows.
local function locate(file, getenv)
  local named = getenv(file.variable)
  local path = shared_files.expand(named or file.default, getenv)
  local homeless = is_below_home(path)
  if homeless and named then
    return failure(file, path, "it begins with ~, and HOME, which should say where that is, is not set")
  end
  return path, homeless
end

-- What both files come to that have nothing in them, or are not there: most machines that run programs have none.
local EMPTY = { profiles = {}, sso_sessions = {}, services = {}, warnings = {} }

local function read(file, path, files)
  if path == NOTHING then return "" end
  local text, kind, message = files.read(path, MAX_BYTES)
  if text then return text end
  if kind == "missing" then return "" end
  return failure(file, path, REASONS[kind] or visible.text(tostring(message or kind)))
end

local function load_file(file, getenv, files)
  local path, absent = locate(file, getenv)
  if not path then return nil, absent end
  local text, err = "", nil
  if not absent then text, err = read(file, path, files) end
  if not text then return nil, err end
  if text == "" then return EMPTY, path end
  local parsed, message = ini.parse(text, file.kind)
  if not parsed then return failure(file, path, message) end
  return parsed, path
end

-- Adds copies of all keys to a table. What is kept for the life of a process must not change with what a caller does
-- to what it got.
local function add_keys(target, keys)
  for name, value in pairs(keys or {}) do
    target[name] = type(value) == "table" and add_keys({}, value) or value
  end
  return target
end

local function reader(group)
  return function(name) return group[name] and add_keys({}, group[name]) end
end

local function add_warnings(all, parsed, path)
  for _, warning in ipairs(parsed.warnings) do all[#all + 1] = visible.text(path) .. ": " .. warning end
end

-- What can be asked of both files, by its name, made when it is asked.
local READERS = {
  config_file = function(config) return reader(config.profiles) end,
  credentials_file = function(_, credentials) return reader(credentials.profiles) end,
  sso_session = function(config) return reader(config.sso_sessions) end,
  services = function(config) return reader(config.services) end,
  profile = function(config, credentials)
    return function(name)
      if not config.profiles[name] and not credentials.profiles[name] then return nil end
      return add_keys(add_keys({}, config.profiles[name]), credentials.profiles[name])
    end
  end,
  profile_names = function(config, credentials)
    return function() return sorted_keys(add_keys(add_keys({}, config.profiles), credentials.profiles)) end
  end,
}

-- The files themselves stay out of reach for whoever walks over what is made of them: they hold secrets.
local function metatable_of(config, credentials)
  return { __index = function(shared, name)
    local make = READERS[name]
    if not make then return nil end
    shared[name] = make(config, credentials)
    return shared[name]
  end }
end

local OF_EMPTY = metatable_of(EMPTY, EMPTY)

---@class aws.backup.SharedFiles
---@field config_path string
---@field credentials_path string
---@field warnings string[]  # what was ignored, each with path and line
---@field profile fun(name: string): table?  # the keys of both files; of a key in both, the credentials file's value
---@field config_file fun(name: string): table?  # a profile's keys in this file alone
---@field credentials_file fun(name: string): table?
---@field sso_session fun(name: string): table?
---@field services fun(name: string): table?
---@field profile_names fun(): string[]  # of both files, sorted

--- Reads and parses both files. A file that is missing is an empty one, also when a variable names it.
---@param getenv aws.backup.Getenv
---@param files aws.backup.Files
---@return aws.backup.SharedFiles? shared
---@return aws.backup.Error? err  # ConfigError: path, reason and remedy, never text of the file
function shared_files.load(getenv, files)
  local config, config_path = load_file(CONFIG, getenv, files)
  if not config then return nil, config_path end
  local credentials, credentials_path = load_file(CREDENTIALS, getenv, files)
  if not credentials then return nil, credentials_path end
  local warnings = {}
  add_warnings(warnings, config, config_path)
  add_warnings(warnings, credentials, credentials_path)
  local is_empty = config == EMPTY and credentials == EMPTY
  return setmetatable({ config_path = config_path, credentials_path = credentials_path, warnings = warnings },
    is_empty and OF_EMPTY or metatable_of(config, credentials))
end

return shared_files
