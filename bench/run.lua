--- Each stage of a call beside the least that it could cost, in the same run. Read the ratios, not the times.

local backup = require "aws.backup"
local cjson = require("cjson").new()
local codec = require("aws.backup.codec").new()
local core = require "aws.backup.core"
local layers = require "layers"
local parse = require "aws.backup.codec.parse"
local ratio = require "ratio"
local sample = require "sample"
local serialize = require "aws.backup.codec.serialize"
local validate = require "aws.backup.codec.validate"

local KEYS, PARAMS = sample.keys, sample.params
local start = codec:operation("StartBackupJob")
local list = codec:operation("ListBackupJobs")

local function page_of_jobs(count)
  local jobs = {}
  for index = 1, count do
    jobs[index] = string.format('{"BackupJobId":"D48D8717-0C9D-72DF-1F56-%012d","BackupVaultName":"Default",'
      .. '"ResourceArn":"arn:aws:ec2:eu-west-1:123456789012:volume/vol-0a1b2c3d4e5f%05x","CreationDate":1516925490.087,'
      .. '"State":"COMPLETED","PercentDone":"100.0","BackupSizeInBytes":8589934592,"IsParent":false}', index, index)
  end
  return { status = 200, headers = {}, body = '{"BackupJobs":[' .. table.concat(jobs, ",") .. '],"NextToken":"x"}' }
end

local function signing()
  local signer = core.new_signer()
  local parts = assert(serialize.request(start, PARAMS))
  local headers = {
    host = "backup.eu-west-1.amazonaws.com", ["content-type"] = "application/json",
    ["x-amz-date"] = "20260102T030405Z",
  }
  local request = { method = parts.method, path = parts.path, body = parts.body, headers = headers }
  local key = core.sha256("key")
  return function() assert(signer:authorize(request, KEYS, "eu-west-1", "backup", headers["x-amz-date"])) end,
    function() -- two hashes and one HMAC are what no signer with a warm key can do without
      core.sha256_hex(parts.body)
      core.sha256_hex("canonical request")
      core.hmac_sha256(key, "string to sign")
    end
end

local function encoding()
  return function() assert(serialize.request(start, PARAMS)) end, function() cjson.encode(PARAMS) end
end

local function checking()
  return function() assert(validate.check(start, PARAMS, true)) end, function() cjson.encode(PARAMS) end
end

local function decoding()
  local response = page_of_jobs(100)
  return function() assert(parse.output(list, response)) end, function() cjson.decode(response.body) end
end

local function a_call()
  local client = backup.client { region = "eu-west-1", credentials = KEYS, transport = function()
    return { status = 200, headers = {}, body = '{"BackupJobId":"J","CreationDate":1516925490.087}' }
  end }
  return function() client:start_backup_job(PARAMS) end
end

local function whole_call()
  return a_call(), (signing())
end

local function layers_of_a_call()
  return layers.new(KEYS), a_call()
end

local CASES = {
  { "sign a request, beside its hashes alone", signing },
  { "serialize StartBackupJob, beside cjson.encode", encoding },
  { "validate StartBackupJob, beside cjson.encode", checking },
  { "parse a page of 100 jobs, beside cjson.decode", decoding },
  { "a whole call without the network, beside signing", whole_call },
  { "credentials and retries of a warm call, beside it", layers_of_a_call },
}

local function allocations()
  local work, call = layers_of_a_call()
  local added, all = layers.bytes_of(work), layers.bytes_of(call)
  print(string.format("%-52s %9.0f B   %9.0f B   x %5.3f", "allocated by these layers, beside the call", added, all,
    added / all))
end

for _, case in ipairs(CASES) do
  local measured = ratio.measure(case[2]())
  print(string.format("%-52s %9.2f us  %9.2f us  x %5.3f", case[1], measured.work, measured.floor, measured.ratio))
end
allocations()
