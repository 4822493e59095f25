--- The User-Agent that a client sends: what it is, where it runs and which features a call used, in the format 2.1 that
-- the AWS SDKs have in common (as botocore writes it). AWS counts with it; nothing depends on it, nothing signs it.

local ascii = require "aws.backup.ascii"
local core = require "aws.backup.core"
local version = require "aws.backup.version"

local useragent = {}

local FEATURES_LIMIT_BYTES = 1024

-- What is told of the settings by a letter. Checksum modes are left out: no operation of AWS Backup has a checksum, so
-- none is ever calculated or verified here, in whatever mode.
local RETRY_FEATURES = { legacy = "D", standard = "E", adaptive = "F" }
local ENDPOINT_OVERRIDE = "N"
local ACCOUNT_ID_FEATURES = { preferred = "P", disabled = "Q", required = "R" }

-- Names of systems that the format knows, by what uname calls them in lower case; others are "other".
local SYSTEM_NAMES = { linux = "linux", darwin = "macos", windows = "windows", android = "android" }

-- RFC 9110's "token" and the comma; anything else might be taken for a separator.
local function token(text)
  return (text:gsub("[^0-9A-Za-z!$%%&'*+%-.^_`|~,]", "-"))
end

local function pair(name, value)
  return token(name) .. "#" .. token(value)
end

local function add_system(parts)
  local system = core.system()
  local known = SYSTEM_NAMES[ascii.lower(system.name)]
  if known then
    parts[#parts + 1] = "os/" .. pair(known, system.release)
  else
    parts[#parts + 1] = "os/other"
    parts[#parts + 1] = "md/" .. pair(system.name, system.release)
  end
  parts[#parts + 1] = "md/" .. pair("arch", system.machine)
end

local function language()
  local jit = rawget(_G, "jit")
  if type(jit) == "table" and type(jit.version) == "string" then
    return "lang/" .. pair("luajit", (jit.version:gsub("^LuaJIT ", "")))
  end
  return "lang/" .. pair("lua", (_VERSION:gsub("^Lua ", "")))
end

-- nginx tells its version as 1022001 for 1.22.1.
local function add_nginx(parts)
  local ngx = rawget(_G, "ngx")
  local number = type(ngx) == "table" and ngx.config and ngx.config.nginx_version
  if not number then return end
  local text = ("%d.%d.%d"):format(math.floor(number / 1000000), math.floor(number / 1000) % 1000, number % 1000)
  parts[#parts + 1] = "md/" .. pair("nginx", text)
end

local function describe_program()
  local parts = { "lua-aws-backup/" .. version, "ua/2.1" }
  add_system(parts)
  parts[#parts + 1] = language()
  parts[#parts + 1] = "md/" .. pair("libcurl", core.versions().curl)
  add_nginx(parts)
  return table.concat(parts, " ")
end

-- What stands before the features.
local function front(settings)
  local execution_environment = settings.getenv("AWS_EXECUTION_ENV")
  if not execution_environment then return describe_program() end
  return describe_program() .. " exec-env/" .. token(execution_environment)
end

-- What stands behind them.
local function back(settings)
  local text = "cfg/" .. pair("retry-mode", settings.retry_mode)
  if settings.app_id then text = text .. " app/" .. token(settings.app_id) end
  return text
end

local function settings_features(settings)
  local features = {}
  features[#features + 1] = RETRY_FEATURES[settings.retry_mode]
  features[#features + 1] = settings.endpoint_url and ENDPOINT_OVERRIDE
  features[#features + 1] = ACCOUNT_ID_FEATURES[settings.account_id_endpoint_mode]
  return features
end

-- All lists as one part, sorted, each id once; whole ids are left out at the end where there are too many. Nil if
-- there is none.
local function features_part(...)
  local seen, ids = {}, {}
  for _, list in ipairs { ... } do
    for _, id in ipairs(list) do
      if not seen[id] then ids[#ids + 1] = id end
      seen[id] = true
    end
  end
  if #ids == 0 then return nil end
  table.sort(ids)
  local part = "m/" .. table.concat(ids, ",")
  if #part <= FEATURES_LIMIT_BYTES then return part end
  return part:sub(1, FEATURES_LIMIT_BYTES + 1):match("^(.*),")
end

local NO_FEATURES = {}

local function build(settings, features, more)
  local part = features_part(settings_features(settings), features, more)
  return front(settings) .. " " .. (part and part .. " " or "") .. back(settings)
end

--- A maker of User-Agents for one client. Not the name of an AWS SDK: this is none.
---@param settings { retry_mode: string, endpoint_url: string?, account_id_endpoint_mode: string?, app_id: string?,
---  getenv: fun(name: string): string? }
---@return fun(features: string[]?, more: string[]?): string user_agent  with the ids of the features that a call used,
---  beside those that the settings tell. A first list that is given again must not have changed since: its text is
---  kept. `more` is for what few calls have.
function useragent.new(settings)
  -- A client has one list, that of its credentials, as long as these come from one place.
  local without_features, last, last_text

  return function(features, more)
    if more then return build(settings, features or NO_FEATURES, more) end
    if not features then
      without_features = without_features or build(settings, NO_FEATURES)
      return without_features
    end
    if features ~= last then last, last_text = features, build(settings, features) end
    return last_text
  end
end

return useragent
