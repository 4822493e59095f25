--- Checks parameters against an operation's input and finds all faults at once. The core looks; the sentences are made
--- here: each names its path, the rule and the way out, and the value unless the model calls it sensitive. Enums are
--- open: new values must pass; only one that differs from a known value by the case of its letters is a fault.

local serialize = require "aws.backup.codec.serialize"

local validate = {}

--- Finds everything that is wrong with the parameters of an operation.
---@param operation aws.backup.codec.Operation
---@param params table
---@param level true|"shape"
---@return { path: string, message: string, rule: string }[] violations  # empty: they are fine
function validate.violations(operation, params, level)
  local _, _, violations = serialize.request(operation, params, level)
  return violations or {}
end

--- Checks the parameters of an operation.
---@param operation aws.backup.codec.Operation
---@param params? table
---@param level true|"shape"  # "shape": the model's required members, types, minima and label rules; true: its
---  maxima, patterns and AWS's documented rules as well
---@return true? fine
---@return { path: string, message: string, rule: string }[]? violations
function validate.check(operation, params, level)
  local violations = validate.violations(operation, params, level)
  if #violations == 0 then return true end
  return nil, violations
end

return validate
