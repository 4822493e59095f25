local codec = require "aws.backup.codec"
local model = require "aws.backup.model"
local exceptions = require "aws.backup.codec.exceptions"
local patterns = require "aws.backup.codec.patterns"
local validate = require "aws.backup.codec.validate"

--- The shapes of the model that have a pattern, by name.
local function shapes_with_patterns()
  local found = {}
  for name in model.shapes:gmatch("([^ \n]+)[^\n]*\n") do
    local shape = codec.new().find_shape(name)
    if shape.pattern then found[name] = shape end
  end
  return found
end

local shapes = shapes_with_patterns()

--- A structure in which the shape's pattern is a rule.
local function ruled_in(name)
  return next(exceptions[name] and exceptions[name].holds_in or {})
end

local function check(name, good, bad)
  local owner = ruled_in(name)
  for _, text in ipairs(good) do
    assert.is_true((patterns.check(shapes[name], text, owner)), name .. " takes " .. text)
  end
  for _, text in ipairs(bad) do
    local fine, wanted = patterns.check(shapes[name], text, owner)
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

  it("matches names", function()
    check("BackupVaultName", { "ab", "Default", "a-b_c", ("x"):rep(50) },
      { "", "a", "a b", "a/b", "é!", ("x"):rep(51) })
    check("BackupOptionKey", { "a", "WindowsVSS", "a.b-c_d" }, { "", "a b", ("x"):rep(51) })
    check("TieringConfigurationName", { "a", "A_1", ("x"):rep(200) }, { "", "a-b", ("x"):rep(201) })
    check("FrameworkName", { "a", "A_1" }, { "", "1a", "_a", "a-b", "a b" })
    check("ReportPlanDescription", { "x", " x ", "\tx\n", "" }, { "  ", "\n" })
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

  it("knows the expressions that hold nowhere, so that samples fit them", function()
    for expression, texts in pairs {
      ["^[0-9]{12}$"] = { "123456789012", "12345678901a" }, [ [[^(\*|[a-zA-Z0-9\-\_]{2,50})$]] ] = { "*", "a*" },
    } do
      assert.is_true(patterns.matches(expression, texts[1]))
      assert.is_false(patterns.matches(expression, texts[2]))
    end
    assert.is_true(patterns.matches(nil, "x"))
  end)
end)

-- The structures that requests are made of, with the members of each.
local function request_structures()
  local found, instance = {}, codec.new()
  local function visit(shape)
    if found[shape] then return end
    found[shape] = true
    for _, part in ipairs { shape.item or false, shape.key or false, shape.value or false } do
      if part then visit(part) end
    end
    for _, member in ipairs(shape.members or {}) do visit(member.shape) end
  end
  for _, name in ipairs(instance.model.names) do
    local input = instance:operation(name).input
    if input then visit(input) end
  end
  local structures = {}
  for shape in pairs(found) do
    if shape.type == "structure" then structures[shape.name] = shape end
  end
  return structures
end

