--- What people who know boto3, the AWS CLI or another SDK write by habit, and what it is called here. Data, and how to
--- look it up; the checks that meet an unknown name ask here before they look for one that is spelled alike.

local ascii = require "aws.backup.ascii"

local habits = {}

local CREDENTIALS = 'credentials = { access_key_id = "...", secret_access_key = "...", session_token = "..." }'
local TLS = "verify_tls = false"
local PAGES = "client:list_backup_jobs { NextToken = page.NextToken } until a page has none"
local WAIT = "client:wait_for_backup_job(id)"
local IS = 'backup.is(err, "ResourceNotFoundException") on what pcall caught'

--- Options of a client by another name. The text is what to write.
habits.OPTIONS = {
  region_name = 'region = "eu-west-1"', awsregion = 'region = "eu-west-1"', default_region = 'region = "eu-west-1"',
  profile_name = 'profile = "..."',
  access_key_id = CREDENTIALS, access_key = CREDENTIALS, secret_access_key = CREDENTIALS, secret_key = CREDENTIALS,
  session_token = CREDENTIALS, security_token = CREDENTIALS, token = CREDENTIALS,
  aws_access_key_id = CREDENTIALS, aws_secret_access_key = CREDENTIALS, aws_session_token = CREDENTIALS,
  credential_provider = "credentials = function() return { ... } end",
  endpoint = 'endpoint_url = "https://..."', url = 'endpoint_url = "https://..."',
  host = 'endpoint_url = "https://..."',
  verify = TLS .. ', or ca_bundle = "/path/of/certificates.pem"', ssl_verify = TLS, insecure = TLS,
  no_verify_ssl = TLS, use_ssl = 'endpoint_url = "http://..." for a connection without TLS',
  config = "its parts as options: retry_mode, max_attempts, connect_timeout, read_timeout, proxy, max_connections",
  retries = 'max_attempts = 3, retry_mode = "standard"', max_retries = "max_attempts = 3; the first attempt counts",
  proxies = 'proxy = "http://..."', proxies_config = 'proxy = "http://..."',
  use_fips_endpoint = "use_fips = true", use_dualstack_endpoint = "use_dualstack = true",
  max_pool_connections = "max_connections = 10",
  user_agent_extra = 'app_id = "..."', user_agent_appid = 'app_id = "..."',
  parameter_validation = "validate = false", logger = "debug = function(line) end", hooks = "on = { request = ... }",
  http_timeout = "timeout = 30", service_name = "no service: this client is for AWS Backup alone",
  api_version = "no version: the API has one, 2018-11-15",
  signature_version = "no version: requests are signed by version 4",
  speed = 'speed in the emulator\'s options: require("aws.backup.emulator").new { speed = 60 }',
}

--- Methods and fields of a client that others have. The text is what to write.
habits.METHODS = {
  get_paginator = PAGES, can_paginate = PAGES, paginate = PAGES, get_waiter = WAIT, waiter_names = WAIT,
  wait_until = WAIT, wait = WAIT, exceptions = IS, errors = IS,
  generate_presigned_url = 'client:prepare("ListBackupJobs", params), which signs a request and sends nothing',
  events = "on = { request = function(event) end } in backup.client",
  config = "client.meta", region = "client.meta.region",
  region_name = "client.meta.region", endpoint_url = "client.meta.endpoint", endpoint = "client.meta.endpoint",
  service_model = "client.meta.operations", send = "client:call(name, params)", request = "client:call(name, params)",
  invoke = "client:call(name, params)", execute = "client:call(name, params)", destroy = "client:close()",
}

--- Fields of credentials by another name.
habits.CREDENTIALS = {
  AccessKeyId = "access_key_id", aws_access_key_id = "access_key_id", accessKeyId = "access_key_id",
  access_key = "access_key_id", SecretAccessKey = "secret_access_key", aws_secret_access_key = "secret_access_key",
  secretAccessKey = "secret_access_key", secret_key = "secret_access_key", SessionToken = "session_token",
  Token = "session_token", aws_session_token = "session_token", sessionToken = "session_token",
  token = "session_token", security_token = "session_token", Expiration = "expiration", expires = "expiration",
}

