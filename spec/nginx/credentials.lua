--- What runs in the nginx of spec/nginx/shared_credentials_spec.lua: a client of AWS Backup in each worker, and the
--- services that it meets. The dictionary `counts` is seen by all workers: `fetches` of credentials, and up to which of
--- these they are `expired`.

-- luacheck: std ngx_lua

local backup = require "aws.backup"

local credentials = {}

-- The client of this worker, made by the first request.
local client

local function new_client()
  local url = "http://127.0.0.1:" .. ngx.var.server_port
  return backup.client {
    region = "eu-west-1", endpoint_url = url, shared_dict = "aws_credentials",
    env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = url .. "/credentials" },
  }
end

--- Makes a call, and tells which worker made it with which key.
function credentials.call()
  client = client or new_client()
  client:list_backup_vaults()
  ngx.say(("%d %s"):format(ngx.worker.pid(), client:credentials().access_key_id))
end

--- Plays the endpoint of container credentials. It takes a moment, in which everybody else arrives.
function credentials.give_credentials()
  local count = ngx.shared.counts:incr("fetches", 1, 0)
  ngx.sleep(0.1)
  ngx.print(('{"AccessKeyId":"K%d","SecretAccessKey":"S","Token":"T%d","Expiration":"2099-01-01T00:00:00Z"}'):format(
    count, count))
end

--- Plays ListBackupVaults, for those whose credentials have not expired.
function credentials.list_vaults()
  local count = ngx.var.http_authorization:match("Credential=K(%d+)/")
  if tonumber(count) > (ngx.shared.counts:get("expired") or 0) then return ngx.print('{"BackupVaultList":[]}') end
  ngx.status = ngx.HTTP_FORBIDDEN
  ngx.header["x-amzn-ErrorType"] = "ExpiredTokenException"
  ngx.print('{"message":"The security token included in the request is expired"}')
end

--- Tells how often credentials were fetched.
function credentials.tell_fetches()
  ngx.print(ngx.shared.counts:get("fetches") or 0)
end

--- Lets all credentials expire that have been fetched so far.
function credentials.expire()
  ngx.shared.counts:set("expired", ngx.shared.counts:get("fetches"))
end

return credentials
