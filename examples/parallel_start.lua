#!/usr/bin/env lua
--- Starts a backup job for each of many resources, many at a time, and with --wait follows all of them to their end.
--
--   lua examples/parallel_start.lua --vault Default --role ARN RESOURCE_ARN ...
--   aws ec2 describe-volumes ... | lua examples/parallel_start.lua --vault Default --role ARN
--
-- Region and credentials come from the environment (AWS_REGION, AWS_ACCESS_KEY_ID, ...). With --emulator the service
-- is an object in this process: no account, no network, and time that passes as fast as it is waited for.

local backup = require "aws.backup"

local USAGE = [[
usage: parallel_start.lua --vault NAME --role ARN [options] [RESOURCE_ARN ...]

Without resources, their ARNs are read from the standard input, one a line; empty lines and those that begin with #
are skipped.

  --vault NAME         the vault that keeps the recovery points
  --role ARN           the IAM role that AWS Backup assumes
  --region REGION      default: AWS_REGION or AWS_DEFAULT_REGION
  --delete-after DAYS  delete the recovery points after so many days
  --concurrency N      how many resources are dealt with at a time (default: 64)
  --wait               follow each job until it has ended
  --timeout SECONDS    with --wait: give up on a job after so long
  --emulator           run against an emulator in this process
  -h, --help           print this

Each resource that went well is a line on the standard output: its ARN, the job's id, and with --wait the job's state,
separated by tabs. What happens, and what fails, goes to the error output.

exit status:
  0    all jobs were started (with --wait: they ended COMPLETED or PARTIAL)
  1    some failed and others went well; or it could not begin: no region, no credentials
  2    bad arguments or settings
  130  interrupted by Ctrl-C; jobs that were started go on
and if none went well, by what the first of them met:
  3    the service said no
  4    no network: the service was not reached, or its answer made no sense
  5    with --wait: the job ended badly (ABORTED, FAILED, EXPIRED)
  6    with --timeout: time ran out before the job ended; it goes on
]]

local EXIT_SOME_FAILED, EXIT_USAGE = 1, 2

local TEXT, NUMBER, FLAG = "text", "number", "flag"
local OPTIONS = {
  ["--vault"] = TEXT, ["--role"] = TEXT, ["--region"] = TEXT, ["--delete-after"] = NUMBER, ["--concurrency"] = NUMBER,
  ["--timeout"] = NUMBER, ["--wait"] = FLAG, ["--emulator"] = FLAG, ["--help"] = FLAG,
  ["-h"] = FLAG,
}

local function bad_arguments(message)
  io.stderr:write("parallel_start.lua: ", message, "\n\n", USAGE)
  os.exit(EXIT_USAGE)
end

local function read_value(name, kind, value)
  if value == nil then
    bad_arguments(name .. " needs a value; one that begins with -- is written " .. name .. "=VALUE")
  end
  if kind == TEXT then return value end
  if not value:find("^%d+$") then bad_arguments(name .. " needs a whole number, not " .. value) end
  return tonumber(value)
end

-- Both --name VALUE and --name=VALUE; what begins with no hyphen is a resource.
local function read_arguments(arguments)
  local options, resources, index = {}, {}, 1
  while index <= #arguments do
    local name, value = arguments[index]:match("^(%-%-[%w-]+)=(.*)$")
    name = name or arguments[index]
    local kind = OPTIONS[name]
    if kind == FLAG then
      if value then bad_arguments(name .. " takes no value") end
      options[name] = true
    elseif kind then
      if value == nil and not (arguments[index + 1] or "--"):find("^%-%-") then
        index = index + 1
        value = arguments[index]
      end
      options[name] = read_value(name, kind, value)
    elseif name:find("^%-") then
      bad_arguments("there is no option " .. name)
    else
      resources[#resources + 1] = name
    end
    index = index + 1
  end
  return options, resources
end

local function read_resources(file)
  local resources = {}
  for line in file:lines() do
    local arn = line:match("^%s*(.-)%s*$")
    if arn ~= "" and arn:sub(1, 1) ~= "#" then resources[#resources + 1] = arn end
  end
  return resources
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

-- What is done for one resource: its job's id, and its state if it is to be known.
local function start_job(client, options, resource)
  local started = client:start_backup_job {
    BackupVaultName = options["--vault"],
    ResourceArn = resource,
    IamRoleArn = options["--role"],
    Lifecycle = options["--delete-after"] and { DeleteAfterDays = options["--delete-after"] } or nil,
  }
  if not options["--wait"] then return { id = started.BackupJobId } end
  io.stderr:write(("%s: job %s is under way\n"):format(resource, started.BackupJobId))
  local job = client:wait_for_backup_job(started.BackupJobId, { timeout = options["--timeout"] })
  return { id = started.BackupJobId, state = job.State }
end

-- A line for each resource that is done with.
local function report(done, total, resource, result)
  local outcome = result.ok and (result.value.state or "started") or tostring(result.error)
  io.stderr:write(("%d/%d %s: %s\n"):format(done, total, resource, outcome))
end

-- Returns how many failed, and what the first of them met.
local function print_results(resources, results)
  local failed, failure = 0, nil
  for index, result in ipairs(results) do
    if result.ok then
      local job = result.value
      print(resources[index] .. "\t" .. job.id .. (job.state and "\t" .. job.state or ""))
    else
      failed, failure = failed + 1, failure or result.error
    end
  end
  io.stderr:write(("%d of %d went well, %d failed\n"):format(#results - failed, #results, failed))
  return failed, failure
end

local function run(options, resources)
  local client = options["--emulator"] and emulated_client(options) or backup.client { region = options["--region"] }
  local results = backup.parallel(resources, function(resource)
    return start_job(client, options, resource)
  end, { concurrency = options["--concurrency"], on_progress = report })
  client:close()
  local failed, failure = print_results(resources, results)
  if failed == #results then error(failure, 0) end
  return failed > 0 and EXIT_SOME_FAILED or 0
end

local options, resources = read_arguments(arg)
if options["--help"] or options["-h"] then
  io.write(USAGE)
  os.exit(0)
end
for _, name in ipairs({ "--vault", "--role" }) do
  if not options[name] then bad_arguments(name .. " is required") end
end
if #resources == 0 then resources = read_resources(io.stdin) end
if #resources == 0 then bad_arguments("there is no resource, neither as an argument nor on the standard input") end

-- Prints what goes wrong, and ends with the status that USAGE tells.
backup.main(function() return run(options, resources) end)
