--- Credentials of the role of an EC2 instance, from its instance metadata ("AWS SDKs and Tools Reference Guide", IMDS
-- credential provider).
--
-- Two habits of this provider keep programs going and starts short:
-- * Credentials that are about to expire, or have expired, are used on while the service has no newer ones or does not
--   answer: whether they still hold is decided by whoever is called with them.
-- * That there is nothing here is remembered for a minute, so that off EC2 not every call waits for the timeouts again.

local errors = require "aws.backup.errors"
local metadata_answer = require "aws.backup.credentials.metadata_answer"
local metadata_client = require "aws.backup.credentials.metadata_client"

local instance_metadata = {}

local ROLES_PATH = "/latest/meta-data/iam/security-credentials/"

-- The User-Agent's id for credentials of an instance.
local FEATURE = "0"

-- The refresh begins so long before the end. Extended credentials have so much left until then: a time that differs
-- from instance to instance, so that a fleet does not come back all at once.
local REFRESH_SECONDS = 900
local SHORTEST_EXTENSION_SECONDS = 120
local LONGEST_EXTENSION_SECONDS = 600

local NOTHING_HERE_SECONDS = 60

local function read_role(response)
  local role = metadata_client.first_line(response)
  -- The alphabet of role names, and the slash of their paths, which some stand-ins for the service keep.
  if role:find("^[0-9A-Za-z_+=,.@/-]+$") then return role end
  return nil, "what is no role's name"
end

local function read_credentials(response)
  local snapshot, problem, code = metadata_answer.snapshot(response, FEATURE)
  if snapshot then return snapshot end
  if code == "AssumeRoleUnauthorizedAccess" then
    problem = problem .. "; let the role's trust policy allow ec2.amazonaws.com to call sts:AssumeRole"
  end
  return nil, problem, code == nil
end

-- Credentials; or nil and a text while it is not known that the instance has a role; from then on nil and an error.
local function fetch(client, deadline)
  local get, failure = client:open(deadline)
  if not get then return nil, failure end
  local role, snapshot
  role, failure = get(ROLES_PATH, read_role)
  if type(failure) == "string" then return nil, "no role of this instance was found: " .. failure end
  if not role then return nil, failure end
  snapshot, failure = get(ROLES_PATH .. role, read_credentials)
  if snapshot or type(failure) == "table" then return snapshot, failure end
  return nil, errors.new("CredentialsError", {
    message = "the credentials of this instance's role can't be fetched: " .. failure,
  })
end

-- The credentials with so much time left that they are used, and replaced when there are newer ones.
local function extended(context, snapshot)
  local spread = LONGEST_EXTENSION_SECONDS - SHORTEST_EXTENSION_SECONDS
  local extension = SHORTEST_EXTENSION_SECONDS + math.floor(context.random() * (spread + 1))
  local expiration = context.clock() + REFRESH_SECONDS + extension
  if snapshot.expiration >= expiration then return snapshot end
  context.log("instance metadata has no newer credentials: those that expire soon, or have, are used on, "
    .. "and asked for again in %d s", extension)
  local copy = {}
  for name, value in pairs(snapshot) do copy[name] = value end
  copy.expiration = expiration
  return copy
end

---@param context aws.backup.CredentialsContext
---@return table provider  its `get(self, deadline, rejected)` asks anew if it has credentials, or is told of rejected
---  ones; else it may answer from its memory of the last minute. Returns CredentialsError if the instance has a role
---  whose credentials can't be had, or version 1 is needed and forbidden; ConfigError for a wrong endpoint
function instance_metadata.new(context)
  local provider = { name = "instance metadata" }
  local client = metadata_client.new(context)
  local earlier, nothing_here, forget_at

  local function remember(reason, deadline)
    local now = context.monotonic()
    -- With more time, or at a better moment, there might have been an answer.
    if client.is_busy or (deadline and now >= deadline) then return end
    nothing_here, forget_at = reason, now + NOTHING_HERE_SECONDS
  end

  function provider.get(_, deadline, rejected)
    if context.settings.imds.disabled then return nil, "AWS_EC2_METADATA_DISABLED is true" end
    if nothing_here and not rejected and context.monotonic() < forget_at then return nil, nothing_here end
    local found, failure = fetch(client, deadline)
    if found then
      earlier, nothing_here = found, nil
      return extended(context, found)
    end
    if earlier then
      context.log("the credentials of the instance can't be refreshed: %s", tostring(failure))
      return extended(context, earlier)
    end
    if type(failure) == "string" then remember(failure, deadline) end
    return nil, failure
  end

  return provider
end

return instance_metadata
