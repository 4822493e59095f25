--- From an output or a failure to a response of HTTP.

local ascii = require "aws.backup.ascii"
local json = require "aws.backup.codec.json"
local serialize = require "aws.backup.codec.serialize"
local time = require "aws.backup.codec.time"
local core = require "aws.backup.core"

local answer = {}

-- What the body of an error can hold: the members of every exception of the model, and
-- AlreadyExistsException's own.
local ERROR_MEMBERS = { "Code", "Message", "Type", "Context", "CreatorRequestId", "Arn" }

local function respond(context, status, body)
  return {
    status = status, body = body,
    headers = {
      ["date"] = time.http_date(context.now),
      ["content-type"] = body ~= "" and "application/json" or nil,
      ["content-length"] = ("%d"):format(#body),
      ["x-amzn-requestid"] = context.request_id,
    },
  }
end

--- The response to a call that succeeded. Only what the model knows goes out.
---@param context { now: number, request_id: string }  # now: wall clock
---@param operation aws.backup.codec.Operation
---@param output table
---@return table response
function answer.success(context, operation, output)
  local body = operation.output and assert(serialize.document(operation.output, output)) or ""
  return respond(context, operation.response_code, body)
end

-- A message may quote what a caller sent in a header or a path, which need not be UTF-8; JSON must be.
local function sendable(message)
  return core.utf8_length(message) and message or (message:gsub("[\128-\255]", "?"))
end

local function error_document(message, members)
  local out = {}
  for _, name in ipairs(ERROR_MEMBERS) do
    local value = name == "Message" and message or members[name]
    if value then out[#out + 1] = json.quote(name) .. ":" .. json.quote(sendable(value)) end
  end
  return "{" .. table.concat(out, ",") .. "}"
end

--- The response to a call that was refused: the exception's name is in a header, what it says in the body.
---@param context { now: number, request_id: string }
---@param failure table  # see failure.lua
---@return table response
function answer.refusal(context, failure)
  local response = respond(context, failure.status, error_document(failure.message, failure.members))
  response.headers["x-amzn-errortype"] = failure.code
  for name, value in pairs(failure.headers or {}) do response.headers[ascii.lower(name)] = tostring(value) end
  return response
end

return answer
