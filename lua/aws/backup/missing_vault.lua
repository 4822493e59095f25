--- Whether an answer of the service means that a vault is not there.
---
--- The service has two ways to say so. Where the permission check runs first it answers AccessDeniedException, even to
--- an administrator; elsewhere ResourceNotFoundException. Both have other reasons too, which only the text tells.

local ascii = require "aws.backup.ascii"

local missing_vault = {}

-- What else can be missing where a vault is named: the text then speaks of it.
local OTHER_THINGS = {
  "recovery point", "notification", "policy", "lock configuration", "approval team", "scan job",
}

local function speaks_of_other_things(text, vault_name)
  -- The vault's own name, and an ARN, may hold any of these words.
  text = text:gsub("arn:%S+", "")
  if vault_name ~= "" then text = text:gsub(ascii.lower(vault_name):gsub("%p", "%%%0"), "") end
  for _, thing in ipairs(OTHER_THINGS) do
    if text:find(thing, 1, true) then return true end
  end
  return false
end

--- The one answer of a hidden vault: no reason at all, or the general one.
local function is_denied(failure, http_status)
  if failure.code ~= "AccessDeniedException" or (http_status and http_status ~= 403) then return false end
  return failure.message == "" or failure.message:find("^%s*Insufficient privileges to perform this action") ~= nil
end

--- Decides by operation and text.
---@param takes_vault? "only"|"among"  # see `takes_vault` of a compiled operation
---@param failure { code: string, message: string }
---@param http_status? integer
---@param vault_name? string  # that the call named
---@return boolean
function missing_vault.is_missing(takes_vault, failure, http_status, vault_name)
  if not takes_vault then return false end
  if is_denied(failure, http_status) then return true end
  if failure.code ~= "ResourceNotFoundException" then return false end
  local text = ascii.lower(failure.message)
  if speaks_of_other_things(text, vault_name or "") then return false end
  return takes_vault == "only" or text:find("vault", 1, true) ~= nil
end

return missing_vault
