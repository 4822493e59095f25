--- What many calls at once cost the client in processor time, beside the least that a program over libcurl does to send
--- the same bytes to the same server (bench/multi.c), in the same run. Read the ratio, not the times.

local backup = require "aws.backup"
local ratio = require "ratio"
local sample = require "sample"
local server = require "spec.nginx.server"

local CALLS = 5000
local AT_ONCE = 64
local LIMIT = 1.3

local items = {}
for index = 1, CALLS do items[index] = index end

-- The request of one call as bench/multi.c reads it.
local function write_request(client)
  local request, path = client:prepare("StartBackupJob", sample.params), os.tmpname()
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
local request_path = write_request(client)
time_of_client(client) -- connects
local measured = ratio.of_rounds(function() return time_of_client(client) end,
  function() return time_of_multi(request_path) end)
os.remove(request_path)
answering:stop()
print(string.format("%-52s %9.2f us  %9.2f us  x %5.3f (at most %.1f)",
  AT_ONCE .. " calls at once, beside raw libcurl multi", measured.work, measured.floor, measured.ratio, LIMIT))
