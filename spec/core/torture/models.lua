-- A model read, and parameters checked and written by it: good ones and bad ones.

local core = require "aws.backup.core"

local SHAPES = [[
In structure Name!=Short@uri:name Tags=Tags Items=Items Inner=In When=Time@querystring:when Token~=Text
Items list item:Short max:3
Short string min:2 max:4 enum:AB|CD pattern:^[a-zA-Z0-9\-\_]{2,50}$
Tags map sensitive key:Text value:Text
Text string
Time timestamp
]]
local OPERATIONS = "put_it PutIt PUT /it/{name}?x In - errors:Gone\n"
local DOCUMENTED = "In.Items range:1:2#1\nIn.Tags tags#2\n"

local model = core.new_model(SHAPES, OPERATIONS, DOCUMENTED)
local put = assert(model:operation("put_it"))
assert(put:describe().name == "PutIt" and model:shape("In").members[6].token)

local path, query, body = put:write({ Name = "xy", Tags = { b = "1", a = "2" }, When = 0 }, 2, ("x"):rep(3000))
assert(path == "/it/xy" and query == "x&when=1970-01-01T00%3A00%3A00Z")
assert(body == '{"Tags":{"a":"2","b":"1"},"Token":"' .. ("x"):rep(3000) .. '"}')

local none, faults = put:write({ Name = "", Tags = { ["aws:k"] = 5 }, Items = { "AB", "ab" }, Other = true,
  Inner = { Name = ("x"):rep(5), Items = { [3] = "x" } } }, 2)
assert(none == nil and #faults == 7, #faults)
assert(model:write("Items", { "AB", "CD" }) == '["AB","CD"]')

local text = '{"Tags":{"k":"\\u00e9"},"Items":["AB",null],"Token":"' .. ("\\n"):rep(3000)
  .. '","Inner":{"Items":["x",[]]}}'
local nothing, fault = model:read("In", text, "lenient")
assert(nothing == nil and fault.rule == "type" and #fault.at == 3)
local some = assert(model:read("In", text, "forgiving"))
assert(some.Tags.k == "\195\169" and #some.Items == 1 and #some.Token == 3000 and some.Inner == nil)
assert(model:read_text("Time", "Sun, 06 Nov 1994 08:49:37 GMT") == 784111777)
assert(core.json_texts('{"__type":"a\\nb","x":[{}]}', "__type|x").__type == "a\nb")
