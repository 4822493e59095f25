--- The typed errors that a client's methods raise, and the questions that can be asked of whatever `pcall` caught.
---
---     Error
---       ServiceError            the service answered; one class below it for each exception of the model
---       ClientError             never reached the service, or made no sense of its answer
---         ParamValidationError, ConfigError, NoRegionError, EndpointError,
---         CredentialsError (NoCredentialsError), TransportError, ResponseError,
---         WaitError (JobFailedError, WaitTimeoutError)

local index = require "aws.backup.model.index"
local vault = require "aws.backup.missing_vault"
local visible = require "aws.backup.codec.visible"

local errors = {}

-- What getmetatable shows of an error, so that nobody changes the metatable that all errors of a class share.
local PROTECTED = {}

---@class aws.backup.Error
---@field class string  # name of its class
---@field code string  # the exception's name; of errors that are not the service's: the class's
---@field message string
---@field operation? string
---@field http_status? integer
---@field request_id? string
---@field attempts? integer
---@field retryable boolean
---@field details? table  # service exceptions: the modelled members
---@field kind? string  # transport errors: dns, connect, connect_timeout, read_timeout, tls, ...
---@field violations? { path: string, message: string, rule: string }[]
---@field job? table  # failed jobs: the last description
local Error = { class = "Error" }
Error.__index = Error

--- True for the error's class, for every class above it, for its code, and for "vault_missing" if the service's answer
--- means that the vault is not there (or hidden from the caller).
---@param name string
---@return boolean
function Error:is(name)
  if name == "vault_missing" then return self.vault_missing == true end
  if self.code == name then return true end
  local class = self
  while class do
    if class.class == name then return true end
    class = class.super
  end
  return false
end

--- What is known about the call, in parentheses.
local function context_text(err)
  local parts = {}
  local function add(text) parts[#parts + 1] = text end
  if err.operation then add(tostring(err.operation)) end
  if err.http_status then add(("HTTP %d"):format(err.http_status)) end
  if err.kind then add(tostring(err.kind)) end
  if err.request_id then add("request id " .. visible.text(tostring(err.request_id), 100)) end
  if err.attempts then add(("%d attempt%s"):format(err.attempts, err.attempts == 1 and "" or "s")) end
  return #parts > 0 and " (" .. table.concat(parts, ", ") .. ")" or ""
end

--- The error in one line.
local function to_text(err)
  local message = visible.text(tostring(err.message))
  return visible.text(tostring(err.code), 100) .. (message ~= "" and ": " .. message or "") .. context_text(err)
end

local function concat(left, right)
  return tostring(left) .. tostring(right)
end

local METATABLES = {}

--- Adds a class below another.
local function define(name, super)
  local class = name == "Error" and Error or setmetatable({ class = name, super = super }, super)
  class.__index = class
  errors[name] = class
  METATABLES[name] = {
    __index = class, __name = name, __tostring = to_text, __concat = concat, __metatable = PROTECTED,
  }
  return class
end

define("Error")
local ServiceError = define("ServiceError", Error)
for name in pairs(index.exceptions) do define(name, ServiceError) end
local ClientError = define("ClientError", Error)
define("ParamValidationError", ClientError)
define("ConfigError", ClientError)
define("NoRegionError", ClientError)
define("EndpointError", ClientError)
define("NoCredentialsError", define("CredentialsError", ClientError))
define("TransportError", ClientError)
define("ResponseError", ClientError)
local WaitError = define("WaitError", ClientError)
define("JobFailedError", WaitError)
define("WaitTimeoutError", WaitError)

--- All violations in one text.
local function violations_text(violations)
  local texts = {}
  for position, violation in ipairs(violations) do
    texts[position] = (violation.path ~= "" and violation.path .. ": " or "") .. violation.message
  end
  return table.concat(texts, "; ")
end

--- Makes an error without raising it.
---@param class_name string  # one of the classes above; another one raises
---@param fields? table  # message, operation, http_status, request_id, attempts, retryable, kind, violations, job, ...
---@return aws.backup.Error
function errors.new(class_name, fields)
  local metatable = METATABLES[class_name]
  if not metatable then error("no such error class: " .. tostring(class_name), 2) end
  local err = {}
  for key, value in pairs(fields or {}) do err[key] = value end
  err.code = err.code or class_name
  err.message = err.message or (err.violations and violations_text(err.violations)) or ""
  err.retryable = err.retryable or false
  return setmetatable(err, metatable)
end

--- Makes the error of an answer of the service. An exception that the model does not know keeps its name as `code` on
--- ServiceError.
---@param failure { code: string, message: string, details: table, modeled: boolean }  # from `parse.failure`
---@param context { operation: string|table, http_status: integer?, request_id: string?,
---  attempts: integer?, retryable: boolean?, vault_name: string? }  # operation: its name, or compiled (then it tells
---  about vaults itself)
---@return aws.backup.Error
function errors.service(failure, context)
  local operation = context.operation
  local compiled = type(operation) == "table"
  local takes_vault = compiled and operation.takes_vault or nil
  return errors.new(index.exceptions[failure.code] and failure.code or "ServiceError", {
    code = failure.code, message = failure.message, details = failure.details or {},
    operation = compiled and operation.name or operation,
    http_status = context.http_status, request_id = context.request_id, attempts = context.attempts,
    retryable = context.retryable,
    vault_missing = vault.is_missing(takes_vault, failure, context.http_status, context.vault_name),
  })
end

--- Asks what something is; safe for any value, so for whatever `pcall` caught.
---@param value any
---@param name string  # a class, a code, or "vault_missing"
---@return boolean
function errors.is(value, name)
  if type(value) ~= "table" or getmetatable(value) ~= PROTECTED then return false end
  return Error.is(value, name)
end

return errors
