-- Run by fork_spec.lua: a client makes calls, the process is forked, and both sides go on with that client. Each side
-- checks that it gets its own answers over its own connections, and writes what it has found.

local library, way, url, certificate = ...
local CALLS = 50
local AT_ONCE = 8
local TEST_TIMEOUT = 20 -- seconds; no test may hang

local backup = require "aws.backup"
local split = assert(package.loadlib(library, "split"))
local join = assert(package.loadlib(library, "join"))

local client = backup.client {
  region = "eu-west-1", env = {}, credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
  endpoint_url = url, ca_bundle = certificate, max_connections = way == "bounded" and 1 or nil, timeout = TEST_TIMEOUT,
}

-- Makes a call and returns the connection that its answer came over.
local function call(token)
  local job, meta = client:start_backup_job {
    BackupVaultName = "Default", IdempotencyToken = token,
    ResourceArn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
    IamRoleArn = "arn:aws:iam::123456789012:role/backup",
  }
  assert(job.BackupJobId == token, token .. " got the answer of " .. job.BackupJobId)
  assert(meta.attempts == 1, token .. " was sent more than once")
  return meta.headers["x-connection"]
end

local function one_by_one(tokens)
  local connections = {}
  for index, token in ipairs(tokens) do connections[index] = call(token) end
  return connections
end

local function at_once(tokens)
  local connections = {}
  for index, result in ipairs(backup.parallel(tokens, call, { concurrency = AT_ONCE })) do
    assert(result.ok, result.error)
    connections[index] = result.value
  end
  return connections
end

local call_all = way == "parallel" and at_once or one_by_one

local function tokens_of(side, count)
  local tokens = {}
  for index = 1, count do tokens[index] = side .. "-" .. index end
  return tokens
end

-- "3" for the same connection three times, "3 4" for two.
local function different(connections)
  local seen, list = {}, {}
  for _, connection in ipairs(connections) do
    if not seen[connection] then list[#list + 1] = connection end
    seen[connection] = true
  end
  table.sort(list)
  return table.concat(list, " ")
end

local function write(side, connections)
  io.write(side, ": ", different(connections), "\n")
  io.flush()
end

write("before", call_all(tokens_of("before", AT_ONCE)))
if split(true) then
  write("child", call_all(tokens_of("child", CALLS)))
else
  write("parent", call_all(tokens_of("parent", CALLS)))
  assert(join(true), "the child has failed")
  write("after", call_all(tokens_of("after", AT_ONCE)))
end
