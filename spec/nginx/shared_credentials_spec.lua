local server = require "spec.nginx.server"

local CALLS = 40

describe("the workers of an nginx", function()
  local nginx

  setup(function() nginx = server.start { template = "spec/nginx/credentials.conf.in" } end)
  teardown(function() nginx:stop() end)

  -- Many calls at once. Returns with which keys, and by which workers, they were made: sets.
  local function call_often()
    local transfers, keys, pids = {}, {}, {}
    for index = 1, CALLS do transfers[index] = nginx:start_transfer("/call") end
    for _, transfer in ipairs(transfers) do
      local response, _, message = nginx:finish(transfer)
      local pid, key = (response and response.body or ""):match("^(%d+) (%w+)\n$")
      assert.is_string(pid, message or response.body .. nginx:last_errors())
      keys[key], pids[pid] = true, true
    end
    return keys, pids
  end

  local function size(set)
    local count = 0
    for _ in pairs(set) do count = count + 1 end
    return count
  end

  it("share what one of them has fetched: 40 calls, 1 fetch", function()
    local keys, pids = call_often()
    assert.same({ K1 = true }, keys)
    assert.equal(2, size(pids))
    assert.equal("1", (nginx:ask("/fetches")))
  end)

  it("share the new ones too when the service says that the credentials have expired", function()
    nginx:ask("/expire")
    local keys, pids = call_often()
    assert.same({ K2 = true }, keys)
    assert.equal(2, size(pids))
    assert.equal("2", (nginx:ask("/fetches")))
  end)

  it("find the credentials of those before them after a reload", function()
    local _, before = call_often()
    nginx:signal("HUP")
    server.await("a new worker answers", function()
      local pid, key = nginx:ask("/call"):match("^(%d+) (%w+)\n$")
      assert.equal("K2", key)
      return not before[pid]
    end)
    assert.equal("2", (nginx:ask("/fetches")))
  end)

  it("meet no trouble that nginx would log", function()
    assert.equal("", nginx:read("error.log"))
  end)
end)
