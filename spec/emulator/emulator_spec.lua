local emulator = require "aws.backup.emulator"
local helper = require "spec.emulator.helper"

describe("the emulator", function()
  it("has defaults for all its options", function()
    local target = emulator.new()
    assert.are.equal("arn:aws:backup:us-east-1:123456789012:backup-vault:Default", target:create_vault("Default"))
    assert.is_true(math.abs(target:now() - require("aws.backup.core").time()) < 5)
  end)

  it("takes its region and account, and finds the partition", function()
    for region, partition in pairs {
      ["eu-west-1"] = "aws", ["cn-north-1"] = "aws-cn", ["us-gov-west-1"] = "aws-us-gov", ["us-iso-east-1"] = "aws-iso",
      ["us-isob-east-1"] = "aws-iso-b",
    } do
      local target = helper.new { region = region, account_id = "999988887777" }
      assert.are.equal(("arn:%s:backup:%s:999988887777:backup-vault:v1"):format(partition, region),
        target:create_vault("v1"))
    end
  end)

  it("takes credentials as one table, as a list and as a map", function()
    local one = { access_key_id = "A", secret_access_key = "a" }
    local other = { access_key_id = "B", secret_access_key = "b" }
    for _, credentials in ipairs {
      one, { one, other }, { A = { secret_access_key = "a" }, B = { secret_access_key = "b" } },
    } do
      local target = helper.new { credentials = credentials }
      assert.is_table((helper.call(target, "ListBackupVaults", {}, { credentials = one })))
      local _, failure = helper.call(target, "ListBackupVaults")
      assert.are.equal("UnrecognizedClientException", failure.code)
    end
  end)

  it("raises for options that it does not know or that are wrong", function()
    for text, options in pairs {
      ["unknown option regoin"] = { regoin = "us-east-1" },
      ["a region has letters, digits and hyphens only"] = { region = "us east" },
      ["region must be a string"] = { region = 5 },
      ["account_id must be"] = { account_id = "123" },
      ["speed must be"] = { speed = -1 },
      ["clock must be a function"] = { clock = 5 },
      ["credentials need"] = { credentials = { { access_key_id = "A" } } },
      ["credentials must be tables"] = { credentials = { "A" } },
      ["expiration must be"] = { credentials = { access_key_id = "A", secret_access_key = "b", expiration = "soon" } },
      ["durations.EBS must be"] = { durations = { EBS = 0 } },
      ["durations names no resource type that is backed up as a whole: Ebs"] = { durations = { Ebs = 60 } },
      ["backed up as a whole: EKS"] = { durations = { EKS = 60 } },
    } do
      local ok, message = pcall(emulator.new, options)
      assert.is_false(ok)
      assert.matches(text, message, 1, true)
    end
    assert.has_error(function() emulator.new("us-east-1") end)
  end)

  it("lives beside others and shares nothing with them", function()
    local one, other = helper.with_vault(), helper.new()
    one:advance(1000)
    assert.are.equal(1, #helper.must(one, "ListBackupVaults").BackupVaultList)
    assert.are.equal(0, #helper.must(other, "ListBackupVaults").BackupVaultList)
    assert.are.equal(helper.START, other:now())
    assert.are.equal(helper.START + 1000, one:now())
  end)

  it("answers with the headers of the service", function()
    local _, _, response = helper.call(helper.with_vault(), "ListBackupVaults")
    assert.are.equal(200, response.status)
    assert.are.equal("application/json", response.headers["content-type"])
    assert.are.equal(tostring(#response.body), response.headers["content-length"])
    assert.are.equal("Fri, 02 Jan 2026 03:04:05 GMT", response.headers.date)
    assert.matches("^%x+%-%x+%-4%x%x%x%-[89ab]%x+%-%x+$", response.headers["x-amzn-requestid"])
  end)

  it("answers with an empty body where the model has no output", function()
    local _, _, response = helper.call(helper.with_vault(), "DeleteBackupVault", { BackupVaultName = "vault" })
    assert.are.equal(200, response.status)
    assert.are.equal("", response.body)
    assert.is_nil(response.headers["content-type"])
  end)

  it("answers 501 for every operation that it does not implement, and names it", function()
    local target = helper.new()
    local implemented, missing = 0, 0
    for name, is_implemented in pairs(target:operations()) do
      if is_implemented then
        implemented = implemented + 1
      else
        missing = missing + 1
        local operation, params = helper.codec:operation(name), {}
        for _, member in ipairs(operation.input and operation.input.members or {}) do
          if member.location == "uri" then params[member.name] = "x" end
        end
        local _, failure = helper.call(target, name, params)
        assert.are.equal(501, failure.status)
        assert.are.equal("NotImplementedException", failure.code)
        assert.are.equal("The emulator does not implement " .. name .. " yet.", failure.message)
      end
    end
    assert.are.equal(115, implemented + missing)
    assert.is_true(target:operations().StartBackupJob)
  end)

  it("answers 404 for a path that there is not, and 405 for a method", function()
    local target = helper.new()
    local function send(method, path)
      return target:send(helper.sign { method = method, path = path, headers = { host = "h" } })
    end
    local unknown = send("GET", "/nowhere")
    assert.are.equal(404, unknown.status)
    assert.are.equal("UnknownOperationException", unknown.headers["x-amzn-errortype"])
    local wrong = send("DELETE", "/backup-jobs")
    assert.are.equal(405, wrong.status)
    assert.are.equal("UnknownOperationException", wrong.headers["x-amzn-errortype"])
    assert.are.equal("GET, PUT", wrong.headers.allow)
  end)

  it("moves its time by its speed and by advance, never backwards", function()
    local wall = helper.START
    local target = helper.new { clock = function() return wall end, speed = 60 }
    wall = wall + 10
    assert.are.equal(helper.START + 600, target:now())
    target:advance(0.25)
    assert.are.equal(helper.START + 600.25, target:now())
    for _, wrong in ipairs { -1, 0 / 0, math.huge, "1" } do
      assert.has_error(function() target:advance(wrong) end, "advance takes a number of seconds, at least 0")
    end
  end)

  it("makes all its ids with the uuid that it is given", function()
    local count = 0
    local target = helper.with_vault { uuid = function()
      count = count + 1
      return ("00000000-0000-4000-8000-%012d"):format(count)
    end }
    assert.matches("^00000000%-0000%-4000%-8000%-%d+$", helper.start(target))
  end)

  it("raises for a vault's name that cannot be one, and leaves an existing vault as it is", function()
    local target = helper.with_vault()
    assert.are.equal(target:create_vault("vault"), target:create_vault("vault"))
    for _, name in ipairs { "x", "a b", ("a"):rep(51) } do
      assert.has_error(function() target:create_vault(name) end)
    end
  end)
end)
