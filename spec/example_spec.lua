local example_program = require "spec.example_program"

local unpack = table.unpack or unpack -- luacheck: ignore
local TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
local ROLE = "arn:aws:iam::123456789012:role/backup"

-- Exit status, output, error output.
local function run(environment, ...)
  return example_program.run("examples/start_backup_job.lua", environment, "", ...)
end

describe("examples/start_backup_job.lua", function()
  it("prints its usage and ends with 0 for --help", function()
    local status, output = run("", "--help")
    assert.equal(0, status)
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

  it("ends with 1 and one line when the service can't be reached", function()
    local status, _, complaints = run("AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=sesame "
      .. "AWS_MAX_ATTEMPTS=1 AWS_ENDPOINT_URL_BACKUP=http://127.0.0.1:1",
      "--vault", "Default", "--resource", TABLE, "--role", ROLE)
    assert.equal(1, status)
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
