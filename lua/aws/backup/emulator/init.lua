--- The embedded endpoint: an AWS Backup control plane in one Lua object. It is a transport, so a client runs on it with
--- no account and no network; `aws.backup.emulator.nginx` serves the same object over HTTP.
---
---     local emulator = require("aws.backup.emulator").new { region = "eu-west-1" }
---     local client = backup.client { transport = emulator, region = "eu-west-1", credentials = { ... } }
---
--- Nothing is global: several emulators live side by side and know nothing of each other.

local ascii = require "aws.backup.ascii"
local core = require "aws.backup.core"
local codec = require "aws.backup.codec"
local habits = require "aws.backup.habits"

local answer = require "aws.backup.emulator.answer"
local authenticate = require "aws.backup.emulator.authenticate"
local check = require "aws.backup.emulator.check"
local failure = require "aws.backup.emulator.failure"
local faults = require "aws.backup.emulator.faults"
local operations = require "aws.backup.emulator.operations"
local options = require "aws.backup.emulator.options"
local reader = require "aws.backup.emulator.request"
local router = require "aws.backup.emulator.router"
local machine = require "aws.backup.emulator.job_machine"
local vaults = require "aws.backup.emulator.vaults"
local world = require "aws.backup.emulator.world"

local emulator = {}

---@class aws.backup.Emulator
local methods = {}
local metatable = { __name = "aws.backup.Emulator" }

--- Methods, and what to write for what others have; anything else is not there, as a transport's `close` may be.
function metatable.__index(_, name)
  local habit = methods[name] == nil and habits.look_up(habits.EMULATOR, name)
  if habit then error(("an emulator has no %s; write %s"):format(tostring(name), habit), 2) end
  return methods[name]
end

function metatable.__newindex(self, name, value)
  local habit = habits.look_up(habits.EMULATOR, name)
  if habit then error(("%s can't be set; write %s"):format(tostring(name), habit), 2) end
  rawset(self, name, value)
end

-- How a method is called, for those who write a dot.
local function check_self(self, name)
  if type(self) == "table" and rawequal(getmetatable(self), metatable) then return end
  error(("call %s with a colon: emulator:%s(...)"):format(name, name), 3)
end

--- Makes an emulator.
---@param given? aws.backup.EmulatorOptions  # see options.lua; an unknown one raises
---@return aws.backup.Emulator
function emulator.new(given)
  if given == emulator then error('call new with a dot: require("aws.backup.emulator").new { ... }', 2) end
  local settings, message = options.complete(given)
  if not settings then error("emulator: " .. message, 2) end
  local operations_codec = codec.new()
  return setmetatable({
    _settings = settings,
    _codec = operations_codec,
    _router = router.new(operations_codec:routes()),
    _signer = core.new_signer(),
    _faults = faults.new(),
    _world = world.new(settings),
  }, metatable)
end

-- The answer of the operation itself, once it is clear which one and who asks.
local function perform(self, operation, labels, request)
  local handler = operations.handler(operation.name)
  if not handler then
    return nil, failure.new("NotImplementedException",
      ("The emulator does not implement %s yet."):format(operation.name))
  end
  local params, unreadable = reader.read(operation, labels, request.query, request.body)
  if not params then return nil, unreadable end
  local fine, invalid = check.params(operation, params)
  if not fine then return nil, invalid end
  return handler(self._world, params)
end

-- The path is unknown (404), or is known with other methods (405): AWS answers both with the same exception.
local function no_operation(allowed)
  local refusal = failure.new("UnknownOperationException", "There is no operation with this path.")
  if allowed then
    refusal.status, refusal.message = 405, "There is no operation with this path and method."
    refusal.headers = { allow = table.concat(allowed, ", ") }
  end
  return nil, refusal
end

local function answer_call(self, request, now, match, allowed)
  local signer, refusal = authenticate.verify(
    { signer = self._signer, region = self._settings.region, credentials = self._settings.credentials, now = now },
    request)
  if not signer then return nil, refusal end
  if not match then return no_operation(allowed) end
  return perform(self, self._codec:operation(match.name), match.labels, request)
end

