local core = require "aws.backup.core"
local helper = require "spec.emulator.helper"
local json = require "cjson"
local parse = require "aws.backup.codec.parse"
local socket = require "socket"
local time = require "aws.backup.codec.time"

-- Two hours of the emulator's time in a second: a job takes a twelfth of one.
local SPEED = "7200"

-- Run inside the server: faults for the specs to meet.
local SETUP = [[
local emulator = ...
emulator:inject { operation = "GetSupportedResourceTypes", kind = "reset" }
emulator:inject { operation = "DescribeRegionSettings", error = { code = "ThrottlingException" } }
emulator:fail_job("arn:aws:s3:::broken", "Access Denied trying to call AWS Backup service")
]]

describe("the served emulator", function()
  local directory, url, engine

  local function read(name)
    local file = io.open(directory .. "/" .. name, "r")
    if not file then return nil end
    local text = file:read("*a")
    file:close()
    return text
  end

  local function write(name, text)
    local file = assert(io.open(directory .. "/" .. name, "w"))
    file:write(text)
    file:close()
  end

  -- Polls until a function returns something.
  local function await(what, probe)
    local deadline = core.monotonic() + 20
    while core.monotonic() < deadline do
      local value = probe()
      if value then return value end
      core.sleep(0.05)
    end
    error("no " .. what .. "; the server said: " .. tostring(read("output")), 2)
  end

  -- Starts a server; its process id, its output and its exit status go to files.
  local function launch(name, environment)
    write(name .. ".sh", ([[
      export TMPDIR='%s' %s
      tools/emulator >'%s/%s' 2>&1 &
      echo $! >'%s/%s.pid'
      wait $!
      echo $? >'%s/%s.status'
    ]]):format(directory, environment, directory, name, directory, name, directory, name))
    os.execute(("sh '%s/%s.sh' &"):format(directory, name))
  end

  setup(function()
    local pipe = assert(io.popen("mktemp -d"))
    directory = pipe:read("*l")
    pipe:close()
    write("setup.lua", SETUP)
    launch("output", ("PORT=0 SPEED=%s VAULTS=Default,other REGION=eu-west-1 ACCOUNT=999988887777 "
      .. "SETUP='%s/setup.lua' READY_FILE='%s/ready'"):format(SPEED, directory, directory))
    url = await("endpoint", function() return read("ready") end):match("%S+")
    -- A second one on the same port gives up by itself; its test is the last one.
    launch("second", "PORT=" .. url:match("%d+$"))
    engine = core.new_engine()
  end)

  teardown(function()
    engine:close()
    -- Only what is still there, if a test has failed.
    for _, name in ipairs { "output", "second" } do
      local pid = read(name .. ".pid")
      if pid and not read(name .. ".status") then os.execute("kill " .. pid) end
    end
    os.execute(("rm -rf '%s'"):format(directory))
  end)

  local function exchange(request)
    local transfer = assert(engine:start {
      method = request.method, url = url .. request.path .. (request.query and "?" .. request.query or ""),
      headers = request.headers, body = request.body, connect_timeout = 5, read_timeout = 5,
    })
    while not transfer:done() do engine:step(1) end
    return transfer:result()
  end

  local function signed(name, params)
    local request = helper.request(name, params)
    request.headers.host, request.headers.authorization = url:match("//(.*)$"), nil
    return helper.sign(request, { region = "eu-west-1", timestamp = time.amz_date(core.time()) })
  end

  -- Calls an operation: output, or nil, failure.
  local function call(name, params)
    local response = assert(exchange(signed(name, params)))
    local operation = helper.codec:operation(name)
    if response.status < 300 then return assert(parse.output(operation, response)), nil, response end
    local failure = parse.failure(operation, response)
    failure.status = response.status
    return nil, failure, response
  end

  local function job(changes)
    local params = { BackupVaultName = "Default", IamRoleArn = "arn:aws:iam::999988887777:role/backup" }
    for key, value in pairs(changes) do params[key] = value end
    return assert(call("StartBackupJob", params)).BackupJobId
  end

  it("prints what a client needs", function()
    local output = await("output", function()
      local text = read("output")
      return text and text:find("SECRET", 1, true) and text
    end)
    assert.matches("export AWS_ENDPOINT_URL_BACKUP=" .. url, output, 1, true)
    assert.matches("export AWS_REGION=eu-west-1", output, 1, true)
    assert.matches("export AWS_ACCESS_KEY_ID=AKIDEXAMPLE", output, 1, true)
    assert.matches("export AWS_SECRET_ACCESS_KEY=", output, 1, true)
  end)

  it("has the vaults that it was started with", function()
    local vaults = assert(call("ListBackupVaults")).BackupVaultList
    assert.are.equal("arn:aws:backup:eu-west-1:999988887777:backup-vault:Default", vaults[1].BackupVaultArn)
    assert.are.equal("other", vaults[2].BackupVaultName)
  end)

  it("answers with status, headers and body as the emulator does", function()
    local _, _, response = call("DescribeBackupVault", { BackupVaultName = "Default" })
    assert.are.equal(200, response.status)
    assert.are.equal("application/json", response.headers["content-type"])
    assert.are.equal(tostring(#response.body), response.headers["content-length"])
    assert.matches("^%x+%-", response.headers["x-amzn-requestid"])
    assert.is_nil(response.headers.date:find(",.*,"))
    assert.is_true(math.abs(time.parse_http_date(response.headers.date) - core.time()) < 5)
    local _, failure, refusal = call("DescribeBackupVault", { BackupVaultName = "nowhere" })
    assert.are.equal(403, failure.status)
    assert.are.equal("AccessDeniedException", refusal.headers["x-amzn-errortype"])
  end)

  it("refuses what is not signed", function()
    local request = signed("ListBackupVaults")
    request.headers.authorization = nil
    local response = exchange(request)
    assert.are.equal(403, response.status)
    assert.are.equal("MissingAuthenticationTokenException", response.headers["x-amzn-errortype"])
  end)

  it("runs a job to its end", function()
    local id = job { ResourceArn = "arn:aws:ec2:eu-west-1:999988887777:volume/vol-0123" }
    local done = await("end of the job", function()
      local description = assert(call("DescribeBackupJob", { BackupJobId = id }))
      return description.State == "COMPLETED" and description
    end)
    -- Its ARN has colons and slashes, in the path.
    local point = assert(call("DescribeRecoveryPoint",
      { BackupVaultName = "Default", RecoveryPointArn = done.RecoveryPointArn }))
    assert.are.equal("COMPLETED", point.Status)
    assert.are.same({}, assert(call("ListTags", { ResourceArn = done.RecoveryPointArn })).Tags)
    assert.are.equal(1, #assert(call("ListBackupJobs", { ByResourceType = "EBS", MaxResults = 1 })).BackupJobs)
  end)

  it("does what its setup file says", function()
    local id = job { ResourceArn = "arn:aws:s3:::broken" }
    local failed = await("failure of the job", function()
      local description = assert(call("DescribeBackupJob", { BackupJobId = id }))
      return description.State == "FAILED" and description
    end)
    assert.are.equal("Access Denied trying to call AWS Backup service", failed.StatusMessage)
    local _, failure = call("DescribeRegionSettings")
    assert.are.equal("ThrottlingException", failure.code)
  end)

  it("closes the connection without an answer where a fault says so", function()
    -- On a new connection: on one that was used before, libcurl takes the silence for an old age and asks again.
    local shared = engine
    engine = core.new_engine()
    local response, kind = exchange(signed("GetSupportedResourceTypes"))
    engine:close()
    engine = shared
    assert.is_nil(response)
    assert.is_true(kind == "closed" or kind == "reset" or kind == "protocol", tostring(kind))
    assert.is_table((call("GetSupportedResourceTypes")))
  end)

  it("takes a body that nginx keeps in a file", function()
    local request = signed("CreateBackupVault", { BackupVaultName = "large" })
    request.body = ('{"Future":"%s"}'):format(("x"):rep(1000000))
    request.headers.authorization = nil
    helper.sign(request, { region = "eu-west-1", timestamp = time.amz_date(core.time()) })
    assert.are.equal(200, exchange(request).status)
  end)

  it("takes headers beyond nginx's usual hundred, each of them signed", function()
    local request = signed("ListBackupVaults")
    for index = 1, 150 do request.headers[("x-amz-meta-%d"):format(index)] = "value " .. index end
    request.headers["x-amz-under_score"], request.headers.authorization = "a  b", nil
    helper.sign(request, { region = "eu-west-1", timestamp = time.amz_date(core.time()) })
    assert.are.equal(200, exchange(request).status)
  end)

  -- A connection without a client's help.
  local function connect(bytes)
    local connection = assert(socket.connect("127.0.0.1", tonumber(url:match("%d+$"))))
    connection:settimeout(20)
    assert(connection:send(bytes))
    return connection
  end

  -- What comes until the server closes.
  local function answer_to(bytes)
    local connection = connect(bytes)
    local answer = connection:receive("*a") or ""
    connection:close()
    return answer
  end

  it("says at / what it is, and how a client finds it", function()
    local response = exchange { method = "GET", path = "/", headers = {} }
    assert.are.equal(200, response.status)
    assert.matches("^text/plain", response.headers["content-type"])
    for _, words in ipairs { "emulated by lua-aws-backup", "region eu-west-1", "account 999988887777",
      "export AWS_ENDPOINT_URL_BACKUP=" .. url .. "\n", "export AWS_REGION=eu-west-1\n",
      "aws backup list-backup-vaults" } do
      assert.is_truthy(response.body:find(words, 1, true), words)
    end
    assert.are.equal(403, exchange({ method = "PUT", path = "/", headers = {} }).status)
  end)

  it("writes a line for each request to its output", function()
    local request = signed("DescribeBackupVault", { BackupVaultName = "in-the-log" })
    local id = exchange(request).headers["x-amzn-requestid"]
    local line = await("line of the request", function()
      return (read("output") or ""):match('[^\n]*"GET /backup%-vaults/in%-the%-log[^\n]*')
    end)
    assert.matches(" 403 AccessDeniedException " .. id, line, 1, true)
    assert.matches("^%d+%-%d+%-%d+T", line)
  end)

  it("refuses in the form of the service what nginx refuses", function()
    local long = ("x"):rep(70000)
    local malformed = "MalformedHttpRequestException"
    for bytes, expected in pairs {
      ["GARBAGE\r\n\r\n"] = { 400, malformed },
      ["GET /x HTTP/1.1\r\n\r\n"] = { 400, malformed },
      ["GET /../x HTTP/1.1\r\nHost: x\r\n\r\n"] = { 400, malformed },
      ["PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"] = { 400, malformed },
      ["PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"] = { 400, malformed },
      ["GET /x HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"] = { 400, malformed },
      ["TRACE / HTTP/1.1\r\nHost: x\r\n\r\n"] = { 405, "UnknownOperationException" },
      ["PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"] = { 413, "RequestEntityTooLargeException" },
      ["GET /" .. long .. " HTTP/1.1\r\nHost: x\r\n\r\n"] = { 414, malformed },
      ["GET /x HTTP/1.1\r\nHost: x\r\nA: " .. long .. "\r\n\r\n"] = { 431, malformed },
      ["PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"] = { 501, malformed },
      ["GET /x HTTP/3.7\r\nHost: x\r\n\r\n"] = { 505, malformed },
      ["GET /.refused HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"] = { 404, "UnknownOperationException" },
    } do
      local status, head, body = answer_to(bytes):match("^HTTP/1.1 (%d+)(.-\r\n)\r\n(.*)$")
      local what = bytes:sub(1, 60)
      assert.are.equal(expected[1], tonumber(status), what)
      head = head:lower()
      assert.is_truthy(head:find("x-amzn-errortype: " .. expected[2]:lower() .. "\r\n", 1, true), what)
      assert.is_truthy(head:find("content-type: application/json\r\n", 1, true), what)
      assert.is_truthy(head:find("x%-amzn%-requestid: %x+%-"), what)
      assert.is_string(json.decode(body).Message, what)
    end
  end)

  it("lets slow clients wait for themselves alone", function()
    local slow = {}
    for _ = 1, 60 do
      slow[#slow + 1] = connect("GET /backup-vaults/ HTTP/1.1\r\nHost:")
      slow[#slow + 1] = connect("PUT /backup-vaults/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
      slow[#slow + 1] = connect("")
    end
    for _ = 1, 20 do assert.is_table((call("ListBackupVaults"))) end
    -- Nor has anybody been sent away.
    slow[1]:send(" x\r\nConnection: close\r\n\r\n")
    assert.matches("^HTTP/1.1 403", slow[1]:receive("*a"))
    slow[2]:send("\"a\":1234}")
    assert.matches("^HTTP/1.1 403", slow[2]:receive("*l"))
    for _, connection in ipairs(slow) do connection:close() end
  end)

  it("says what is wrong with its settings", function()
    for words, setting in pairs {
      ["SPEED must be a number, not fast"] = "SPEED=fast",
      ["account_id must be a string of twelve digits"] = "ACCOUNT=12",
      ["a region has letters, digits and hyphens only"] = "REGION=us_east",
      ["a vault's name has 2 to 50"] = "VAULTS=x",
      ["PORT must be 0 to 65535"] = "PORT=65536",
      ["there is no no-such-nginx"] = "NGINX=no-such-nginx",
    } do
      local pipe = assert(io.popen(("export TMPDIR='%s' PORT=0 %s; tools/emulator 2>&1; echo status $?"):format(
        directory, setting)))
      local output = pipe:read("*a")
      pipe:close()
      assert.matches(words, output, 1, true)
      assert.matches("status 1\n$", output)
    end
  end)

  it("says that a port is taken", function()
    assert.are.equal("1\n", await("end of the second server", function() return read("second.status") end))
    assert.matches("port %d+ is taken", read("second"))
  end)

  it("ends with status 0 when it is told to, and leaves nothing behind", function()
    os.execute("kill -TERM " .. read("output.pid"))
    assert.are.equal("0\n", await("end of the server", function() return read("output.status") end))
    assert.is_nil(read("ready"))
    local pipe = assert(io.popen(("ls '%s'"):format(directory)))
    local left = pipe:read("*a")
    pipe:close()
    assert.is_nil(left:find("lua-aws-backup-emulator", 1, true))
  end)
end)
