-- Errors that nobody catches, in programs of their own: what they say and where stands on the error output.

local LUA = assert(os.getenv("LUA"), "run the specs with tools/busted, which says which Lua runs them")
local CLIENT = [[
local backup = require "aws.backup"
local client = backup.client {
  region = "eu-west-1", env = {}, runtime = { sleep = function() end },
  transport = function() return nil, "reset", "gone" end,
  credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
}
]]

-- Runs a program: what it printed, and what it complained of.
local function run(source)
  local script, errors_file = os.tmpname(), os.tmpname()
  local file = assert(io.open(script, "w"))
  file:write(source)
  file:close()
  local pipe = assert(io.popen(("%s %s 2>%s"):format(LUA, script, errors_file)))
  local output = pipe:read("*a")
  pipe:close()
  file = assert(io.open(errors_file))
  local complaints = file:read("*a")
  file:close()
  os.remove(script)
  os.remove(errors_file)
  return output, complaints, script
end

local function count(text, part)
  local found, position = 0, 1
  while true do
    local at = text:find(part, position, true)
    if not at then return found end
    found, position = found + 1, at + 1
  end
end

-- A program whose last line raises, heard with that line as the place, and once.
local function assert_heard(source, text)
  local _, complaints, script = run(source)
  local _, line = (source:gsub("\n*$", "")):gsub("\n", "")
  local heard = ("%s:%d: %s"):format(script, line + 1, text)
  assert.equal(1, count(complaints, heard), complaints)
end

local function assert_unheard(source)
  local output, complaints = run(source)
  assert.equal("", complaints)
  return output
end

describe("an error that nobody catches", function()
  it("is heard with the place of the call, once, whatever method raises it", function()
    assert_heard(CLIENT .. "client:list_backup_vaults()", "TransportError: gone")
    assert_heard(CLIENT .. "client:call('Nonsense')", "ClientError: AWS Backup has no operation Nonsense")
    assert_heard(CLIENT .. "client.list_backup_vaults()", "ClientError: call list_backup_vaults with a colon")
    assert_heard(CLIENT .. "print(client.list_vaults)", "ClientError: a client has no method list_vaults")
    assert_heard(CLIENT .. "client:wait_for_backup_job('j', { timeout = 'x' })", "ConfigError: the option timeout")
    assert_heard("require('aws.backup').client { regoin = 'x' }", "ConfigError: a client has no option regoin")
    assert_heard("require('aws.backup').parallel(5, print)", "ClientError: the items of parallel")
    assert_heard(CLIENT .. "local function start() client:start_backup_job {} end start()",
      "ParamValidationError: BackupVaultName")
  end)

  it("is heard where it comes out of a function of the caller's", function()
    assert_heard([[
local backup = require "aws.backup"
local client = backup.client { region = "eu-west-1", env = {}, uuid = function() return 5 end }
client:list_backup_vaults()]], "ClientError: the option uuid")
  end)

  it("is heard in one line of printable text", function()
    local _, complaints = run([[require("aws.backup").client { ["a\27[2J\nb"] = 1 }]])
    assert.truthy(complaints:find("has no option a\\x1B[2J\\nb", 1, true), complaints)
  end)

  it("that somebody catches is not written", function()
    assert.truthy(assert_unheard(CLIENT .. "print(pcall(client.list_backup_vaults, client))"):find("gone", 1, true))
    assert.truthy(assert_unheard(CLIENT .. [[
local function deep(n) if n > 0 then return (deep(n - 1)) end client:list_backup_vaults() end
print(pcall(function() deep(50) end))
print(xpcall(function() deep(5) end, function(err) return err end))
print(select(2, pcall(pcall, deep, 5)))]]):find("gone", 1, true))
    assert.truthy(assert_unheard(CLIENT .. [[
local real = pcall
function pcall(...) return real(...) end
print(pcall(client.list_backup_vaults, client))]]):find("gone", 1, true))
  end)

  it("goes unwritten to whoever resumes the coroutine", function()
    assert.truthy(assert_unheard(CLIENT .. [[
print(coroutine.resume(coroutine.create(function() client:list_backup_vaults() end)))]]):find("gone", 1, true))
    local output = assert_unheard(CLIENT .. [[
local results = backup.parallel({ 1, 2 }, function() client:list_backup_vaults() end)
print(results[1].error, results[2].error)]])
    assert.equal(2, count(output, "gone"))
  end)

  it("is heard out of parallel, where a report of progress raises it", function()
    local _, complaints = run(CLIENT .. [[
backup.parallel({ 1 }, function() end, { on_progress = function() client:list_backup_vaults() end })]])
    assert.truthy(complaints:find(":7: TransportError: gone", 1, true), complaints)
  end)

  it("is left to itself without the debug library, or with one that is broken", function()
    for _, first in ipairs {
      "debug = nil ", "debug = {} ", "debug = 5 ", "debug.getinfo = function() error('no') end ",
      "debug.getinfo = function() end ", "debug.getregistry = nil ", "debug.getinfo = setmetatable({}, {}) ",
    } do
      local _, complaints = run(first .. CLIENT .. "local fine, err = pcall(client.list_backup_vaults, client)\n"
        .. "io.stderr:write(tostring(fine), ' ', err.kind)\nclient:list_backup_vaults()")
      assert.truthy(complaints:find("false reset", 1, true), first .. complaints)
    end
  end)

  it("gets out although nothing can be written", function()
    local output = run(CLIENT .. [[
io.stderr:close()
local thread = coroutine.create(function() end)
local handler = function(err) print("handled", err) end
xpcall(function() client:list_backup_vaults() end, handler)
io.stderr = nil
client:list_backup_vaults()]])
    assert.truthy(output:find("gone", 1, true))
  end)

  it("stays a table that can be asked", function()
    local output = assert_unheard(CLIENT .. [[
local _, err = pcall(client.list_backup_vaults, client)
print(type(err), err.kind, backup.is(err, "TransportError"))]])
    assert.equal("table\treset\ttrue\n", output)
  end)
end)
