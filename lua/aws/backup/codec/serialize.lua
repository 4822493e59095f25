--- From parameters to a request: labels, query, headers and JSON body, written by shape.

local ascii = require "aws.backup.ascii"
local json = require "aws.backup.codec.json"
local scalar = require "aws.backup.codec.scalar"
local sequence = require "aws.backup.codec.sequence"
local uri = require "aws.backup.codec.uri"
local write = require "aws.backup.codec.write"

local serialize = {}

local is_null = json.is_null

--- A message that names its place.
local function at(where, message)
  return (where == "" and "the value" or where) .. " " .. message
end

--- Writes a value as JSON by its shape: members in the model's order, map keys sorted.
---@param shape aws.backup.codec.Shape
---@param value any
---@return string? text
---@return string? message
function serialize.document(shape, value)
  local text, message, where = write.document(shape, value)
  if not text then return nil, at(where, message) end
  return text
end

--- Writes one label of the path.
local function label(part, params)
  local member = part.member
  local value = params[member.name]
  if is_null(value) then return nil, at(member.name, "is required: it is part of the request's path") end
  local text, message = scalar.write(member.shape, value, "iso8601")
  if not text then return nil, at(member.name, message) end
  if text == "" then return nil, at(member.name, "must not be empty: it is part of the request's path") end
  if text == "." or text == ".." then
    return nil, at(member.name, "must not be \".\" or \"..\": servers take these for directories")
  end
  return part.greedy and uri.encode_path(text) or uri.encode(text)
end

local function build_path(operation, params)
  if operation.fixed_path then return operation.fixed_path end
  local target = ""
  for _, part in ipairs(operation.path_parts) do
    local text, message = part, nil
    if type(part) == "table" then text, message = label(part, params) end
    if not text then return nil, message end
    target = target .. text
  end
  return target
end

