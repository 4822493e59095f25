--- The resource types of AWS Backup: which ARNs they have, what the ARNs of their recovery points look
--- like, how large and how slow their backups are, and what they can't do. The emulator has no resources:
--- every well-formed ARN stands for one.

local time = require "aws.backup.codec.time"

local arn = require "aws.backup.emulator.arn"
local ids = require "aws.backup.emulator.ids"

local resources = {}

local GIBIBYTE = 1024 * 1024 * 1024

local point = {}

function point.managed(world, job)
  return arn.of(world, "backup", "recovery-point:" .. ids.uuid_of("point " .. job.id))
end

function point.suffixed(world, job)
  return point.managed(world, job) .. "_beta"
end

function point.bucket(world, job)
  local stamp = time.amz_date(job.created):gsub("%a", "")
  return arn.of(world, "backup", ("recovery-point:%s-%s-%s"):format(
    job.resource.name, stamp, ids.hex("point " .. job.id, 8)))
end

function point.snapshot(world, job)
  return arn.without_account(world, "ec2", "snapshot/snap-0" .. ids.hex("point " .. job.id, 16))
end

function point.image(world, job)
  return arn.without_account(world, "ec2", "image/ami-0" .. ids.hex("point " .. job.id, 16))
end

function point.rds(world, job)
  return arn.of(world, "rds", "snapshot:awsbackup:job-" .. job.id)
end

function point.rds_cluster(world, job)
  return arn.of(world, "rds", "cluster-snapshot:awsbackup:job-" .. job.id)
end

function point.fsx(world, job)
  return arn.of(world, "fsx", "backup/backup-0" .. ids.hex("point " .. job.id, 16))
end

function point.redshift(world, job)
  return arn.of(world, "redshift", "snapshot:resource/awsbackup:job-" .. job.id)
end

function point.redshift_serverless(world, job)
  return arn.of(world, "redshift-serverless", "snapshot:resource/awsbackup:job-" .. job.id)
end

function point.table(world, job)
  local milliseconds = ("%.0f"):format(math.floor(job.created * 1000))
  return arn.of(world, "dynamodb", ("table/%s/backup/0%s-%s"):format(
    job.resource.name, milliseconds, ids.hex("point " .. job.id, 8)))
end

-- service, patterns   which ARNs; the first capture of a pattern is the resource's name where it has one (`named`)
-- point               makes the recovery point's ARN; `composite`: the job only collects its children
-- seconds             how long a backup runs, in virtual time; a composite's as long as those of its parts
-- size                BackupSizeInBytes; EBS and EC2 give the provisioned size, so less than that is `transferred`; RDS
--                     gives 0, Aurora, DocumentDB, Neptune and FSx give none
-- managed             fully managed by AWS Backup: the recovery point is its own, not another service's
-- cold                moves to cold storage ("opt_in": if the lifecycle says so)
-- early_point         StartBackupJob already answers the recovery point's ARN
-- unstoppable         StopBackupJob is refused
-- untag               "refused": UntagResource is, for its recovery points
-- index               can have a search index
-- Source: developer guide of AWS Backup, feature availability by resource; API reference of StopBackupJob.
local TYPES = {
  { name = "EBS", service = "ec2", patterns = { "^volume/vol%-[%w-]+$" }, point = point.snapshot,
    seconds = 540, size = 8 * GIBIBYTE, transferred = 3 * GIBIBYTE, cold = "opt_in", untag = "refused", index = true },
  { name = "EC2", service = "ec2", patterns = { "^instance/i%-[%w-]+$" }, point = point.image,
    seconds = 600, size = 30 * GIBIBYTE, transferred = 12 * GIBIBYTE },
  { name = "EFS", service = "elasticfilesystem", patterns = { "^file%-system/fs%-[%w-]+$" }, point = point.managed,
    managed = true, seconds = 540, size = 2 * GIBIBYTE, cold = true, early_point = true },
  { name = "RDS", service = "rds", patterns = { "^db:([%w-]+)$" }, named = true, point = point.rds,
    seconds = 600, size = 0, unstoppable = true, untag = "refused" },
  { name = "DocumentDB", service = "rds", patterns = { "^cluster:([%w-]*docdb[%w-]*)$" }, named = true,
    point = point.rds_cluster, seconds = 600, unstoppable = true, untag = "refused" },
  { name = "Neptune", service = "rds", patterns = { "^cluster:([%w-]*neptune[%w-]*)$" }, named = true,
    point = point.rds_cluster, seconds = 600, unstoppable = true, untag = "refused" },
  { name = "Aurora", service = "rds", patterns = { "^cluster:([%w-]+)$" }, named = true,
    point = point.rds_cluster, seconds = 600, unstoppable = true, untag = "refused" },
  { name = "DSQL", service = "dsql", patterns = { "^cluster/[%w-]+$" }, point = point.managed, managed = true,
    seconds = 540, size = GIBIBYTE },
  { name = "DynamoDB", service = "dynamodb", patterns = { "^table/([%w_.-]+)$" }, named = true, point = point.table,
    seconds = 480, size = GIBIBYTE,
    advanced = { point = point.managed, managed = true, cold = true, early_point = true } },
  { name = "S3", service = "s3", patterns = { "^([%w.-]+)$" }, named = true, nowhere = true, point = point.bucket,
    managed = true, seconds = 540, size = 5 * GIBIBYTE, index = true },
  { name = "FSx", service = "fsx", patterns = { "^file%-system/fs%-[%w-]+$", "^volume/[%w/-]+$" }, point = point.fsx,
    seconds = 600, unstoppable = true, untag = "refused" },
  { name = "Storage Gateway", service = "storagegateway", patterns = { "^gateway/sgw%-[%w-]+/volume/vol%-[%w-]+$" },
    point = point.snapshot, seconds = 540, size = 4 * GIBIBYTE },
  { name = "Redshift", service = "redshift", patterns = { "^cluster:([%w-]+)$" }, named = true,
    point = point.redshift, seconds = 600, size = 6 * GIBIBYTE },
  { name = "Redshift Serverless", service = "redshift-serverless", patterns = { "^namespace/[%w-]+$" },
    point = point.redshift_serverless, seconds = 600, size = 6 * GIBIBYTE },
  { name = "Timestream", service = "timestream", patterns = { "^database/[%w_.-]+/table/([%w_.-]+)$" }, named = true,
    point = point.suffixed, managed = true, seconds = 540, size = GIBIBYTE, cold = true },
  { name = "CloudFormation", service = "cloudformation", patterns = { "^stack/([%w-]+)/[%w-]+$" }, named = true,
    point = point.managed, managed = true, composite = true },
  { name = "EKS", service = "eks", patterns = { "^cluster/([%w_-]+)$" }, named = true,
    point = point.managed, managed = true, composite = true },
  { name = "SAP HANA on Amazon EC2", service = "ssm-sap", patterns = { "^HANA/[%w_./-]+$" }, point = point.managed,
    managed = true, seconds = 600, size = 16 * GIBIBYTE, cold = true, unstoppable = true },
  { name = "VirtualMachine", service = "backup-gateway", patterns = { "^vm/vm%-[%w-]+$" }, point = point.managed,
    managed = true, seconds = 600, size = 20 * GIBIBYTE, cold = true },
}

