--- The HTTP endpoint: starts a backup job, reports jobs. Answers are JSON, failures too.

-- luacheck: std ngx_lua

local cjson = require "cjson.safe"

local backup = require "aws.backup"
local client = require "backup_client"

local backup_api = {}

-- What is told of a job in a list of them.
local REPORTED = {
  "BackupJobId", "State", "StatusMessage", "PercentDone", "ResourceArn", "BackupVaultName", "CreationDate",
  "CompletionDate", "RecoveryPointArn",
}

local THROTTLING = { "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded" }

local TOO_MANY_REQUESTS, BAD_GATEWAY = 429, 502

local function answer(status, value)
  ngx.status = status
  ngx.header.content_type = "application/json"
  ngx.say(cjson.encode(value))
end

local function refuse(status, code, message)
  return answer(status, { error = code, message = message })
end

-- Only what the method is for gets through.
local function is_method(name)
  if ngx.req.get_method() == name then return true end
  ngx.header.allow = name
  refuse(ngx.HTTP_NOT_ALLOWED, "MethodNotAllowed", "this path is for " .. name)
  return false
end

local function is_throttling(err)
  for _, code in ipairs(THROTTLING) do
    if backup.is(err, code) then return true end
  end
  return backup.is(err, "ServiceError") and err.http_status == TOO_MANY_REQUESTS
end

local function status_of(err)
  if backup.is(err, "ParamValidationError") then return ngx.HTTP_BAD_REQUEST end
  if backup.is(err, "vault_missing") or backup.is(err, "ResourceNotFoundException") then return ngx.HTTP_NOT_FOUND end
  if is_throttling(err) then return TOO_MANY_REQUESTS end
  return BAD_GATEWAY
end

-- The whole error is for the log. Whoever asked learns what the service said, and not what lies between us and it.
local function tell_failure(err)
  if not backup.is(err, "Error") then
    ngx.log(ngx.ERR, tostring(err))
    return refuse(ngx.HTTP_INTERNAL_SERVER_ERROR, "InternalError", "the log of this server tells more")
  end
  local status = status_of(err)
  if status == BAD_GATEWAY then ngx.log(ngx.ERR, tostring(err)) end
  local is_told = status ~= BAD_GATEWAY or backup.is(err, "ServiceError")
  answer(status, {
    error = err.code, message = is_told and err.message or "AWS Backup could not be asked",
    violations = err.violations, request_id = err.request_id,
  })
end

-- Makes a call; nil if it failed, which has been told then.
local function call(operation, params)
  local fine, output = pcall(client.call, client, operation, params)
  if fine then return output end
  tell_failure(output)
  return nil
end

local function read_params()
  ngx.req.read_body()
  return cjson.decode(ngx.req.get_body_data() or "")
end

--- POST /backups: starts the job that the body describes, with the members of StartBackupJob.
function backup_api.start_job()
  if not is_method("POST") then return end
  local params, fault = read_params()
  if type(params) ~= "table" then
    return refuse(ngx.HTTP_BAD_REQUEST, "NoJson", "the body must be a JSON object: " .. tostring(fault or "it is none"))
  end
  local job = call("StartBackupJob", params)
  if not job then return end
  ngx.header.location = "/jobs/" .. job.BackupJobId
  answer(ngx.HTTP_ACCEPTED, { BackupJobId = job.BackupJobId })
end

local function reported(job)
  local report = {}
  for _, name in ipairs(REPORTED) do report[name] = job[name] end
  return report
end

--- GET /jobs?state=FAILED&since=2026-01-02T03:04:05Z: reports jobs, a page at a time. The `next` of a page, given as an
--- argument of that name, asks for the page after it.
function backup_api.list_jobs()
  if not is_method("GET") then return end
  local arguments = ngx.req.get_uri_args()
  local page = call("ListBackupJobs", {
    ByState = arguments.state, ByCreatedAfter = arguments.since, NextToken = arguments.next,
  })
  if not page then return end
  local jobs = {}
  for index, job in ipairs(page.BackupJobs or {}) do jobs[index] = cjson.encode(reported(job)) end
  -- cjson would make an object of an empty list.
  ngx.header.content_type = "application/json"
  ngx.say('{"jobs":[', table.concat(jobs, ","), '],"next":', cjson.encode(page.NextToken or cjson.null), "}")
end

--- GET /jobs/ID: reports one job.
---@param id string
function backup_api.describe_job(id)
  if not is_method("GET") then return end
  local job = call("DescribeBackupJob", { BackupJobId = id })
  if job then answer(ngx.HTTP_OK, reported(job)) end
end

return backup_api
