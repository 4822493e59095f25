--- Where a client finds environment variables and files.
--
-- Outside nginx: in the process, when the client is made (credentials also later, because they change). Workers of
-- nginx have no environment but what `env` lines leave them, and may not read the files of the user that started
-- nginx. So when this module is loaded while nginx reads its configuration (init_by_lua), what a client could need is
-- kept; clients made later read from that. It is never changed again; `nginx -s reload` makes a new one.

local configured_endpoint = require "aws.backup.configured_endpoint"
local default_files = require("aws.backup.files").default
local given = require "aws.backup.given"
local rows = require "aws.backup.settings"
local shared_files = require "aws.backup.shared_files"

local environment = {}

-- Every variable that is read anywhere, but for those in other lists.
local NAMES = [[
  HOME USERPROFILE HOMEDRIVE HOMEPATH PATH
  AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_PROFILE AWS_DEFAULT_PROFILE
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CREDENTIAL_EXPIRATION
  AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI
  AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_NAME _X_AMZN_TRACE_ID
  HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy REQUEST_METHOD
]]

--- All variables that are read anywhere.
---@return string[]
function environment.names()
  local names = {}
  for name in NAMES:gmatch("%S+") do names[#names + 1] = name end
  for _, name in ipairs(configured_endpoint.VARIABLES) do names[#names + 1] = name end
  for _, row in ipairs(rows) do
    for _, name in ipairs(row.variables or {}) do names[#names + 1] = name end
  end
  return names
end

-- A variable that is blank counts as not set.
local function without_blanks(variable)
  return function(name)
    local value = variable(name)
    return value and value:find("%S") and value or nil
  end
end

-- Files that keep what is read from them. Which are read need not be known here.
local function recorder(files, kept)
  return {
    read = function(path, max_bytes)
      local text, kind, message = files.read(path, max_bytes)
      kept[path] = { text = text, kind = kind, message = message }
      return text, kind, message
    end,
    replace = files.replace,
  }
end

local function player(files, kept)
  return {
    read = function(path, max_bytes)
      local found = kept[path]
      if found then return found.text, found.kind, found.message end
      return files.read(path, max_bytes)
    end,
    replace = files.replace,
  }
end

---@class aws.backup.Surroundings
---@field variable fun(name: string): string?  as it is set, also if blank
---@field files aws.backup.Files

--- Keeps all variables and both shared files as they are now.
---@param variable fun(name: string): string?  such as os.getenv
---@param files aws.backup.Files
---@return aws.backup.Surroundings
function environment.capture(variable, files)
  local values, kept = {}, {}
  for _, name in ipairs(environment.names()) do values[name] = variable(name) end
  local function captured(name) return values[name] end
  -- Read for the recorder; what is wrong with a file is told to whoever makes a client.
  shared_files.load(without_blanks(captured), recorder(files, kept))
  return { variable = captured, files = player(files, kept) }
end

local function is_nginx_init()
  local ngx = rawget(_G, "ngx")
  local get_phase = type(ngx) == "table" and ngx.get_phase
  return get_phase and get_phase() == "init"
end

local surroundings = is_nginx_init() and environment.capture(os.getenv, default_files)
  or { variable = os.getenv, files = default_files }
local getenv_of_surroundings = without_blanks(surroundings.variable)

-- What a caller gave as `env`: a table, or anything that can be called.
local function reader_of(env)
  local metatable = getmetatable(env)
  if type(env) == "table" and metatable == nil then -- nothing of the caller's runs in there
    return function(name)
      local value = env[name]
      return type(value) == "string" and value or nil
    end
  end
  local is_table = type(env) == "table" and not (type(metatable) == "table" and metatable.__call)
  local read = given.guard("env", is_table and function(name) return env[name] end or env)
  return function(name)
    local value = read(name)
    return type(value) == "string" and value or nil
  end
end

--- What a client reads from.
---@param env? table<string, string>|fun(name: string): string?  instead of the process's variables
---@param files? aws.backup.Files  instead of the system's
---@return aws.backup.Getenv getenv  blank counts as not set
---@return fun(name: string): string? variable  as it is set, also if blank
---@return aws.backup.Files files
function environment.of(env, files)
  files = files or surroundings.files
  if not env then return getenv_of_surroundings, surroundings.variable, files end
  local variable = reader_of(env)
  return without_blanks(variable), variable, files
end

return environment
