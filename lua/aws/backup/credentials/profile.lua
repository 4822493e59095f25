--- The credentials of a profile of the shared files (SDK reference guide, "Shared config and credentials files" and
-- "Assume role credential provider").
--
-- A profile that holds several kinds of credentials is read by one table, KINDS. The first kind that it has is the one
-- that counts, and if that one does not work, no other takes its place:
--
--   1. role_arn, with source_profile or credential_source and without web_identity_token_file; but a profile that is
--      itself a source_profile lends its static keys, if it has any, rather than its role
--   2. web_identity_token_file
--   3. sso_account_id or sso_role_name
--   4. login_session
--   5. aws_access_key_id in the credentials file
--   6. credential_process
--   7. aws_access_key_id in the config file

local ascii = require "aws.backup.ascii"
local errors = require "aws.backup.errors"
local nearest = require "aws.backup.nearest"
local refresh = require "aws.backup.credentials.refresh"
local sorted_keys = require "aws.backup.sorted_keys"
local sso_settings = require "aws.backup.credentials.sso_settings"
local static_keys = require "aws.backup.credentials.static_keys"

local profile = {}

--- The modules of the providers, each loaded when it is needed first.
profile.modules = setmetatable({}, {
  __index = function(_, name) return require("aws.backup.credentials." .. name) end,
})

-- What credential_source may be, in lower case, and whose credentials it means.
local SOURCES = {
  environment = "environment", ec2instancemetadata = "instance_metadata", ecscontainer = "container",
}
local SOURCE_NAMES = "Environment, Ec2InstanceMetadata or EcsContainer"

local FROM_SOURCE_PROFILE, FROM_NAMED_SOURCE = { "o" }, { "p" }
local FROM_PROFILE, FROM_PROFILE_WEB_IDENTITY = "n", { "q" }

local SECRET_KEYS = { aws_secret_access_key = true, aws_session_token = true, aws_security_token = true }

