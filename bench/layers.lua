--- What the credential and retry layers do in a warm call that succeeds at its first attempt, and nothing else: the
-- same steps that `call.run` and `attempt.make` take through them. Beside a whole call they must not show.

local clock_skew = require "aws.backup.clock_skew"
local config = require "aws.backup.config"
local context = require "aws.backup.credentials.context"
local core = require "aws.backup.core"
local credentials = require "aws.backup.credentials"
local retry = require "aws.backup.retry"
local time = require "aws.backup.codec.time"

local layers = {}

local LIFETIME_SECONDS = 3600

local function discard() end

-- Credentials with an end, as an instance or a pod has them, fetched once.
local function refreshing_source(env)
  local settings = assert(config.resolve { region = "eu-west-1", env = env })
  return assert(credentials.resolve(nil, context.new(settings, {
    transport = { send = function() return nil, "connect", "no network here" end },
    clock = core.time, monotonic = core.monotonic, sleep = discard, random = math.random, user_agent = "bench",
  })))
end

--- One pass through the layers.
---@param keys { access_key_id: string, secret_access_key: string }
---@return fun()
function layers.new(keys)
  local env = {
    AWS_ACCESS_KEY_ID = keys.access_key_id, AWS_SECRET_ACCESS_KEY = keys.secret_access_key,
    AWS_SESSION_TOKEN = "token",
    AWS_CREDENTIAL_EXPIRATION = time.iso8601(core.time() + LIFETIME_SECONDS),
  }
  local source = refreshing_source(env)
  local policy = retry.new("standard", 3, math.random, core.monotonic)
  local skew = clock_skew.new(core.time, core.monotonic)
  return function()
    local held_back = policy.limiter and policy.limiter.acquire()
    local header = ("attempt=%d; max=%d"):format(1, 3)
    assert(source:get(nil))
    skew:now()
    policy:succeeded_at_once()
    return held_back, header
  end
end

--- Bytes that one run of some work allocates.
---@param work fun()
---@return number
function layers.bytes_of(work)
  local times = 2000
  work()
  collectgarbage("collect")
  collectgarbage("stop")
  local before = collectgarbage("count")
  for _ = 1, times do work() end
  local bytes = (collectgarbage("count") - before) * 1024 / times
  collectgarbage("restart")
  return bytes
end

return layers
