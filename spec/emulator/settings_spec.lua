local helper = require "spec.emulator.helper"

describe("the settings of a region", function()
  local target

  before_each(function() target = helper.new() end)

  it("name all types of resources", function()
    local types = helper.must(target, "GetSupportedResourceTypes").ResourceTypes
    assert.are.equal(19, #types)
    local known = helper.must(target, "DescribeRegionSettings").ResourceTypeOptInPreference
    for _, name in ipairs(types) do assert.is_boolean(known[name]) end
  end)

  it("are merged with what is given", function()
    helper.must(target, "UpdateRegionSettings", { ResourceTypeOptInPreference = { Aurora = true } })
    helper.must(target, "UpdateRegionSettings", { ResourceTypeManagementPreference = { DynamoDB = false } })
    helper.must(target, "UpdateRegionSettings", { ResourceTypeOptInIncremental = { DynamoDB = true } })
    local settings = helper.must(target, "DescribeRegionSettings")
    assert.is_true(settings.ResourceTypeOptInIncremental.DynamoDB)
    assert.is_true(settings.ResourceTypeOptInPreference.Aurora)
    assert.is_true(settings.ResourceTypeOptInPreference.EBS)
    assert.is_false(settings.ResourceTypeManagementPreference.DynamoDB)
    assert.is_true(settings.ResourceTypeManagementPreference.EFS)
  end)

  it("refuse a type that is not known, and then change nothing", function()
    local failure = helper.refused(target, "UpdateRegionSettings",
      { ResourceTypeOptInPreference = { Aurora = true, Floppy = true } })
    assert.are.equal("InvalidParameterValueException", failure.code)
    assert.matches("^Element present in resource type opt in preference has invalid values%.", failure.message)
    assert.is_false(helper.must(target, "DescribeRegionSettings").ResourceTypeOptInPreference.Aurora)
    assert.are.equal("InvalidParameterValueException", helper.refused(target, "UpdateRegionSettings",
      { ResourceTypeManagementPreference = { EBS = true } }).code)
  end)
end)
