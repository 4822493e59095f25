--- What the emulator's specs share: a caller that writes, signs and sends operations as a client does, and
--- an emulator whose clock stands still until a test moves it.

local codec = require "aws.backup.codec"
local core = require "aws.backup.core"
local emulator = require "aws.backup.emulator"
local parse = require "aws.backup.codec.parse"
local serialize = require "aws.backup.codec.serialize"
local time = require "aws.backup.codec.time"

local helper = {}

--- The moment at which every test begins: 2026-01-02T03:04:05Z.
helper.START = 1767323045

helper.CREDENTIALS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }
helper.ROLE = "arn:aws:iam::123456789012:role/service-role/AWSBackupDefaultServiceRole"
helper.VOLUME = "arn:aws:ec2:us-east-1:123456789012:volume/vol-0123456789abcdef0"
helper.FILE_SYSTEM = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-0123456789abcdef0"
helper.STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/0a1b2c3d-0000-1111-2222-333344445555"

helper.codec = codec.new()

local signer = core.new_signer()

--- An emulator whose wall clock stands at START.
---@param options? table
---@return table emulator
function helper.new(options)
  local given = { clock = function() return helper.START end }
  for name, value in pairs(options or {}) do given[name] = value end
  return emulator.new(given)
end

--- Signs a request in place.
---@param request table  # method, path, query, headers, body
---@param options? table  # credentials, region, service, timestamp, signed_headers
---@return table request
function helper.sign(request, options)
  options = options or {}
  local credentials = options.credentials or helper.CREDENTIALS
  local timestamp = options.timestamp or time.amz_date(helper.START)
  request.headers["x-amz-date"] = timestamp
  request.headers["x-amz-security-token"] = credentials.session_token
  local signed = assert(signer:sign(
    { method = request.method, path = request.path, query = request.query, headers = request.headers,
      body = request.body },
    { access_key_id = credentials.access_key_id, secret_access_key = credentials.secret_access_key },
    { region = options.region or "us-east-1", service = options.service or "backup", timestamp = timestamp },
    { signed_headers = options.signed_headers }))
  request.headers.authorization = signed.authorization
  return request
end

--- The signed request of an operation.
---@param name string
---@param params? table
---@param options? table  # see `sign`
---@return table request
function helper.request(name, params, options)
  local operation = assert(helper.codec:operation(name))
  local request = assert(serialize.request(operation, params or {}))
  request.headers = request.headers or {}
  request.headers.host = "backup.us-east-1.amazonaws.com"
  return helper.sign(request, options)
end

--- Sends an operation and reads the answer.
---@param target table  # an emulator
---@param name string
---@param params? table
---@param options? table
---@return table? output
---@return table? failure  # code, message, details, status; or the kind of a lost connection
---@return table? response
function helper.call(target, name, params, options)
  local response, kind, message = target:send(helper.request(name, params, options))
  if not response then return nil, { kind = kind, message = message } end
  local operation = helper.codec:operation(name)
  if response.status < 300 then return assert(parse.output(operation, response)), nil, response end
  local failure = parse.failure(operation, response)
  failure.status = response.status
  return nil, failure, response
end

--- Sends an operation that must succeed.
---@return table output
function helper.must(target, name, params)
  local output, failure = helper.call(target, name, params)
  if not output then error(("%s: %s: %s"):format(name, failure.code or failure.kind, failure.message), 2) end
  return output
end

--- Sends an operation that must be refused.
---@return table failure
function helper.refused(target, name, params)
  local output, failure = helper.call(target, name, params)
  if output then error(name .. " was not refused", 2) end
  return failure
end

--- The parameters of a job that would be accepted, with changes.
---@param changes? table
---@return table params
function helper.job(changes)
  local params = { BackupVaultName = "vault", ResourceArn = helper.VOLUME, IamRoleArn = helper.ROLE }
  for name, value in pairs(changes or {}) do params[name] = value end
  return params
end

--- An emulator with the vault "vault".
---@param options? table
---@return table emulator
function helper.with_vault(options)
  local target = helper.new(options)
  target:create_vault("vault")
  return target
end

--- Starts a job and returns its id.
---@return string id
function helper.start(target, changes)
  return helper.must(target, "StartBackupJob", helper.job(changes)).BackupJobId
end

--- Describes a job.
---@return table job
function helper.describe(target, id)
  return helper.must(target, "DescribeBackupJob", { BackupJobId = id })
end

--- The recovery points of the vault "vault".
---@return table[]
function helper.points(target, params)
  local all = { BackupVaultName = "vault" }
  for name, value in pairs(params or {}) do all[name] = value end
  return helper.must(target, "ListRecoveryPointsByBackupVault", all).RecoveryPoints
end

--- How many recovery points the vault "vault" counts.
---@return integer
function helper.count(target)
  return helper.must(target, "DescribeBackupVault", { BackupVaultName = "vault" }).NumberOfRecoveryPoints
end

return helper
