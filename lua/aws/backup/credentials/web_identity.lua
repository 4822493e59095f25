--- Credentials of a role for a token that an identity provider has written into a file: service accounts of EKS, CI
-- systems with OpenID Connect (SDK reference guide, "Assume role with web identity").

local sts = require "aws.backup.credentials.sts"

local web_identity = {}

local FEATURE_ENVIRONMENT = "h"

-- What STS takes, and a line end.
local MAX_FILE_BYTES = 20000 + 2

-- The token of this moment, or nil and why. The file is opened by its path each time: Kubernetes swaps what the path
-- leads to, long before the old token expires.
local function read_token(context, path)
  local text, _, message = context.files.read(path, MAX_FILE_BYTES)
  if not text then
    return nil, ("no token: %s; does whatever writes the file run, and may this program read it?"):format(message)
  end
  local token = text:gsub("\r?\n$", "")
  if not token:find("%S") then
    return nil, ("the token file %s is empty; does whatever writes it run?"):format(path)
  elseif token:find("[\r\n]") then
    return nil, ("the token file %s must hold one line, the token, and nothing else"):format(path)
  end
  return token
end

--- A provider of the credentials that a role has for the token in a file. Its `get` reads the file and asks STS each
--- time.
---@param context aws.backup.CredentialsContext
---@param spec { token_file: string, role_arn: string?, role_session_name: string?, region: string?, where: string,
---  features: string[]? }  where: who names file and role, for messages; region: whose STS to ask, default the
---  client's; features: ids for the User-Agent
---@return table provider
function web_identity.new(context, spec)
  local service = sts.new(context)
  local provider = { name = "web identity" }

  function provider.get(_, deadline)
    if not spec.role_arn then
      return sts.failure(spec, "there is a token file, but no role; name the role as well")
    end
    local params = {
      role_arn = spec.role_arn, role_session_name = spec.role_session_name, where = spec.where,
      features = spec.features,
    }
    return service:assume_role_with_web_identity(params, spec.region, deadline, function()
      return read_token(context, spec.token_file)
    end)
  end

  return provider
end

--- A provider for what the environment names. The variables are read at each fetch.
---@param context aws.backup.CredentialsContext
---@return table provider  gives nil and a text where AWS_WEB_IDENTITY_TOKEN_FILE is not set
function web_identity.from_environment(context)
  local provider = { name = "web identity (environment)" }

  function provider.get(_, deadline)
    local token_file = context.getenv("AWS_WEB_IDENTITY_TOKEN_FILE")
    if not token_file then return nil, "AWS_WEB_IDENTITY_TOKEN_FILE is not set" end
    return web_identity.new(context, {
      token_file = token_file, role_arn = context.getenv("AWS_ROLE_ARN"),
      role_session_name = context.getenv("AWS_ROLE_SESSION_NAME"), features = { FEATURE_ENVIRONMENT },
      where = "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME",
    }):get(deadline)
  end

  return provider
end

return web_identity
