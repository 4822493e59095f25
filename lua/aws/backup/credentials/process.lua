--- Credentials from a program that the profile names as credential_process (SDK reference guide, "Process credential
--- provider"). The program is run without a shell, with the environment of this one and nothing to read; what it
--- prints is a secret and shown nowhere, what it complains of is shown.

local ascii = require "aws.backup.ascii"
local command_line = require "aws.backup.credentials.command_line"
local document = require "aws.backup.credentials.document"
local errors = require "aws.backup.errors"
local number = require "aws.backup.codec.number"
local snapshot = require "aws.backup.credentials.snapshot"
local time = require "aws.backup.codec.time"
local visible = require "aws.backup.codec.visible"

local process = {}

local MAX_OUTPUT_BYTES = 1024 * 1024
local LONGEST_COMPLAINT = 500

-- A short first pause lets fast programs answer fast; the cap bounds what a slow one costs in wake-ups.
local FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.002, 0.1

local ANSWER = {
  Version = "number", AccessKeyId = "text", SecretAccessKey = "text", SessionToken = "text?", Expiration = "time?",
  AccountId = "text?",
}
local VERSION = 1
local NAMES = {
  access_key_id = "AccessKeyId", secret_access_key = "SecretAccessKey", session_token = "SessionToken",
  account_id = "AccountId",
}

-- Ids for the User-Agent: from a profile, and from a process.
local FEATURES = { "v", "w" }

local SHELL_HINT = "; it runs without a shell, so |, $, ~, ;, & and the like are plain text to it: "
  .. "if they are meant for a shell, write sh -c '...'"

-- What the program complained of, if it did.
local function complaint(stderr)
  local text = ascii.trim(stderr)
  return text ~= "" and "; it says: " .. visible.text(text, LONGEST_COMPLAINT) or ""
end

-- Waits without keeping the host from its work. Returns what the program did, or nil and what kept it from an end.
local function wait_for(context, child, seconds, deadline)
  local ending = context.monotonic() + seconds
  if deadline and deadline < ending then ending = deadline end
  local pause = FIRST_PAUSE_SECONDS
  while not child:step(0) do
    local left = ending - context.monotonic()
    if left <= 0 then
      child:kill()
      local reason = ending == deadline and "the time of the call was over before it ended"
        or ("it did not end within %s seconds"):format(number.float_text(seconds))
      return nil, "was killed: " .. reason .. complaint(child:stderr())
    end
    context.sleep(math.min(pause, left))
    pause = math.min(pause * 2, LONGEST_PAUSE_SECONDS)
  end
  local result, reason = child:result()
  if result then return result end
  if reason == "too_large" then return nil, ("was killed: it wrote more than %d bytes"):format(MAX_OUTPUT_BYTES) end
  return nil, "came to no end that can be told: " .. reason
end

-- What the program told, or nil and what went wrong.
local function read(result)
  if result.signal then return nil, ("was ended by signal %d"):format(result.signal) .. complaint(result.stderr) end
  if result.status ~= 0 then return nil, ("ended with status %d"):format(result.status) .. complaint(result.stderr) end
  local answer, fault = document.read(result.stdout, ANSWER)
  if not answer then return nil, "printed what " .. fault .. complaint(result.stderr) end
  if answer.Version ~= VERSION then return nil, ("printed a Version other than %d"):format(VERSION) end
  return answer
end

local function to_snapshot(answer, account_id, where)
  return snapshot.check({
    access_key_id = answer.AccessKeyId, secret_access_key = answer.SecretAccessKey,
    session_token = answer.SessionToken, expiration = answer.Expiration,
    account_id = answer.AccountId or account_id, features = FEATURES,
  }, "what the " .. where .. " printed", NAMES)
end

-- The program and its arguments, or nil and an error. It does not show the command, whose arguments may be secrets.
local function arguments_of(command, where)
  local argv, fault = command_line.split(command)
  if argv and (argv[1] or "") == "" then argv, fault = nil, "it names no program" end
  if argv then return argv end
  return nil, errors.new("ConfigError", { message = ("the %s can't be run: %s"):format(where, fault) })
end

--- The provider for a profile with credential_process.
---@param context aws.backup.CredentialsContext
---@param options { command: string, profile_name: string, account_id: string? }  account_id: if the program tells none
---@return table provider
function process.new(context, options)
  local where = ('credential_process of the profile "%s"'):format(visible.text(options.profile_name))
  local provider = { name = "process" }

  local function fault(message)
    return nil, errors.new("CredentialsError", {
      message = ("the %s gave no credentials: %s%s"):format(where, message,
        command_line.expects_shell(options.command) and SHELL_HINT or ""),
    })
  end

  function provider.get(_, deadline)
    local argv, failure = arguments_of(options.command, where)
    if not argv then return nil, failure end
    local child, message = context.spawn(argv, { max_output_bytes = MAX_OUTPUT_BYTES })
    if not child then return fault(visible.text(message)) end
    local program = visible.text(argv[1])
    local result, answer
    result, message = wait_for(context, child, context.settings.process_timeout, deadline)
    if result then answer, message = read(result) end
    if not answer then return fault(program .. " " .. message) end
    local found
    found, failure = to_snapshot(answer, options.account_id, where)
    if found and snapshot.has_expired(found, context.clock()) then
      return fault(("%s printed credentials that expired at %s"):format(program, time.iso8601(found.expiration)))
    end
    return found, failure
  end

  return provider
end

return process
