--- Credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_ACCOUNT_ID (SDK reference
-- guide, "Environment variables"). AWS_CREDENTIAL_EXPIRATION makes them expire; then the variables are read anew.

local ascii = require "aws.backup.ascii"
local errors = require "aws.backup.errors"
local snapshot = require "aws.backup.credentials.snapshot"
local time = require "aws.backup.codec.time"
local visible = require "aws.backup.codec.visible"

local environment = {}

local FEATURES = { "g" }

-- The second is the name from before 2014, which some tools still set.
local TOKENS = { "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN" }

local function fault(message)
  return nil, errors.new("CredentialsError", { message = message })
end

-- Shells and files of variables leave line ends behind.
local function trimmed_reader(getenv)
  return function(name)
    local value = ascii.trim(getenv(name) or "")
    return value ~= "" and value or nil
  end
end

-- When they expire; nil without an error if nothing says so.
local function read_expiration(read)
  local text = read("AWS_CREDENTIAL_EXPIRATION")
  if not text then return nil end
  local expiration = time.parse(text)
  if expiration then return expiration end
  return fault(("AWS_CREDENTIAL_EXPIRATION must be a time of ISO 8601 such as 2026-01-02T03:04:05Z, not %s"):format(
    visible.text(text, 60)))
end

local function not_set(read)
  if not read("AWS_SECRET_ACCESS_KEY") then return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set" end
  return "AWS_ACCESS_KEY_ID is not set, without which AWS_SECRET_ACCESS_KEY is not used"
end

---@param context { getenv: fun(name: string): string? }  blank counts as not set
---@return table provider
function environment.new(context)
  local provider = { name = "environment" }
  local read = trimmed_reader(context.getenv)
  local did_expire = false

  -- nil and a text: nothing here, the chain goes on. nil and an error: half there, which ends the search,
  -- because signing with other credentials than the user meant would be worse.
  function provider.get()
    local id, secret = read("AWS_ACCESS_KEY_ID"), read("AWS_SECRET_ACCESS_KEY")
    if not id then return nil, not_set(read) end
    if not secret then
      return fault("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not; set both or neither")
    end
    local expiration, failure = read_expiration(read)
    if failure then return nil, failure end
    if did_expire and not expiration then
      return fault("AWS_CREDENTIAL_EXPIRATION was set and is not any more; set it together with the keys")
    end
    did_expire = expiration ~= nil
    local token_name = read(TOKENS[1]) and TOKENS[1] or TOKENS[2]
    return snapshot.check({
      access_key_id = id, secret_access_key = secret, account_id = read("AWS_ACCOUNT_ID"), expiration = expiration,
      session_token = read(token_name), features = FEATURES,
    }, "the environment", {
      access_key_id = "AWS_ACCESS_KEY_ID", secret_access_key = "AWS_SECRET_ACCESS_KEY", session_token = token_name,
      account_id = "AWS_ACCOUNT_ID",
    })
  end

  return provider
end

return environment
