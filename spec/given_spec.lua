-- Functions that a caller hands in, and that raise or return what nobody can use: an error that names the option.

local backup = require "aws.backup"
local given = require "aws.backup.given"

local ROLE = "arn:aws:iam::123456789012:role/backup"
local TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }

local function new(more)
  local options = {
    region = "eu-west-1", env = {}, credentials = KEYS,
    transport = function() return nil, "reset", "gone" end, runtime = { sleep = function() end },
  }
  for name, value in pairs(more) do options[name] = value end
  return backup.client(options)
end

local function failure_of(options)
  local fine, err = pcall(function()
    new(options):start_backup_job { BackupVaultName = "Default", ResourceArn = TABLE, IamRoleArn = ROLE }
  end)
  assert.is_false(fine)
  assert.is_true(backup.is(err, "Error"), tostring(err))
  assert.is_nil(tostring(err):find("lua/aws/backup/", 1, true), tostring(err))
  return err
end

local function boom() error("boom", 0) end
local function returning(value) return function() return value end end
local hostile = setmetatable({}, { __tostring = function() error("touched") end, __index = function() boom() end })

describe("a function of the caller's", function()
  it("that raises is named by its option, with what it raised", function()
    local cases = {
      clock = boom, monotonic = boom, uuid = boom, random = boom, env = boom, debug = boom,
      ["runtime.sleep"] = { runtime = { sleep = boom } }, ["on.request"] = { on = { request = boom } },
      ["on.response"] = { on = { response = boom } }, ["on.retry"] = { on = { retry = boom } },
      ["on.credentials"] = { on = { credentials = boom } },
    }
    for option, case in pairs(cases) do
      local err = failure_of(type(case) == "table" and case or { [option] = case })
      assert.is_true(backup.is(err, "ClientError"), option)
      assert.equal(("the option %s: the function raised an error: boom"):format(option), err.message)
    end
  end)

  it("that returns nonsense is told what it must return", function()
    local cases = {
      { "clock", nil, "must return seconds since the epoch, not nothing" },
      { "clock", "now", "not a string" }, { "clock", hostile, "not a table" },
      { "monotonic", 0 / 0, "must return a number of seconds, not NaN" }, { "monotonic", false, "not a boolean" },
      { "random", 2, "must return a number from 0 to 1, not 2" }, { "random", -0.5, "not -0.5" },
      { "random", 0 / 0, "not NaN" }, { "random", nil, "not nothing" },
      { "uuid", 5, "must return a UUID, not 5" }, { "uuid", "", "not a string" }, { "uuid", nil, "not nothing" },
      { "uuid", "a\r\nb: c", "not a string" },
    }
    for _, case in ipairs(cases) do
      local err = failure_of { [case[1]] = returning(case[2]) }
      assert.is_true(backup.is(err, "ClientError"))
      assert.truthy(err.message:find("the option " .. case[1] .. ": the function must", 1, true), err.message)
      assert.truthy(err.message:find(case[3], 1, true), err.message)
    end
  end)

  it("may return whatever it likes where nobody asks for anything", function()
    for _, value in ipairs { 5, "text", hostile, false } do
      local function fn() return value end
      local err = failure_of {
        debug = fn, runtime = { sleep = fn }, on = { request = fn, response = fn, retry = fn, credentials = fn },
      }
      assert.equal("reset", err.kind)
    end
    assert.equal("reset", failure_of({ env = returning(5) }).kind)
  end)

  it("may raise an error of this library, which stays what it is", function()
    local own = backup.errors.new("ConfigError", { message = "mine" })
    assert.equal(own, failure_of { clock = function() error(own) end })
    assert.equal(own, failure_of { on = { request = function() error(own) end } })
  end)

  it("lets Ctrl-C through", function()
    for _, option in ipairs { "clock", "env", "debug" } do
      local fine, err = pcall(function()
        new({ [option] = function() error("x.lua:5: interrupted!", 0) end }):list_backup_vaults()
      end)
      assert.same({ false, "x.lua:5: interrupted!" }, { fine, err })
    end
  end)

  it("may yield", function()
    local routine = coroutine.wrap(function() return "done", given.guard("x", coroutine.yield)("out") end)
    assert.equal("out", routine())
    assert.same({ "done", "in" }, { routine("in") })
  end)

  it("may be an object that can be called, and may raise what can't be shown", function()
    local guarded = given.guard("x", setmetatable({}, { __call = function(_, value) return value, nil, 3 end }))
    assert.same({ 1, nil, 3 }, { guarded(1) })
    local fine, err = pcall(given.guard("x", function() error(hostile) end))
    assert.is_false(fine)
    assert.equal("the option x: the function raised an error: a table", err.message)
  end)
end)

