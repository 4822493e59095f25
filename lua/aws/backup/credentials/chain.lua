--- A chain of credential providers: the first that has credentials wins; one that is set up but broken ends the
-- search (SDK reference guide, "Standardized credential providers"). The winner is kept: later on only it is asked.

local errors = require "aws.backup.errors"
local worker_hint = require "aws.backup.worker_hint"

local chain = {}

local function nothing_found(met)
  return errors.new("NoCredentialsError", {
    message = "no credentials were found (" .. table.concat(met, "; ") .. "); "
      .. "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, select a profile with AWS_PROFILE or the option profile, "
      .. "or give the option credentials" .. worker_hint.text(),
    details = { providers = met },
  })
end

--- A provider made of providers. Its name is that of the winner, once there is one.
---@param providers table[]  in order. `get(self, deadline, rejected)` returns a snapshot; or nil and a text: nothing is
---  set up here; or nil and an error: what is set up does not work
---@return table provider  its get fails with the first error met, or with a NoCredentialsError whose
---  `details.providers` tells in order what each met
function chain.new(providers)
  local self = { name = "default chain" }
  local winner

  function self.get(_, deadline, rejected)
    if winner then return winner:get(deadline, rejected) end
    local met = {}
    for _, provider in ipairs(providers) do
      local found, reason = provider:get(deadline, rejected)
      if found then
        winner, self.name = provider, provider.name
        return found
      end
      if type(reason) == "table" then return nil, reason end
      met[#met + 1] = provider.name .. ": " .. tostring(reason)
    end
    return nil, nothing_found(met)
  end

  return self
end

return chain
