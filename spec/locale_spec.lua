-- A whole job under locales that break what leans on the C library: a decimal comma, and a Turkish i.
-- tools/test compiles both locales into build/locale.

local backup = require "aws.backup"

local LOCALES = { "de_DE.UTF-8", "tr_TR.ISO-8859-9" }

local function under(name, fn)
  local before = os.setlocale()
  assert(os.setlocale(name), "the locale " .. name .. " is missing; run the specs with tools/test")
  local results = { pcall(fn) }
  os.setlocale(before)
  if not results[1] then error(results[2], 0) end
  return results[2]
end

-- What a job looks like from its start to its end, as text that must be the same under every locale.
local function life_of_a_job()
  local trace = {}
  local emulator = require("aws.backup.emulator").new {
    clock = function() return 1516925490.087 end, uuid = function() return "11111111-2222-4333-8444-555555555555" end,
  }
  local client = backup.client {
    region = "us-east-1", env = { AWS_USE_FIPS_ENDPOINT = "FALSE" },
    clock = function() return 1516925490.087 end, uuid = function() return "the-uuid" end,
    credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
    transport = function(request)
      trace[#trace + 1] = request.method .. " " .. request.url .. " " .. tostring(request.body)
      local response = assert(emulator:send(request))
      -- As a proxy might write them: the client must find them all the same.
      response.headers = { ["X-AMZN-REQUESTID"] = response.headers["x-amzn-requestid"],
        ["X-AMZN-ERRORTYPE"] = response.headers["x-amzn-errortype"] }
      return response
    end,
    runtime = { sleep = function(seconds) emulator:advance(seconds) end },
  }
  local _, missing = pcall(client.delete_backup_vault, client, { BackupVaultName = "NONE_AT_ALL" })
  trace[#trace + 1] = tostring(missing)
  client:create_backup_vault { BackupVaultName = "Default" }
  local started, meta = client:start_backup_job {
    BackupVaultName = "Default", ResourceArn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
    IamRoleArn = "arn:aws:iam::123456789012:role/backup", StartWindowMinutes = 60.0,
  }
  trace[#trace + 1] = started.CreationDate * 1000 == 1516925490087 and "exact" or "rounded"
  trace[#trace + 1] = meta.request_id
  client:list_backup_jobs { ByCreatedAfter = 1516925490.25, ByCreatedBefore = "2026-01-02T03:04:05.5Z" }
  local job = client:wait_for_backup_job(started.BackupJobId)
  trace[#trace + 1] = job.State .. " " .. job.PercentDone
  return trace
end

describe("under another locale", function()
  local expected = under("C", life_of_a_job)

  it("the trace has what could go wrong in it", function()
    local text = table.concat(expected, "\n")
    assert.truthy(text:find("createdAfter=2018-01-26T00%3A11%3A30.250Z", 1, true))
    assert.truthy(text:find("ResourceNotFoundException", 1, true))
    assert.truthy(text:find("COMPLETED 100.0", 1, true))
    assert.truthy(text:find("\nexact\n", 1, true))
  end)

  for _, name in ipairs(LOCALES) do
    it(name .. ", a job lives exactly as under C", function()
      assert.same(expected, under(name, life_of_a_job))
    end)
  end

  it("the decimal comma is really there, but for LuaJIT, which formats numbers by itself", function()
    local wanted = rawget(_G, "jit") and "0.5" or "0,5"
    assert.equal(wanted, under("de_DE.UTF-8", function() return ("%.1f"):format(0.5) end))
  end)

  it("times and JSON are written as under C", function()
    local function written()
      return backup.date(1767322982.087) .. backup.date(1767322982.087, " %A %B %c ")
        .. backup.json { b = 0.5, B = 1767322982.087, ["\195\164"] = 1, z = {} }
    end
    local wanted = '2026-01-02T03:03:02.087Z Friday January Fri Jan  2 03:03:02 2026 '
      .. '{"B":1767322982.087,"b":0.5,"z":{},"\195\164":1}'
    for _, name in ipairs(LOCALES) do assert.equal(wanted, under(name, written)) end
  end)

  it("a model's names are found in the Turkish locale too", function()
    local method = under("tr_TR.ISO-8859-9", function()
      return require("aws.backup.codec.naming").snake_case("ListIndexedRecoveryPoints")
    end)
    assert.equal("list_indexed_recovery_points", method)
  end)
end)
