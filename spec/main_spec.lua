-- backup.main in programs of their own: exit statuses, and what stands on the error output.

local backup = require "aws.backup"

local LUA = assert(os.getenv("LUA"), "run the specs with tools/busted, which says which Lua runs them")
local PREAMBLE = [[
local backup = require "aws.backup"
local errors = backup.errors
local function client(answer, more)
  local options = {
    region = "eu-west-1", env = {}, max_attempts = 1, transport = answer,
    credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return backup.client(options)
end
local function json(status, body)
  return function() return { status = status, headers = {}, body = body } end
end
local function follow(state)
  local made = client(json(200, '{"BackupJobId":"j-1","State":"' .. state .. '","StatusMessage":"of this"}'),
    { runtime = { sleep = function() end } })
  return made:wait_for_backup_job("j-1", { timeout = 5 })
end
]]

-- Runs the body of a function in backup.main: exit status, output, error output.
local function run(body)
  local script, errors_file = os.tmpname(), os.tmpname()
  local file = assert(io.open(script, "w"))
  file:write(PREAMBLE, "backup.main(function()\n", body, "\nend)\nprint 'never'")
  file:close()
  local pipe = assert(io.popen(("%s %s 2>%s; echo exit=$?"):format(LUA, script, errors_file)))
  local output = pipe:read("*a")
  pipe:close()
  file = assert(io.open(errors_file))
  local complaints = file:read("*a")
  file:close()
  os.remove(script)
  os.remove(errors_file)
  return tonumber(output:match("exit=(%d+)\n$")), (output:gsub("exit=%d+\n$", "")), complaints
end

describe("backup.main", function()
  it("ends with what the function returns, and prints nothing of its own", function()
    for body, wanted in pairs {
      ["print 'done'"] = 0, ["print 'done' return true"] = 0, ["print 'done' return false"] = 1,
      ["print 'done' return 7"] = 7, ["print 'done' return {}"] = 0, ["print 'done' return 256"] = 0,
    } do
      local status, output, complaints = run(body)
      assert.same({ wanted, "done\n", "" }, { status, output, complaints }, body)
    end
  end)

  it("tells the kinds of failures apart, each in one line", function()
    local cases = {
      { 1, "NoRegionError", "backup.client { env = {} }" },
      { 1, "ClientError: AWS Backup has no operation Nonsense", "client(print):call('Nonsense')" },
      { 1, "NoCredentialsError", [[backup.client { region = "eu-west-1", env = { AWS_EC2_METADATA_DISABLED = "true",
        AWS_CONFIG_FILE = "/nowhere", AWS_SHARED_CREDENTIALS_FILE = "/nowhere" } }:list_backup_vaults()]] },
      { 2, "ParamValidationError", "client(print):start_backup_job {}" },
      { 2, "ConfigError", "backup.client { regoin = 'x' }" },
      { 3, "AccessDeniedException",
        "client(json(403, '{\"__type\":\"AccessDeniedException\"}')):list_backup_vaults()" },
      { 4, "TransportError", "client(function() return nil, 'reset', 'gone' end):list_backup_vaults()" },
      { 4, "ResponseError", "client(json(200, 'no JSON')):list_backup_vaults()" },
      { 5, "JobFailedError: backup job j-1 ended FAILED: of this", "follow 'FAILED'" },
      { 6, "WaitTimeoutError", "follow 'RUNNING'" },
    }
    for _, case in ipairs(cases) do
      local status, output, complaints = run(case[3])
      assert.equal(case[1], status, complaints)
      assert.equal("", output)
      assert.equal(1, complaints:find(case[2], 1, true), complaints)
      assert.equal(1, select(2, complaints:gsub("\n", "")), complaints)
    end
  end)

  it("takes nil and an error that is returned for one that is raised", function()
    local status, _, complaints = run [[
      return client(function() return nil, "reset", "gone" end, { raise = false }):list_backup_vaults()]]
    assert.equal(4, status)
    assert.equal(1, complaints:find("TransportError: gone", 1, true), complaints)
  end)

  it("shows where a fault of the program is, and whatever else is raised", function()
    local status, _, complaints = run "local x = nil\nreturn x.y"
    assert.equal(1, status)
    assert.truthy(complaints:find(":%d+: attempt to index"), complaints)
    assert.truthy(complaints:find("stack traceback:", 1, true), complaints)
    status, _, complaints = run "error({})"
    assert.equal(1, status)
    assert.truthy(complaints:find("^table: "), complaints)
    status, _, complaints = run "error('told so', 0)"
    assert.equal(1, status)
    assert.equal(1, complaints:find("told so", 1, true))
  end)

  it("says on Ctrl-C what goes on at AWS, and ends with 130", function()
    local status, output, complaints = run [[
      local core = require "aws.backup.core"
      local made = client(json(200, '{"BackupJobId":"j-1","State":"RUNNING"}'))
      os.execute(("(sleep 0.3; kill -INT %d) &"):format(core.pid()))
      made:wait_for_backup_job("j-1", { interval = 60 })]]
    assert.same({ 130, "" }, { status, output })
    assert.equal("interrupted; backup job j-1 goes on at AWS (stop_backup_job ends it)\n", complaints)
    status, output, complaints = run [[
      os.execute(("(sleep 0.3; kill -INT %d) &"):format(require("aws.backup.core").pid()))
      local made = client(json(200, '{"BackupVaultList":[]}'))
      while true do made:list_backup_vaults() end]]
    assert.same({ 130, "" }, { status, output })
    assert.equal("interrupted; backup jobs that were started go on at AWS (stop_backup_job ends one)\n", complaints)
  end)

  it("takes a function alone", function()
    for _, wrong in ipairs { "main.lua", 1, {} } do
      local ran, err = pcall(backup.main, wrong)
      assert.is_false(ran)
      assert.is_true(backup.is(err, "ClientError"))
      assert.truthy(tostring(err):find("must be given the function that it runs, not a " .. type(wrong), 1, true))
    end
    local err = select(2, pcall(backup.main))
    assert.truthy(tostring(err):find("not nil", 1, true))
  end)

  it("ends no worker of nginx", function()
    local before = rawget(_G, "ngx")
    rawset(_G, "ngx", { get_phase = function() return "content" end })
    local ran, err = pcall(backup.main, function() error("was run") end)
    rawset(_G, "ngx", before)
    assert.is_false(ran)
    assert.is_true(backup.is(err, "ConfigError"))
    assert.truthy(tostring(err):find("raise = false", 1, true))
  end)
end)
