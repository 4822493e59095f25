-- The first look at parameters must say the same as the full one, which makes the reports.

local accept = require "aws.backup.codec.accept"
local codec = require "aws.backup.codec"
local fragments = require "spec.codec.fragments"
local json = require "aws.backup.codec.json"
local oddities = require "spec.codec.oddities"
local samples = require "tools.golden.samples"
local validate = require "aws.backup.codec.validate"

local ROUNDS = 60 -- changed parameters for each operation

local instance = codec.new()

local function compiled(operation, full)
  local input = operation.input or { type = "structure", members = {}, by_name = {} }
  return accept.compile(input, full, full and operation.documented)
end

-- Whether both find the parameters good.
local function agreed(operation, params, level)
  local accepted = compiled(operation, level == true)(params)
  local violations = validate.violations(operation, params, level)
  local first = violations[1] and (violations[1].path .. " " .. violations[1].message) or "nothing"
  assert.equal(#violations == 0, accepted, operation.name .. ": the full look finds " .. first)
  assert.equal(#violations == 0 or nil, (validate.check(operation, params, level)))
  return accepted
end

local function try_all(operation, start, random, tally)
  local odd = oddities.values()
  for _ = 1, ROUNDS do
    local params = start
    for _ = 1, random(3) do params = oddities.changed(params, odd, random) end
    for _, level in ipairs { true, "shape" } do
      local accepted = agreed(operation, params, level)
      tally[accepted] = tally[accepted] + 1
    end
  end
end

describe("codec.accept", function()
  it("agrees with the full look on every operation, whatever it is given", function()
    local tally, random = { [true] = 0, [false] = 0 }, oddities.new_random(20261122)
    for _, name in ipairs(instance.model.names) do
      local operation = instance:operation(name)
      for _, level in ipairs { true, "shape" } do
        assert.is_true(agreed(operation, samples.params(operation, false), level))
        assert.is_true(agreed(operation, samples.params(operation, true), level))
      end
      try_all(operation, samples.params(operation, true), random, tally)
    end
    assert.is_true(tally[true] > 500 and tally[false] > 5000, tally[true] .. " good, " .. tally[false] .. " bad")
  end)

  it("agrees on each odd value for each member of a backup job", function()
    local start = instance:operation("StartBackupJob")
    for _, member in ipairs(start.input.members) do
      for _, value in ipairs(oddities.values()) do
        local params = samples.params(start, true)
        params[member.name] = value
        agreed(start, params, true)
        agreed(start, params, "shape")
      end
    end
  end)

  it("agrees on all types of a model", function()
    local everything = fragments.everything()
    for _, member in ipairs(everything.input.members) do
      for _, value in ipairs(oddities.values()) do
        agreed(everything, { [member.name] = value }, true)
        agreed(everything, { [member.name] = value }, "shape")
      end
    end
    for _, choice in ipairs { { A = "x" }, { B = 1 }, { A = "x", B = 1 }, { A = json.null, B = 1 }, {}, { C = 1 } } do
      agreed(everything, { Choice = choice }, true)
    end
  end)

  it("agrees on what is no table", function()
    for _, params in ipairs { "x", 5, true, print } do
      agreed(instance:operation("StartBackupJob"), params, true)
      agreed(instance:operation("GetSupportedResourceTypes"), params, true)
    end
  end)

  it("leaves tables with a metatable to the full look, which sees what they inherit", function()
    local start = instance:operation("StartBackupJob")
    local function heir(own, inherited, tag) return setmetatable(own, { __index = inherited, __metatable = tag }) end
    local good = samples.params(start, false)
    for _, tag in ipairs { false, "locked" } do
      assert.is_false(compiled(start, true)(heir({}, good, tag)))
      assert.is_true(validate.check(start, heir({}, good, tag), true))
      assert.is_nil((validate.check(start, heir({}, { BackupVaultName = 5 }, tag), true)))
    end
    good.Lifecycle = heir({}, { DeleteAfterDays = 0 })
    assert.is_nil((validate.check(start, good, true)))
  end)

  it("leaves structures within their own kind to the full look, which ends on loops", function()
    local everything = fragments.everything()
    local loop = { Name = "x" }
    loop.Next = loop
    assert.is_true(compiled(everything, true)({ Inner = { Name = "x" } }))
    assert.is_false(compiled(everything, true)({ Inner = { Name = "x", Next = { Name = "y" } } }))
    assert.is_true(validate.check(everything, { Inner = { Name = "x", Next = { Name = "y" } } }, true))
    assert.is_nil((validate.check(everything, { Inner = loop }, true)))
  end)

  it("is made once for an operation and a level", function()
    local operation = codec.new():operation("StartBackupJob")
    local params = samples.params(operation, false)
    validate.check(operation, params, true)
    local made = operation.acceptors[true]
    validate.check(operation, params, true)
    assert.equal(made, operation.acceptors[true])
    assert.is_nil(operation.acceptors[false])
  end)
end)