describe("the exceptions from the patterns", function()
  it("each name a shape with a pattern, structures of requests that hold it, and their source", function()
    local structures = request_structures()
    for name, exception in pairs(exceptions) do
      assert.is_table(shapes[name], name)
      assert.is_true(#exception.source > 20, name)
      assert.is_true(exception.holds_in ~= nil or exception.takes ~= nil, name)
      for owner in pairs(exception.holds_in or {}) do
        local holds = false
        for _, member in ipairs(assert(structures[owner], owner).members) do
          holds = holds or member.shape.name == name
        end
        assert.is_true(holds, owner .. " has a " .. name)
      end
      for text in pairs(exception.takes or {}) do
        assert.is_false(patterns.matches(shapes[name].pattern, text), name)
      end
    end
  end)

  local instance = codec.new()
  local VAULT = "aws/efs/automatic-backup-vault"
  local POINT = "arn:aws:backup:eu-west-1:123456789012:recovery-point:1"
  local ROLE = "arn:aws:iam::123456789012:role/r"

  local function plan(rule)
    return { BackupPlan = { BackupPlanName = "aws/efs/automatic-backup-plan", Rules = { rule } } }
  end

  it("let through what AWS itself names, returns or documents", function()
    for _, case in ipairs {
      { "ListRecoveryPointsByBackupVault", { BackupVaultName = VAULT } },
      { "ListBackupJobs", { ByBackupVaultName = VAULT, ByAccountId = "*", ByResourceType = "Storage Gateway" } },
      { "GetBackupVaultAccessPolicy", { BackupVaultName = VAULT } },
      { "PutBackupVaultNotifications", { BackupVaultName = VAULT, SNSTopicArn = "arn:aws:sns:eu-west-1:1:t",
        BackupVaultEvents = { "BACKUP_JOB_COMPLETED" } } },
      { "DescribeRecoveryPoint", { BackupVaultName = VAULT, RecoveryPointArn = POINT, BackupVaultAccountId = "ROOT" } },
      { "DeleteRecoveryPoint", { BackupVaultName = VAULT, RecoveryPointArn = POINT } },
      { "StartBackupJob", { BackupVaultName = VAULT, ResourceArn = "arn:aws-iso-b:s3:::b", IamRoleArn = ROLE } },
      { "StartCopyJob", { SourceBackupVaultName = VAULT, RecoveryPointArn = POINT, IamRoleArn = ROLE,
        DestinationBackupVaultArn = "arn:aws:backup:eu-west-1:123456789012:backup-vault:" .. VAULT } },
      { "ListBackupJobSummaries", { AccountId = "ANY", ResourceType = "AGGREGATE_ALL" } },
      { "ListCopyJobSummaries", { AccountId = "AGGREGATE_ALL" } },
      { "ListRestoreJobSummaries", { AccountId = "ROOT" } },
      { "ListScanJobSummaries", { AccountId = "ANY" } },
      { "CreateBackupPlan", plan { RuleName = "aws/efs/automatic-backup-rule", TargetBackupVaultName = VAULT } },
      { "CreateBackupSelection", { BackupPlanId = "aws/efs/1",
        BackupSelection = { SelectionName = "aws/efs/automatic-backup-selection", IamRoleArn = ROLE } } },
      { "UpdateRegionSettings", { ResourceTypeOptInPreference = { ["SAP HANA on Amazon EC2"] = true } } },
      { "DescribeFramework", { FrameworkName = "1-of-a-kind" } },
      { "UpdateFramework", { FrameworkName = "f", FrameworkDescription = "" } },
      { "StartReportJob", { ReportPlanName = "daily-report" } },
      { "ListReportJobs", { ByReportPlanName = "daily report" } },
      { "GetTieringConfiguration", { TieringConfigurationName = "a-b" } },
      { "CreateTieringConfiguration", { TieringConfiguration = { TieringConfigurationName = "t",
        BackupVaultName = VAULT, ResourceSelection = { { Resources = { "*" }, TieringDownSettingsInDays = 60,
          ResourceType = "S3" } } } } },
    } do
      local fine, violations = validate.check(assert(instance:operation(case[1])), case[2], true)
      assert.is_true(fine, case[1] .. ": " .. (violations and violations[1].path .. violations[1].message or ""))
    end
  end)

  it("leave the rules for names that are new", function()
    for operation, case in pairs {
      CreateBackupVault = { "BackupVaultName", { BackupVaultName = VAULT } },
      CreateLogicallyAirGappedBackupVault = { "BackupVaultName",
        { BackupVaultName = VAULT, MinRetentionDays = 7, MaxRetentionDays = 30 } },
      CreateRestoreAccessBackupVault = { "BackupVaultName", { BackupVaultName = VAULT,
        SourceBackupVaultArn = "arn:aws:backup:eu-west-1:123456789012:backup-vault:v" } },
      CreateFramework = { "FrameworkName", { FrameworkName = "1", FrameworkControls = {} } },
      CreateReportPlan = { "ReportPlanName", { ReportPlanName = "a-b",
        ReportDeliveryChannel = { S3BucketName = "b" }, ReportSetting = { ReportTemplate = "BACKUP_JOB_REPORT" } } },
    } do
      local _, violations = validate.check(instance:operation(operation), case[2], true)
      assert.equal(1, #(violations or {}), operation)
      assert.same({ case[1], "pattern" }, { violations[1].path, violations[1].rule })
    end
  end)
end)
