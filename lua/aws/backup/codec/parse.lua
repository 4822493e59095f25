--- From an answer of the service to a table, or to what went wrong.

local ascii = require "aws.backup.ascii"
local core = require "aws.backup.core"
local read = require "aws.backup.codec.read"
local visible = require "aws.backup.codec.visible"

local parse = {}

-- How much of an answer that is no JSON is shown.
local EXCERPT, ERROR_EXCERPT = 200, 500
-- More of what stands for an exception's name is not looked at.
local LONGEST_NAME = 1024

local function is_blank(text)
  return text == nil or not text:find("%S")
end

--- What an answer that is not JSON looks like, in one line.
local function describe(response, problem)
  local content_type = (response.headers or {})["content-type"] or "none"
  return ("%s (HTTP %d, content type %s): %s"):format(
    problem, response.status, visible.text(content_type, 80), visible.text(response.body, EXCERPT))
end

-- The inside of a quoted string that begins at `position`, and the position behind it; nil if it has no end.
local function quoted_at(text, position)
  local at = position + 1
  while true do
    at = text:find('["\\]', at)
    if not at then return nil end
    if text:sub(at, at) == '"' then return (text:sub(position + 1, at - 1):gsub("\\(.)", "%1")), at + 1 end
    at = at + 2
  end
end

