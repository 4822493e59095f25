-- One table of answers (answers.lua) over both transports: what one takes and refuses, the other does too.

local cjson = require "cjson"

local answers = require "spec.transport.answers"
local blocking = require "aws.backup.runtime.blocking"
local curl = require "aws.backup.transport.curl"
local fault_server = require "spec.core.server"
local name_server = require "spec.nginx.name_server"
local server = require "spec.nginx.server"

local function request(url)
  return { method = "GET", url = url, headers = {}, connect_timeout = 10, read_timeout = 10 }
end

local function named(expected)
  return expected.kind and "is of the kind " .. expected.kind or "is taken"
end

describe("an answer, over libcurl,", function()
  local faults = fault_server.start()

  teardown(function() faults:stop() end)

  for _, case in ipairs(answers.all) do
    local expected = case.over_libcurl or case
    it("with " .. case.name .. " " .. named(expected), function()
      local transport = curl.new({ max_connections = 4 }, blocking)
      local fault = answers.fault(expected,
        transport:send(request(faults.url .. fault_server.sending(case.bytes))))
      local after = transport:send(request(faults.url .. "/status/418"))
      transport.close()
      assert.is_nil(fault)
      assert.equal(418, after.status)
    end)
  end
end)

describe("an answer, over nginx's sockets,", function()
  local faults, names = fault_server.start(), name_server.start()
  local nginx = server.start {
    template = "spec/nginx/transport.conf.in",
    values = { CERTIFICATE = faults.certificate, NAME_SERVER_PORT = names.port },
  }

  teardown(function()
    nginx:stop()
    names:stop()
    faults:stop()
  end)

  for _, case in ipairs(answers.all) do
    it("with " .. case.name .. " " .. named(case), function()
      local items = {
        { settings = { max_connections = 4 },
          request = request(faults.url .. fault_server.sending(case.bytes)) },
        { request = request(faults.url .. "/status/418") },
      }
      local results = cjson.decode((nginx:ask("/send", { method = "POST", body = cjson.encode { items = items } })))
      local outcome = results[1]
      assert.is_nil(answers.fault(case, outcome.status and outcome, outcome.kind, outcome.message))
      assert.equal(418, results[2].status)
    end)
  end
end)
