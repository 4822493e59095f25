local codec = require "aws.backup.codec"
local model = require "aws.backup.model"
local patterns = require "aws.backup.codec.patterns"

--- The shapes of the model that have a pattern, by name.
local function shapes_with_patterns()
  local found = {}
  for _, name in ipairs(model.names) do
    for shape_name, shape in pairs(model.fragment(name).shapes) do
      if shape.pattern then found[shape_name] = { name = shape_name, type = shape.type, pattern = shape.pattern } end
    end
  end
  return found
end

local shapes = shapes_with_patterns()

local function check(name, good, bad)
  for _, text in ipairs(good) do assert.is_true((patterns.check(shapes[name], text)), name .. " takes " .. text) end
  for _, text in ipairs(bad) do
    local fine, wanted = patterns.check(shapes[name], text)
    assert.is_false(fine, name .. " refuses " .. text)
    assert.is_string(wanted)
  end
end

describe("codec.patterns", function()
  it("knows every pattern of the model", function()
    local count = 0
    for name, shape in pairs(shapes) do
      assert.is_true(patterns.is_known(shape.pattern), name)
      count = count + 1
    end
    assert.equal(17, count)
  end)

  it("checks nothing where the pattern is unknown or absent", function()
    assert.is_true(patterns.check({ name = "X", pattern = "t-[a-z0-9-]+" }, "!"))
    assert.is_true(patterns.check({ name = "X" }, "!"))
  end)

  it("never checks resource types: the service itself returns some with spaces", function()
    check("ResourceType", { "EBS", "SAP HANA on Amazon EC2", "Storage Gateway" }, {})
  end)

  it("matches names", function()
    check("BackupVaultName", { "ab", "Default", "a-b_c", ("x"):rep(50) },
      { "", "a", "a b", "a/b", "é!", ("x"):rep(51) })
    check("BackupVaultNameOrWildcard", { "*", "ab" }, { "", "a", "a*", "**" })
    check("BackupOptionKey", { "a", "WindowsVSS", "a.b-c_d" }, { "", "a b", ("x"):rep(51) })
    check("AccountId", { "123456789012" }, { "", "12345678901", "1234567890123", "12345678901a" })
    check("TieringConfigurationName", { "a", "A_1", ("x"):rep(200) }, { "", "a-b", ("x"):rep(201) })
    check("FrameworkName", { "a", "A_1" }, { "", "1a", "_a", "a-b", "a b" })
    check("ReportPlanDescription", { "x", " x ", "\tx\n" }, { "", "  ", "\n" })
  end)

  it("matches ARNs anywhere in the text", function()
    check("ResourceArn", { "arn:aws:s3:::b", "arn:aws-cn:ec2:x", "see arn:aws:s3:b" },
      { "", "arn:aws:s3:", "arn:AWS:s3:b" })
    check("RecoveryPointArn", { "arn:aws:ec2:us-east-1::snapshot/snap-1" },
      { "arn:aws:s3:::b", "arn:aws:ec2:us-east-1:" })
  end)

  it("matches access points, whose names must not end as S3's own do", function()
    check("AccessPointName", { "abc", "a-c", "1my-point9", "foo-s3alias" }, { "", "ab", "a-", "AB-CD" })
    local prefix = "arn:aws:backup:us-east-1:123456789012:accesspoint/"
    check("AccessPointArn", { prefix .. "abc", "x" .. prefix .. "my-point" },
      { "", prefix, prefix .. "ab", prefix .. "ABC", "arn:aws:s3:us-east-1:123456789012:accesspoint/abc",
        "arn:aws:backup:us-east-1:12345678901:accesspoint/abc" })
  end)

  it("agrees with the compiled operations on what is checked", function()
    local shape = codec.new():operation("StartBackupJob").input.by_name.BackupVaultName.shape
    assert.is_true(patterns.is_known(shape.pattern))
  end)
end)
