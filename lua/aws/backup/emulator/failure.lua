--- What the service says when it refuses a call: an exception's name, a text, the HTTP status that belongs
--- to it, and what else its body carries. Handlers return `nil, failure`.

local failure = {}

-- What is not listed is a client's error of the model: 400, ResourceNotFoundException and
-- AlreadyExistsException too.
local STATUS = {
  AccessDeniedException = 403,
  ConflictException = 409,
  DependencyFailureException = 500,
  ExpiredTokenException = 403,
  IncompleteSignatureException = 403,
  InvalidSignatureException = 403,
  MissingAuthenticationTokenException = 403,
  NotImplementedException = 501,
  ServiceUnavailableException = 503,
  UnknownOperationException = 404,
  UnrecognizedClientException = 403,
}

--- Makes a failure.
---@param code string  # the exception's name
---@param message string
---@param members? table  # other members of the body: Code ("ERROR_9101"), Context, Arn, CreatorRequestId
---@return { code: string, message: string, status: integer, members: table }
function failure.new(code, message, members)
  return { code = code, message = message, status = STATUS[code] or 400, members = members or {} }
end

--- InvalidParameterValueException.
---@param message string
---@param members? table
---@return nil, table  # ready to be returned by a handler
function failure.invalid(message, members)
  return nil, failure.new("InvalidParameterValueException", message, members)
end

--- InvalidRequestException.
---@param message string
---@param members? table
---@return nil, table
function failure.refused(message, members)
  return nil, failure.new("InvalidRequestException", message, members)
end

--- ResourceNotFoundException.
---@param message string
---@param members? table
---@return nil, table
function failure.not_found(message, members)
  return nil, failure.new("ResourceNotFoundException", message, members)
end

return failure