--- Members of requests by another name; the first that the structure has is meant. Names that a member merely ends
--- with (JobId, VaultName, Tags) need no row.
habits.MEMBERS = {
  tagkeys = { "TagKeyList" }, taglist = { "Tags", "RecoveryPointTags", "BackupVaultTags" },
  marker = { "NextToken" }, startingtoken = { "NextToken" }, token = { "NextToken", "IdempotencyToken" },
  pagesize = { "MaxResults" }, maxitems = { "MaxResults" }, limit = { "MaxResults" }, maxrecords = { "MaxResults" },
  clienttoken = { "IdempotencyToken", "CreatorRequestId" }, role = { "IamRoleArn" },
  clientrequesttoken = { "IdempotencyToken", "CreatorRequestId" }, vault = { "BackupVaultName" },
  resource = { "ResourceArn" }, arn = { "ResourceArn", "RecoveryPointArn", "BackupVaultArn" },
  completionwindowminutes = { "CompleteWindowMinutes" },
  completewindowminutes = { "CompletionWindowMinutes" }, name = { "BackupVaultName", "BackupPlanName" },
  id = { "BackupJobId", "BackupPlanId", "CopyJobId", "RestoreJobId", "ReportJobId", "ScanJobId", "LegalHoldId" },
  kmskeyid = { "EncryptionKeyArn" }, kmskeyarn = { "EncryptionKeyArn" }, status = { "ByStatus", "ByState" },
  state = { "ByState", "ByStatus" },
}

--- Methods and fields of an emulator that it has not. The text is what to write.
habits.EMULATOR = {
  speed = "emulator.new { speed = 60 }, or emulator:advance(seconds)", set_speed = "emulator.new { speed = 60 }",
  tick = "emulator:advance(seconds)", sleep = "emulator:advance(seconds)", wait = "emulator:advance(seconds)",
  fail = "emulator:fail_job(resource_arn, message) or emulator:inject { ... }",
  reset = "emulator.new { ... } once more",
  vaults = "emulator:create_vault(name)",
}

--- Options of an emulator by another name.
habits.EMULATOR_OPTIONS = {
  account = 'account_id = "123456789012"', region_name = 'region = "eu-west-1"',
  vaults = "emulator:create_vault(name)",
  time_scale = "speed = 60", access_key_id = CREDENTIALS, secret_access_key = CREDENTIALS,
}

-- Case, hyphens and underscores are no difference.
local function folded(name)
  return (ascii.lower(tostring(name)):gsub("[_%-%s]", ""))
end

local function fold(rows)
  local by_fold = {}
  for name, text in pairs(rows) do by_fold[folded(name)] = text end
  return by_fold
end

local FOLDED = {}
for _, rows in ipairs { habits.OPTIONS, habits.METHODS, habits.EMULATOR, habits.EMULATOR_OPTIONS } do
  FOLDED[rows] = fold(rows)
end

--- What to write in place of a name, or nil.
---@param rows table<string, string>  # one of the tables above
---@param name any
---@return string?
function habits.look_up(rows, name)
  return FOLDED[rows][folded(name)]
end

--- The member that a name stands for: by habit, or the only one that ends with it.
---@param shape { members: { name: string }[], by_name: table }
---@param name string
---@return string?
function habits.member(shape, name)
  for _, candidate in ipairs(habits.MEMBERS[folded(name)] or {}) do
    if shape.by_name[candidate] then return candidate end
  end
  local wanted, found = folded(name), nil
  if #wanted < 4 then return nil end
  for _, member in ipairs(shape.members) do
    local lowered = ascii.lower(member.name)
    if #lowered > #wanted and lowered:sub(-#wanted) == wanted then
      if found then return nil end
      found = member.name
    end
  end
  return found
end

return habits
