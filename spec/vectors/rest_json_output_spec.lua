--- The protocol's own vectors: a model fragment and an answer give a result or an error.

local parse = require "aws.backup.codec.parse"
local support = require "spec.vectors.rest_json_support"

local function check_error(operation, vector)
  local expected = vector.expected.error
  local failure = parse.failure(operation, vector.response)
  assert.equal(expected.code, failure.code)
  assert.equal(expected.message, failure.message)
  assert.same(expected.fields, failure.details)
end

local function check(vector)
  local operation = support.operation(vector)
  vector.response.headers = support.lower_names(vector.response.headers)
  if vector.expected.error then return check_error(operation, vector) end
  local output = assert(parse.output(operation, vector.response))
  assert.same(vector.expected.result, support.from_lua(operation.output, output))
end

describe("an answer by the rest-json vectors", function()
  for _, vector in ipairs(support.vectors("rest-json-output.json")) do
    it("is read as in " .. vector.name, function() check(vector) end)
  end
end)
