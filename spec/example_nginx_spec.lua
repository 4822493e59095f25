-- The nginx of examples/nginx as its README runs it: examples/nginx/try, with the emulator behind it.

local cjson = require "cjson"

local core = require "aws.backup.core"
local server = require "spec.nginx.server"

local TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/"
local ROLE = "arn:aws:iam::123456789012:role/backup"
local WATCH_SECONDS = 0.25
local PORTS_TRIED = 5

-- Ends when its standard input brings a line or is closed, as spec/nginx/serve does.
local COMMAND = [[
cd %s && AWS_MAX_ATTEMPTS=1 SPEED=1200 PORT=%d VAULTS=Default PLAN=plan.lua SETUP=$PWD/setup.lua DIRECTORY=$PWD \
  %s/try >output 2>&1 &
tried=$!
read -r _ || :
kill -TERM $tried 2>/dev/null && wait $tried
rm -r %s
]]

-- It is always time, and two workers look at the clock a few times while the spec watches.
local PLAN = [[
local function job(name, vault)
  return { ResourceArn = "%s" .. name, BackupVaultName = vault, IamRoleArn = "%s" }
end
return {
  from = "00:00", before = "24:00", look_seconds = 0.01, at_once = 2,
  jobs = { job("first-of-night", "Default"), job("of-no-vault", "missing"), job("last-of-night", "Default") },
}
]]

local function run_for_line(command)
  local pipe = assert(io.popen(command))
  local line = assert(pipe:read("*l"))
  pipe:close()
  return line
end

