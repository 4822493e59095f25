local example_program = require "spec.example_program"
local services = require "spec.services.server"

local unpack = table.unpack or unpack -- luacheck: ignore
local TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
local ROLE = "arn:aws:iam::123456789012:role/backup"

-- Exit status, output, error output.
local function run(environment, ...)
  return example_program.run("examples/start_backup_job.lua", environment, "", ...)
end

describe("examples/start_backup_job.lua", function()
  it("prints its usage and ends with 0 for --help, as for -h", function()
    local status, output = run("", "--help")
    assert.equal(0, status)
    assert.same({ 0, output, "" }, { run("", "-h") })
    for _, ending in ipairs({ 0, 1, 2, 3, 4, 5, 6, 130 }) do
      assert.truthy(output:find("\n  " .. ending .. " +%l"), ending)
    end
    for _, name in ipairs({ "--vault", "--resource", "--role", "--region", "--start-window", "--complete-window",
        "--cold-after", "--delete-after", "--tag", "--windows-vss", "--wait", "--emulator" }) do
      assert.truthy(output:find(name, 1, true), name)
    end
  end)

  it("ends with 2 for arguments that make no sense, and says which", function()
    local cases = {
      { { "--vault", "v" }, "--resource is required" },
      { { "--bogus" }, "no option --bogus" },
      { { "--vault" }, "--vault needs a value" },
      { { "--vault", "--resource", TABLE }, "--vault needs a value" },
      { { "--wait=no" }, "--wait takes no value" },
      { { "Default" }, "nothing is to be done with the argument Default" },
      { { "--emulator", "--vault", "v1", "--resource", TABLE, "--role", ROLE, "--wait", "--timeout", "-5" },
        "the option timeout" },
      { { "--cold-after", "soon" }, "needs a whole number" },
      { { "--tag", "novalue" }, "KEY=VALUE" },
      { { "--emulator", "--vault", "v1", "--resource", TABLE, "--role", ROLE, "--start-window", "30" },
        "StartWindowMinutes" },
      { { "--emulator", "--vault", "v1", "--resource", TABLE, "--role", ROLE, "--cold-after", "30",
        "--delete-after", "60" }, "Lifecycle.DeleteAfterDays" },
    }
    for _, case in ipairs(cases) do
      local status, _, complaints = run("", unpack(case[1]))
      assert.equal(2, status, case[2])
      assert.truthy(complaints:find(case[2], 1, true), complaints)
    end
  end)

  it("runs a job to its end in process, with no credentials in the environment", function()
    local status, output, complaints = run("", "--emulator", "--vault=Default", "--resource", TABLE, "--role", ROLE,
      "--cold-after", "30", "--delete-after", "120", "--tag", "change=CHG-1", "--tag", "a=b=c", "--wait")
    assert.equal(0, status, complaints)
    assert.truthy(output:find("^started %S+"))
    assert.truthy(output:find("State%s+COMPLETED"))
    assert.truthy(output:find("RecoveryPointArn%s+arn:aws:backup:us%-east%-1:123456789012:recovery%-point:"))
    assert.truthy(complaints:find("100%%  COMPLETED"))
    assert.is_nil(complaints:find("\r", 1, true))
  end)

  it("only starts the job without --wait, in the region it is told", function()
    local status, output, complaints = run("", "--emulator", "--region", "eu-central-1", "--vault", "Default",
      "--resource", "arn:aws:ec2:eu-central-1:123456789012:instance/i-0123456789abcdef0", "--role", ROLE,
      "--windows-vss")
    assert.equal(0, status, complaints)
    assert.truthy(output:find("^started %S+ %(request id %S+%)\n$"))
  end)

  it("is in the region of the environment with --emulator, too", function()
    for _, case in ipairs({
      { "AWS_REGION=eu-north-1 AWS_DEFAULT_REGION=us-west-2", "eu-north-1" }, { "AWS_REGION= ", "us-east-1" },
      { "AWS_DEFAULT_REGION=us-west-2", "us-west-2" }, { "AWS_REGION=eu-north-1", "ap-south-1", "--region=ap-south-1" },
    }) do
      local table_arn = "arn:aws:dynamodb:" .. case[2] .. ":123456789012:table/orders"
      local status, output, complaints = run(case[1], "--emulator", "--vault", "Default", "--resource", table_arn,
        "--role", ROLE, "--wait", case[3])
      assert.equal(0, status, complaints)
      assert.truthy(output:find("BackupVaultArn%s+arn:aws:backup:" .. case[2]:gsub("%-", "%%-") .. ":"), output)
    end
  end)

  it("tells by its status what the service said, and how the job ended", function()
    local started = { method = "PUT", path = "/backup-jobs", body = '{"BackupJobId":"j-1"}' }
    local function described(state)
      return { path = "/backup-jobs/j-1", body = '{"BackupJobId":"j-1","State":"' .. state .. '"}' }
    end
    local server = services.start()
    local function ending(...)
      server:script { ... }
      local status, _, complaints = run("AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=sesame "
        .. "AWS_ENDPOINT_URL_BACKUP=" .. server.url, "--vault", "Default", "--resource", TABLE, "--role", ROLE,
        "--wait", "--interval", "1", "--timeout", "1")
      return { status, complaints }
    end
    local said_no = ending { method = "PUT", path = "/backup-jobs", status = 400,
      headers = { ["x-amzn-errortype"] = "LimitExceededException" }, body = "{}" }
    local failed = ending(started, described "FAILED")
    local too_slow = ending(started, described "RUNNING")
    server:stop()
    assert.equal(3, said_no[1], said_no[2])
    assert.truthy(said_no[2]:find("LimitExceededException", 1, true), said_no[2])
    assert.equal(5, failed[1], failed[2])
    assert.truthy(failed[2]:find("backup job j-1 ended FAILED", 1, true), failed[2])
    assert.equal(6, too_slow[1], too_slow[2])
  end)

  it("ends with 4 and one line when the service can't be reached", function()
    local status, _, complaints = run("AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=sesame "
      .. "AWS_MAX_ATTEMPTS=1 AWS_ENDPOINT_URL_BACKUP=http://127.0.0.1:1",
      "--vault", "Default", "--resource", TABLE, "--role", ROLE)
    assert.equal(4, status)
    assert.truthy(complaints:find("127.0.0.1", 1, true))
    assert.is_nil(complaints:find("sesame", 1, true))
    assert.equal(1, select(2, complaints:gsub("\n", "")))
  end)

  it("ends with 1 and a remedy when there is no region, or are no credentials", function()
    local status, _, complaints = run("", "--vault", "Default", "--resource", TABLE, "--role", ROLE)
    assert.equal(1, status)
    assert.truthy(complaints:find("AWS_REGION", 1, true))
    status, _, complaints = run("AWS_REGION=us-east-1", "--vault", "Default", "--resource", TABLE, "--role", ROLE)
    assert.equal(1, status)
    assert.truthy(complaints:find("AWS_ACCESS_KEY_ID", 1, true))
  end)
end)
