--- From the model's words to linked tables: shape references are looked up once for each operation, so that
--- validation, serialisation and parsing only follow pointers.

local json = require "aws.backup.codec.json"
local naming = require "aws.backup.codec.naming"

local compile = {}

---@class aws.backup.codec.Shape
---@field name string
---@field type string  # structure, list, map, string, integer, long, boolean, timestamp, blob, float, double
---@field members? aws.backup.codec.Member[]  # structures: in the model's order
---@field by_name? table<string, aws.backup.codec.Member>
---@field body? aws.backup.codec.Member[]  # those that travel in the JSON body
---@field by_wire? table<string, aws.backup.codec.Member>  # the same by their names in there
---@field renamed? boolean  # whether any of them has another name in there
---@field located? aws.backup.codec.Member[]  # all others
---@field required? string[]
---@field union? boolean  # a structure of which exactly one member is set
---@field item? aws.backup.codec.Shape  # lists
---@field key? aws.backup.codec.Shape  # maps
---@field value? aws.backup.codec.Shape
---@field plan? table  # how to write it: made as needed, see `write`
---@field min? integer
---@field max? integer
---@field pattern? string  # the model's regular expression
---@field enum? string[]
---@field sensitive? boolean
---@field timestamp_format? string  # iso8601, rfc822, unixTimestamp

---@class aws.backup.codec.Member
---@field name string
---@field wire string  # its name in the label, query, header or body
---@field json_first? string  # for members in the body: what comes before its value if it is the first
---@field json_next? string  # the same if it is not
---@field location string  # uri, querystring, header, headers, statusCode or body
---@field owner string  # the name of its structure
---@field page_token? boolean  # it says where in a list a page begins
---@field shape aws.backup.codec.Shape
---@field required boolean

--- Member names in the model's order, or sorted if the model does not tell.
local function member_names(source)
  if source.order then return source.order end
  local names = {}
  for name in pairs(source.members or {}) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names or {}) do set[name] = true end
  return set
end

local link

--- A reference may override the format of the timestamp that it refers to.
local function with_format(shape, format)
  if not format or format == shape.timestamp_format then return shape end
  local copy = {}
  for key, value in pairs(shape) do copy[key] = value end
  copy.timestamp_format = format
  return copy
end

