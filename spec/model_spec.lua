local codec = require "aws.backup.codec"
local model = require "aws.backup.model"
local partitions = require "aws.backup.partitions"
local samples = require "tools.golden.samples"
local serialize = require "aws.backup.codec.serialize"
local validate = require "aws.backup.codec.validate"

local instance = codec.new()

local function golden()
  local file = assert(io.open("spec/fixtures/golden-requests.json", "rb"))
  local requests = require("cjson").decode(file:read("*a"))
  file:close()
  return requests
end

local function count(set)
  local found = 0
  for _ in pairs(set) do found = found + 1 end
  return found
end

describe("the model", function()
  it("has 115 operations, each with a method of its own, and all of them compile", function()
    assert.equal(115, #instance.model.names)
    assert.equal(115, count(instance.model.methods))
    for _, name in ipairs(instance.model.names) do
      local operation = assert(instance:operation(name))
      assert.equal(name, operation.name)
      assert.equal(name, instance.model.methods[operation.method_name])
      assert.equal(operation, instance:operation(operation.method_name))
    end
  end)

  it("names methods as boto3 does", function()
    for method, name in pairs {
      start_backup_job = "StartBackupJob", get_backup_plan_from_json = "GetBackupPlanFromJSON",
      get_pitr_malware_scan_results = "GetPITRMalwareScanResults", list_backup_jobs = "ListBackupJobs",
      disassociate_backup_vault_mpa_approval_team = "DisassociateBackupVaultMpaApprovalTeam",
    } do
      assert.equal(name, instance.model.methods[method])
    end
  end)

  it("is lines of text: a changed shape is one changed line", function()
    for _, text in ipairs { model.shapes, model.operations } do
      for line in text:gmatch("[^\n]+") do assert.is_truthy(line:find("^[%w_]+ %S")) end
    end
    local _, shapes = model.shapes:gsub("\n", "")
    assert.is_true(shapes >= 452, shapes)
  end)

  it("has 25 modelled paginators and the 7 that the service has without one", function()
    local modelled, unlisted = 0, 0
    for name, paginator in pairs(model.paginators) do
      if paginator.unlisted then unlisted = unlisted + 1 else modelled = modelled + 1 end
      local operation = instance:operation(name)
      assert.is_table(operation.input.by_name[paginator.input_token])
      assert.is_table(operation.input.by_name[paginator.limit_key])
      assert.is_table(operation.output.by_name[paginator.output_token])
      assert.is_table(operation.output.by_name[paginator.result_key])
    end
    assert.same({ 25, 7 }, { modelled, unlisted })
    assert.equal("Tags", model.paginators.ListTags.result_key)
  end)

  it("knows status and fault of each exception", function()
    assert.equal(10, count(model.exceptions))
    assert.same({ 400, "client" }, { model.exceptions.ResourceNotFoundException.status,
      model.exceptions.ResourceNotFoundException.fault })
    assert.equal(409, model.exceptions.ConflictException.status)
    assert.same({ 500, "server" }, { model.exceptions.ServiceUnavailableException.status,
      model.exceptions.ServiceUnavailableException.fault })
    assert.same({ "Code", "Message", "CreatorRequestId", "Arn", "Type", "Context" },
      model.exceptions.AlreadyExistsException.members)
  end)

  it("marks the 15 tokens that a client fills in", function()
    local filled = 0
    for _, name in ipairs(instance.model.names) do
      if instance:operation(name).idempotency_member then filled = filled + 1 end
    end
    assert.equal(15, filled)
    assert.is_nil(instance:operation("StartScanJob").idempotency_member)
  end)
end)

describe("the golden requests", function()
  local expected = golden()

  for _, name in ipairs(instance.model.names) do
    it("are what " .. name .. " sends", function()
      local operation = instance:operation(name)
      for kind, full in pairs { required = false, all = true } do
        local params = samples.params(operation, full)
        assert.is_true(validate.check(operation, params, true))
        local request = assert(serialize.request(operation, params))
        assert.same(expected[name][kind], {
          method = request.method, path = request.path, query = request.query, body = request.body,
          ["content-type"] = request.headers["content-type"],
        })
      end
    end)
  end
end)

describe("the answers", function()
  local parse = require "aws.backup.codec.parse"

  for _, name in ipairs(instance.model.names) do
    local output = instance:operation(name).output
    if output then
      it("of " .. name .. " are read as they are written", function()
        local text = assert(serialize.document(output, samples.params({ input = output }, true)))
        for _, options in ipairs { { strict = true }, { strict = false } } do
          local value = assert(parse.document(output, text, options))
          assert.equal(text, serialize.document(output, value))
        end
      end)
    end
  end
end)

describe("the partitions", function()
  local function partition_of(region)
    for _, partition in ipairs(partitions) do
      for _, pattern in ipairs(partition.patterns) do
        if region:find(pattern) then return partition.id end
      end
    end
    return nil
  end

  it("know regions by their pattern", function()
    for region, id in pairs {
      ["eu-west-1"] = "aws", ["us-east-1"] = "aws", ["mx-central-9"] = "aws", ["cn-north-1"] = "aws-cn",
      ["us-gov-west-1"] = "aws-us-gov", ["us-iso-east-1"] = "aws-iso", ["us-isob-east-1"] = "aws-iso-b",
      ["eu-isoe-west-1"] = "aws-iso-e", ["us-isof-south-1"] = "aws-iso-f", ["eusc-de-east-1"] = "aws-eusc",
    } do
      assert.equal(id, partition_of(region), region)
    end
    for _, region in ipairs { "", "mars-1", "eu-west", "eu-west-1x", "xeu-west-1", "eusc-fr-east-1" } do
      assert.is_nil(partition_of(region), region)
    end
  end)

  it("list the newest regions, and place one in no list by its partition's pattern", function()
    local endpoint = require "aws.backup.endpoint"
    local listed = {}
    for _, partition in ipairs(partitions) do
      for _, region in ipairs(partition.regions) do listed[region] = partition.id end
    end
    assert.same({ "aws", "aws" }, { listed["me-west-1"], listed["sa-west-1"] })
    for region, host in pairs {
      ["ap-north-9"] = "backup.ap-north-9.amazonaws.com", ["cn-south-7"] = "backup.cn-south-7.amazonaws.com.cn",
      ["us-gov-north-3"] = "backup.us-gov-north-3.amazonaws.com",
      ["us-iso-north-1"] = "backup.us-iso-north-1.c2s.ic.gov",
      ["eusc-de-west-4"] = "backup.eusc-de-west-4.amazonaws.eu", ["mars-1"] = "backup.mars-1.amazonaws.com",
    } do
      assert.is_nil(listed[region])
      assert.equal(host, assert(endpoint.resolve { region = region }).host)
    end
  end)

  it("list every region under a partition that matches it, and carry their host suffixes", function()
    assert.equal(8, #partitions)
    for _, partition in ipairs(partitions) do
      assert.is_string(partition.outputs.dnsSuffix)
      assert.is_string(partition.outputs.dualStackDnsSuffix)
      assert.is_true(#partition.regions > 0)
      for _, region in ipairs(partition.regions) do
        if not region:find("%-global$") then assert.equal(partition.id, partition_of(region)) end
      end
    end
  end)
end)
