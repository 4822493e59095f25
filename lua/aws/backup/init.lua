--- lua-aws-backup: a client for AWS Backup (API version 2018-11-15).
--
-- The public face. Nothing happens at load: no environment, no file and no network is touched before
-- `client` is called.
--
--     local backup = require "aws.backup"
--     local client = backup.client { region = "eu-west-1" }
--     local job = client:start_backup_job { BackupVaultName = "Default", ResourceArn = "...", IamRoleArn = "..." }

local client = require "aws.backup.client"
local date = require "aws.backup.date"
local errors = require "aws.backup.errors"
local json_text = require "aws.backup.json_text"
local main = require "aws.backup.main"
local parallel = require "aws.backup.parallel"
local progress = require "aws.backup.progress"
local raise = require "aws.backup.raise"
local returning = require "aws.backup.returning"
local version = require "aws.backup.version"

local backup = {
  _VERSION = version,
  errors = errors,
}

-- A colon hands the module itself in where the first argument should be.
local function check_dot(first, name)
  if first ~= backup then return end
  error(errors.new("ClientError", { message = ("call %s with a dot: backup.%s(...)"):format(name, name) }), 0)
end

--- Makes a client. Every option is optional; an option beats its environment variable.
---@param options? aws.backup.Options
---@return aws.backup.Client client  with `raise = false` nil if there can be none
---@return aws.backup.Error? err  with `raise = false` alone
-- Raises ConfigError (an unknown or malformed option or environment value), NoRegionError, EndpointError.
function backup.client(options)
  check_dot(options, "client")
  if type(options) == "table" and options.raise == false then return returning(client.new)(options) end
  local made, failure = client.new(options)
  if not made then raise(failure) end
  return made
end

--- Whether something that `pcall` caught is an error of the named class, or of one below it.
-- Safe for every value. `backup.is(err, "vault_missing")` holds for both answers that the service gives for a
-- vault that is not there.
---@param caught any
---@param name string  a class name ("ServiceError"), an error code ("AccessDeniedException") or "vault_missing"
---@return boolean
function backup.is(caught, name)
  check_dot(caught, "is")
  return errors.is(caught, name)
end

--- Writes a time of the service for people, in UTC, the same on every Lua and under every locale.
--
--     backup.date(job.CreationDate)          --> 2026-01-02T03:04:05.087Z
--     backup.date(job.CreationDate, "%F")    --> 2026-01-02
---@param seconds number  since 1970-01-01T00:00:00Z, as the answers have them, with or without a fraction
---@param format? string  as for os.date, "*t" too; default: ISO 8601, with milliseconds when there are any
---@return string|osdate
-- Raises ClientError for what is no time (of the years 1 to 9999) and for a format that has no meaning.
function backup.date(seconds, format)
  check_dot(seconds, "date")
  return date.write(seconds, format)
end

--- Writes a value as JSON, with sorted keys. Of an operation's output the operation says what an empty table is: `[]`
-- where its shape is a list, `{}` elsewhere; without its name an empty table is `{}`. Integers are exact, times are
-- numbers.
--
--     backup.json((client:list_backup_vaults()), "ListBackupVaults")   --> {"BackupVaultList":[]}
---@param value any  tables, strings, numbers, booleans
---@param operation? string  either form of its name: "ListBackupVaults" or "list_backup_vaults"
---@return string
-- Raises ClientError for what JSON can't say (a cycle, NaN, a function, what is not UTF-8), with its place, and for
-- what is no output of the operation.
function backup.json(value, operation)
  check_dot(value, "json")
  return json_text.write(value, operation)
end

--- Runs a script and ends the process: an error is a text on the error output, without a traceback where it is none of
-- the program's own, and the exit status says of which kind it is. Ctrl-C says what goes on at AWS.
--
--     backup.main(function()
--       local client = backup.client()
--       client:wait_for_backup_job(arg[1])
--     end)
--
-- 0: it returned (what it returns may be a status of its own, 0 to 255; false is 1). 1: anything that is not below.
-- 2: ParamValidationError, ConfigError, EndpointError. 3: ServiceError. 4: TransportError, ResponseError.
-- 5: JobFailedError. 6: WaitTimeoutError. 130: Ctrl-C.
---@param fn fun(): any
-- Raises ClientError for what is no function, and ConfigError inside nginx.
function backup.main(fn)
  check_dot(fn, "main")
  main.run_and_exit(fn)
end

--- Runs a function for each item, many at a time, in this one thread: while one waits in a call of a client, others go
-- on. aws.backup.parallel tells what such a function may do.
--
--     local results = backup.parallel(arns, function(arn)
--       return client:start_backup_job { BackupVaultName = "Default", ResourceArn = arn, IamRoleArn = role }
--     end)
--     for index, result in ipairs(results) do
--       if not result.ok then io.stderr:write(arns[index], ": ", tostring(result.error), "\n") end
--     end
---@param items any[]
---@param fn fun(item: any, index: integer): any
---@param options? aws.backup.ParallelOptions  concurrency: how many are under way at most (64);
---  on_progress(done, total, item, result): called after each
---@return aws.backup.ParallelResult[]  `{ ok = true, value = }` or `{ ok = false, error = }` each, in the items' order
-- Raises ClientError for items that are no list and an fn that is no function, ConfigError for options; what
-- on_progress raises; and what ends a program (Ctrl-C), once what was under way is cancelled.
function backup.parallel(items, fn, options)
  check_dot(items, "parallel")
  return parallel.run(items, fn, options)
end

--- Makes an `on_progress` function for the wait methods: a bar that is redrawn in place where the file is a
-- terminal, a plain line for each change elsewhere. Waits that are under way together share one, which shows a bar for
-- each job.
---@param file? file*  default: io.stderr; or an object with write and flush
---@return fun(job: table)
-- Raises ClientError for what is no open file, and out of the function for what is no job.
function backup.progress(file)
  check_dot(file, "progress")
  if file == nil then file = io.stderr end
  return progress.new(file)
end

return backup
