local lua_writer = require "tools.generate.lua_writer"
local operations = require "tools.generate.operations"
local partitions = require "tools.generate.partitions"
local source = require "tools.generate.source"
local types = require "tools.generate.types"

-- Lua 5.1 loads texts with loadstring.
local load_text = rawget(_G, "loadstring") or load

local MODEL = [[{
  "metadata": {"serviceId": "Small"},
  "operations": {
    "ListThings": {"name": "ListThings", "http": {"method": "GET", "requestUri": "/things/"},
      "input": {"shape": "ListInput"}, "output": {"shape": "ListOutput"}, "errors": [{"shape": "GoneException"}]},
    "MakeThing": {"name": "MakeThing", "http": {"method": "PUT", "requestUri": "/things"},
      "input": {"shape": "Thing"}},
    "Ping": {"name": "Ping", "http": {"method": "GET", "requestUri": "/"}}
  },
  "shapes": {
    "GoneException": {"type": "structure", "members": {"Message": {"shape": "string"}}, "exception": true},
    "ListInput": {"type": "structure", "members": {"Next": {"shape": "string", "location": "querystring",
      "locationName": "next"}, "Max": {"shape": "integer"}}},
    "ListOutput": {"type": "structure", "members": {"Things": {"shape": "Things"}, "Next": {"shape": "string"}}},
    "Thing": {"type": "structure", "required": ["Name"], "members": {"Name": {"shape": "Name"},
      "Child": {"shape": "Thing"}, "Since": {"shape": "timestamp"}, "end": {"shape": "Kind"}}},
    "Things": {"type": "list", "member": {"shape": "Thing"}},
    "Kind": {"type": "string", "enum": ["A", "B"]},
    "Name": {"type": "string", "min": 1, "max": 5, "pattern": "^a\\-\"b\"$"},
    "integer": {"type": "integer"}, "string": {"type": "string"}, "timestamp": {"type": "timestamp"},
    "Unused": {"type": "string"}
  },
  "paginators": {},
  "x-smithy": {"errors": {"GoneException": {"error": "client", "effectiveStatus": 410}},
    "paginatedOnlyHere": {"ListThings": {"inputToken": "Next", "outputToken": "Next", "pageSize": "Max"}}}
}]]

local function small_model()
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(MODEL)
  file:close()
  local model, order_of = source.json(path)
  os.remove(path)
  return model, order_of
end

describe("the generator", function()
  local model, order_of = small_model()

  it("reads JSON with the order of its members", function()
    assert.same({ "Name", "Child", "Since", "end" }, order_of(model.shapes.Thing.members))
    assert.same({ "Things", "Next" }, order_of(model.shapes.ListOutput.members))
  end)

  it("writes a line for each shape and each operation", function()
    local text = operations.lines(model, order_of, "-- header\n")
    assert.equal("-- header\n", text:sub(1, 10))
    local written = assert(load_text(text))()
    assert.is_truthy(written.operations:find("\nmake_thing MakeThing ", 1, true))
    local thing = written.shapes:match("\n(Thing structure [^\n]*)")
    local places = {}
    for place, name in ipairs { "Name", "Child", "Since", "end" } do
      places[place] = assert(thing:find(" " .. name .. "[!~^]*=%S"), name)
    end
    assert.is_true(places[1] < places[2] and places[2] < places[3] and places[3] < places[4])
    assert.is_truthy(written.shapes:find("\nName string [^\n]*pattern:"))
    assert.is_truthy(written.shapes:find("GoneException structure error ", 1, true))
  end)

  it("writes an index of paginators and exceptions", function()
    local index = assert(load_text(operations.index(model, order_of, "")))()
    assert.same({ input_token = "Next", output_token = "Next", limit_key = "Max", result_key = "Things",
      unlisted = true }, index.paginators.ListThings)
    assert.same({ status = 410, fault = "client", members = { "Message" } }, index.exceptions.GoneException)
  end)

  it("writes types with required and optional members, enums and times", function()
    local text = types.definitions(model, order_of, "")
    for _, line in ipairs {
      "---@class aws.backup.Thing", '---@field Name string  # 1 to 5 characters; matches ^a\\-"b"$',
      "---@field Child? aws.backup.Thing", "---@field Since? number|string  # seconds since the epoch",
      '---@field end? string|"A"|"B"', "---@field Things? aws.backup.Thing[]",
      "---@param params aws.backup.Thing", "---@param params? aws.backup.ListInput",
      "function client:make_thing(params) end", "function client:ping(params) end",
    } do
      assert.truthy(text:find(line .. "\n", 1, true), line)
    end
    assert.is_function(assert(load_text(text)))
  end)

  it("writes no pattern where the service does not hold to it", function()
    local input = { type = "structure", members = { BackupVaultName = { shape = "BackupVaultName" } } }
    local text = types.definitions({
      operations = {}, shapes = {
        BackupVaultName = { type = "string", pattern = "^x$" }, CreateBackupVaultInput = input,
        DeleteRecoveryPointInput = input,
      },
    }, function(object) return object.BackupVaultName and { "BackupVaultName" } or {} end, "")
    assert.truthy(text:find("CreateBackupVaultInput\n---@field BackupVaultName? string  # matches ^x$\n", 1, true))
    assert.truthy(text:find("DeleteRecoveryPointInput\n---@field BackupVaultName? string\n", 1, true))
  end)

  it("writes the same text every time", function()
    local again, again_order = small_model()
    assert.equal(operations.lines(model, order_of, ""), operations.lines(again, again_order, ""))
    assert.equal(types.definitions(model, order_of, ""), types.definitions(again, again_order, ""))
  end)

  it("writes tables that read back the same, within the line width", function()
    local value = { ["end"] = "a\nb\"\\", list = {}, deep = { { a = 1 }, { b = { true, false } } } }
    for index = 1, 60 do value.list[index] = "item " .. index end
    local text = lua_writer.write(value)
    assert.same(value, assert(load_text("return " .. text))())
    for line in text:gmatch("[^\n]+") do assert.is_true(#line <= 110, line) end
  end)

  it("turns the expressions of partitions into Lua patterns, and refuses what it does not know", function()
    local function module(regex)
      local partition = { id = "p", regionRegex = regex, outputs = {}, regions = { ["b-1"] = {}, a = {} } }
      local text = partitions.module({ partitions = { partition } }, function() return {} end, "")
      return assert(load_text(text))()[1]
    end
    assert.same({ "^us%-[A-Za-z0-9_]+%-[0-9]+$", "^eu%-[A-Za-z0-9_]+%-[0-9]+$" },
      module("^(us|eu)\\-\\w+\\-\\d+$").patterns)
    assert.same({ "a", "b-1" }, module("^x\\-\\d+$").regions)
    assert.has_error(function() module("^(a|b){2}?$") end)
    assert.has_error(function() module("unanchored") end)
  end)
end)
