--- Credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
-- Read at each call, because a long-lived program may change them.

local errors = require "aws.backup.errors"

local environment = {}

---@param getenv fun(name: string): string?  blank counts as not set
---@return table provider
function environment.new(getenv)
  local provider = { name = "environment" }

  -- nil and a text: nothing here, the chain goes on. nil and an error: half there, which ends the search,
  -- because signing with other credentials than the user meant would be worse.
  function provider.get()
    local id, secret = getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY")
    if not id and not secret then return nil, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set" end
    if not id or not secret then
      local here = id and "AWS_ACCESS_KEY_ID" or "AWS_SECRET_ACCESS_KEY"
      local missing = id and "AWS_SECRET_ACCESS_KEY" or "AWS_ACCESS_KEY_ID"
      return nil, errors.new("CredentialsError", { message = here .. " is set, but " .. missing .. " is not" })
    end
    return { access_key_id = id, secret_access_key = secret, session_token = getenv("AWS_SESSION_TOKEN") }
  end

  return provider
end

return environment
