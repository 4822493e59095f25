--- What many calls at once cost the client in processor time, beside the least that a program over libcurl does to send
--- the same bytes to the same server (bench/multi.c), in the same run; and what part of it is the engine's, which is
--- handed one signed request again and again. Read the ratios, not the times.

local backup = require "aws.backup"
local core = require "aws.backup.core"
local ratio = require "ratio"
local sample = require "sample"
local server = require "spec.nginx.server"

local CALLS = 5000
local AT_ONCE = 64
local LIMIT = 1.3

local items = {}
for index = 1, CALLS do items[index] = index end

-- A request as bench/multi.c reads it.
local function write_request(request)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(request.method, " ", request.url, "\n")
  for name, value in pairs(request.headers) do file:write(name, ": ", value, "\n") end
  file:write("\n", request.body)
  file:close()
  return path
end

local function time_of_client(client)
  local started = os.clock()
  local results = backup.parallel(items, function()
    return client:start_backup_job(sample.params)
  end, { concurrency = AT_ONCE })
  local seconds = os.clock() - started
  for _, result in ipairs(results) do assert(result.ok, result.error) end
  return seconds / CALLS
end

local function time_of_engine(request)
  local engine, begun, running = core.engine(), 0, {} -- a transfer that nobody holds is cancelled
  local function start()
    begun = begun + 1
    if begun <= CALLS then running[assert(engine:start(request))] = true end
  end
  local started = os.clock()
  for _ = 1, AT_ONCE do start() end
  local ended = 0
  while ended < CALLS do
    engine:step(1)
    local transfer = engine:next_ended()
    while transfer do
      assert(transfer:result().status == 200)
      running[transfer], ended = nil, ended + 1
      start()
      transfer = engine:next_ended()
    end
  end
  assert(next(running) == nil)
  return (os.clock() - started) / CALLS
end

local function time_of_multi(request_path)
  local pipe = assert(io.popen(("build/multi %s %d %d"):format(request_path, CALLS, AT_ONCE)))
  local seconds = pipe:read("*n")
  pipe:close()
  return assert(seconds, "build/multi has failed") / CALLS
end

local answering = server.start { template = "bench/server.conf.in" }
local client = backup.client {
  region = "eu-west-1", env = {}, credentials = sample.keys, endpoint_url = answering.url,
}
local request = client:prepare("StartBackupJob", sample.params)
local request_path = write_request(request)
local function time_of_floor() return time_of_multi(request_path) end

local function report(name, time_of_work, limit)
  local measured = ratio.of_rounds(time_of_work, time_of_floor)
  print(string.format("%-52s %9.2f us  %9.2f us  x %5.3f%s", name, measured.work, measured.floor, measured.ratio,
    limit))
end

time_of_client(client) -- connects
report(AT_ONCE .. " calls at once, beside raw libcurl multi", function() return time_of_client(client) end,
  (" (at most %.1f)"):format(LIMIT))
report("  of which the engine alone", function() return time_of_engine(request) end, "")
os.remove(request_path)
answering:stop()
