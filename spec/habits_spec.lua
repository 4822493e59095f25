-- What people write who know boto3: each is answered with what to write here.

local backup = require "aws.backup"
local emulator = require "aws.backup.emulator"

local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }

local function client(more)
  local options = { region = "eu-west-1", credentials = KEYS, env = {} }
  options.transport = emulator.new { region = "eu-west-1" }
  for name, value in pairs(more or {}) do options[name] = value end
  return backup.client(options)
end

local function told(wanted, fn, ...)
  local fine, err = pcall(fn, ...)
  assert.is_false(fine)
  assert.truthy(tostring(err):find(wanted, 1, true), wanted .. " is not in: " .. tostring(err))
  assert.is_nil(tostring(err):find("wJalrXUtnFEMI", 1, true))
end

describe("habits", function()
  it("of options are answered with the option", function()
    for name, wanted in pairs {
      region_name = "write region =", aws_access_key_id = "write credentials = { access_key_id",
      aws_secret_access_key = "write credentials = {", aws_session_token = "write credentials = {",
      AccessKeyId = "write credentials = {", profile_name = "write profile =", verify = "verify_tls",
      config = "max_attempts",
      use_ssl = "endpoint_url", api_version = "2018-11-15", retries = "max_attempts", speed = "aws.backup.emulator",
      max_pool_connections = "max_connections", Region_Name = "write region =",
    } do
      told(wanted, client, { [name] = "wJalrXUtnFEMI" })
    end
    told("write { name = value }", backup.client, "backup")
  end)

  it("of credentials are answered with the names of their fields", function()
    local given = { AccessKeyId = "AKIDEXAMPLE", SecretAccessKey = "wJalrXUtnFEMI", SessionToken = "wJalrXUtnFEMI" }
    for _, credentials in ipairs { given, function() return given end } do
      told("write access_key_id for AccessKeyId, secret_access_key for SecretAccessKey, session_token for SessionToken",
        function() client({ credentials = credentials }):credentials() end)
    end
  end)

  it("of methods are answered with what is here", function()
    local made = client()
    for name, wanted in pairs {
      get_paginator = "NextToken", can_paginate = "NextToken", get_waiter = "client:wait_for_backup_job(id)",
      exceptions = "backup.is(err", generate_presigned_url = "client:prepare", region_name = "client.meta.region",
    } do
      told(wanted, function() return made[name] end)
    end
  end)

  it("of arguments are answered with a table", function()
    told("write client:describe_backup_job { BackupJobId = ... }",
      function() client():describe_backup_job("some-id") end)
    told("write client:list_backup_jobs { ... }", function() client():list_backup_jobs("x") end)
    told("BackupVaultName = ..., ResourceArn = ..., IamRoleArn = ...", function() client():start_backup_job("x") end)
  end)

  it("of colons and dots are answered with the other", function()
    told("call client with a dot: backup.client(", function() backup:client {} end)
    told("call is with a dot", function() backup:is({}, "Error") end)
    told("call parallel with a dot", function() backup:parallel({}, print) end)
    told("call progress with a dot", function() backup:progress() end)
    told("call date with a dot", function() backup:date(0) end)
    told("call main with a dot", function() backup:main(print) end)
    told("call json with a dot", function() backup:json({}) end)
    told("call new with a dot", function() emulator:new {} end)
    local made = emulator.new()
    for name, argument in pairs { inject = {}, advance = 5, create_vault = "vault", fail_job = "arn", send = {} } do
      told("call " .. name .. " with a colon: emulator:" .. name .. "(", made[name], argument)
    end
    for _, name in ipairs { "now", "operations" } do told("with a colon", made[name]) end
  end)

  it("of an emulator's speed are answered with the option", function()
    local made = emulator.new()
    told("emulator.new { speed = 60 }", function() made:speed(60) end)
    told("emulator.new { speed = 60 }", function() made.speed = 60 end)
    told("speed = 60", emulator.new, { speed = "fast" })
    told("did you mean speed?", emulator.new, { sped = 60 })
    told("write account_id", emulator.new, { account = "1" })
    assert.is_nil(made.close)
  end)

  it("of hooks name the hook that was meant", function()
    told("reqest is none of them; did you mean request?", client, { on = { reqest = print } })
    told("retry or credentials; zzzzzzzzzzzz is none of them", client, { on = { zzzzzzzzzzzz = print } })
    told("request is a number", client, { on = { request = 1 } })
  end)
end)
