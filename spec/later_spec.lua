-- Calls later, with an nginx that is played. spec/nginx/phases_spec.lua and calls_spec.lua have a real one.

local backup = require "aws.backup"

describe("client:later", function()
  local real_ngx, phase, timers, running, refusal, asked, answers
  before_each(function()
    real_ngx, phase, timers, running, refusal, asked, answers = rawget(_G, "ngx"), "log", {}, 0, nil, {}, {}
    local function at(delay, run, ...)
      assert.equal(0, delay)
      if refusal then return nil, refusal end
      local arguments = { ... }
      timers[#timers + 1] = function(premature) return run(premature, arguments[1], arguments[2]) end
      return 1
    end
    rawset(_G, "ngx", {
      get_phase = function() return phase end,
      timer = { at = at, running_count = function() return running end, pending_count = function() return #timers end },
    })
  end)
  after_each(function() rawset(_G, "ngx", real_ngx) end)

  local function new_client()
    return backup.client {
      region = "eu-west-1", env = {}, credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
      retry_mode = "off", transport = function(request)
        asked[#asked + 1] = request.path .. (request.body or "")
        local answer = table.remove(answers, 1)
        if answer then return nil, answer end
        return { status = 200, headers = {}, body = '{"BackupVaultName":"Default"}' }
      end,
    }
  end

  local function failure_of(...)
    local fine, failure = pcall(...)
    assert.is_false(fine)
    return failure
  end

  it("makes the call in a timer, and tells its outcome and meta", function()
    local client, told = new_client(), nil
    local params = { BackupVaultName = "Default" }
    assert.is_true(client:later("DescribeBackupVault", params, function(...) told = { ... } end))
    assert.same({}, asked)
    phase = "timer"
    timers[1](false)
    assert.same({ "/backup-vaults/Default" }, asked)
    assert.equal("Default", told[1].BackupVaultName)
    assert.equal(200, told[2].http_status)
  end)

  it("tells the error of a call that fails, and raises nothing there", function()
    local client, told = new_client(), nil
    answers = { "reset" }
    client:later("describe_backup_vault", { BackupVaultName = "Default" }, function(...) told = { ... } end)
    timers[1](false)
    assert.is_nil(told[1])
    assert.equal("reset", told[2].kind)
  end)

  it("finds what is wrong with operation and parameters at once", function()
    local client = new_client()
    local function nothing() end
    assert.is_true(failure_of(client.later, client, "DescribeBackupVault", {}, nothing):is("ParamValidationError"))
    assert.is_true(failure_of(client.later, client, "DescribeBackupVault", nil, nothing):is("ParamValidationError"))
    assert.is_true(failure_of(client.later, client, "DescribeBackupVault", false, nothing):is("ParamValidationError"))
    local failure = failure_of(client.later, client, "DescribeBackupVaul", {}, nothing)
    assert.truthy(failure.message:find("did you mean", 1, true))
    assert.same({}, timers)
  end)

  it("uses the parameters as they were, in all their depth, and one token for the call", function()
    local client = new_client()
    local params = {
      BackupVaultName = "Default", ResourceArn = "arn:aws:dynamodb:eu-west-1:123456789012:table/t",
      IamRoleArn = "arn:aws:iam::123456789012:role/backup", RecoveryPointTags = { team = "a" },
    }
    client:later("StartBackupJob", params, function() end)
    params.BackupVaultName, params.RecoveryPointTags.team = "Other", "b"
    timers[1](false)
    assert.truthy(asked[1]:find('"BackupVaultName":"Default"', 1, true))
    assert.truthy(asked[1]:find('"team":"a"', 1, true))
    assert.truthy(asked[1]:find('"IdempotencyToken":"%x'))
    assert.is_nil(params.IdempotencyToken)
  end)

  it("takes tables that hold themselves for what they are", function()
    local client = backup.client {
      region = "eu-west-1", env = {}, credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
      validate = false, transport = function() return { status = 200, headers = {}, body = "{}" } end,
    }
    local params = { BackupVaultName = "Default" }
    params.Myself = params
    assert.is_true(client:later("DescribeBackupVault", params, function() end))
  end)

  it("returns an error where nginx takes no more timers", function()
    local client = new_client()
    refusal = "too many pending timers"
    local started, failure = client:later("DescribeBackupVault", { BackupVaultName = "Default" }, function() end)
    assert.is_nil(started)
    assert.is_true(backup.is(failure, "ClientError"))
    assert.truthy(failure.message:find("lua_max_pending_timers", 1, true))
    assert.truthy(failure.message:find(refusal, 1, true))
  end)

  it("returns an error where nginx would drop the timer without a word", function()
    local client = new_client()
    local function later()
      return client:later("DescribeBackupVault", { BackupVaultName = "Default" }, function() end)
    end
    running = 255
    assert.is_true(later())
    local started, failure = later()
    assert.is_nil(started)
    assert.truthy(failure.message:find("256 under way", 1, true))
    assert.equal(1, #timers)
    running = 254
    assert.is_true(later())
  end)

  it("tells those who wait for a call that a worker exits before it is made", function()
    local client, told = new_client(), nil
    client:later("DescribeBackupVault", { BackupVaultName = "Default" }, function(...) told = { ... } end)
    timers[1](true)
    assert.is_nil(told[1])
    assert.truthy(told[2].message:find("exits", 1, true))
    assert.same({}, asked)
  end)

  it("is refused outside nginx, where nginx has no timers, and without a function", function()
    local client = new_client()
    local function later(callback)
      local failure = failure_of(client.later, client, "DescribeBackupVault", { BackupVaultName = "Default" }, callback)
      assert.is_true(failure:is("ConfigError"))
      return failure.message
    end
    assert.truthy(later(nil):find("a function", 1, true))
    for _, name in ipairs { "init", "exit_worker" } do
      phase = name
      assert.truthy(later(print):find('"' .. name .. '"', 1, true))
    end
    rawset(_G, "ngx", nil)
    assert.truthy(later(print):find("is for nginx", 1, true))
  end)

  it("makes no call for a client that was closed meanwhile", function()
    local client, told = new_client(), nil
    client:later("DescribeBackupVault", { BackupVaultName = "Default" }, function(...) told = { ... } end)
    client:close()
    timers[1](false)
    assert.truthy(told[2].message:find("closed", 1, true))
    assert.same({}, asked)
  end)
end)
