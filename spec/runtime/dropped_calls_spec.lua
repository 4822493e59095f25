-- Calls whose coroutine goes away in the midst of them, and what becomes of all others.

local backup = require "aws.backup"
local core = require "aws.backup.core"
local services = require "spec.services.server"

local CREDENTIALS = '{"AccessKeyId":"AKID","SecretAccessKey":"S","Token":"T","Expiration":"2099-01-01T00:00:00Z"}'
local LONG_SECONDS = 20
local MOMENT_SECONDS = 0.1
local close = coroutine.close -- luacheck: ignore

describe("a call that comes after one whose coroutine", function()
  local service

  setup(function() service = services.start() end)
  teardown(function() service:stop() end)

  local function new_client(more)
    local options = {
      region = "eu-west-1", endpoint_url = service.url, runtime = { sleep = coroutine.yield },
      env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = service.url .. "/credentials" },
    }
    for name, value in pairs(more or {}) do options[name] = value end
    return backup.client(options)
  end

  -- Begins a call, and lets it go as far as it comes in a moment.
  local function begin(fn)
    local thread = coroutine.create(fn)
    local ending = core.monotonic() + MOMENT_SECONDS
    while core.monotonic() < ending do
      local _, seconds = assert(coroutine.resume(thread))
      assert.equal("suspended", coroutine.status(thread))
      core.sleep(seconds)
    end
    return thread
  end

  -- Makes a call to its end, and returns how long that took.
  local function time_of(fn)
    local begun, thread = core.monotonic(), coroutine.create(fn)
    while true do
      local _, seconds = assert(coroutine.resume(thread))
      if coroutine.status(thread) == "dead" then return core.monotonic() - begun end
      core.sleep(seconds)
    end
  end

  local function script_slow_credentials()
    service:script {
      { path = "/backup-vaults/", body = '{"BackupVaultList":[]}' },
      { path = "/credentials", times = 1, body = CREDENTIALS, delay = LONG_SECONDS },
      { path = "/credentials", body = CREDENTIALS },
    }
  end

  local function script_slow_call()
    service:script {
      { path = "/credentials", body = CREDENTIALS },
      { path = "/backup-vaults/", times = 1, body = '{"BackupVaultList":[]}', delay = LONG_SECONDS },
      { path = "/backup-vaults/", body = '{"BackupVaultList":[]}' },
    }
  end

  -- What may become of a coroutine.
  local ENDS = {
    dropped = function() end,
    closed = close and function(thread)
      close(thread)
      return thread
    end,
  }

  for name, go_away in pairs(ENDS) do
    it("was " .. name .. " while fetching credentials goes on within a second", function()
      script_slow_credentials()
      local client = new_client()
      local function call() client:list_backup_vaults() end
      local thread = begin(call)
      thread = go_away(thread)
      assert.is_true(time_of(call) < 1.2)
      assert.is_true(thread == nil or coroutine.status(thread) == "dead")
    end)

    it("was " .. name .. " with the only connection goes on within a second", function()
      script_slow_call()
      local client = new_client { max_connections = 1 }
      local function call() client:list_backup_vaults() end
      local thread = begin(call)
      thread = go_away(thread)
      assert.is_true(time_of(call) < 1.2)
      assert.is_true(thread == nil or coroutine.status(thread) == "dead")
    end)
  end
end)