--- Splits a header list at its commas; quoted items may hold commas of their own.
local function header_items(text)
  local items, position = {}, 1
  while position <= #text do
    local first = text:find("%S", position) or #text + 1
    local item, behind
    if text:sub(first, first) == '"' then item, behind = quoted_at(text, first) end
    local comma = text:find(",", behind or position, true) or #text + 1
    items[#items + 1] = item or ascii.trim(text:sub(position, comma - 1))
    position = comma + 1
  end
  return items
end

--- Splits a list of HTTP dates, each of which holds one comma, behind the day of the week.
local function header_dates(text)
  local items, day = {}, nil
  for part in text:gmatch("[^,]+") do
    if day then
      items[#items + 1], day = day .. "," .. part, nil
    else
      day = ascii.trim(part)
      if day == "" or day:find("[^A-Za-z]") then return header_items(text) end
    end
  end
  return #items > 0 and not day and items or header_items(text)
end

local function header_value(shape, text)
  if shape.type ~= "list" then return read.text(shape, text) end
  local result = {}
  for index, item in ipairs((shape.item.type == "timestamp" and header_dates or header_items)(text)) do
    local value, message = read.text(shape.item, item)
    if value == nil then return nil, message end
    result[index] = value
  end
  return result
end

local function prefixed_headers(prefix, headers)
  local result = {}
  for name, text in pairs(headers) do
    if ascii.lower(name:sub(1, #prefix)) == ascii.lower(prefix) then result[name:sub(#prefix + 1)] = text end
  end
  return result
end

--- Reads the members that do not travel in the body into `result`.
local function read_located(shape, response, result)
  if not shape.located[1] then return result end
  local headers = response.headers or {}
  for _, member in ipairs(shape.located) do
    if member.location == "statusCode" then
      result[member.name] = response.status
    elseif member.location == "headers" then
      result[member.name] = prefixed_headers(member.wire, headers)
    elseif member.location == "header" and headers[ascii.lower(member.wire)] then
      local value, message = header_value(member.shape, headers[ascii.lower(member.wire)])
      if value == nil then return nil, ("%s %s"):format(member.name, message) end
      result[member.name] = value
    end
  end
  return result
end

local function settle(value, message, where)
  if value ~= nil then return value end
  if not where then return nil, "not valid JSON: " .. message end
  return nil, ("%s %s"):format(where == "" and "the document" or where, message), where
end

--- Reads a JSON text by a shape.
---@param shape aws.backup.codec.Shape
---@param text string
---@param options? { strict: boolean? }  # strict: a wrong JSON type is a fault; else it is converted if possible
---@return any value  # an empty text or null: an empty table (strict: null is a fault)
---@return string? message  # value is nil then; names the path
---@return string? where  # the path alone; absent if the text is no JSON at all
function parse.document(shape, text, options)
  if is_blank(text) then return {} end
  return settle(read.document(shape, text, options and options.strict and "strict" or "lenient"))
end

--- Reads a successful answer.
---@param operation aws.backup.codec.Operation
---@param response { status: integer, headers: table<string, string>, body: string? }
---@return table? output  # empty if the body is empty
---@return string? message  # the answer cannot be understood: says why and shows its beginning
function parse.output(operation, response)
  local shape, body = operation.output, response.body
  -- Where nothing is expected whatever comes is let pass, except a web page: that is a proxy, not AWS.
  if not shape then
    if is_blank(body) or not body:find("^%s*<") then return {} end
    return nil, describe(response, "the answer is not valid JSON")
  end
  local output, message, where = {}, nil, nil
  if not is_blank(body) then output, message, where = settle(read.output(operation, body)) end
  if not output then
    if where then return nil, message end
    return nil, describe(response, "the answer is " .. message)
  end
  return read_located(shape, response, output)
end

-- What a status says where the answer itself says nothing.
local REASONS = {
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found",
  [405] = "Method Not Allowed", [407] = "Proxy Authentication Required", [408] = "Request Timeout",
  [409] = "Conflict", [413] = "Payload Too Large", [429] = "Too Many Requests",
  [500] = "Internal Server Error", [501] = "Not Implemented", [502] = "Bad Gateway",
  [503] = "Service Unavailable", [504] = "Gateway Timeout",
}

--- The bare name of an exception: without the namespace before `#` and the address after `:`; of a header that was
--- sent twice, the first.
local function bare_name(text)
  if not text then return nil end
  local address = text:sub(1, LONGEST_NAME):match("^[^:,]*")
  local name = ascii.trim(address:match("^.*#(.*)$") or address)
  return name ~= "" and name or nil
end

--- The name of the exception. The body's `Code` is an internal number (`ERROR_3107`) and counts only if it is
--- the name of an exception after all.
local function failure_code(operation, response, document)
  local header = (response.headers or {})["x-amzn-errortype"]
  local name = bare_name(header) or bare_name(document.__type) or bare_name(document.code)
  if name then return name end
  local upper = bare_name(document.Code)
  if upper and (operation.errors[upper] or operation.exceptions[upper] or upper:find("^%a%w*Exception$")) then
    return upper
  end
  return tostring(response.status)
end

local MESSAGE_NAMES = { "message", "Message", "errorMessage", "error_description" }

local function message_of(document)
  for _, name in ipairs(MESSAGE_NAMES) do
    if document[name] then return document[name] end
  end
  return nil
end

--- The modelled members of an error. What cannot be read is left out: the error itself must get through.
local function error_details(shape, response, document)
  local body = response.body
  local details = not is_blank(body) and read.document(shape, body, "forgiving") or {}
  if shape.by_name.Message and details.Message == nil then details.Message = message_of(document) end
  read_located(shape, response, details)
  return details
end

local ERROR_NAMES = "__type|code|Code|" .. table.concat(MESSAGE_NAMES, "|")

--- The texts in the body of an error that every service may send; nil if it is no JSON object.
local function error_document(body)
  if is_blank(body) then return {} end
  return core.json_texts(body, ERROR_NAMES)
end

--- The message of an error whose body is no JSON object.
local function raw_message(response)
  if response.status >= 500 and response.body:find("^%s*<") then
    return REASONS[response.status] or "Server Error"
  end
  return visible.text(response.body, ERROR_EXCERPT)
end

--- Reads an answer that is not a success.
---@param operation aws.backup.codec.Operation
---@param response { status: integer, headers: table<string, string>, body: string? }
---@return { code: string, message: string, details: table, modeled: boolean }
function parse.failure(operation, response)
  local document = error_document(response.body)
  local fields = document or {}
  local code = failure_code(operation, response, fields)
  local message = message_of(fields) or ""
  if not document then
    message = raw_message(response)
  elseif message == "" and code == tostring(response.status) then
    message = REASONS[response.status] or ""
  end
  local shape = operation.errors[code] or operation.exceptions[code]
  return {
    code = code, message = message, modeled = shape ~= nil,
    details = shape and error_details(shape, response, fields) or {},
  }
end

--- Reads a label, a query parameter or a header by its shape.
---@param shape aws.backup.codec.Shape
---@param text string
---@return any value
---@return string? message
function parse.text(shape, text)
  return header_value(shape, text)
end

return parse