--- Answers one request: the contract of a transport.
---@param request { method: string, path: string, query: string?, headers: table, body: string? }  # path and query as
---they go over the wire: escaped
---@return { status: integer, headers: table<string, string>, body: string }? response
---@return string? kind  # of an injected failure of the connection
---@return string? message
function methods:send(request)
  check_self(self, "send")
  self._world:catch_up()
  local normalized = {
    method = request.method, path = request.path, query = request.query, headers = ascii.lower_names(request.headers),
    body = request.body,
  }
  local match, allowed = self._router:match(request.method, request.path, request.query)
  local fault = self._faults:take(match and match.name)
  if fault and fault.kind then return nil, fault.kind, fault.message or "injected: " .. fault.kind end
  local context = { now = self._settings.clock(), request_id = self._world.new_uuid() }
  if fault then return answer.refusal(context, fault.failure) end
  local output, refusal = answer_call(self, normalized, context.now, match, allowed)
  if not output then return answer.refusal(context, refusal) end
  return answer.success(context, self._codec:operation(match.name), output)
end

--- The virtual time.
---@return number seconds  # since the epoch
function methods:now()
  check_self(self, "now")
  self._world:catch_up()
  return self._world:now()
end

--- Moves the virtual time ahead: jobs go through their states, windows pass, lifecycles act, each in its order.
---@param seconds number  # at least 0
function methods:advance(seconds)
  check_self(self, "advance")
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds < math.huge) then
    error("advance takes a number of seconds, at least 0", 2)
  end
  self._world:catch_up()
  self._world.clock:advance(seconds)
  self._world:catch_up()
end

--- Makes a job of a resource fail: the one under way at once; if there is none, the next one, midway through its run.
---@param resource_arn string  # of the resource; of a child's resource if one part of a stack or cluster is to fail
---@param message string  # the job's StatusMessage
---@return string? job_id  # of the job that failed; nil: the next one will
function methods:fail_job(resource_arn, message)
  check_self(self, "fail_job")
  if type(resource_arn) ~= "string" or resource_arn == "" then error("fail_job takes the ARN of a resource", 2) end
  if type(message) ~= "string" or message == "" then error("fail_job takes the message of the failure", 2) end
  self._world:catch_up()
  return machine.fail(self._world, resource_arn, message)
end

--- Makes calls fail: with an answer (`error`) or with no answer at all (`kind`).
---@param fault { operation: string?, times: integer?, after: integer?, error: table?, kind: string?, message: string? }
---`operation`: only calls of this one, in either form of its name; `times`: how many calls (1); `after`: how many such
---calls go well first (0); `error`: { code, message, status, headers }; `kind`: of a transport failure, as in "reset"
---@return { remove: fun() } handle
function methods:inject(fault)
  check_self(self, "inject")
  local name
  if type(fault) == "table" and fault.operation ~= nil then
    local operation = self._codec:operation(fault.operation)
    if not operation then error("there is no operation " .. tostring(fault.operation), 2) end
    name = operation.name
  end
  local handle, message = self._faults:add(fault, name)
  if not handle then error(message, 2) end
  return handle
end

-- What CreateBackupVault takes, and the names of vaults that AWS makes itself.
local function is_vault_name(name)
  return type(name) == "string" and #name >= 2 and #name <= 50
    and (name:find("^[A-Za-z0-9_-]+$") or name:find("^aws/[A-Za-z0-9_/-]*[A-Za-z0-9_-]$")) ~= nil
end

--- Makes a vault without a call, for the start of a test.
---@param name string  # 2 to 50 letters, digits, hyphens and underscores, or such as aws/efs/automatic-backup-vault
---@return string vault_arn
function methods:create_vault(name)
  check_self(self, "create_vault")
  if not is_vault_name(name) then
    error("a vault's name has 2 to 50 letters, digits, hyphens and underscores; only those that AWS makes itself begin "
      .. "with aws/", 2)
  end
  self._world:catch_up()
  local vault = self._world.vaults:get(name) or vaults.create(self._world, name)
  return vault.arn
end

--- All operations of the API, and whether the emulator implements them.
---@return table<string, boolean>
function methods:operations()
  check_self(self, "operations")
  local implemented = {}
  for _, name in ipairs(self._codec.model.names) do implemented[name] = operations.handler(name) ~= nil end
  return implemented
end

return emulator
