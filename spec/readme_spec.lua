-- What the README shows must run: every Lua block is executed against an emulator, in place of the service.

local emulator_module = require "aws.backup.emulator"
local real = require "aws.backup"

local read = require "spec.read_file"

local function blocks_of(text, language)
  local blocks = {}
  for block in text:gmatch("\n```" .. language .. "\n(.-)\n```") do blocks[#blocks + 1] = block end
  return blocks
end

local KEYS = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }

-- The module as the block sees it: its clients talk to an emulator, and only their output is kept from the terminal.
local function sandbox(printed)
  local emulator = emulator_module.new { region = "eu-west-1" }
  local function client(options)
    local completed = { credentials = KEYS, transport = emulator,
      runtime = { sleep = function(seconds) emulator:advance(seconds) end } }
    for name, value in pairs(options) do completed[name] = value end
    return real.client(completed)
  end
  client { region = "eu-west-1" }:create_backup_vault { BackupVaultName = "Default" }
  local module = setmetatable({ client = client, progress = function()
    return function(job) printed[#printed + 1] = job.State end
  end, main = function(fn) fn() end }, { __index = real })
  local environment = {
    require = function(name)
      if name == "aws.backup" then return module end
      return require(name)
    end,
    print = function(...)
      local texts = {}
      for index = 1, select("#", ...) do texts[index] = tostring((select(index, ...))) end
      printed[#printed + 1] = table.concat(texts, "\t")
    end,
  }
  return setmetatable(environment, { __index = _G })
end

local function load_in(source, environment)
  if _VERSION == "Lua 5.1" then
    local chunk = assert(loadstring(source, "@README.md")) -- luacheck: ignore
    return setfenv(chunk, environment) -- luacheck: ignore
  end
  return assert(load(source, "@README.md", "t", environment))
end

describe("README.md", function()
  local text = read("README.md")
  local blocks = blocks_of(text, "lua")
  local expected = {
    "COMPLETED\tarn:aws:backup:eu-west-1:123456789012:recovery-point:", nil, '{"BackupJobs":[]}', nil,
    "nil\ttrue", "COMPLETED",
    "volume/vol-0abcd1234abcd1235\tCOMPLETED",
    "attempt 1: HTTP 200, request id", "JobFailedError",
  }

  it("has the blocks that are run here", function()
    assert.equal(9, #blocks)
  end)

  for index, block in ipairs(blocks) do
    it("has a block " .. index .. " that runs as it stands", function()
      local printed = {}
      load_in(block, sandbox(printed))()
      if expected[index] then
        assert.truthy(table.concat(printed, "\n"):find(expected[index], 1, true), table.concat(printed, "\n"))
      end
    end)
  end

  it("lists every exception of the model and every option of a client", function()
    local exceptions = 0
    for name in pairs(require("aws.backup.model").exceptions) do
      exceptions = exceptions + 1
      assert.truthy(text:find(name, 1, true), name)
    end
    assert.equal(10, exceptions)
    local count = 0
    for name in pairs(require("aws.backup.option_checks").OPTIONS) do
      count = count + 1
      assert.truthy(text:find("`" .. name .. "[`:]"), name)
    end
    assert.is_true(count > 20)
  end)

  it("names commands that the Makefile has", function()
    local makefile = read("Makefile")
    for target in text:gmatch("make (%l+)") do
      assert.truthy(makefile:find("\n" .. target .. ":", 1, true), target)
    end
  end)
end)
