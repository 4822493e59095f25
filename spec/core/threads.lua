-- Run by build/threads (spec/core/threads.c): eight threads load the client at the same moment, and each makes calls
-- of its own, half of them over TLS, runs programs, and checks that every answer is its own.

local THREADS, CALLS, PROGRAMS = 8, 1000, 10

-- Each thread runs this very file again, with its number.
local number, url, tls_url, certificate = ...

local function call()
  local client = require("aws.backup").client {
    region = "eu-west-1", env = {}, credentials = { access_key_id = "AKID" .. number, secret_access_key = "SECRET" },
    endpoint_url = number % 2 == 0 and tls_url or url, ca_bundle = certificate,
  }
  for index = 1, CALLS do
    local token = ("thread-%d-call-%d"):format(number, index)
    local job, meta = client:start_backup_job {
      BackupVaultName = "Default", IdempotencyToken = token,
      ResourceArn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
      IamRoleArn = "arn:aws:iam::123456789012:role/backup",
    }
    assert(job.BackupJobId == token, job.BackupJobId)
    assert(meta.attempts == 1, "an answer came at the second attempt only")
  end
  client:close()
end

local function run_programs()
  local core = require "aws.backup.core"
  for index = 1, PROGRAMS do
    local said = ("thread %d, program %d\n"):format(number, index)
    local program = assert(core.spawn { "printf", "%s", said })
    while not program:step(1) do collectgarbage() end
    assert(program:result().stdout == said)
  end
end

local function start_threads()
  local server = require("spec.core.server").start()
  -- luacheck: globals in_threads
  local failures = in_threads(THREADS, "spec/core/threads.lua", server.url, "https://localhost:" .. server.tls_port,
    server.certificate)
  server:stop()
  assert(#failures == 0, table.concat(failures, "\n"))
  print(("%d threads made %d calls and ran %d programs each"):format(THREADS, CALLS, PROGRAMS))
end

if number then
  call()
  run_programs()
else
  start_threads()
end
