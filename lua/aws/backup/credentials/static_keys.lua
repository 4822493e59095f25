--- Credentials that a profile of the shared files holds itself: aws_access_key_id, aws_secret_access_key,
-- aws_session_token and aws_account_id (SDK reference guide, "AWS access keys").

local errors = require "aws.backup.errors"
local snapshot = require "aws.backup.credentials.snapshot"

local static_keys = {}

-- The second is the name that boto once gave it.
local TOKENS = { "aws_session_token", "aws_security_token" }

--- True if these keys of a profile are meant to be credentials. A secret without a key id is not.
---@param keys? table<string, any>
---@return boolean
function static_keys.are_in(keys)
  return keys ~= nil and keys.aws_access_key_id ~= nil and keys.aws_access_key_id ~= ""
end

---@param _ table  the context: nothing of it is needed
---@param options { keys: table<string, any>, where: string, feature: string }  where: 'profile "x" of PATH';
---  feature: id for the User-Agent
---@return table provider
function static_keys.new(_, options)
  local keys, where = options.keys, options.where
  local features = { options.feature }
  local provider = { name = "static keys" }

  function provider.get()
    if not static_keys.are_in(keys) then return nil, where .. " has no aws_access_key_id" end
    if keys.aws_secret_access_key == nil or keys.aws_secret_access_key == "" then
      return nil, errors.new("CredentialsError", {
        message = where .. " has aws_access_key_id, but no aws_secret_access_key; add it in the same file",
      })
    end
    local token_name = keys[TOKENS[1]] and TOKENS[1] or TOKENS[2]
    return snapshot.check({
      access_key_id = keys.aws_access_key_id, secret_access_key = keys.aws_secret_access_key,
      session_token = keys[token_name], account_id = keys.aws_account_id, features = features,
    }, where, {
      access_key_id = "aws_access_key_id", secret_access_key = "aws_secret_access_key", session_token = token_name,
      account_id = "aws_account_id",
    })
  end

  return provider
end

return static_keys
