--- From parameters to a request, checked and written by the core in one walk: labels, query, headers and JSON body.

local faults = require "aws.backup.codec.faults"
local json = require "aws.backup.codec.json"
local plain = require "aws.backup.codec.plain"

local serialize = {}

local is_null = json.is_null

-- What has no form on the wire is refused at every level.
local LEVELS = { [true] = 2, shape = 1, [false] = 0 }

--- The first of all that is wrong, with its place, and all of it.
local function refuse(find_shape, found, whole)
  local violations = faults.violations(find_shape, found)
  local first = violations[1]
  return nil, (first.path == "" and whole or first.path) .. " " .. first.message, violations
end

local NO_PARAMS = {}

--- Writes a request.
---@param operation aws.backup.codec.Operation
---@param params? table  # members by name; absent: none
---@param level? true|"shape"|false  # how much is checked: see `validate`; false: what can't be written at all
---@param token? string  # the idempotency token, for parameters without one
---@param hides? boolean  # stand-ins are written for what is sensitive
---@return { method: string, path: string, query: string?, headers: table<string, string>, body: string? }? request
---@return string? message  # what is wrong first, with its path
---@return { path: string, message: string, rule: string }[]? violations  # all that is wrong
function serialize.request(operation, params, level, token, hides)
  params = params == nil and NO_PARAMS or params
  local writer, depth = operation.core, LEVELS[level or false]
  local path, query, body, content_type, headers = writer:write(params, depth, token, hides)
  if not path and not query then -- a table with a metatable
    params = plain.copy(operation.input or nil, params)
    path, query, body, content_type, headers = writer:write(params, depth, token, hides)
  end
  if not path then return refuse(operation.find_shape, query, "the parameters") end
  headers = headers or {}
  headers["content-type"] = content_type
  return { method = operation.http_method, path = path, query = query, headers = headers, body = body }
end

--- Writes a value as JSON by its shape: members in the model's order, map keys sorted.
---@param shape aws.backup.codec.Shape
---@param value any
---@return string? text
---@return string? message
function serialize.document(shape, value)
  local text, found = shape.core:write(shape.name, value)
  if not text and not found then text, found = shape.core:write(shape.name, plain.copy(shape, value)) end
  if text then return text end
  local _, message = refuse(shape.find, found, "the value")
  return nil, message
end

--- Whether a call needs a token made for it: it takes one and has none. An explicit one, even an empty one, stays.
---@param operation aws.backup.codec.Operation
---@param params table
---@return boolean
function serialize.wants_token(operation, params)
  local name = operation.idempotency_member
  return name ~= nil and is_null(params[name])
end

return serialize
