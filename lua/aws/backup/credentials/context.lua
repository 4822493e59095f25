--- What every credential provider is handed: the settings, and its only ways to the outside. All HTTP goes through the
-- client's own transport, all waiting through its runtime, so that a provider blocks no host that the client does not.

local http = require "aws.backup.credentials.http"
local shared_files = require "aws.backup.shared_files"

local context = {}

local function discard() end

---@class aws.backup.CredentialsContext
---@field settings table
---@field getenv fun(name: string): string?  # blank counts as not set
---@field files { read: function, replace: function }
---@field shared table  # the shared config and credentials files
---@field home? string
---@field region? string
---@field profile_name string
---@field profile_is_explicit boolean  # selected in code, not by the environment
---@field clock fun(): number  # epoch seconds
---@field monotonic fun(): number  # seconds
---@field sleep fun(seconds: number)  # may yield
---@field new_gate? fun(): { wait: fun(seconds: number), open: fun() }  # see aws.backup.runtime.gate
---@field new_claim? fun(renew: fun()?): { is_held: (fun(): boolean), release: fun() }  # see aws.backup.runtime.claim
---@field random fun(): number  # in [0, 1)
---@field uuid fun(): string?, string?
---@field log fun(format: string, ...)  # never a secret
---@field http table
---@field spawn fun(argv: string[], options: table): table?, string?

---@param settings table  from aws.backup.config
---@param ways { region: string?, transport: table, clock: function, monotonic: function, sleep: function,
---  new_gate: function?, new_claim: function?, random: function, uuid: function, user_agent: string,
---  log: function?, spawn: function }
---@return aws.backup.CredentialsContext
function context.new(settings, ways)
  local log = ways.log or discard
  return {
    settings = settings, getenv = settings.getenv, files = settings.files, shared = settings.shared,
    home = shared_files.home(settings.getenv), region = ways.region,
    profile_name = settings.profile_name, profile_is_explicit = settings.profile_source == "option",
    clock = ways.clock, monotonic = ways.monotonic, sleep = ways.sleep, new_gate = ways.new_gate,
    new_claim = ways.new_claim, random = ways.random, uuid = ways.uuid, spawn = ways.spawn, log = log,
    http = http.new {
      transport = ways.transport, clock = ways.clock, monotonic = ways.monotonic, sleep = ways.sleep,
      user_agent = ways.user_agent, log = log,
    },
  }
end

return context
