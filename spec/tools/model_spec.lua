-- What tools/model makes of botocore: over a small tree of the same form, without a network.

local cjson = require "cjson"

local function run(command)
  local pipe = assert(io.popen("( " .. command .. " ) 2>&1; code=$?; echo; echo $code"))
  local text = pipe:read("*a")
  pipe:close()
  local output, status = text:match("^(.*)\n(%d+)\n$")
  return output, tonumber(status)
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local SERVICE = [[{
  "version": "2.0", "metadata": {"serviceId": "Backup"}, "documentation": "<p>prose</p>",
  "operations": {"%s": {"name": "%s", "http": {"method": "GET", "requestUri": "/"}, "input": {"shape": "In"},
    "documentation": "<p>prose</p>"}},
  "shapes": {
    "In": {"type": "structure", "members": {"documentation": {"shape": "Kind", "documentation": "<p>prose</p>"}%s}},
    "Kind": {"type": "string", "enum": ["A"%s]%s}
  }
}]]

local PARTITIONS = [[{"partitions": [{"id": "aws", "outputs": {"dnsSuffix": "x.test"}, "regionRegex": "^x$",
  "regions": {"a-b-1": {"description": "prose"}%s}}]}]]

describe("tools/model", function()
  local root, tree, into

  local function lay_out(service, partitions, license)
    local data = tree .. "/botocore/data/"
    write(data .. "backup/2018-11-15/service-2.json", service)
    assert(os.remove(data .. "backup/2018-11-15/service-2.json.gz") or true)
    run("gzip " .. data .. "backup/2018-11-15/service-2.json")
    write(data .. "backup/2018-11-15/paginators-1.json", '{"pagination": {"ListThings": {"input_token": "Next"}}}')
    write(data .. "backup/2018-11-15/paginators-1.sdk-extras.json",
      '{"merge": {"pagination": {"ListThings": {"non_aggregate_keys": ["Kind"]}}}}')
    write(data .. "backup/2018-11-15/endpoint-rule-set-1.json",
      '{"version": "1.0", "parameters": {"Region": {"type": "string", "documentation": "prose"}}, "rules": []}')
    write(data .. "partitions.json", partitions)
    write(tree .. "/botocore-9.9.9.dist-info/METADATA",
      "Metadata-Version: 2.1\nVersion: 9.9.9\nLicense: " .. license .. "\n\nVersion: 0\n")
    write(tree .. "/DATE", "2031-02-03\n")
  end

  local function take_over()
    return run(("tools/model --from %s --into %s"):format(tree, into))
  end

  before_each(function()
    root = os.tmpname()
    os.remove(root)
    tree, into = root .. "/tree", root .. "/model"
    run(("mkdir -p %s/botocore/data/backup/2018-11-15 %s/botocore-9.9.9.dist-info %s"):format(tree, tree, into))
    write(into .. "/README.md", "of [botocore](https://example.test) 0abc of 2020-01-01, and more\n")
    lay_out(SERVICE:format("ListThings", "ListThings", "", "", ""), PARTITIONS:format(""), "Apache-2.0")
  end)

  after_each(function() run("rm -rf " .. root) end)

  it("writes a model without prose and with its provenance", function()
    local output, status = take_over()
    assert.equal(0, status, output)
    local text = read(into .. "/backup-2018-11-15.json")
    assert.is_nil(text:find("prose", 1, true))
    local model = cjson.decode(text)
    assert.same({ "9.9.9", "2031-02-03", "Apache-2.0" }, { model["x-provenance"].version, model["x-provenance"].date,
      model["x-provenance"].license })
    assert.equal("Kind", model.shapes.In.members.documentation.shape)
    assert.same({ input_token = "Next", non_aggregate_keys = { "Kind" } }, model.paginators.ListThings)
    assert.is_nil(read(into .. "/endpoint-rule-set-1.json"):find("prose", 1, true))
    assert.is_nil(read(into .. "/partitions.json"):find("prose", 1, true))
    assert.equal("of [botocore](https://example.test) 9.9.9 of 2031-02-03, and more\n", read(into .. "/README.md"))
  end)

  it("keeps what the model has from elsewhere, and changes nothing when nothing is new", function()
    take_over()
    local path = into .. "/backup-2018-11-15.json"
    local text = read(path):gsub('"x%-smithy": {}', '"x-smithy": {\n  "title": "kept"\n }')
    write(path, text)
    local output = take_over()
    assert.equal(text, read(path))
    assert.matches("nothing changes for users", output, 1, true)
  end)

  it("tells what came, went and changed for users", function()
    take_over()
    lay_out(SERVICE:format("ListOthers", "ListOthers", ', "Fresh": {"shape": "Kind"}', ', "B"', ', "max": 5'),
      PARTITIONS:format(', "a-c-1": {}'), "Apache-2.0")
    local output = take_over()
    for _, line in ipairs {
      "botocore 9.9.9 of 2031-02-03", "+ operation ListOthers", "- operation ListThings", "+ value of Kind: B",
      "+ member In.Fresh", "~ max of Kind: 5, was None", "+ region a-c-1",
    } do
      assert.truthy(("\n" .. output .. "\n"):find("\n" .. line .. "\n", 1, true), line .. " in " .. output)
    end
  end)

  it("takes nothing over under another license, or from a tree that is none", function()
    lay_out(SERVICE:format("ListThings", "ListThings", "", "", ""), PARTITIONS:format(""), "MIT")
    local output, status = take_over()
    assert.equal(1, status)
    assert.matches("NOTICE", output, 1, true)
    assert.is_nil(io.open(into .. "/backup-2018-11-15.json"))
    output, status = run(("tools/model --from %s/none --into %s"):format(root, into))
    assert.equal(1, status)
    assert.matches("service-2.json", output, 1, true)
  end)

  it("is what model/ was made by: a version, a date, a license", function()
    local origin = cjson.decode(read("model/backup-2018-11-15.json"))["x-provenance"]
    assert.matches("^%d+%.%d+%.%d+$", origin.version)
    assert.matches("^%d%d%d%d%-%d%d%-%d%d$", origin.date)
    assert.equal("Apache-2.0", origin.license)
    assert.truthy(read("model/README.md"):find(origin.version .. " of " .. origin.date, 1, true))
    assert.truthy(read("NOTICE"):find("model/backup-2018-11-15.json", 1, true))
  end)
end)
