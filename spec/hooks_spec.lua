-- What hooks see is what docs/configuration.md and the types say that they do.

local backup = require "aws.backup"

local read = require "spec.read_file"

local NAMES = { "credentials", "request", "response", "retry" }
local CLASSES = { credentials = "CredentialsEvent", request = "RequestEvent", response = "ResponseEvent",
  retry = "RetryEvent" }

-- Every event of calls that are answered, refused and not answered at all, by hook.
local function events_seen()
  local seen, answers = {}, {
    { status = 200, headers = { ["x-amzn-requestid"] = "r-1" }, body = "{}" },
    { status = 503, headers = {}, body = '{"__type":"ServiceUnavailableException"}' },
    "reset",
    { status = 200, headers = {}, body = "{}" },
  }
  local on = {}
  for _, name in ipairs(NAMES) do
    seen[name] = {}
    on[name] = function(event) table.insert(seen[name], event) end
  end
  local client = backup.client {
    region = "eu-west-1", env = {}, on = on, runtime = { sleep = function() end },
    credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
    transport = function()
      local answer = table.remove(answers, 1)
      if answer == "reset" then return nil, "reset", "gone" end
      return answer
    end,
  }
  client:list_backup_vaults()
  client:list_backup_jobs()
  return seen
end

local function fields_of(events)
  local fields = {}
  for _, event in ipairs(events) do
    for field, value in pairs(event) do fields[field] = type(value) end
  end
  return fields
end

describe("hooks", function()
  local seen = events_seen()

  it("are called in time: credentials, request and response for each attempt, retry between two", function()
    assert.same({ 4, 4, 4, 2 }, { #seen.credentials, #seen.request, #seen.response, #seen.retry })
    assert.same({ operation = "ListBackupVaults", attempt = 1, max_attempts = 3, method = "GET",
      host = "backup.eu-west-1.amazonaws.com", url = "https://backup.eu-west-1.amazonaws.com/backup-vaults/" },
      seen.request[1])
    assert.equal("r-1", seen.response[1].request_id)
    assert.same({ 200, 503, nil, 200 }, { seen.response[1].http_status, seen.response[2].http_status,
      seen.response[3].http_status, seen.response[4].http_status })
    assert.equal("reset", seen.response[3].kind)
    assert.same({ "ServiceUnavailableException", "TransportError" }, { seen.retry[1].code, seen.retry[2].code })
    assert.same({ 1, 2, "reset" }, { seen.retry[1].attempt, seen.retry[2].attempt, seen.retry[2].kind })
  end)

  for _, name in ipairs(NAMES) do
    it("named " .. name .. " see the fields that are documented, and no other", function()
      local row = (read("docs/configuration.md"):match("\n%- `" .. name .. "`, (.-)%.\n") or ""):match(":(.*)$")
      local fields = fields_of(seen[name])
      assert.truthy(row, "nothing on " .. name)
      local known = {}
      for field in row:gmatch("`([%l_]+)`") do known[field] = true end
      for field in pairs(fields) do assert.is_true(known[field], field) end
    end)

    it("named " .. name .. " see the fields that are typed, and no other", function()
      local class = read("types/aws-backup.lua"):match("class aws.backup." .. CLASSES[name] .. "\n(.-)\n\n")
      local fields, typed = fields_of(seen[name]), {}
      for field, kind in class:gmatch("@field ([%l_]+)%?? (%l+)") do
        typed[field] = true
        assert.equal(kind == "integer" and "number" or kind, fields[field], field)
      end
      for field in pairs(fields) do assert.is_true(typed[field], field) end
      assert.truthy(read("types/aws-backup.lua"):find(("@field %s? fun(event: aws.backup.%s)"):format(name,
        CLASSES[name]), 1, true))
    end)
  end
end)
