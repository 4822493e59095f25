--- LuaCATS definitions for editors: a class for each structure and one for the client with all its methods.

local patterns = require "aws.backup.codec.patterns"
local naming = require "aws.backup.codec.naming"
local sorted_keys = require "aws.backup.sorted_keys"

local types = {}

local PREFIX = "aws.backup."

-- The widest list of values that is spelled out; a longer one would only hide the type.
local MOST_VALUES = 12

local SCALARS = { boolean = "boolean", integer = "integer", long = "integer" }

--- The LuaCATS type of a shape.
local function type_of(name, shapes, is_input)
  local shape = shapes[name]
  if shape.type == "structure" then return PREFIX .. name end
  if shape.type == "list" then
    local item = type_of(shape.member.shape, shapes, is_input)
    return (item:find("|", 1, true) and "(" .. item .. ")" or item) .. "[]"
  end
  if shape.type == "map" then return "table<string, " .. type_of(shape.value.shape, shapes, is_input) .. ">" end
  -- A request takes an ISO 8601 text as well as seconds.
  if shape.type == "timestamp" then return is_input and "number|string" or "number" end
  if shape.enum and #shape.enum <= MOST_VALUES then
    local values = {}
    for index, value in ipairs(shape.enum) do values[index] = ("%q"):format(value) end
    return "string|" .. table.concat(values, "|")
  end
  return SCALARS[shape.type] or "string"
end