local function add_to_body(shape, member)
  local key = json.quote(member.wire) .. ":"
  member.json_first, member.json_next = "{" .. key, "," .. key
  shape.body[#shape.body + 1], shape.by_wire[member.wire] = member, member
  if member.wire ~= member.name then shape.renamed = true end
end

local function link_members(shape, source, shapes, linked)
  local required = set_of(source.required)
  shape.members, shape.by_name, shape.body, shape.by_wire, shape.located = {}, {}, {}, {}, {}
  shape.required, shape.union = source.required or {}, source.union or false
  for index, name in ipairs(member_names(source)) do
    local reference = source.members[name]
    local target = shapes[reference.shape] or {}
    local member = {
      name = name,
      wire = reference.locationName or target.location and target.locationName or name,
      location = reference.location or target.location or "body", owner = shape.name,
      shape = with_format(link(reference.shape, shapes, linked), reference.timestampFormat),
      required = required[name] or false,
    }
    shape.members[index], shape.by_name[name] = member, member
    if member.location == "body" then add_to_body(shape, member) else shape.located[#shape.located + 1] = member end
    if reference.idempotencyToken then shape.token = name end
  end
end

--- The linked shape of a name; shapes may refer to themselves.
---@param name string
---@param shapes table<string, table>  # as in the model
---@param linked table<string, aws.backup.codec.Shape>  # what is linked already; grows
---@return aws.backup.codec.Shape
function link(name, shapes, linked)
  if linked[name] then return linked[name] end
  local source = shapes[name]
  if not source then error(("the model refers to a shape that it does not hold: %s"):format(name), 0) end
  local shape = {
    name = name, type = source.type, min = source.min, max = source.max, pattern = source.pattern,
    enum = source.enum, sensitive = source.sensitive, timestamp_format = source.timestampFormat,
  }
  linked[name] = shape
  if source.type == "structure" then
    link_members(shape, source, shapes, linked)
  elseif source.type == "list" then
    shape.item = link(source.member.shape, shapes, linked)
  elseif source.type == "map" then
    shape.key = link(source.key.shape, shapes, linked)
    shape.value = link(source.value.shape, shapes, linked)
  end
  return shape
end

--- Marks the members that say where in a list a page begins, in operations that no paginator lists, too.
local function mark_page_tokens(input, names)
  for _, member in ipairs(input and input.members or {}) do
    if names[member.name] and member.shape.type == "string" then member.page_token = true end
  end
end

--- Splits a path template into literal texts and label members.
local function path_parts(template, input)
  local labels = {}
  for _, member in ipairs(input and input.members or {}) do
    if member.location == "uri" then labels[member.wire] = member end
  end
  local parts, position = {}, 1
  for before, label, greedy, after in template:gmatch("()%{([^{}]-)(%+?)%}()") do
    if before > position then parts[#parts + 1] = template:sub(position, before - 1) end
    local member = labels[label]
    if not member then error(("no member for the label {%s} of %s"):format(label, template), 0) end
    parts[#parts + 1] = { member = member, greedy = greedy == "+" }
    position = after
  end
  if position <= #template then parts[#parts + 1] = template:sub(position) end
  return parts
end

local function members_at(input, location)
  local found = {}
  for _, member in ipairs(input and input.members or {}) do
    if member.location == location then found[#found + 1] = member end
  end
  return found
end

--- Whether an operation needs a vault that exists: "only" if nothing else can be missing (the vault's name is
--- the one label), "among" if other things can be missing too, nil if it takes none.
local function takes_vault(name, input)
  if not input or name:find("^Create") then return nil end
  if not input.by_name.BackupVaultName and not input.by_name.SourceBackupVaultName then return nil end
  local labels = members_at(input, "uri")
  local alone = #labels == 1 and labels[1].name == "BackupVaultName"
  return (alone or name == "StartBackupJob") and "only" or "among"
end

--- The member that is the whole body, if the model names one.
local function payload_of(reference, source, input)
  local name = reference and (reference.payload or source and source.payload)
  return name and input.by_name[name] or nil
end

---@class aws.backup.codec.Operation
---@field name string
---@field method_name string
---@field http_method string
---@field request_uri string  # as in the model, with {labels} and static query
---@field path_parts (string|{member: aws.backup.codec.Member, greedy: boolean})[]
---@field fixed_path? string  # if it has no label
---@field static_query? string
---@field input? aws.backup.codec.Shape
---@field output? aws.backup.codec.Shape
---@field query aws.backup.codec.Member[]
---@field headers aws.backup.codec.Member[]
---@field prefix_headers aws.backup.codec.Member[]  # maps whose keys are header names
---@field body aws.backup.codec.Member[]
---@field payload? aws.backup.codec.Member
---@field errors table<string, aws.backup.codec.Shape>  # those that the operation declares
---@field exceptions table<string, aws.backup.codec.Shape>  # all of the model
---@field idempotency_member? string
---@field documented boolean  # whether AWS Backup's documented rules hold for it
---@field idempotent boolean
---@field response_code integer
---@field takes_vault? "only"|"among"
---@field acceptors table<boolean, fun(params: any): boolean>  # see `accept`: by whether all is checked, made as needed

--- Compiles one operation.
---@param fragment { operation: table, shapes: table<string, table> }
---@param page_tokens? table<string, boolean>  # the names that the model's paginators have for the token of a page
---@return aws.backup.codec.Operation
function compile.operation(fragment, page_tokens)
  local source, shapes, linked = fragment.operation, fragment.shapes, {}
  local http = source.http or { method = "POST", requestUri = "/" }
  local input = source.input and link(source.input.shape, shapes, linked)
  mark_page_tokens(input, page_tokens or {})
  local path, static_query = http.requestUri:match("^([^?]*)%??(.*)$")
  local parts = path_parts(path, input)
  local errors = {}
  for _, reference in ipairs(source.errors or {}) do
    errors[reference.shape] = link(reference.shape, shapes, linked)
  end
  return {
    name = source.name, method_name = naming.snake_case(source.name),
    http_method = http.method, request_uri = http.requestUri,
    path_parts = parts, fixed_path = not parts[2] and type(parts[1]) == "string" and parts[1] or nil,
    static_query = static_query ~= "" and static_query or nil,
    input = input, output = source.output and link(source.output.shape, shapes, linked),
    query = members_at(input, "querystring"), headers = members_at(input, "header"),
    prefix_headers = members_at(input, "headers"), body = members_at(input, "body"),
    payload = payload_of(source.input, source.input and shapes[source.input.shape], input),
    errors = errors, idempotency_member = input and input.token,
    idempotent = source.idempotent or false,
    response_code = http.responseCode or 200, takes_vault = takes_vault(source.name, input),
    acceptors = {},
  }
end

--- Links the exceptions among some shapes, apart from any operation.
---@param shapes table<string, table>
---@return table<string, aws.backup.codec.Shape>
function compile.exceptions(shapes)
  local linked, exceptions = {}, {}
  for name, source in pairs(shapes) do
    if source.exception then exceptions[name] = link(name, shapes, linked) end
  end
  return exceptions
end

return compile