--- The names of all resource types, in the order of the alphabet.
---@return string[]
function resources.names()
  local names = {}
  for _, kind in ipairs(TYPES) do names[#names + 1] = kind.name end
  table.sort(names)
  return names
end

--- How long a backup of each type runs. Composite types are not among them: they take as long as their parts.
---@return table<string, number>  # seconds of virtual time
function resources.durations()
  local durations = {}
  for _, kind in ipairs(TYPES) do durations[kind.name] = kind.seconds end
  return durations
end

local function match_kind(parts)
  for _, kind in ipairs(TYPES) do
    if kind.service == parts.service then
      for _, pattern in ipairs(kind.patterns) do
        local found = parts.resource:match(pattern)
        if found then return kind, kind.named and found or nil end
      end
    end
  end
  return nil
end

local function is_here(world, kind, parts)
  if parts.partition ~= world.partition then return false end
  if kind.nowhere then return parts.region == "" and parts.account == "" end
  return parts.region == world.region and parts.account == world.account_id
end

-- The traits of a type as they are under the account's settings: DynamoDB has two ways of backup.
local function traits_of(world, kind)
  if not (kind.advanced and world.settings.management[kind.name]) then return kind end
  local traits = {}
  for name, value in pairs(kind) do traits[name] = value end
  for name, value in pairs(kind.advanced) do traits[name] = value end
  return traits
end

--- Finds out what a resource's ARN stands for.
---@param world table
---@param text string
---@return { arn: string, type: string, name: string?, traits: table }? resource
---@return string? message  # why it can't be backed up here
function resources.identify(world, text)
  local parts = arn.parse(text)
  if not parts then return nil, "Invalid ARN: " .. text end
  local kind, name = match_kind(parts)
  if not kind then return nil, "Unsupported resource type: " .. text end
  if not is_here(world, kind, parts) then
    return nil, ("Resource %s is not in account %s, region %s"):format(text, world.account_id, world.region)
  end
  return { arn = text, type = kind.name, name = name, traits = traits_of(world, kind) }
end

-- What a composite resource is made of. The parts follow from the name, so that a test knows them.
local PARTS = {
  CloudFormation = function(world, name)
    return {
      arn.of(world, "dynamodb", "table/" .. name .. "-table"),
      arn.of(world, "ec2", "volume/vol-0" .. ids.hex("part of " .. name, 16)),
      arn.of(world, "elasticfilesystem", "file-system/fs-0" .. ids.hex("part of " .. name, 16)),
    }
  end,
  EKS = function(world, name)
    return {
      arn.of(world, "ec2", "volume/vol-0" .. ids.hex("volume of " .. name, 16)),
      arn.of(world, "elasticfilesystem", "file-system/fs-0" .. ids.hex("volume of " .. name, 16)),
    }
  end,
}

--- What a composite resource (a CloudFormation stack, an EKS cluster) is made of.
---@param world table
---@param resource table  # what `identify` returned
---@return table[]  # resources
function resources.parts(world, resource)
  local parts = {}
  for index, text in ipairs(PARTS[resource.type](world, resource.name)) do
    parts[index] = resources.identify(world, text)
  end
  return parts
end

return resources
