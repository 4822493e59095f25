--- Which credentials a client signs with: those it was given, or what the default chain finds.
--
-- A provider is an object with a `name` and `get(self, deadline)`, which fetches a snapshot each time it is asked:
-- `{ access_key_id, secret_access_key, session_token?, expiration?, account_id?, features? }`, or returns nil and why.
-- A source adds the care for what was fetched: its `get` gives what is good now, its `renew(self, used, deadline)`
-- replaces what the service took for expired. What a caller hands in is wrapped so that every snapshot is checked in
-- one place. Secrets live in closures: nothing that walks over a client's fields meets them.

local chain = require "aws.backup.credentials.chain"
local environment = require "aws.backup.credentials.environment"
local errors = require "aws.backup.errors"
local is_callable = require "aws.backup.callable"
local profile = require "aws.backup.credentials.profile"
local protect = require "aws.backup.protect"
local refresh = require "aws.backup.credentials.refresh"
local scheduler = require "aws.backup.runtime.scheduler"
local shared_store = require "aws.backup.credentials.shared_store"
local snapshot = require "aws.backup.credentials.snapshot"
local time = require "aws.backup.codec.time"
local visible = require "aws.backup.codec.visible"

local credentials = {}

local OPTION = "the option credentials"
local FUNCTION = "the caller's credentials function"
local IN_CODE = { "e" }
local DEFAULT_PROFILE = "default"

local function fault(message)
  return nil, errors.new("CredentialsError", { message = message })
end

-- Given credentials are only refused for their age, never replaced: that is up to the caller.
local function unless_expired(found, owner, now)
  if not snapshot.has_expired(found, now) then return found end
  return fault(("%s gave credentials that have expired (at %s); give newer ones, or a function that fetches them")
    :format(owner, time.iso8601(found.expiration) or tostring(found.expiration)))
end

local function taken(given, owner)
  local copy, failure = snapshot.check(given, owner)
  if not copy then return nil, failure end
  copy.features = IN_CODE
  return copy
end

local function never() return false end

local function from_table(given, clock)
  local kept, failure = taken(given, OPTION)
  if not kept then return nil, failure end
  local function get()
    if not kept.expiration then return kept end
    return unless_expired(kept, OPTION, clock())
  end
  return { name = "option", get = get, renew = never }
end

-- A caller's function may raise, or return nil and why; both come out as a CredentialsError. It is called each time, so
-- that keeping and refreshing what it gives is its own affair.
local function from_function(call, clock)
  -- What it gives is looked at in here, too: a metatable may do anything.
  local function ask()
    local given, reason = call()
    if given == nil and reason ~= nil then return fault(FUNCTION .. " gave none: " .. visible.value(reason)) end
    return taken(given, FUNCTION)
  end
  local function get()
    local ran, found, failure = protect(ask)
    if not ran then
      scheduler.pass_on(found)
      return fault(FUNCTION .. " failed: " .. visible.value(found))
    end
    if not found then return nil, failure end
    return unless_expired(found, FUNCTION, clock())
  end
  local function renew(_, used)
    local found, failure = get()
    if not found then return false, failure end
    return snapshot.differ(found, used)
  end
  return { name = "function", get = get, renew = renew }
end

-- How costly credentials are shared over the workers of an nginx; as they are, if that is not wanted.
local function sharing(context)
  local name = context.settings.shared_dict
  if not name then return function(provider) return provider end end
  local dict, failure = shared_store.find(name)
  if not dict then return nil, failure end
  return function(provider, identity) return shared_store.share(provider, identity, dict, context) end
end

-- In order: what a program was started with, what its user has set up, what the place where it runs provides. A profile
-- that was selected in code is meant more than the environment (not so one that AWS_PROFILE selects: it is the
-- environment).
local function default_chain(context, modules)
  local share, failure = sharing(context)
  if not share then return nil, failure end
  local is_explicit = context.profile_is_explicit
  local providers = {}
  if not is_explicit then providers[1] = environment.new(context) end
  providers[#providers + 1] = profile.new(context, context.profile_name or DEFAULT_PROFILE,
    { modules = modules, share = share })
  if not is_explicit then
    providers[#providers + 1] = share(modules.web_identity.from_environment(context), {})
  end
  providers[#providers + 1] = share(modules.container.new(context), {})
  providers[#providers + 1] = share(modules.instance_metadata.new(context), {})
  return refresh.new(chain.new(providers), context)
end

--- The source of what a caller gave as `credentials`.
---
--- A table is taken as it is now, and never renewed. A function, a callable table or an object with `get` is called
--- before each attempt of a call.
---@param given table|function
---@param clock fun(): number  epoch seconds
---@return { name: string, get: function, renew: function }? source  as of `resolve`
---@return aws.backup.Error? err  CredentialsError: what was given is no credentials
function credentials.given(given, clock)
  if type(given) == "table" and given.get ~= nil then
    if not is_callable(given.get) then return fault(OPTION .. " has a get that is no function") end
    return from_function(function() return given:get() end, clock)
  elseif not is_callable(given) then
    return from_table(given, clock)
  end
  return from_function(function() return given() end, clock)
end

--- The source of a client's credentials: what was given, or the default chain, which is searched when credentials are
--- first wanted, and whose winner is asked anew in time before what it gave expires.
---@param given table|function|nil
---@param context aws.backup.CredentialsContext
---@param modules? table  the providers' modules by name, default profile.modules
---@return { name: string, get: function, renew: function }? source  get(self, deadline) returns a snapshot, or nil and
---  an error; renew(self, used, deadline) returns whether credentials other than those used are there now, and an error
---@return aws.backup.Error? err  CredentialsError: what was given is no credentials; ConfigError: no such shared_dict
function credentials.resolve(given, context, modules)
  if given ~= nil then return credentials.given(given, context.clock) end
  return default_chain(context, modules or profile.modules)
end

return credentials
