--- Where a pattern of the model is not what the service does, and what says so.
---
--- The model hangs a pattern on a shape, so that it holds wherever the shape stands: what is a rule for making a thing
--- holds for looking at one as well, although the service makes things of its own that break it. One row for each
--- shape of which a documented or observed value contradicts the pattern; what has no row is enforced.
---
--- `holds_in`: the structures in which the pattern is a rule all the same; in all others it is not checked.
--- `takes`: texts that pass although the pattern refuses them.
--- `source`: the value that contradicts it, and where that stands.

---@class aws.backup.codec.PatternException
---@field holds_in? table<string, boolean>
---@field takes? table<string, boolean>
---@field source string

local function set(...)
  local members = {}
  for _, name in ipairs { ... } do members[name] = true end
  return members
end

local NOWHERE = set()

local LOOKED_UP = "a rule for new names (API reference: \"must be ...\" at the operation that makes one, nothing at "
  .. "those that look one up): what is there already has a name that the service took"

---@type table<string, aws.backup.codec.PatternException>
return {
  AccountId = {
    holds_in = NOWHERE,
    source = "ANY and AGGREGATE_ALL in ListBackupJobSummaries and its like, * in ListBackupJobs, ROOT for all of an "
      .. "organization (API reference; user guide, cross-account monitoring and Audit Manager)",
  },
  BackupVaultName = {
    holds_in = set("CreateBackupVaultInput", "CreateLogicallyAirGappedBackupVaultInput",
      "CreateRestoreAccessBackupVaultInput"),
    source = "aws/efs/automatic-backup-vault, which AWS makes itself (EFS user guide, automatic backups); it is looked "
      .. "at, copied from and named in plans by that name",
  },
  BackupVaultNameOrWildcard = {
    holds_in = NOWHERE,
    source = "names a vault that is there, as BackupVaultName does",
  },
  BackupRuleName = {
    holds_in = NOWHERE,
    source = "aws/efs/automatic-backup-rule, in a plan that the service took from Terraform "
      .. "(hashicorp/terraform-provider-aws 17835)",
  },
  BackupSelectionName = {
    holds_in = NOWHERE,
    source = "selections that break it are deployed in most regions (aws-cloudformation/"
      .. "cloudformation-resource-schema 118); aws/efs/automatic-backup-selection",
  },
  ResourceType = {
    holds_in = NOWHERE,
    source = "SAP HANA on Amazon EC2, Storage Gateway (answers of GetSupportedResourceTypes)",
  },
  FrameworkName = { holds_in = set("CreateFrameworkInput"), source = LOOKED_UP },
  ReportPlanName = { holds_in = set("CreateReportPlanInput"), source = LOOKED_UP },
  TieringConfigurationName = { holds_in = set("TieringConfigurationInputForCreate"), source = LOOKED_UP },
  AccessPointName = { holds_in = set("CreateBackupAccessPointRequest"), source = LOOKED_UP },
  FrameworkDescription = {
    takes = set(""),
    source = "the model's own minimum of 0 characters: an empty text takes a description away",
  },
  ReportPlanDescription = {
    takes = set(""),
    source = "the model's own minimum of 0 characters: an empty text takes a description away",
  },
}
