-- The C core writes what it can in one go, and Lua the rest piece by piece: both must write the same.

local codec = require "aws.backup.codec"
local fragments = require "spec.codec.fragments"
local json = require "aws.backup.codec.json"
local oddities = require "spec.codec.oddities"
local samples = require "tools.golden.samples"
local write = require "aws.backup.codec.write"
local core = require "aws.backup.core"

local ROUNDS = 40 -- changed values for each operation

local instance = codec.new()

-- Both ways; true if the C core wrote it by itself.
local function agreed(shape, value)
  local pieces = { write.pieces(shape, value) }
  assert.same(pieces, { write.document(shape, value) })
  local text = core.json_write(shape.plan, value)
  if text then assert.equal(pieces[1], text) end
  return text ~= nil
end

describe("codec.write", function()
  it("writes every operation's body alike in C and in Lua, whatever it is given", function()
    local random, odd = oddities.new_random(20261123), oddities.values()
    local tally = { [true] = 0, [false] = 0 }
    for _, name in ipairs(instance.model.names) do
      local operation = instance:operation(name)
      local start = samples.params(operation, true)
      for _ = 1, operation.input and ROUNDS or 0 do
        local params = start
        for _ = 1, random(3) do params = oddities.changed(params, odd, random) end
        local by_core = agreed(operation.input, params)
        tally[by_core] = tally[by_core] + 1
      end
    end
    assert.is_true(tally[true] > 500 and tally[false] > 500, tally[true] .. " in C, " .. tally[false] .. " in Lua")
  end)

  it("writes all types of a model alike", function()
    local input = fragments.everything().input
    for _, member in ipairs(input.members) do
      for _, value in ipairs(oddities.values()) do agreed(input, { [member.name] = value }) end
    end
  end)

  it("leaves to C what a backup job usually has", function()
    local input = instance:operation("StartBackupJob").input
    assert.is_true(agreed(input, samples.params({ input = input }, true)))
    assert.is_true(agreed(input, {}))
    local tags = { b = "\"\\\n\31", a = "\195\169", c = json.null, ["\""] = "" }
    assert.is_true(agreed(input, { RecoveryPointTags = tags }))
  end)

  it("keeps to the order of table.sort, and leaves large maps to it", function()
    local map = fragments.everything().input.by_name.Table.shape
    local value = {}
    for count = 1, 40 do
      value[("k%d"):format(count * 7919 % 101)] = count
      assert.equal(count <= 32, agreed(map, value))
    end
    assert.is_true(agreed(map, { ["a\0b"] = 1, ["a\0a"] = 2, a = 3, [""] = 4, ["\195\169"] = 5, B = 6 }))
  end)

  it("leaves tables with a metatable and tables that contain themselves to Lua", function()
    local input = fragments.everything().input
    local loop = { Name = "x" }
    loop.Next = loop
    assert.is_false(agreed(input, { Inner = loop }))
    assert.is_false(agreed(input, setmetatable({}, { __index = { Text = "x" } })))
    assert.equal('{"Text":"x"}', (write.document(input, setmetatable({}, { __index = { Text = "x" } }))))
    local deep = { Name = "end" }
    for _ = 1, 61 do deep = { Name = "x", Next = deep } end
    assert.is_true(agreed(input, { Inner = deep }))
    for _ = 1, 3 do
      deep = { Name = "x", Next = deep }
      agreed(input, { Inner = deep })
    end
    assert.is_false(agreed(input, { Inner = deep }))
  end)
end)
