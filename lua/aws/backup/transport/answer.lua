--- What came back from a transport, checked: it may be the caller's own.

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

return answer
