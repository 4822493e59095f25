--- Credentials that a profile of the shared files holds itself: aws_access_key_id, aws_secret_access_key,
-- aws_session_token and aws_account_id (SDK reference guide, "AWS access keys").

local errors = require "aws.backup.errors"
local snapshot = require "aws.backup.credentials.snapshot"

local static_keys = {}

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
    return snapshot.check({
      access_key_id = keys.aws_access_key_id, secret_access_key = keys.aws_secret_access_key,
      -- The second is the name that boto once gave it.
      session_token = keys.aws_session_token or keys.aws_security_token,
      account_id = keys.aws_account_id, features = features,
    }, where)
  end

  return provider
end

return static_keys
