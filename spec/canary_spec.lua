-- No secret leaves: random ones are planted in every provider and call, everything goes well and then wrong in every
-- way at hand, and all that a person could come to see is searched for them.

local backup = require "aws.backup"
local core = require "aws.backup.core"
local home = require "spec.services.home"
local scenarios = require "spec.services.scenarios"
local server = require "spec.services.server"

local START = {
  BackupVaultName = "nightly", ResourceArn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
  IamRoleArn = "arn:aws:iam::123456789012:role/backup",
}
local STARTED = { method = "PUT", path = "/backup-jobs", body = '{"BackupJobId":"J-1"}' }

-- What can come of an answer.
local MUTATIONS = {
  { name = "is good", apply = function() end },
  { name = "is cut", apply = function(entry) entry.body = entry.body:sub(1, math.floor(#entry.body * 0.8)) end },
  { name = "is not what was asked for", apply = function(entry)
    entry.body = '["' .. entry.body:gsub('"', "'") .. '"]'
  end },
  { name = "has failed", apply = function(entry) entry.status = 500 end },
  { name = "is refused", apply = function(entry) entry.status = 403 end },
  { name = "has expired", apply = function(entry)
    entry.body = entry.body:gsub("20%d%d(%-%d%d%-%d%dT)", "2001%1"):gsub('"expiration":%d+', '"expiration":1000')
  end },
  { name = "comes never", apply = function(entry) entry.close = true end },
}

-- Everything that can be read off a value, keys and metatables' texts included.
local function texts_of(value, seen, texts)
  texts[#texts + 1] = tostring(value)
  if type(value) ~= "table" or seen[value] then return texts end
  seen[value] = true
  for key, item in pairs(value) do
    texts_of(key, seen, texts)
    texts_of(item, seen, texts)
  end
  return texts
end

-- Secrets of a run, and all that was seen in it.
local function new_watch()
  local watch = { secrets = {}, seen = {} }

  function watch.secret(kind)
    local text = "CANARY" .. core.hex(assert(core.random(12)))
    watch.secrets[#watch.secrets + 1] = { kind = kind, text = text }
    return text
  end

  function watch.see(...)
    for index = 1, select("#", ...) do
      local texts = texts_of((select(index, ...)), {}, {})
      watch.seen[#watch.seen + 1] = table.concat(texts, "\n")
    end
  end

  -- The kinds of secrets that were seen; none is what is hoped for.
  function watch.leaks()
    local all, leaks = table.concat(watch.seen, "\n"), {}
    for _, secret in ipairs(watch.secrets) do
      if all:find(secret.text, 1, true) then leaks[#leaks + 1] = secret.kind end
    end
    if all:find(scenarios.DPOP_KEY:match("\n(%S+)\n"), 1, true) then leaks[#leaks + 1] = "DPoP key" end
    return leaks
  end

  return watch
end

describe("a secret", function()
  local playing, place

  setup(function() playing = server.start() end)
  teardown(function() playing:stop() end)
  before_each(function() place = home.new() end)
  after_each(function() place:remove() end)

  local function watched_client(watch, env, more)
    local see = watch.see
    local options = {
      env = env, debug = see, timeout = 5, connect_timeout = 1, read_timeout = 1,
      on = { request = see, response = see, retry = see, credentials = see },
      runtime = { sleep = function(seconds) core.sleep(math.min(seconds, 0.002)) end },
    }
    for name, value in pairs(more or {}) do options[name] = value end
    return backup.client(options)
  end

  -- A call with sensitive members, and all that a script could print about it.
  local function run(watch, client)
    local params = { RecoveryPointTags = { [watch.secret("tag key")] = watch.secret("tag value") } }
    for name, value in pairs(START) do params[name] = value end
    watch.see(xpcall(function() return client:start_backup_job(params) end, function(err)
      watch.see(err, debug.traceback(tostring(err)))
      return err
    end))
    params.BackupVaultName = "not a vault"
    watch.see(select(2, pcall(client.start_backup_job, client, params)))
    params.BackupVaultName = "nightly"
    local prepared, request = pcall(client.prepare, client, "StartBackupJob", params)
    watch.see(prepared and tostring(request) or request, prepared and request:as_curl())
    watch.see(tostring(client), client)
  end

  for _, scenario in ipairs(scenarios.ALL) do
    for _, mutation in ipairs(MUTATIONS) do
      it(("of %s is not shown when an answer %s"):format(scenario.name, mutation.name), function()
        for index = 1, math.max(#(scenario.make(tostring).script or {}), 1) do
          local watch = new_watch()
          local made = scenario.make(watch.secret)
          local env = scenarios.set_up(made, place, playing)
          local script = scenarios.script(made)
          if script[index] then mutation.apply(script[index]) end
          script[#script + 1] = STARTED
          playing:script(script)
          local client = watched_client(watch, env)
          run(watch, client)
          client:close()
          assert.is_true(#watch.seen > 5)
          assert.same({}, watch.leaks())
        end
      end)
    end
  end

  it("in a proxy's URL is not shown", function()
    local watch = new_watch()
    local password = watch.secret("proxy password")
    for _, env in ipairs({
      { HTTP_PROXY = "http://me:" .. password .. "@127.0.0.1:1" },
      { HTTP_PROXY = "me:" .. password .. "@127.0.0.1:1" },
      { HTTP_PROXY = "ftp://me:" .. password .. "@127.0.0.1:1" },
      { HTTP_PROXY = "http://me:" .. password .. "@" },
      { HTTP_PROXY = "http://me:" .. password .. "%0A@127.0.0.1:1" },
      { HTTP_PROXY = "http://me:/" .. password .. "@127.0.0.1:1" },
      { HTTP_PROXY = "http://" .. password .. "%3A:me@127.0.0.1:1" },
    }) do
      env.AWS_REGION, env.AWS_ENDPOINT_URL = "us-east-1", "http://backup.example"
      env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY = "AKID", watch.secret("secret key")
      local made, client = pcall(watched_client, watch, env)
      watch.see(client)
      if made then run(watch, client) end
    end
    assert.same({}, watch.leaks())
  end)

  it("in a file that can't be parsed is not shown", function()
    local watch = new_watch()
    for _, text in ipairs({ "[default]\naws_secret_access_key %s\n", "[%s", "%s = 1\n", "[default]\n  %s\n",
        "[default]\naws_access_key_id = %s\n", "[profile %s]\nregion = x\n[default\n" }) do
      place:write(".aws/credentials", (text:format(watch.secret("line of a file"))))
      local made, client = pcall(watched_client, watch, { HOME = place.path, AWS_REGION = "us-east-1",
        AWS_EC2_METADATA_DISABLED = "true" })
      watch.see(client)
      if made then watch.see(select(2, pcall(client.list_backup_vaults, client))) end
    end
    -- An access key id is no secret; the other lines are.
    assert.same({}, watch.leaks())
  end)

  it("in the command or the output of a credential process is not shown when it fails", function()
    local watch = new_watch()
    for _, tool in ipairs({ "echo %s; exit 1", "echo %s", "echo '{\"Version\":1,\"SecretAccessKey\":\"%s\"}'",
        "echo '{\"Version\":2,\"SecretAccessKey\":\"%s\"}'" }) do
      place:write("tool.sh", (tool:format(watch.secret("output"))))
      place:write(".aws/config", ("[default]\ncredential_process = /bin/sh %s/tool.sh --password %s\n")
        :format(place.path, watch.secret("argument")))
      run(watch, watched_client(watch, { HOME = place.path, AWS_REGION = "us-east-1" }))
    end
    assert.same({}, watch.leaks())
  end)

  it("is not written to standard error by a script that asks for the log", function()
    local watch = new_watch()
    playing:script({ STARTED })
    local script = place:write("script.lua", ([[
      local client = require("aws.backup").client {}
      print(client, client:start_backup_job { BackupVaultName = "nightly", ResourceArn = "%s", IamRoleArn = "%s",
        RecoveryPointTags = { owner = "%s" } })
    ]]):format(START.ResourceArn, START.IamRoleArn, watch.secret("tag value")))
    local pipe = assert(io.popen(("env -i PATH=\"$PATH\" LUA_PATH=\"$LUA_PATH\" LUA_CPATH=\"$LUA_CPATH\" "
      .. "AWS_BACKUP_DEBUG=1 AWS_REGION=us-east-1 AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=AKID "
      .. "AWS_SECRET_ACCESS_KEY=%s AWS_SESSION_TOKEN=%s ${LUA:-lua} %s 2>&1"):format(
      playing.url, watch.secret("secret key"), watch.secret("session token"), script)))
    local output = pipe:read("*a")
    pipe:close()
    watch.see(output)
    assert.truthy(output:find("aws.backup: StartBackupJob: attempt 1 of 3: PUT " .. playing.url, 1, true), output)
    assert.truthy(output:find("HTTP 200", 1, true))
    assert.same({}, watch.leaks())
  end)
end)