--- What the model limits, in words; not patterns that the service does not hold to.
local function limits(name, shape, owner)
  local notes = {}
  if shape.sensitive then notes[#notes + 1] = "sensitive" end
  local of = shape.type == "string" and " characters" or (shape.type == "list" or shape.type == "map") and " entries"
    or ""
  if shape.min and shape.max then
    notes[#notes + 1] = ("%d to %d%s"):format(shape.min, shape.max, of)
  elseif shape.min then
    notes[#notes + 1] = ("at least %d%s"):format(shape.min, of)
  end
  if shape.pattern and patterns.holds(name, owner) then notes[#notes + 1] = "matches " .. shape.pattern end
  if shape.type == "timestamp" then notes[#notes + 1] = "seconds since the epoch" end
  return notes
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names or {}) do set[name] = true end
  return set
end

--- One structure as a class.
local function structure_class(name, shapes, order_of, is_input)
  local shape = shapes[name]
  local required = set_of(shape.required)
  local lines = { "---@class " .. PREFIX .. name }
  for _, member in ipairs(order_of(shape.members)) do
    local reference = shape.members[member]
    local notes = limits(reference.shape, shapes[reference.shape], name)
    if reference.idempotencyToken then notes[#notes + 1] = "filled in when absent" end
    lines[#lines + 1] = ("---@field %s%s %s%s"):format(member, required[member] and "" or "?",
      type_of(reference.shape, shapes, is_input), #notes > 0 and "  # " .. table.concat(notes, "; ") or "")
  end
  return table.concat(lines, "\n")
end

--- The names of the structures that requests reach.
local function input_structures(model, order_of)
  local found = {}
  local function visit(name)
    if found[name] then return end
    found[name] = true
    local shape = model.shapes[name]
    for _, member in ipairs(shape.members and order_of(shape.members) or {}) do visit(shape.members[member].shape) end
    for _, part in ipairs { "member", "key", "value" } do
      if shape[part] then visit(shape[part].shape) end
    end
  end
  for _, operation in pairs(model.operations) do
    if operation.input then visit(operation.input.shape) end
  end
  return found
end

local function method_lines(operation, shapes)
  local raises = {}
  for index, reference in ipairs(operation.errors or {}) do raises[index] = reference.shape end
  local optional = true
  if operation.input then optional = #(shapes[operation.input.shape].required or {}) == 0 end
  return ([[
--- %s %s
---
--- Raises %s.
---@param params%s %s
---@return %s output
---@return aws.backup.Meta meta
function client:%s(params) end]]):format(
    operation.http.method, operation.http.requestUri,
    #raises > 0 and table.concat(raises, ", ") or "no exception of its own",
    optional and "?" or "", operation.input and PREFIX .. operation.input.shape or "{}",
    operation.output and PREFIX .. operation.output.shape or "{}", naming.snake_case(operation.name))
end

local META = [[
---@class aws.backup.Meta
---@field request_id? string
---@field http_status integer
---@field attempts integer
---@field headers table<string, string>  # names in lower case
---@field elapsed number  # seconds

--- The option `on`: what happens, as it happens. Nothing that a hook sees is a secret or a sensitive member.
---@class aws.backup.Hooks
---@field credentials? fun(event: aws.backup.CredentialsEvent)  # credentials were found, before an attempt is signed
---@field request? fun(event: aws.backup.RequestEvent)  # an attempt is about to be sent
---@field response? fun(event: aws.backup.ResponseEvent)  # an attempt was answered, or was not
---@field retry? fun(event: aws.backup.RetryEvent)  # another attempt is about to be waited for

---@class aws.backup.CredentialsEvent
---@field operation string  # "ListBackupVaults"
---@field provider string  # where the credentials are from: "environment", ...

---@class aws.backup.RequestEvent
---@field operation string
---@field attempt integer  # 1 is the first
---@field max_attempts integer
---@field method string
---@field host string
---@field url string  # with stand-ins for sensitive members

---@class aws.backup.ResponseEvent
---@field operation string
---@field attempt integer
---@field method string
---@field url string
---@field http_status? integer  # nil: no answer
---@field request_id? string
---@field kind? string  # without an answer: dns, connect, read_timeout, tls, reset, ...
---@field elapsed number  # seconds

---@class aws.backup.RetryEvent
---@field operation string
---@field attempt integer  # the one that failed
---@field delay number  # seconds until the next
---@field code string  # the error's: "ThrottlingException", "TransportError"
---@field kind? string  # of a TransportError

---@class aws.backup.PreparedRequest
---@field method string
---@field url string
---@field host string
---@field path string  # escaped, as on the wire
---@field query? string
---@field headers table<string, string>
---@field body? string
---@field as_curl fun(self): string  # secrets and sensitive members are hidden

---@class aws.backup.Client
---@field meta { region: string, endpoint: string, partition: string, operations: string[] }
local client = {}

--- Calls an operation by name, in either form: "StartBackupJob" or "start_backup_job".
---@param name string
---@param params? table
---@return table output
---@return aws.backup.Meta meta
function client:call(name, params) end

--- Builds and signs the request of a call, and sends nothing.
---@param name string
---@param params? table
---@return aws.backup.PreparedRequest
function client:prepare(name, params) end

--- Makes a call once the phase of nginx at hand has ended, for phases that can't wait.
---@param name string
---@param params? table
---@param callback fun(output: table?, meta_or_err: table)
---@return true?, aws.backup.Error? err  # if nginx takes no more timers
function client:later(name, params, callback) end

--- The credentials that the next call would use.
---@return aws.backup.Credentials
function client:credentials() end

--- Follows a backup job to its end. Raises JobFailedError (err.job) and WaitTimeoutError.
---@param id string  # BackupJobId
---@param options? aws.backup.WaitOptions
---@return aws.backup.DescribeBackupJobOutput job  # COMPLETED or PARTIAL
---@return aws.backup.BackupJob[]? children  # of a job that ended PARTIAL
function client:wait_for_backup_job(id, options) end

--- Ends the use of the client.
function client:close() end]]

--- The text of the definitions.
---@param model table
---@param order_of fun(object: table): string[]
---@param header string
---@return string
function types.definitions(model, order_of, header)
  local parts, inputs = { META }, input_structures(model, order_of)
  for _, name in ipairs(sorted_keys(model.operations)) do
    parts[#parts + 1] = method_lines(model.operations[name], model.shapes)
  end
  for _, name in ipairs(sorted_keys(model.shapes)) do
    if model.shapes[name].type == "structure" then
      parts[#parts + 1] = structure_class(name, model.shapes, order_of, inputs[name] or false)
    end
  end
  -- The first line keeps editors from taking the file for a module.
  return "---@meta _\n" .. header .. "\n" .. table.concat(parts, "\n\n") .. "\n"
end

return types
