--- What calls inside nginx cost, and what they leave alone: beside a bare request over nginx's sockets, while the
--- service stalls, in great numbers, and over reloads. All in one worker; limits stand beside the figures.
---
---     tools/bench-nginx [overhead stall flight endurance reloads]

local core = require "aws.backup.core"
local ratio = require "bench.ratio"
local server = require "spec.nginx.server"

local LONGEST_NAME = "%-58s "

local answering, holding, nginx

local function report(name, text, ...)
  print((LONGEST_NAME .. text):format(name, ...))
end

local function median(values)
  table.sort(values)
  return values[math.ceil(#values / 2)]
end

-- Seconds of processor time that a process has used.
local function cpu_of(pid)
  local file = assert(io.open(("/proc/%d/stat"):format(pid)))
  local fields = file:read("*a"):match("^.*%) (.*)$")
  file:close()
  local user, system = fields:match(("%S+ "):rep(11) .. "(%d+) (%d+)")
  return (tonumber(user) + tonumber(system)) / 100
end

-- Requests `path` many times with bench/multi.c, which ends if one fails. Seconds of the wall's clock.
local function load_with(path, requests, at_once)
  local request_path = os.tmpname()
  local file = assert(io.open(request_path, "wb"))
  file:write("GET ", nginx.url, path, "\n\n")
  file:close()
  local pipe = assert(io.popen(("build/multi %s %d %d"):format(request_path, requests, at_once)))
  local _, seconds = pipe:read("*n", "*n")
  pipe:close()
  os.remove(request_path)
  return assert(seconds, "build/multi has failed: " .. nginx:last_errors())
end

local parts = {}

-- Latency.

local CALLS_IN_A_ROW = 1000
local ADDED_LIMIT = 300 -- microseconds

local function measure_latency()
  local function clock(kind)
    return function() return tonumber((nginx:ask(("/time?kind=%s&times=%d"):format(kind, CALLS_IN_A_ROW)))) end
  end
  clock("call")()
  local measured = ratio.of_rounds(clock("call"), clock("bare"))
  report("a call in a content handler, beside a bare request", "%7.1f us  %7.1f us  added %.1f us (at most %d)",
    measured.work, measured.floor, measured.work - measured.floor, ADDED_LIMIT)
end

-- Throughput.

local REQUESTS, AT_ONCE = 10000, 64
local RATE_LIMIT = " (at least 0.7)"

-- The rate of calls is the time of a bare request by that of a call, since as many are under way.
local function measure_rate(name, path, limit)
  local pid, cpu = nginx:workers()[1], { call = {}, bare = {} }
  local function clock(kind)
    return function()
      local before = cpu_of(pid)
      local seconds = load_with(path .. kind, REQUESTS, AT_ONCE)
      table.insert(cpu[kind], (cpu_of(pid) - before) / REQUESTS * 1e6)
      return seconds / REQUESTS
    end
  end
  local measured = ratio.of_rounds(clock("bare"), clock("call"))
  report(name, "%7.0f     %7.0f     x %.3f%s", 1e6 / measured.floor, 1e6 / measured.work, measured.ratio, limit)
  report("  the worker's processor time for one", "%7.1f us  %7.1f us", median(cpu.call), median(cpu.bare))
end

function parts.overhead()
  measure_latency()
  measure_rate("calls a second, beside bare requests", "/", RATE_LIMIT)
  measure_rate("  of a service that takes 20 ms", "/distant/", RATE_LIMIT)
end

-- Stalls.

local STALLED, STALL_MS, STALL_ROUNDS = 100, 5000, 5
local QUICK_SECONDS = 3
local STALL_LIMIT = 2

-- The 99th percentile of the latency of other requests, in microseconds.
local function quick_p99()
  local latencies, ends = {}, core.monotonic() + QUICK_SECONDS
  repeat
    local started = core.monotonic()
    assert(nginx:ask("/quick") == "quick")
    latencies[#latencies + 1] = core.monotonic() - started
  until core.monotonic() > ends
  table.sort(latencies)
  return latencies[math.ceil(#latencies * 0.99)] * 1e6
end

local function start_held(engine, count, name)
  local transfers = {}
  for index = 1, count do
    transfers[index] = assert(engine:start {
      method = "GET", url = ("%s/held?name=%s-%d"):format(nginx.url, name, index), headers = {},
      connect_timeout = 30, read_timeout = 60,
    })
  end
  return transfers
end

local function finish_held(engine, transfers, name)
  for index, transfer in ipairs(transfers) do
    while not transfer:done() do engine:step(1) end
    local response, _, message = transfer:result()
    local expected = ("%s-%d"):format(name, index)
    assert(response and response.body == expected, message or response.body .. nginx:last_errors())
  end
end

function parts.stall()
  local engine = core.new_engine { max_connections = STALLED }
  local name, with, without = ("slow-%d"):format(STALL_MS), {}, {}
  for round = 1, STALL_ROUNDS do
    without[round] = quick_p99()
    local transfers = start_held(engine, STALLED, name)
    local settled = core.monotonic() + 0.5
    while core.monotonic() < settled do engine:step(0.05) end
    with[round] = quick_p99()
    for _, transfer in ipairs(transfers) do assert(not transfer:done(), "the stall was over too early") end
    finish_held(engine, transfers, name)
  end
  engine:close()
  local stalled, calm = median(with), median(without)
  report(("p99 of others while %d calls stall, beside none"):format(STALLED),
    "%7.1f us  %7.1f us  x %.3f (below %d)", stalled, calm, stalled / calm, STALL_LIMIT)
end

-- Many at once.

local IN_FLIGHT = 1000

function parts.flight()
  local engine = core.new_engine { max_connections = IN_FLIGHT }
  local started = core.monotonic()
  local transfers, most = start_held(engine, IN_FLIGHT, "held"), 0
  server.await("all calls are under way", function()
    engine:step(0)
    most = math.max(most, tonumber((holding:ask("/seen"):match("%d+$"))))
    return most == IN_FLIGHT
  end)
  local gathered = core.monotonic()
  holding:ask("/release")
  finish_held(engine, transfers, "held")
  engine:close()
  report("calls in flight in one worker", "%7d     (at least %d); begun in %.2f s, ended in %.2f s", most, IN_FLIGHT,
    gathered - started, core.monotonic() - gathered)
end

-- A long run.

local LAPS, CALLS_A_LAP = 10, 10000

function parts.endurance()
  local pid, kilobytes, files = nginx:workers()[1], {}, {}
  for lap = 1, LAPS do
    load_with("/call", CALLS_A_LAP, AT_ONCE)
    kilobytes[lap], files[lap] = tonumber((nginx:ask("/memory"))), server.open_files(pid)
  end
  local calls = LAPS * CALLS_A_LAP
  report(("kB of Lua after %d calls, beside the first %d"):format(calls, CALLS_A_LAP),
    "%7.1f     %7.1f     grown by %.1f (flat)", kilobytes[LAPS], kilobytes[1], kilobytes[LAPS] - kilobytes[1])
  report("  file descriptors", "%7d     %7d     grown by %d (flat)", files[LAPS], files[1], files[LAPS] - files[1])
end

-- Reloads.

local RELOADS, CLIENTS, CALLS_BETWEEN = 50, 16, 200

-- Keeps so many requests under way, each with a call; counts those that went well and those that did not.
local function new_load()
  local load = { good = 0, failed = 0, running = {} }
  local function finish_first()
    local response = nginx:finish(table.remove(load.running, 1))
    local outcome = response and response.status == 200 and #response.body > 0 and "good" or "failed"
    load[outcome] = load[outcome] + 1
  end
  function load.go_on()
    while #load.running < CLIENTS do load.running[#load.running + 1] = nginx:start_transfer("/call") end
    finish_first()
  end
  function load.finish()
    while load.running[1] do finish_first() end
  end
  return load
end

function parts.reloads()
  local load = new_load()
  for _ = 1, RELOADS do
    for _ = 1, CALLS_BETWEEN do load.go_on() end
    local before = nginx:workers()[1]
    nginx:signal("HUP")
    server.await("another worker has taken over", function()
      load.go_on()
      local workers = nginx:workers()
      return #workers == 1 and workers[1] ~= before
    end)
  end
  load.finish()
  local _, lines = nginx:read("error.log"):gsub("\n", "\n")
  report(("failed calls over %d reloads under load"):format(RELOADS), "%7d     (0) of %d", load.failed,
    load.good + load.failed)
  report("  lines in the log of errors", "%7d     (0)", lines)
  io.write(nginx:last_errors())
end

local function start()
  answering = server.start { template = "bench/nginx/service.conf.in" }
  holding = server.start { template = "spec/nginx/upstream.conf.in" }
  nginx = server.start {
    template = "bench/nginx/client.conf.in", values = { ANSWERING = answering.url, HOLDING = holding.url },
  }
end

local chosen = #arg > 0 and arg or { "overhead", "stall", "flight", "endurance", "reloads" }
start()
for _, name in ipairs(chosen) do assert(parts[name], "there is no part " .. name)() end
for _, each in ipairs { nginx, holding, answering } do each:stop() end
