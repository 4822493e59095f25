--- Reads the parameters of a call off its path, query and body, by the operation's input shape.

local parse = require "aws.backup.codec.parse"
local uri = require "aws.backup.codec.uri"
local core = require "aws.backup.core"

local failure = require "aws.backup.emulator.failure"

local request = {}

local function unreadable(message)
  return nil, failure.new("SerializationException", message)
end

-- The query as a map of decoded names and values. No member is a list: of a name that comes twice the first counts.
local function parse_query(query)
  local values = {}
  for pair in (query or ""):gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    name = uri.decode(name)
    if values[name] == nil then values[name] = uri.decode(value) end
  end
  return values
end

local function read_query(operation, query, params)
  local values = parse_query(query)
  for _, member in ipairs(operation.query) do
    local text = values[member.wire]
    -- An empty value is what clients send for "none"; the token of a page is looked at all the same.
    if text ~= nil and (text ~= "" or member.page_token) then
      if not core.utf8_length(text) then return unreadable(member.wire .. " is not UTF-8") end
      local value, message = parse.text(member.shape, text)
      if value == nil then return unreadable(("%s %s"):format(member.wire, message)) end
      params[member.name] = value
    end
  end
  return true
end

local function read_body(operation, body)
  if #operation.body == 0 or not body or body == "" then return {} end
  local params, message = parse.document(operation.input, body, { strict = true })
  if params == nil then return unreadable(message) end
  return params
end

--- Reads the parameters of a call.
---@param operation aws.backup.codec.Operation
---@param labels table<string, string>  # from the path, decoded
---@param query? string  # as on the wire
---@param body? string
---@return table? params
---@return table? failure  # SerializationException
function request.read(operation, labels, query, body)
  if not operation.input then return {} end
  local params, refusal = read_body(operation, body)
  if not params then return nil, refusal end
  local fine, wrong = read_query(operation, query, params)
  if not fine then return nil, wrong end
  for _, member in ipairs(operation.input.members) do
    if member.location == "uri" then
      local text = labels[member.wire]
      if not core.utf8_length(text) then return unreadable(member.wire .. " is not UTF-8") end
      params[member.name] = text
    end
  end
  return params
end

return request
