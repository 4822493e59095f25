--- The protocol's own vectors: a model fragment and parameters give a request.

local serialize = require "aws.backup.codec.serialize"
local support = require "spec.vectors.rest_json_support"
local validate = require "aws.backup.codec.validate"

-- Vectors that contradict another one; the spec fails if one of them begins to pass.
local LEFT_OUT = {
  ["legacy-input-26-1"] = "omits an empty header list; RestJsonNullAndEmptyHeaders, the protocol's own, sends it",
}

local function split_query(query)
  local pairs_found = {}
  for pair in (query or ""):gmatch("[^&]+") do pairs_found[#pairs_found + 1] = pair end
  table.sort(pairs_found)
  return pairs_found
end

--- Blanks after the commas of a header list mean nothing.
local function without_list_blanks(value)
  return (value:gsub(", +", ","))
end

local function build(vector)
  local operation = support.operation(vector)
  local params = support.to_lua(operation.input, vector.params)
  local token = serialize.wants_token(operation, params or {}) and vector.idempotency_token or nil
  assert.is_true(validate.check(operation, params, true))
  local request = assert(serialize.request(operation, params, true, token))
  local prefix = (vector.client_endpoint or ""):match("^%a+://[^/]+(.*)$") or ""
  request.path = prefix .. request.path
  return request
end

local function check_headers(expected, headers)
  for name, value in pairs(expected.headers) do
    local sent = headers[name:lower()]
    assert.equal(without_list_blanks(value), sent and without_list_blanks(sent))
  end
  for _, name in ipairs(expected.forbid_headers or {}) do assert.is_nil(headers[name:lower()]) end
end

local function check_body(expected, body)
  if expected.body_compare == "json" then
    assert.same(support.decode(expected.body), support.decode(body))
  elseif expected.body_compare == "empty" then
    assert.is_nil(body)
  elseif expected.body then
    assert.equal(expected.body, body)
  end
end

local function check(vector)
  local expected, request = vector.expected, build(vector)
  assert.equal(expected.method, request.method)
  assert.equal(expected.path, request.path)
  local wanted = {}
  for index, pair in ipairs(expected.query) do wanted[index] = pair end
  table.sort(wanted)
  assert.same(wanted, split_query(request.query))
  check_headers(expected, request.headers)
  check_body(expected, request.body)
end

describe("a request by the rest-json vectors", function()
  for _, vector in ipairs(support.vectors("rest-json-input.json")) do
    local reason = LEFT_OUT[vector.name]
    if reason then
      it("differs from " .. vector.name .. ": " .. reason, function()
        assert.is_false((pcall(check, vector)))
        assert.is_false(vector.in_backup_model)
      end)
    else
      it("is as in " .. vector.name, function() check(vector) end)
    end
  end
end)
