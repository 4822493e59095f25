local example_program = require "spec.example_program"
local services = require "spec.services.server"

local unpack = table.unpack or unpack -- luacheck: ignore
local ROLE = "arn:aws:iam::123456789012:role/backup"

local function table_arn(name)
  return "arn:aws:dynamodb:us-east-1:123456789012:table/" .. name
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
  return lines
end

-- Exit status, lines of output, error output. `input` is what it can read.
local function run(environment, input, ...)
  local status, output, complaints = example_program.run("examples/parallel_start.lua", environment, input, ...)
  return status, lines_of(output), complaints
end

describe("examples/parallel_start.lua", function()
  it("prints its usage and ends with 0 for --help, as for -h", function()
    local status, output = run("", "", "--help")
    local text = table.concat(output, "\n")
    assert.equal(0, status)
    assert.same({ 0, output, "" }, { run("", "", "-h") })
    for _, ending in ipairs({ 0, 1, 2, 3, 4, 5, 6, 130 }) do
      assert.truthy(text:find("\n  " .. ending .. " +%l"), ending)
    end
    for _, name in ipairs({ "--vault", "--role", "--region", "--delete-after", "--concurrency", "--wait", "--timeout",
        "--emulator", "RESOURCE_ARN" }) do
      assert.truthy(text:find(name, 1, true), name)
    end
  end)

  it("ends with 2 for arguments that make no sense, and says which", function()
    local cases = {
      { { "--role", ROLE, table_arn("a") }, "--vault is required" },
      { { "--vault", "v1", table_arn("a") }, "--role is required" },
      { { "--bogus" }, "no option --bogus" },
      { { "--vault" }, "--vault needs a value" },
      { { "--vault", "--wait" }, "--vault needs a value" },
      { { "--wait=no" }, "--wait takes no value" },
      { { "--concurrency", "many" }, "needs a whole number, not many" },
      { { "--emulator", "--vault", "v1", "--role", ROLE }, "there is no resource" },
      { { "--emulator", "--vault", "v1", "--role", ROLE, "--concurrency", "0", table_arn("a") }, "from 1 to" },
    }
    for _, case in ipairs(cases) do
      local status, output, complaints = run("", "\n# nothing\n", unpack(case[1]))
      assert.equal(2, status, case[2])
      assert.truthy(complaints:find(case[2], 1, true), complaints)
      assert.same({}, output)
    end
  end)

  it("starts a job for each resource named, and prints them in that order", function()
    local status, output, complaints = run("", table_arn("not-read"), "--emulator", "--vault=Default", "--role", ROLE,
      table_arn("a"), table_arn("b"), table_arn("c"))
    assert.equal(0, status, complaints)
    assert.equal(3, #output)
    for index, name in ipairs({ "a", "b", "c" }) do
      assert.equal(table_arn(name), output[index]:match("^(%S+)\t%x+%-[%x-]+$"))
    end
    assert.truthy(complaints:find("1/3 " .. table_arn("a") .. ": started\n", 1, true))
    assert.truthy(complaints:find("3 of 3 went well, 0 failed\n", 1, true))
  end)

  it("reads the resources from its input if none is named, and follows their jobs to the end", function()
    local input = {}
    for index = 1, 40 do
      input[index] = ("  %s\n%s"):format(table_arn("t" .. index), index % 7 == 0 and "\n# more\n" or "")
    end
    local status, output, complaints = run("", table.concat(input), "--emulator", "--vault", "Default", "--role", ROLE,
      "--delete-after", "30", "--concurrency", "8", "--wait")
    assert.equal(0, status, complaints)
    assert.equal(40, #output)
    for index, line in ipairs(output) do
      assert.equal(table_arn("t" .. index), line:match("^(%S+)\t%S+\tCOMPLETED$"))
    end
    assert.equal(40, select(2, complaints:gsub("%d+/40 %S+: COMPLETED\n", "")))
  end)

  it("ends with 1 if one of them fails, and goes on with the others", function()
    local status, output, complaints = run("", "", "--emulator", "--vault", "Default", "--role", ROLE,
      table_arn("good"), "arn:aws:nothing", table_arn("too"))
    assert.equal(1, status)
    assert.equal(2, #output)
    assert.truthy(complaints:find("arn:aws:nothing: ParamValidationError: ResourceArn", 1, true), complaints)
    assert.truthy(complaints:find("2 of 3 went well, 1 failed\n", 1, true))
  end)

  it("ends by what the first of them met if none went well", function()
    local status, output, complaints = run("AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=sesame "
      .. "AWS_MAX_ATTEMPTS=1 AWS_ENDPOINT_URL_BACKUP=http://127.0.0.1:1", "", "--vault", "Default", "--role", ROLE,
      table_arn("a"), table_arn("b"))
    assert.equal(4, status)
    assert.same({}, output)
    assert.truthy(complaints:find("0 of 2 went well, 2 failed\nTransportError: ", 1, true), complaints)
    local server = services.start()
    server:script { { method = "PUT", path = "/backup-jobs", status = 403,
      headers = { ["x-amzn-errortype"] = "AccessDeniedException" }, body = "{}" } }
    status, output, complaints = run("AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=sesame "
      .. "AWS_ENDPOINT_URL_BACKUP=" .. server.url, "", "--vault", "Default", "--role", ROLE, table_arn("a"))
    server:stop()
    assert.equal(3, status, complaints)
    assert.same({}, output)
  end)

  it("is in the region of the environment with --emulator, too", function()
    local status, _, complaints = run("AWS_REGION=eu-north-1", "", "--emulator", "--vault", "Default", "--role", ROLE,
      "--wait", "arn:aws:dynamodb:eu-north-1:123456789012:table/a")
    assert.equal(0, status, complaints)
    assert.truthy(complaints:find("table/a: job %x+%-%S+ is under way\n"), complaints)
  end)

  it("calls each resource once over the network, where the service takes its time", function()
    local server = services.start()
    server:script { { method = "PUT", path = "/backup-jobs", delay = 0.1, body = '{"BackupJobId":"job"}' } }
    local resources = {}
    for index = 1, 20 do resources[index] = table_arn("t" .. index) end
    local status, output, complaints = run("AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=sesame "
      .. "AWS_ENDPOINT_URL_BACKUP=" .. server.url, "", "--vault", "Default", "--role", ROLE, unpack(resources))
    local seen = #server:seen()
    server:stop()
    assert.equal(0, status, complaints)
    assert.equal(20, #output)
    assert.equal(20, seen)
  end)

  it("ends with 1 and one line when it can't begin", function()
    local status, _, complaints = run("", "", "--vault", "Default", "--role", ROLE, table_arn("a"))
    assert.equal(1, status)
    assert.truthy(complaints:find("AWS_REGION", 1, true))
    assert.equal(1, select(2, complaints:gsub("\n", "")))
  end)
end)