-- What a profile is read with: context, modules, its name and keys, `trail`: the names of all profiles on the way
-- here, itself included, and is_nested: reached through source_profile.
local function open(context, modules, name, trail)
  local keys = context.shared.profile(name)
  if not keys then return nil end
  trail[#trail + 1] = name
  return { context = context, modules = modules, name = name, keys = keys, trail = trail, is_nested = #trail > 1 }
end

local function fault(class, format, ...)
  return nil, errors.new(class, { message = format:format(...) })
end

local function value_of(at, key)
  local value = at.keys[key]
  return type(value) == "string" and value:find("%S") and value or nil
end

local function has(key)
  return function(at) return value_of(at, key) ~= nil end
end

local function is_static_in(file)
  return function(at) return static_keys.are_in(at.context.shared[file](at.name)) end
end

-- One file's keys only: half a pair of each file, or a token from the other one, would not belong together.
local function from_static(file, path)
  return function(at)
    local shared = at.context.shared
    return at.modules.static_keys.new(at.context, {
      keys = shared[file](at.name), feature = FROM_PROFILE,
      where = ('profile "%s" of %s'):format(at.name, shared[path]),
    })
  end
end

local is_static_in_credentials, is_static_in_config = is_static_in("credentials_file"), is_static_in("config_file")
local from_credentials_file = from_static("credentials_file", "credentials_path")
local from_config_file = from_static("config_file", "config_path")

local function is_static(at)
  return is_static_in_credentials(at) or is_static_in_config(at)
end

-- A profile that lends its credentials to another lends its keys rather than its role.
local function has_role(at)
  if not value_of(at, "role_arn") or value_of(at, "web_identity_token_file") then return false end
  return not (at.is_nested and is_static(at))
end

local function has_sso(at)
  return sso_settings.are_in(at.keys)
end

local function from_web_identity(at)
  return at.modules.web_identity.new(at.context, {
    token_file = value_of(at, "web_identity_token_file"), role_arn = value_of(at, "role_arn"),
    role_session_name = value_of(at, "role_session_name"), region = value_of(at, "region"),
    where = ('profile "%s"'):format(at.name), features = FROM_PROFILE_WEB_IDENTITY,
  })
end

local function from_sso(at)
  return at.modules.sso.new(at.context, { profile_name = at.name, profile = at.keys })
end

local function from_login(at)
  return at.modules.login.new(at.context, { login_session = value_of(at, "login_session"), profile_name = at.name })
end

local function from_process(at)
  return at.modules.process.new(at.context, {
    command = value_of(at, "credential_process"), profile_name = at.name, account_id = value_of(at, "aws_account_id"),
  })
end

local choose

local function from_named_source(at, source)
  local module = SOURCES[ascii.lower(source)]
  if not module then
    return fault("ConfigError", 'the credential_source of profile "%s" must be %s, not "%s"',
      at.name, SOURCE_NAMES, source)
  end
  return at.modules[module].new(at.context)
end

local function missing_from(shared)
  return ("it is neither in %s nor in %s"):format(shared.config_path, shared.credentials_path)
end

local function no_such_source(at, source)
  local shared, names = at.context.shared, {}
  for _, name in ipairs(shared.profile_names()) do names[name] = true end
  local suggestion = nearest.among(source, names)
  return fault("ConfigError", 'there is no source_profile "%s" for profile "%s": %s%s', source, at.name,
    missing_from(shared), suggestion and ('; did you mean "%s"?'):format(suggestion) or "")
end

local function is_in(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then return true end
  end
  return false
end

-- The provider of another profile's credentials; of the same profile's keys, if it names itself and has some.
local function from_source_profile(at, source)
  if source == at.name and is_static(at) then
    return is_static_in_credentials(at) and from_credentials_file(at) or from_config_file(at)
  end
  if is_in(at.trail, source) then
    return fault("ConfigError", "the profiles %s -> %s lead back to where they began with source_profile; give one of "
      .. "them credentials of its own", table.concat(at.trail, " -> "), source)
  end
  local lender = open(at.context, at.modules, source, at.trail)
  if not lender then return no_such_source(at, source) end
  local provider, reason = choose(lender)
  if type(reason) == "string" then
    return fault("CredentialsError", 'the source_profile "%s" of profile "%s" has no credentials: it %s',
      source, at.name, reason)
  end
  return provider, reason
end

-- Who assumes the role: the provider, or nil and an error; a text for messages; features for the User-Agent.
local function base_of(at)
  local source_profile, credential_source = value_of(at, "source_profile"), value_of(at, "credential_source")
  if source_profile and credential_source then
    return fault("ConfigError", 'profile "%s" has both source_profile and credential_source; keep the one whose '
      .. "credentials assume its role_arn", at.name)
  elseif not source_profile and not credential_source then
    return fault("CredentialsError", 'profile "%s" has role_arn, but neither source_profile nor credential_source; add '
      .. "source_profile = the name of the profile whose credentials assume the role, or credential_source = %s",
      at.name, SOURCE_NAMES)
  end
  local provider, failure
  if source_profile then
    provider, failure = from_source_profile(at, source_profile)
    if not provider then return nil, failure end
    return provider, ('the source_profile "%s" of profile "%s"'):format(source_profile, at.name), FROM_SOURCE_PROFILE
  end
  provider, failure = from_named_source(at, credential_source)
  if not provider then return nil, failure end
  return provider, ('the credential_source %s of profile "%s"'):format(credential_source, at.name), FROM_NAMED_SOURCE
end

-- What assumes the role is kept fresh by itself: a new session of the role need not ask it anew.
local function from_role(at)
  local base, owner, features = base_of(at)
  if not base then return nil, owner end
  return at.modules.assume_role.new(at.context, {
    profile = at.name, role_arn = value_of(at, "role_arn"), base = refresh.new(base, at.context, owner),
    external_id = value_of(at, "external_id"), duration_seconds = value_of(at, "duration_seconds"),
    role_session_name = value_of(at, "role_session_name"), mfa_serial = value_of(at, "mfa_serial"),
    region = value_of(at, "region"), features = features,
  })
end

-- Which kind counts if a profile has several. Those that cost a process or a call of a service are worth sharing.
local KINDS = {
  { is_there = has_role, make = from_role, is_costly = true },
  { is_there = has("web_identity_token_file"), make = from_web_identity, is_costly = true },
  { is_there = has_sso, make = from_sso, is_costly = true },
  { is_there = has("login_session"), make = from_login, is_costly = true },
  { is_there = is_static_in_credentials, make = from_credentials_file },
  { is_there = has("credential_process"), make = from_process, is_costly = true },
  { is_there = is_static_in_config, make = from_config_file },
}

local HAS_NONE = "has none of role_arn, web_identity_token_file, sso_account_id, login_session, aws_access_key_id and "
  .. "credential_process"

-- The provider that a profile asks for; nil and a text if none, nil and an error if it can't be made.
---@return table? provider, string|table|nil reason, boolean? is_costly
function choose(at)
  for _, kind in ipairs(KINDS) do
    if kind.is_there(at) then
      local provider, failure = kind.make(at)
      return provider, failure, kind.is_costly
    end
  end
  return nil, HAS_NONE
end

-- What the credentials depend on: every key of every profile on the way that is no secret itself.
local function identity_of(at)
  local parts = {}
  for _, name in ipairs(at.trail) do
    parts[#parts + 1] = name
    local keys = at.context.shared.profile(name)
    for _, key in ipairs(sorted_keys(keys)) do
      if type(keys[key]) == "string" and not SECRET_KEYS[key] then parts[#parts + 1] = key .. "=" .. keys[key] end
    end
  end
  return parts
end

--- The provider of a profile's credentials. Nothing is read, asked or run before they are first wanted.
---@param context aws.backup.CredentialsContext
---@param name string
---@param options? { modules: table?, share: (fun(provider: table, identity: string[]): table)? }  modules: the
---  providers' modules by name, default profile.modules; share: wraps a provider whose credentials are worth sharing
---@return table provider  its name tells, once it is known, which kind of credentials the profile has
function profile.new(context, name, options)
  local modules, share = profile.modules, nil
  if options then modules, share = options.modules or modules, options.share end
  local self = { name = ('profile "%s"'):format(name) }
  local chosen

  function self.get(_, deadline, rejected)
    if not chosen then
      local at = open(context, modules, name, {})
      if not at then return nil, missing_from(context.shared) end
      local provider, reason, is_costly = choose(at)
      if not provider then return nil, reason end
      if is_costly and share then provider = share(provider, identity_of(at)) end
      chosen, self.name = provider, ("%s (%s)"):format(self.name, provider.name)
    end
    return chosen:get(deadline, rejected)
  end

  return self
end

return profile