describe("credentials of the caller's", function()
  it("that are none end in a CredentialsError", function()
    local cases = {
      { boom, "failed: boom" }, { returning(5), "gave number instead of a table" },
      { returning(hostile), "failed: boom" }, { returning(nil), "gave nil instead" },
      { function() return nil, "expired" end, "gave none: expired" },
      { function() return nil, hostile end, "gave none: a table" },
      { function() error(hostile) end, "failed: a table" },
      { { get = boom }, "failed: boom" }, { { get = 5 }, "has a get that is no function" },
      { setmetatable({}, { __call = boom }), "failed: boom" },
      { returning { access_key_id = 5, secret_access_key = "s" }, "is a number instead of a string" },
      { returning { access_key_id = "A", secret_access_key = "s", expiration = "soon" }, "must be a number" },
      { returning { access_key_id = "A", secret_access_key = "s", expiration = 0 / 0 }, "must be a number" },
      { returning { access_key_id = "A", secret_access_key = "s", session_token = {} }, "is a table instead" },
      { returning { access_key_id = "A\n", secret_access_key = "s" }, "control character" },
    }
    for _, case in ipairs(cases) do
      local err = failure_of { credentials = case[1] }
      assert.is_true(backup.is(err, "CredentialsError"), tostring(err))
      assert.truthy(err.message:find(case[2], 1, true), err.message)
    end
  end)

  it("may hold whatever else, which is left alone", function()
    assert.equal("reset", failure_of({ credentials = returning {
      access_key_id = "A", secret_access_key = "s", features = 5, account_id = nil, more = hostile,
    } }).kind)
  end)
end)

describe("the option raise = false", function()
  it("makes every method return nil and the error, misuse included", function()
    local client = new { raise = false }
    local function same_error(class, client_, err)
      assert.is_nil(client_)
      assert.is_true(backup.is(err, class), tostring(err))
    end
    same_error("TransportError", client:list_backup_vaults())
    same_error("ParamValidationError", client:start_backup_job {})
    same_error("ParamValidationError", client:start_backup_job(5))
    same_error("ClientError", client:call("Nonsense"))
    same_error("ClientError", client:call(nil))
    same_error("ParamValidationError", client:prepare("StartBackupJob"))
    same_error("ConfigError", client:later("ListBackupVaults", {}, print))
    same_error("ConfigError", client:wait_for_backup_job("j", { timeout = "soon" }))
    same_error("TransportError", client:wait_for_backup_job("j"))
    same_error("ClientError", client.list_backup_vaults())
    same_error("ClientError", client.call("ListBackupVaults"))
    same_error("CredentialsError", new({ raise = false, credentials = boom }):credentials())
    same_error("ClientError", new({ raise = false, clock = boom }):list_backup_vaults())
    client:close()
    same_error("ClientError", client:list_backup_vaults())
  end)

  it("changes nothing of what succeeds", function()
    local client = new { raise = false, transport = function()
      return { status = 200, body = '{"BackupJobId":"J","BackupVaultList":[]}' }
    end }
    local output, meta = client:list_backup_vaults()
    assert.same({ {}, 200 }, { output.BackupVaultList, meta.http_status })
    assert.equal("AKIDEXAMPLE", client:credentials().access_key_id)
    assert.equal("GET", client:prepare("ListBackupVaults").method)
    assert.equal("eu-west-1", client.meta.region)
  end)

  it("makes backup.client itself return what is wrong with the options", function()
    for _, options in ipairs { { region = "a/b" }, { regoin = "x" }, { env = {} }, { region = "x", env = boom } } do
      options.raise = false
      local client, err = backup.client(options)
      assert.is_nil(client)
      assert.is_true(backup.is(err, "ClientError"), tostring(err))
    end
    assert.is_false(pcall(backup.client, { raise = "no" }))
  end)

  it("leaves a method that does not exist an error, for that is one of the program", function()
    local fine, err = pcall(function() return new({ raise = false }).strat_backup_job end)
    assert.is_false(fine)
    assert.truthy(tostring(err):find("did you mean start_backup_job", 1, true))
  end)

  it("leaves what a function of the caller's raises on its own account alone", function()
    local client = new { raise = false, transport = function()
      return { status = 200, body = '{"State":"RUNNING"}' }
    end }
    local function enough() error("enough", 0) end
    local fine, err = pcall(client.wait_for_backup_job, client, "j", { on_progress = enough })
    assert.same({ false, "enough" }, { fine, err })
  end)
end)
