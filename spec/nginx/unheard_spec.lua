-- An error that no handler catches: nginx itself says no more of it than "unknown reason".

local server = require "spec.nginx.server"

describe("in nginx, an error that nobody catches", function()
  local nginx = server.start { template = "spec/nginx/unheard.conf.in" }

  teardown(function() nginx:stop() end)

  -- How often the log says it of a vault, and the last line that does.
  local function heard(name)
    local count, last = 0, nil
    for line in nginx:read("error.log"):gmatch("[^\n]+") do
      if line:find("[error]", 1, true) and line:find("TransportError: gone with " .. name .. " ", 1, true) then
        count, last = count + 1, line
      end
    end
    return count, last
  end

  local function is_heard_once(name, place)
    server.await("it is logged", function()
      nginx.engine:step(0) -- not every such request is answered
      return (heard(name)) > 0
    end)
    local count, line = heard(name)
    assert.equal(1, count)
    assert.truthy(line:find(place, 1, true), line)
  end

  for _, phase in ipairs { "content", "rewrite", "access", "log", "header_filter", "thread", "timer" } do
    it("is heard in the log with the place of the call: " .. phase, function()
      local transfer = nginx:start_transfer("/" .. phase)
      is_heard_once(phase, phase == "content" and "content_by_lua(nginx.conf:" or "spec/nginx/unheard.lua:16: ")
      transfer:cancel()
    end)
  end

  it("is heard when a worker starts", function()
    is_heard_once("init_worker", "spec/nginx/unheard.lua:16: ")
  end)

  it("that somebody catches is not written", function()
    assert.equal("caught caught caught caught caught", (nginx:ask("/caught")))
    for _, name in ipairs { "pcall", "xpcall", "coroutine", "thread-pcall", "parallel" } do
      assert.equal(0, (heard(name)))
    end
  end)
end)
