#!/usr/bin/env lua
--- Starts an on-demand backup job and, with --wait, follows it to its end.
--
--   lua examples/start_backup_job.lua --vault Default --resource ARN --role ARN --wait
--
-- Region and credentials come from the environment (AWS_REGION, AWS_ACCESS_KEY_ID, ...). With --emulator the service
-- is an object in this process: no account, no network, and time that passes as fast as it is waited for.

local backup = require "aws.backup"

local USAGE = [[
usage: start_backup_job.lua --vault NAME --resource ARN --role ARN [options]

  --vault NAME              the vault that keeps the recovery point
  --resource ARN            what to back up
  --role ARN                the IAM role that AWS Backup assumes
  --region REGION           default: AWS_REGION or AWS_DEFAULT_REGION
  --start-window MINUTES    how long the job may wait for its start (at least 60)
  --complete-window MINUTES how long it may take, counted from now
  --cold-after DAYS         move the recovery point to cold storage after so many days
  --delete-after DAYS       delete it after so many days (at least 90 after the move)
  --tag KEY=VALUE           a tag for the recovery point; may be repeated
  --windows-vss             make a VSS-consistent backup of a Windows instance
  --token TOKEN             names the request: the same token never starts a second job
  --wait                    follow the job until it has ended
  --timeout SECONDS         with --wait: give up after so long
  --interval SECONDS        with --wait: ask every so often (default: after 2 seconds, then more and more rarely)
  --emulator                run against an emulator in this process
  -h, --help                print this

exit status:
  0    the job was started (with --wait: it ended COMPLETED or PARTIAL)
  1    it could not begin, or failed in another way: no region, no credentials
  2    bad arguments or settings
  3    the service said no
  4    no network: the service was not reached, or its answer made no sense
  5    with --wait: the job ended badly (ABORTED, FAILED, EXPIRED)
  6    with --timeout: time ran out before the job ended; it goes on
  130  interrupted by Ctrl-C; a job that was started goes on
]]

local EXIT_USAGE = 2

local TEXT, NUMBER, FLAG, TAG = "text", "number", "flag", "tag"
local OPTIONS = {
  ["--vault"] = TEXT, ["--resource"] = TEXT, ["--role"] = TEXT, ["--region"] = TEXT, ["--token"] = TEXT,
  ["--start-window"] = NUMBER, ["--complete-window"] = NUMBER, ["--cold-after"] = NUMBER,
  ["--delete-after"] = NUMBER, ["--timeout"] = NUMBER, ["--interval"] = NUMBER, ["--tag"] = TAG,
  ["--windows-vss"] = FLAG, ["--wait"] = FLAG, ["--emulator"] = FLAG, ["--help"] = FLAG, ["-h"] = FLAG,
}

local function bad_arguments(message)
  io.stderr:write("start_backup_job.lua: ", message, "\n\n", USAGE)
  os.exit(EXIT_USAGE)
end

local function read_value(options, name, kind, value)
  if value == nil then
    bad_arguments(name .. " needs a value; one that begins with -- is written " .. name .. "=VALUE")
  end
  if kind == NUMBER then
    if not value:find("^%-?%d+$") then bad_arguments(name .. " needs a whole number, not " .. value) end
    options[name] = tonumber(value)
  elseif kind == TAG then
    local key, text = value:match("^([^=]+)=(.*)$")
    if not key then bad_arguments("--tag needs KEY=VALUE") end
    options[name] = options[name] or {}
    options[name][key] = text
  else
    options[name] = value
  end
end

-- Both --name VALUE and --name=VALUE.
local function read_options(arguments)
  local options, index = {}, 1
  while index <= #arguments do
    local name, value = arguments[index]:match("^(%-%-[%w-]+)=(.*)$")
    name = name or arguments[index]
    local kind = OPTIONS[name]
    if not kind then
      bad_arguments((name:find("^%-") and "there is no option " or "nothing is to be done with the argument ") .. name)
    end
    if kind == FLAG then
      if value then bad_arguments(name .. " takes no value") end
      options[name] = true
    else
      if value == nil and not (arguments[index + 1] or "--"):find("^%-%-") then
        index = index + 1
        value = arguments[index]
      end
      read_value(options, name, kind, value)
    end
    index = index + 1
  end
  return options
end

local function to_params(options)
  local lifecycle
  if options["--cold-after"] or options["--delete-after"] then
    lifecycle = {
      MoveToColdStorageAfterDays = options["--cold-after"],
      DeleteAfterDays = options["--delete-after"],
    }
  end
  return {
    BackupVaultName = options["--vault"],
    ResourceArn = options["--resource"],
    IamRoleArn = options["--role"],
    IdempotencyToken = options["--token"],
    StartWindowMinutes = options["--start-window"],
    CompleteWindowMinutes = options["--complete-window"],
    Lifecycle = lifecycle,
    RecoveryPointTags = options["--tag"],
    BackupOptions = options["--windows-vss"] and { WindowsVSS = "enabled" } or nil,
  }
end

-- Where an emulator is: where the service would be, or anywhere.
local function emulated_region(options)
  for _, region in ipairs({ options["--region"] or "", os.getenv("AWS_REGION") or "",
      os.getenv("AWS_DEFAULT_REGION") or "" }) do
    if region ~= "" then return region end
  end
  return "us-east-1"
end

-- A client whose service is in this process. Waiting moves the emulator's clock instead of the wall's.
local function emulated_client(options)
  local region = emulated_region(options)
  local emulator = require("aws.backup.emulator").new { region = region }
  local client = backup.client {
    region = region,
    credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
    transport = emulator,
    runtime = { sleep = function(seconds) emulator:advance(seconds) end },
  }
  client:create_backup_vault { BackupVaultName = options["--vault"] }
  return client
end

local function print_members(job)
  local names = {}
  for name, value in pairs(job) do
    if type(value) ~= "table" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do print(string.format("%-24s %s", name, tostring(job[name]))) end
end

local function follow(client, started, options)
  local job, children = client:wait_for_backup_job(started.BackupJobId, {
    timeout = options["--timeout"],
    interval = options["--interval"],
    max_interval = options["--interval"],
    on_progress = backup.progress(io.stderr),
  })
  print_members(job)
  for _, child in ipairs(children or {}) do
    print(string.format("child %s %s %s", child.BackupJobId, child.State, child.StatusMessage or ""))
  end
end

-- The same as client:start_backup_job, with a word on what is missing.
local function start(client, params)
  local ok, started, meta = pcall(client.start_backup_job, client, params)
  if ok then return started, meta end
  if backup.is(started, "vault_missing") then
    io.stderr:write("the vault must exist first: client:create_backup_vault { BackupVaultName = ... }\n")
  end
  error(started, 0)
end

local function run(options)
  local client = options["--emulator"] and emulated_client(options)
    or backup.client { region = options["--region"] }
  local started, meta = start(client, to_params(options))
  print(string.format("started %s (request id %s)", started.BackupJobId, tostring(meta.request_id)))
  if options["--wait"] then follow(client, started, options) end
  client:close()
end

local options = read_options(arg)
if options["--help"] or options["-h"] then
  io.write(USAGE)
  os.exit(0)
end
for _, name in ipairs({ "--vault", "--resource", "--role" }) do
  if not options[name] then bad_arguments(name .. " is required") end
end

-- Prints what goes wrong, and ends with the status that USAGE tells.
backup.main(function() run(options) end)