local function write_file(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

describe("the configuration of examples/nginx", function()
  local directory
  before_each(function()
    directory = run_for_line("mktemp -d")
    assert(os.execute("cp examples/nginx/* " .. directory))
  end)
  after_each(function() os.execute("rm -r " .. directory) end)

  -- What nginx says that runs with the folder as its prefix, as it stands but for the port, and with no AWS_*.
  local function run_nginx(arguments)
    local root, high, low = run_for_line("pwd"), core.random(2):byte(1, 2)
    local command = ([[cd / && sed -i 's/127.0.0.1:8081/127.0.0.1:%d/' %s/nginx.conf
      env -i HOME=%s PATH="$PATH:/usr/sbin" \
      LUA_PATH='%s/lua/?.lua;%s/lua/?/init.lua;;' LUA_CPATH='%s/build/luajit/?.so;;' \
      timeout 20 nginx -p %s/ -c nginx.conf -e stderr %s 2>&1; echo status $?]]):format(
      12000 + (high * 256 + low) % 20000, directory, directory, root, root, root, directory, arguments)
    local pipe = assert(io.popen(command))
    local said = pipe:read("*a")
    pipe:close()
    return said
  end

  it("is one that nginx takes wherever the folder is", function()
    local said = run_nginx("-t")
    assert.truthy(said:find("test is successful", 1, true), said)
  end)

  it("has nginx say at its start, and end, if there is no region", function()
    local said = run_nginx("-g 'daemon off;'")
    assert.truthy(said:find("NoRegionError: no region is set", 1, true), said)
    assert.truthy(said:find("status 1", 1, true), said)
    assert.falsy(said:find("This worker of nginx", 1, true))
  end)
end)

describe("examples/nginx", function()
  local nginx

  -- Something that can be asked as the servers of spec/nginx/server.lua can.
  local function start_on(port, setup_text)
    local directory = run_for_line("mktemp -d")
    write_file(directory .. "/plan.lua", PLAN:format(TABLE, ROLE))
    write_file(directory .. "/setup.lua", setup_text)
    return setmetatable({
      directory = directory, port = port, url = "http://127.0.0.1:" .. port, engine = core.new_engine {},
      input = io.popen(COMMAND:format(directory, port, run_for_line("pwd") .. "/examples/nginx", directory), "w"),
    }, server)
  end

  -- True when it serves, false if another program has the port.
  local function await_start()
    local is_serving, is_taken
    server.await("the example serves", function()
      -- nginx has the port when it writes this file.
      is_serving = nginx:pid() and nginx:finish(nginx:start_transfer("/"))
      is_taken = nginx:read("error.log"):find("Address already in use", 1, true)
      return is_serving or is_taken
    end)
    return not is_taken
  end

  local function start(setup_text)
    for _ = 1, PORTS_TRIED do
      local high, low = core.random(2):byte(1, 2)
      nginx = start_on(20000 + (high * 256 + low) % 40000, setup_text)
      if await_start() then return end
      nginx:stop()
    end
    error("no port is free")
  end
  after_each(function() nginx:stop() end)

  -- Status, decoded body, headers.
  local function ask(path, body)
    local response, _, message = nginx:finish(nginx:start_transfer(path, {
      method = body and "POST" or "GET", body = body and (type(body) == "table" and cjson.encode(body) or body),
    }))
    assert(response, message)
    assert.equal("application/json", response.headers["content-type"])
    assert.is_nil(response.body:find("stack traceback", 1, true))
    return response.status, cjson.decode(response.body), response.headers
  end

  local function params_for(name, more)
    local params = { BackupVaultName = "Default", ResourceArn = TABLE .. name, IamRoleArn = ROLE }
    for key, value in pairs(more or {}) do params[key] = value end
    return params
  end

  local function jobs_of(name, query)
    local _, page = ask("/jobs" .. (query or ""))
    local found = {}
    for _, job in ipairs(page.jobs) do
      if job.ResourceArn == TABLE .. name then found[#found + 1] = job end
    end
    return found
  end

  local function await_night()
    server.await("the backups of the night are started", function()
      return nginx:read("error.log"):find("nightly backups of [%d-]+: started")
    end)
  end

  it("starts a job over HTTP and reports it", function()
    start ""
    local status, started, headers = ask("/backups", params_for("orders", { Lifecycle = { DeleteAfterDays = 35 } }))
    assert.equal(202, status)
    assert.equal("/jobs/" .. started.BackupJobId, headers.location)
    local found, job = ask(headers.location)
    assert.equal(200, found)
    assert.equal(started.BackupJobId, job.BackupJobId)
    assert.equal("Default", job.BackupVaultName)
    assert.equal(started.BackupJobId, jobs_of("orders")[1].BackupJobId)
    server.await("it is reported as completed", function() return jobs_of("orders", "?state=COMPLETED")[1] end)
    assert.same({}, jobs_of("orders", "?state=FAILED"))
    assert.equal(1, #jobs_of("orders", "?since=2020-01-01T00:00:00Z"))
    assert.same({}, jobs_of("orders", "?since=2099-01-01T00:00:00Z"))
  end)

  it("answers 400 to bad input, and tells what is wrong with it", function()
    start ""
    local status, failure = ask("/backups", params_for("orders", { IamRoleArn = cjson.null, Lifecycle = 5 }))
    assert.equal(400, status)
    assert.equal("ParamValidationError", failure.error)
    local paths = {}
    for _, violation in ipairs(failure.violations) do paths[violation.path] = violation.rule end
    assert.same({ IamRoleArn = "required", Lifecycle = "type" }, paths)
    for _, body in ipairs { "", "{", "5", "[1]", '{"BackupVaultNam":"Default"}' } do
      assert.equal(400, (ask("/backups", body)), body)
    end
    for _, query in ipairs { "?since=yesterday", "?state=FAILED&state=RUNNING", "?next" } do
      assert.equal(400, (ask("/jobs" .. query)), query)
    end
  end)

  it("answers 404 for a vault or a job that is not there, and 405 to another method", function()
    start ""
    local status, failure = ask("/backups", params_for("orders", { BackupVaultName = "missing" }))
    assert.equal(404, status)
    assert.truthy(failure.message:find("missing", 1, true))
    assert.is_string(failure.request_id)
    assert.equal(404, (ask("/jobs/00000000-0000-0000-0000-000000000000")))
    assert.equal(405, (ask("/backups")))
    assert.equal(405, (ask("/jobs", {})))
  end)

  it("answers 429 when it is throttled and 502 for what else goes wrong, which it logs", function()
    start [[
      local emulator = ...
      local function fail(fault)
        fault.operation = "DescribeBackupJob"
        emulator:inject(fault)
      end
      fail { error = { code = "ThrottlingException", message = "Rate exceeded", status = 400 } }
      fail { error = { code = "AccessDeniedException", message = "no permission", status = 403 } }
      -- Over an idle connection a request is sent once more.
      fail { kind = "reset", times = 2 }
    ]]
    local expected = {
      { 429, "ThrottlingException", "Rate exceeded" },
      { 502, "AccessDeniedException", "no permission" },
      { 502, "TransportError", "AWS Backup could not be asked" },
    }
    for _, case in ipairs(expected) do
      local status, failure = ask("/jobs/any")
      assert.same(case, { status, failure.error, failure.message })
    end
    local log = nginx:read("error.log")
    assert.truthy(log:find("AccessDeniedException: no permission", 1, true))
    assert.truthy(log:find("TransportError: ", 1, true))
  end)

  it("starts the backups of the night once, though it has two workers, and logs what fails", function()
    start ""
    await_night()
    assert.equal(2, #nginx:workers())
    core.sleep(WATCH_SECONDS)
    local log = nginx:read("error.log")
    local runs = 0
    for _ in log:gmatch("nightly backups of [%d-]+: started 2 of 3") do runs = runs + 1 end
    assert.equal(1, runs)
    assert.truthy(log:find("no nightly backup of " .. TABLE .. "of-no-vault: ResourceNotFoundException", 1, true))
    for _, name in ipairs { "first-of-night", "last-of-night" } do assert.equal(1, #jobs_of(name)) end
  end)

  it("starts no second job for the same night after a reload", function()
    start ""
    await_night()
    local before = table.concat(nginx:workers(), " ")
    nginx:signal("HUP")
    server.await("others have taken over", function()
      return #nginx:workers() == 2 and table.concat(nginx:workers(), " ") ~= before
    end)
    core.sleep(WATCH_SECONDS)
    assert.equal(1, #jobs_of("first-of-night"))
    local _, runs = nginx:read("error.log"):gsub("nightly backups of [%d-]+: started", "")
    assert.equal(1, runs)
  end)
end)