local function add_pair(pairs_out, shape, name, value)
  local text, message = scalar.write(shape, value, "iso8601")
  if not text then return nil, message end
  pairs_out[#pairs_out + 1] = uri.encode(name) .. "=" .. uri.encode(text)
  return true
end

--- Adds a query member: a list repeats its name.
local function add_query(pairs_out, shape, name, value)
  if shape.type ~= "list" then return add_pair(pairs_out, shape, name, value) end
  if type(value) ~= "table" then return nil, "must be a list, not a " .. type(value) end
  local count, fault = sequence.length(value)
  if not count then return nil, fault end
  for index = 1, count do
    if not is_null(value[index]) then
      local ok, message = add_pair(pairs_out, shape.item, name, value[index])
      if not ok then return nil, message end
    end
  end
  return true
end

--- Adds a query map, whose keys are parameters of their own; a parameter that has a member wins.
local function add_query_map(pairs_out, shape, value, taken)
  if type(value) ~= "table" then return nil, "must be a table, not a " .. type(value) end
  local keys, fault = write.map_keys(value)
  if not keys then return nil, fault end
  for _, key in ipairs(keys) do
    if not taken[key] then
      local ok, message = add_query(pairs_out, shape.value, key, value[key])
      if not ok then return nil, message end
    end
  end
  return true
end

--- The parameters that members set.
local function names_taken(operation, params)
  local taken = {}
  for _, member in ipairs(operation.query) do
    if member.shape.type ~= "map" then taken[member.wire] = params[member.name] ~= nil end
  end
  return taken
end

local function build_query(operation, params)
  if #operation.query == 0 then return operation.static_query or false end
  local out = { operation.static_query }
  for _, member in ipairs(operation.query) do
    local value = params[member.name]
    if not is_null(value) then
      local ok, message
      if member.shape.type == "map" then
        ok, message = add_query_map(out, member.shape, value, names_taken(operation, params))
      else
        ok, message = add_query(out, member.shape, member.wire, value)
      end
      if not ok then return nil, at(member.name, message) end
    end
  end
  return out[1] and table.concat(out, "&") or false
end

--- One item of a header list, quoted if it could be taken for several.
local function list_item(text)
  if text:find('[",]') then return '"' .. text:gsub('["\\]', "\\%0") .. '"' end
  return text
end

local function header_text(shape, value)
  if shape.type ~= "list" then return scalar.write(shape, value, "rfc822") end
  if type(value) ~= "table" then return nil, "must be a list, not a " .. type(value) end
  local items = {}
  for _, item in ipairs(value) do
    if not is_null(item) then
      local text, message = scalar.write(shape.item, item, "rfc822")
      if not text then return nil, message end
      -- The date format holds a comma of its own and is never quoted.
      items[#items + 1] = shape.item.type == "timestamp" and text or list_item(text)
    end
  end
  return table.concat(items, ", ")
end

local function add_header(headers, name, shape, value)
  local text, message = header_text(shape, value)
  if not text then return nil, message end
  if (name .. text):find("%c") then return nil, "must not contain control characters: it is sent as a header" end
  headers[ascii.lower(name)] = text
  return true
end

--- Adds a map whose keys, behind a prefix, are header names.
local function add_prefixed(headers, member, value)
  if type(value) ~= "table" then return nil, "must be a table, not a " .. type(value) end
  local keys, fault = write.map_keys(value)
  if not keys then return nil, fault end
  for _, key in ipairs(keys) do
    local ok, message = add_header(headers, member.wire .. key, member.shape.value, value[key])
    if not ok then return nil, message end
  end
  return true
end

local function build_headers(operation, params)
  local headers = { ["content-type"] = "" } -- most have this one alone; the body will tell its type
  for index = 1, #operation.headers do
    local member = operation.headers[index]
    local value = params[member.name]
    if not is_null(value) then
      local ok, message = add_header(headers, member.wire, member.shape, value)
      if not ok then return nil, at(member.name, message) end
    end
  end
  for index = 1, #operation.prefix_headers do
    local member = operation.prefix_headers[index]
    local value = params[member.name]
    if not is_null(value) then
      local ok, message = add_prefixed(headers, member, value)
      if not ok then return nil, at(member.name, message) end
    end
  end
  return headers
end

local CONTENT_TYPES = { structure = "application/json", blob = "application/octet-stream", string = "text/plain" }

--- The body that is one member alone.
local function payload_body(member, params)
  local value, shape = params[member.name], member.shape
  local content_type = CONTENT_TYPES[shape.type] or "application/json"
  if shape.type == "blob" or shape.type == "string" then
    if is_null(value) then return false end
    if type(value) ~= "string" then return nil, at(member.name, "must be a string, not a " .. type(value)) end
    return value, content_type
  end
  local text, message = serialize.document(shape, is_null(value) and {} or value)
  if not text then return nil, message end
  return text, content_type
end

--- The body and its type; false if the operation has none.
local function build_body(operation, params)
  if operation.payload then return payload_body(operation.payload, params) end
  if #operation.body == 0 then return false end
  local text, message = serialize.document(operation.input, params)
  if not text then return nil, message end
  return text, "application/json"
end

--- Writes a request.
---@param operation aws.backup.codec.Operation
---@param params? table  # members by name; absent: none
---@return { method: string, path: string, query: string?, headers: table<string, string>, body: string? }? request
---@return string? message  # what cannot be sent, with its path; no value is shown
function serialize.request(operation, params)
  params = params or {}
  if type(params) ~= "table" then return nil, "the parameters must be a table, not a " .. type(params) end
  local target, path_fault = build_path(operation, params)
  if not target then return nil, path_fault end
  local query, query_fault = build_query(operation, params)
  if query == nil then return nil, query_fault end
  local headers, header_fault = build_headers(operation, params)
  if not headers then return nil, header_fault end
  local body, content_type = build_body(operation, params)
  if body == nil then return nil, content_type end
  headers["content-type"] = body and content_type or nil
  return {
    method = operation.http_method, path = target, query = query or nil, headers = headers, body = body or nil,
  }
end

--- Fills in the idempotency token if the operation takes one and the caller gave none; an explicit one, even an
--- empty one, stays.
---@param operation aws.backup.codec.Operation
---@param params? table
---@param uuid fun(): string?, string?
---@return table? params  # the caller's table is never changed
---@return string? message  # no token could be made
function serialize.fill_token(operation, params, uuid)
  local name = operation.idempotency_member
  params = params or {}
  if not name or type(params) ~= "table" or not is_null(params[name]) then return params end
  local token, message = uuid()
  if not token then return nil, message end
  local filled = {}
  for key, value in pairs(params) do filled[key] = value end
  filled[name] = token
  return filled
end

return serialize
