-- The core's walk over parameters, which checks and writes at once. What reads requests in the embedded endpoint, and
-- checks them there, is the other witness.

local check = require "aws.backup.emulator.check"
local codec = require "aws.backup.codec"
local core = require "aws.backup.core"
local emulated = require "aws.backup.emulator.request"
local fragments = require "spec.codec.fragments"
local json = require "aws.backup.codec.json"
local oddities = require "spec.codec.oddities"
local router = require "aws.backup.emulator.router"
local samples = require "tools.golden.samples"
local serialize = require "aws.backup.codec.serialize"
local validate = require "aws.backup.codec.validate"

local ROUNDS = 40 -- changed parameters for each operation

local instance = codec.new()
local routes = router.new(instance:routes())

--- What a request says to whoever reads it off the wire.
local function read_back(operation, request)
  local match = assert(routes:match(request.method, request.path, request.query))
  assert.equal(operation.name, match.name)
  return emulated.read(operation, match.labels, request.query, request.body)
end

--- Parameters as they are once they have been sent: without null, whole floats as integers, times as seconds.
local function as_sent(shape, value, member)
  -- An empty value of a query is what clients send for "none".
  if value == "" and member and member.location == "querystring" then return nil end
  if shape.type == "timestamp" then
    local text = json.decode("[" .. serialize.document(shape, value) .. "]")
    return text[1]
  end
  if type(value) ~= "table" then return shape.type == "long" and math.floor(value) or value end
  local sent = {}
  for key, item in pairs(value) do
    if not json.is_null(item) then
      local known = shape.by_name and shape.by_name[key]
      local inner = shape.item or shape.value or known.shape
      sent[shape.type == "list" and #sent + 1 or key] = as_sent(inner, item, known)
    end
  end
  return sent
end

describe("the walk over parameters", function()
  it("writes what it accepts so that it is read as it was, whatever it is given", function()
    local random, odd = oddities.new_random(20261122), oddities.values()
    local tally = { [true] = 0, [false] = 0 }
    for _, name in ipairs(instance.model.names) do
      local operation = instance:operation(name)
      local start = samples.params(operation, true)
      for _ = 1, operation.input and ROUNDS or 0 do
        local params = start
        for _ = 1, random(3) do params = oddities.changed(params, odd, random) end
        local request = serialize.request(operation, params, true)
        assert.equal(request ~= nil, #validate.violations(operation, params, true) == 0)
        if request then assert.same(as_sent(operation.input, params), read_back(operation, request)) end
        tally[request ~= nil] = tally[request ~= nil] + 1
      end
    end
    assert.is_true(tally[true] > 500 and tally[false] > 2000, tally[true] .. " good, " .. tally[false] .. " bad")
  end)

  it("refuses what the service would refuse, but for values of enums, which are open", function()
    local random, odd = oddities.new_random(20261126), oddities.values()
    local refused = 0
    for _, name in ipairs(instance.model.names) do
      local operation = instance:operation(name)
      for _ = 1, operation.input and ROUNDS or 0 do
        local params = oddities.changed(samples.params(operation, true), odd, random)
        local request = serialize.request(operation, params, true)
        if request then
          local fine, failure = check.params(operation, read_back(operation, request))
          local is_open = not fine and failure.message:find("must be one of", 1, true) ~= nil
          -- A required one that is empty in the query has not been sent.
          local is_empty = not fine and failure.code == "MissingParameterValueException"
          assert.is_true(fine or is_open or is_empty, failure and failure.message)
          refused = refused + (is_open and 1 or 0)
        end
      end
    end
    assert.is_true(refused > 0)
  end)

  it("says the same at each level of what has no form on the wire", function()
    local everything = fragments.everything()
    for _, member in ipairs(everything.input.members) do
      for _, value in ipairs(oddities.values()) do
        local full = serialize.request(everything, { [member.name] = value }, true)
        local shapes = serialize.request(everything, { [member.name] = value }, "shape")
        local form = serialize.request(everything, { [member.name] = value }, false)
        assert.is_true(not full or (shapes ~= nil and form ~= nil))
        assert.is_true(not shapes or form ~= nil)
        if full then assert.same(full, form) end
      end
    end
  end)

  it("sorts the keys of a map by their bytes, however many there are", function()
    local map = fragments.everything().input.by_name.Table.shape
    local value, expected = {}, {}
    for count = 1, 400 do
      local key = ("k%d"):format(count * 7919 % 1009)
      value[key], expected[count] = count, key
    end
    table.sort(expected)
    local found = {}
    for key in serialize.document(map, value):gmatch('"(k%d+)":') do found[#found + 1] = key end
    assert.same(expected, found)
    assert.equal('{"":4,"B":6,"a":3,"a\\u0000a":2,"a\\u0000b":1,"\195\169":5}', serialize.document(map,
      { ["a\0b"] = 1, ["a\0a"] = 2, a = 3, [""] = 4, ["\195\169"] = 5, B = 6 }))
  end)

  it("sees what tables with a metatable inherit", function()
    local start = instance:operation("StartBackupJob")
    local function heir(own, inherited, tag) return setmetatable(own, { __index = inherited, __metatable = tag }) end
    local good = samples.params(start, false)
    for _, tag in ipairs { false, "locked" } do
      assert.is_true(validate.check(start, heir({}, good, tag), true))
      assert.same(serialize.request(start, good), serialize.request(start, heir({}, good, tag)))
      assert.is_nil((validate.check(start, heir({}, { BackupVaultName = 5 }, tag), true)))
    end
    good.Lifecycle = heir({}, { DeleteAfterDays = 0 })
    assert.is_nil((validate.check(start, good, true)))
    local input = fragments.everything().input
    assert.equal('{"Text":"x"}', serialize.document(input, setmetatable({}, { __index = { Text = "x" } })))
  end)

  it("ends on tables that contain themselves, and bears those that are deep", function()
    local everything = fragments.everything()
    local loop = { Name = "x" }
    loop.Next = loop
    local _, violations = validate.check(everything, { Inner = loop }, true)
    assert.same({ "depth" }, { violations[1].rule })
    local heirs = setmetatable({ Name = "x" }, { __index = {} })
    heirs.Next = heirs
    assert.is_nil((validate.check(everything, { Inner = heirs }, true)))
    local deep = { Name = "end" }
    for _ = 1, 61 do deep = { Name = "x", Next = deep } end
    assert.is_true(validate.check(everything, { Inner = deep }, true))
    deep = { Name = "x", Next = { Name = "x", Next = deep } }
    assert.is_nil((validate.check(everything, { Inner = deep }, true)))
  end)

  it("takes no table but a plain one for the parameters", function()
    for _, params in ipairs { "x", 5, true, print } do
      for _, name in ipairs { "StartBackupJob", "GetSupportedResourceTypes" } do
        assert.is_nil((validate.check(instance:operation(name), params, true)))
      end
    end
    assert.is_nil((validate.check(instance:operation("GetSupportedResourceTypes"), { Any = 1 }, true)))
    assert.is_true(validate.check(instance:operation("GetSupportedResourceTypes"), { Any = json.null }, true))
  end)

  it("writes stand-ins for what is sensitive where it is asked to", function()
    local everything = fragments.everything()
    local request = serialize.request(everything, { Secret = { ab = "cd" }, SecretItems = { "ab" }, Text = "t" }, false,
      nil, true)
    assert.equal('{"Text":"t","Secret":{"HIDDEN":"HIDDEN"},"SecretItems":["HIDDEN"]}', request.body)
  end)
end)

describe("a model of the core", function()
  it("refuses texts in which two lines begin alike, and says which shape or operation is not there", function()
    assert.has_error(function() core.new_model("A string\nA string\n", "") end)
    local model = core.new_model("B list item:Gone\nA string\n", "get_x GetX GET /x/{y} - -\nget_z GetZ GET /z C -\n")
    assert.equal("A", model:shape("A").name)
    assert.same({ nil, "the model refers to a shape that it does not hold: Gone" }, { model:shape("B") })
    assert.same({ nil, "no member for the label {y} of /x/{y}" }, { model:operation("get_x") })
    assert.same({ nil, "the model refers to a shape that it does not hold: C" }, { model:operation("get_z") })
    assert.same({ nil, "the model has no operation nothing" }, { model:operation("nothing") })
  end)

  it("reads all operations of AWS Backup in little memory", function()
    local text = require "aws.backup.model"
    local model = core.new_model(text.shapes, text.operations)
    for _, entry in ipairs(model:operations()) do assert(model:operation(entry[1])) end
    assert.is_true(model:size() < 400 * 1024, model:size())
  end)
end)
