-- Run by fork_spec.lua: a function that runs in parallel forks while the calls of others are under way. Each side
-- writes what became of each item.

local library, url = ...

local backup = require "aws.backup"
local split = assert(package.loadlib(library, "split"))
local join = assert(package.loadlib(library, "join"))

local function new_client(path)
  return backup.client {
    region = "eu-west-1", env = {}, credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
    endpoint_url = url .. path, retry_mode = "off", read_timeout = 1.5,
  }
end

local quick, silent = new_client(""), new_client("/silent")
local side = "parent"

local function start(client, token)
  return client:start_backup_job {
    BackupVaultName = "Default", IdempotencyToken = token, ResourceArn = "arn:aws:dynamodb:eu-west-1:1:table/orders",
    IamRoleArn = "arn:aws:iam::123456789012:role/backup",
  }.BackupJobId
end

local results = backup.parallel({ "a", "b", "fork", "c" }, function(item)
  if item ~= "fork" then return start(silent, item) end
  assert(start(quick, "before") == "before")
  if split(true) then side = "child" end
  return start(quick, side)
end)

local words = {}
for index, result in ipairs(results) do
  words[index] = result.ok and result.value
    or (backup.is(result.error, "TransportError") and result.error.kind or tostring(result.error))
end
io.write(side, ": ", table.concat(words, " "), "\n")
io.flush()
if side == "parent" then assert(join(true), "the child has failed") end
