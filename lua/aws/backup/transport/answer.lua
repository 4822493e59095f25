--- What comes back from a transport of the caller's own, checked. Our own give such answers as they are.

local ascii = require "aws.backup.ascii"

local answer = {}

--- Takes what `transport:send` returned.
---@param given any
---@param kind? string
---@param message? string
---@param retryable? boolean
---@return { status: integer, headers: table<string, string>, body: string }? response  names in lower case
---@return string? kind, string? message, boolean? retryable
function answer.check(given, kind, message, retryable)
  if given == nil then
    return nil, kind or "protocol", message or "the transport gave no answer and no reason", retryable
  end
  if type(given) ~= "table" or type(given.status) ~= "number" then
    return nil, "protocol", "the transport gave an answer without a numeric status"
  end
  return { status = given.status, headers = ascii.lower_names(given.headers), body = given.body or "" }
end

--- A transport of a caller's own, with its answers checked.
---@param transport { send: fun(self: table, request: table): ... }
---@return { send: fun(self: table, request: table): table?, string?, string?, boolean? } checked
function answer.checked(transport)
  return { send = function(_, request) return answer.check(transport:send(request)) end }
end

return answer
