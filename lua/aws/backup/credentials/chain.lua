--- A chain of credential providers: the first that has credentials wins; one that is set up but broken ends the
-- search (SDK reference guide, "Standardized credential providers").

local errors = require "aws.backup.errors"

local chain = {}

---@param providers table[]  in order
---@return table provider
function chain.new(providers)
  local self = { name = "chain" }

  function self.get()
    local met = {}
    for _, provider in ipairs(providers) do
      local found, reason = provider:get()
      if found then return found end
      if type(reason) == "table" then return nil, reason end
      met[#met + 1] = provider.name .. ": " .. tostring(reason)
    end
    return nil, errors.new("NoCredentialsError", {
      message = "no credentials were found (" .. table.concat(met, "; ") .. "); "
        .. "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the option credentials",
      details = { providers = met },
    })
  end

  return self
end

return chain
