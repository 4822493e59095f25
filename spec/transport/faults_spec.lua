-- The faults of fault_cases.lua over libcurl: each gives its kind in time, the transport works on, nothing is lost.

local blocking = require "aws.backup.runtime.blocking"
local core = require "aws.backup.core"
local curl = require "aws.backup.transport.curl"
local fault_cases = require "spec.transport.fault_cases"
local fault_server = require "spec.core.server"
local lfs = require "lfs" -- busted has it
local proxy = require "aws.backup.proxy"

local function collect()
  collectgarbage()
  collectgarbage()
end

-- How many file descriptors this process has open, the one that looks included.
local function open_files()
  local count = 0
  collect()
  for _ in lfs.dir("/proc/self/fd") do count = count + 1 end
  return count
end

-- Kilobytes of memory that this process has in use.
local function memory()
  collect()
  local file = assert(io.open("/proc/self/status"))
  local text = file:read("*a")
  file:close()
  return tonumber(text:match("VmRSS:%s*(%d+) kB"))
end

-- A transport with connections of its own, so that closing it closes them.
local function new_transport(given)
  local settings = { max_connections = 4 }
  for name, value in pairs(given) do settings[name] = value end
  local chosen = given.proxy and assert(proxy.read(given.proxy, "the proxy of a test"))
  settings.proxy, settings.proxy_for = nil, function() return chosen end
  return curl.new(settings, blocking)
end

describe("over libcurl", function()
  local server = fault_server.start()
  local files_before = open_files()

  teardown(function() server:stop() end)

  for _, tried in ipairs(fault_cases.all(server)) do
    local outcome = tried.kind and " is of the kind " .. tried.kind or " does no harm"
    it(tried.name .. outcome .. ", and costs no file descriptor", function()
      local transport = new_transport(tried.settings)
      local fault = fault_cases.run(tried, transport, server, core.monotonic)
      transport.close()
      assert.is_nil(fault)
      assert.equal(files_before, open_files())
    end)
  end

  it("a thousand faults one after the other cost neither memory nor file descriptors", function()
    local transport = new_transport { max_response_bytes = 1000 }
    local urls = {
      server.url .. "/nothing", server.url .. fault_server.sending("", "reset"),
      server.url .. fault_server.sending("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "close"),
      server.url .. "/body/1001", "http://127.0.0.1:1/", "http://h/\r\n",
    }
    local function fail(times)
      for index = 1, times do
        local response = transport:send {
          method = "PUT", url = urls[index % #urls + 1], headers = { authorization = ("x"):rep(500) },
          body = ("x"):rep(20000), connect_timeout = 5, read_timeout = 5,
        }
        assert.is_nil(response)
      end
    end
    fail(200)
    local files = open_files()
    -- Requests that nobody freed would keep their bodies, twenty megabytes a round. The allocator may take more memory
    -- once, for holes that it can't fill, but not each time.
    local least = math.huge
    for _ = 1, 3 do
      local before = memory()
      fail(1000)
      least = math.min(least, memory() - before)
      if least < 5000 then break end
    end
    assert.is_true(least < 5000, "memory grew by " .. least .. " kB in each round")
    assert.equal(files, open_files())
    transport.close()
  end)
end)
