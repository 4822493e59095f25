-- A script that runs with boto3's environment runs here: each place that credentials can come from, with real files,
-- real services on loopback, and the call that is signed with what they gave.

local backup = require "aws.backup"
local core = require "aws.backup.core"
local home = require "spec.services.home"
local scenarios = require "spec.services.scenarios"
local server = require "spec.services.server"

local VAULTS = { method = "GET", path = "/backup-vaults/", headers = { ["x-amzn-requestid"] = "r-9" },
  body = '{"BackupVaultList":[{"BackupVaultName":"nightly"}]}' }

local count = 0
local function plain(kind)
  count = count + 1
  return (kind:gsub(" ", "")) .. count
end

describe("a client with nothing but its environment", function()
  local playing, place

  setup(function() playing = server.start() end)
  teardown(function() playing:stop() end)
  before_each(function() place = home.new() end)
  after_each(function() place:remove() end)

  local function client_for(scenario, more)
    local script = scenarios.script(scenario)
    script[#script + 1] = VAULTS
    playing:script(script)
    local options = { env = scenarios.set_up(scenario, place, playing) }
    for name, value in pairs(more or {}) do options[name] = value end
    return backup.client(options)
  end

  local function signed_with()
    local seen = playing:seen()
    return seen[#seen].headers.authorization:match("Credential=(%w+)/"), seen
  end

  for _, scenario in ipairs(scenarios.ALL) do
    it("signs with the credentials of " .. scenario.name, function()
      local client = client_for(scenario.make(plain))
      assert.equal("nightly", client:list_backup_vaults().BackupVaultList[1].BackupVaultName)
      local key, seen = signed_with()
      assert.equal(scenario.key, key)
      client:list_backup_vaults()
      assert.equal(#seen + 1, #playing:seen())
      client:close()
    end)
  end

  it("tells where it looked when there are no credentials", function()
    local client = client_for({ env = { AWS_EC2_METADATA_DISABLED = "true" } })
    local fine, err = pcall(client.list_backup_vaults, client)
    assert.is_false(fine)
    assert.is_true(backup.is(err, "NoCredentialsError"))
    for _, place_looked in ipairs({ "environment", "profile", "web identity", "container", "instance metadata" }) do
      assert.truthy(err.message:find(place_looked, 1, true), place_looked .. " in: " .. err.message)
    end
    assert.is_nil(tostring(err):find("\n", 1, true))
  end)

  it("prefers a profile named in code to keys in the environment, but not one named in the environment", function()
    local files = { [".aws/credentials"] = "[dev]\naws_access_key_id = AKIDDEV\naws_secret_access_key = s\n" }
    local env = { AWS_ACCESS_KEY_ID = "AKIDENVIRONMENT", AWS_SECRET_ACCESS_KEY = "s", AWS_PROFILE = "dev" }
    client_for({ env = env, files = files }, { profile = "dev" }):list_backup_vaults()
    assert.equal("AKIDDEV", (signed_with()))
    client_for({ env = env, files = files }):list_backup_vaults()
    assert.equal("AKIDENVIRONMENT", (signed_with()))
  end)

  it("takes region, retries and endpoint from the profile", function()
    local client = client_for({ env = { AWS_REGION = "", AWS_ENDPOINT_URL = "", AWS_PROFILE = "dev" }, files = {
      [".aws/config"] = ("[profile dev]\nregion = eu-north-1 # home\nservices = here\nmax_attempts = 2\n"
        .. "aws_access_key_id = AKID\naws_secret_access_key = s\n[services here]\nbackup =\n  endpoint_url = %s\n")
        :format(playing.url) } })
    assert.equal("eu-north-1", client.meta.region)
    assert.equal(playing.url, client.meta.endpoint)
    client:list_backup_vaults()
    local _, seen = signed_with()
    assert.equal("attempt=1; max=2", seen[1].headers["amz-sdk-request"])
    assert.truthy(seen[1].headers.authorization:find("/eu-north-1/backup/", 1, true))
  end)

  it("fetches credentials within the time that a call has", function()
    local client = client_for({ env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "SERVER/slow" },
      script = { { path = "/slow", delay = 3 } } }, { timeout = 0.3 })
    local started = core.monotonic()
    local fine, err = pcall(client.list_backup_vaults, client)
    assert.is_false(fine)
    assert.is_true(backup.is(err, "CredentialsError"))
    assert.is_true(core.monotonic() - started < 1.5)
    client:close()
  end)

  it("names its credentials in the User-Agent", function()
    client_for(scenarios.ALL[1].make(plain)):list_backup_vaults()
    local _, seen = signed_with()
    local features = assert(seen[1].headers["user-agent"]:match(" m/(%S+)"))
    assert.truthy(("," .. features .. ","):find(",g,", 1, true), features)
  end)
end)
