--- Shares the credentials that a provider has fetched between the workers of an nginx, in a shared dictionary: one
-- worker fetches, the others take what it found. Which credentials those are is told by a hash over what the provider
-- goes by; the dictionary holds them in the memory of nginx only, as each worker would anyway.

local claim = require "aws.backup.runtime.claim"
local configured_endpoint = require "aws.backup.configured_endpoint"
local core = require "aws.backup.core"
local errors = require "aws.backup.errors"
local json = require "aws.backup.codec.json"
local protect = require "aws.backup.protect"
local refresh = require "aws.backup.credentials.refresh"
local snapshot = require "aws.backup.credentials.snapshot"
local time = require "aws.backup.codec.time"

local shared_store = {}

local KEY_PREFIX = "aws.backup.credentials:"

-- How long a worker that fetches is believed to be still at it without renewing its lock; it may have died.
local LOCK_SECONDS = claim.LIFE_SECONDS
local POLL_SECONDS = 0.05
-- Credentials that do not expire are forgotten all the same: a reload of nginx may be meant to bring others.
local LONGEST_SECONDS = 3600

-- The variables that any provider goes by, but those whose value is a secret.
local VARIABLES = {
  "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_LOGIN_CACHE_DIRECTORY", "HOME",
}
for _, name in ipairs(configured_endpoint.VARIABLES) do VARIABLES[#VARIABLES + 1] = name end
-- One order for all workers.
table.sort(VARIABLES)
local IMDS_SETTINGS = { "endpoint", "endpoint_mode" }

local TEXTS = { "access_key_id", "secret_access_key", "session_token", "account_id" }

-- Each part with its length, so that no two lists come out alike.
local function joined(parts)
  local out = {}
  for index, part in ipairs(parts) do out[index] = #part .. ":" .. part end
  return table.concat(out)
end

local function key_of(context, provider, identity)
  local parts = { provider.name, tostring(context.region) }
  for _, name in ipairs(VARIABLES) do parts[#parts + 1] = context.getenv(name) or "" end
  for _, name in ipairs(IMDS_SETTINGS) do parts[#parts + 1] = tostring((context.settings.imds or {})[name]) end
  for _, part in ipairs(identity) do parts[#parts + 1] = part end
  return KEY_PREFIX .. core.sha256_hex(joined(parts))
end

-- To the millisecond, and with a text for every number.
local function stamp(epoch)
  return time.iso8601(math.min(epoch, time.MAX))
end

local function encode(found, refresh_at)
  local members = {}
  local function add(name, text) members[#members + 1] = json.quote(name) .. ":" .. json.quote(text) end
  for _, name in ipairs(TEXTS) do
    if found[name] then add(name, found[name]) end
  end
  if found.expiration then
    add("expiration", stamp(found.expiration))
    add("refresh_at", stamp(refresh_at))
  end
  add("features", table.concat(found.features or {}, ","))
  return "{" .. table.concat(members, ",") .. "}"
end

local function moment(text)
  return type(text) == "string" and time.parse(text) or nil
end

-- What a worker has stored: credentials, and from when on they shall be replaced. Nil if it can't be understood.
local function decode(text)
  local entry = json.decode(text)
  if type(entry) ~= "table" then return nil end
  local refresh_at = math.huge
  if entry.expiration ~= nil then
    entry.expiration, refresh_at = moment(entry.expiration), moment(entry.refresh_at)
    if not entry.expiration or not refresh_at then return nil end
  end
  local features = {}
  for feature in tostring(entry.features):gmatch("[^,]+") do features[#features + 1] = feature end
  entry.features = features
  return snapshot.check(entry, "the shared dictionary"), refresh_at
end

-- The credentials that are in store and still good; and whether they are fresh, too.
local function load(state, rejected)
  local text, now = state.dict:get(state.key), state.context.clock()
  local stored, refresh_at
  if text then stored, refresh_at = decode(text) end
  if not stored or snapshot.has_expired(stored, now) then return nil, false end
  if rejected and not snapshot.differ(stored, rejected) then return nil, false end
  return stored, now < refresh_at
end

local function store(state, found)
  local context = state.context
  local now = context.clock()
  local seconds = math.min((found.expiration or math.huge) - now, LONGEST_SECONDS)
  -- Nothing to share, and for a dictionary 0 would mean for ever.
  if seconds <= 0 then return end
  local stored, message = state.dict:set(state.key, encode(found, (refresh.windows(found.expiration, now))), seconds)
  if not stored then context.log("credentials can't be shared between workers: %s", tostring(message)) end
end

-- Takes the lock: who has it now, or nil if somebody else has. A dictionary too full for a lock holds nobody up.
local function lock(state)
  local holder = core.pid() .. ":" .. state.context.monotonic()
  local added, message = state.dict:add(state.lock_key, holder, LOCK_SECONDS)
  return (added or message ~= "exists") and holder or nil
end

-- Lets the lock last, unless it was lost meanwhile.
local function renew_lock(state, holder)
  if state.dict:get(state.lock_key) == holder then state.dict:set(state.lock_key, holder, LOCK_SECONDS) end
end

local function unlock(state, holder)
  if state.dict:get(state.lock_key) == holder then state.dict:delete(state.lock_key) end
end

-- With the lock: what another worker stored just before, else what the provider gives.
local function fetch(state, deadline, rejected)
  local stored, is_fresh = load(state, rejected)
  if is_fresh then return stored end
  local found, reason = state.provider:get(deadline)
  if found then found, reason = snapshot.check(found, "the provider " .. state.provider.name) end
  if found then store(state, found) end
  return found, reason
end

local function get(state, deadline, rejected)
  local context = state.context
  while true do
    local stored, is_fresh = load(state, rejected)
    if is_fresh then return stored end
    local holder = lock(state)
    if holder then
      local claimed = state.new_claim(function() renew_lock(state, holder) end)
      local ran, found, reason = protect(fetch, state, deadline, rejected)
      claimed.release()
      unlock(state, holder)
      if not ran then error(found, 0) end
      return found, reason
    end
    -- The other worker's own will come; until then the old ones do.
    if stored then return stored end
    if deadline and context.monotonic() >= deadline then
      return nil, errors.new("CredentialsError", { message = "the call's time ended before another worker of nginx had "
        .. "fetched credentials of " .. state.provider.name .. "; give the option timeout more seconds" })
    end
    context.sleep(POLL_SECONDS)
  end
end

--- The shared dictionary of a name.
---@param name string
---@return table? dict, aws.backup.Error? err  ConfigError
function shared_store.find(name)
  local ngx = rawget(_G, "ngx")
  local message
  if type(ngx) ~= "table" or not ngx.shared then
    message = "is for nginx, and this program is none; leave it out"
  elseif not ngx.shared[name] then
    message = ('names "%s", which nginx has not; add "lua_shared_dict %s 1m;" to its http block'):format(name, name)
  else
    return ngx.shared[name]
  end
  return nil, errors.new("ConfigError", { message = "the option shared_dict " .. message })
end

--- A provider that takes from the dictionary what another worker fetched, and leaves there what it fetches itself.
---@param provider table
---@param identity string[]  what the credentials depend on beside the environment; nothing secret
---@param dict table  get, set, add, delete as those of ngx.shared
---@param context aws.backup.CredentialsContext
---@return table shared
function shared_store.share(provider, identity, dict, context)
  local key = key_of(context, provider, identity)
  local state = { provider = provider, dict = dict, context = context, key = key, lock_key = key .. ":lock",
    new_claim = context.new_claim or claim.of_coroutines(context.monotonic) }
  return {
    name = provider.name,
    get = function(_, deadline, rejected) return get(state, deadline, rejected) end,
  }
end

return shared_store
