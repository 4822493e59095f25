--- The header by which AWS X-Ray ties a call to the Lambda invocation that makes it. Lambda sets a new identity for
-- each invocation, so it is read at each call; outside Lambda nothing is (Lambda developer guide, "Using the Lambda
-- runtime API").

local trace = {}

-- What the header may hold as it stands; everything else is percent-encoded.
local OTHERS = "[^0-9A-Za-z%-._~=;:+&%[%]{}\"',]"

--- Reads the trace of this moment.
---@param getenv fun(name: string): string?
---@return (fun(): string?)? read  nil where calls are not traced
function trace.new(getenv)
  if not getenv("AWS_LAMBDA_FUNCTION_NAME") then return nil end
  return function()
    local id = getenv("_X_AMZN_TRACE_ID")
    return id and (id:gsub(OTHERS, function(byte) return ("%%%02X"):format(byte:byte()) end))
  end
end

return trace
