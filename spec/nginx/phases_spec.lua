-- Calls in every phase of a real nginx: they are made where nginx can serve others meanwhile, and refused at once
-- elsewhere, where they can be made later.

local cjson = require "cjson"

local server = require "spec.nginx.server"

local MAY_WAIT = { "rewrite", "server_rewrite", "access", "content", "timer", "ssl_cert" }
local MAY_NOT_WAIT = { "init_worker", "set", "balancer", "header_filter", "body_filter", "log", "ssl_session_store" }
local MAY_WAIT_IF_PATCHED = { "ssl_client_hello", "ssl_session_fetch" }

local function shell(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

-- OpenResty has ngx_lua compiled in, and patches beside it.
local is_patched = shell('PATH=$PATH:/usr/sbin; tools/nginx-modules "$(command -v nginx)"') == ""
local list = is_patched and MAY_WAIT or MAY_NOT_WAIT
for _, phase in ipairs(MAY_WAIT_IF_PATCHED) do list[#list + 1] = phase end

describe("in nginx", function()
  local upstream, nginx, folder, outcomes

  setup(function()
    folder = server.make_certificate()
    upstream = server.start { template = "spec/nginx/upstream.conf.in" }
    nginx = server.start {
      template = "spec/nginx/calls.conf.in",
      values = { UPSTREAM = upstream.url, WORKERS = 1, CODE_CACHE = "on", CERTIFICATE = folder .. "/certificate",
        KEY = folder .. "/key" },
    }
    assert.equal("done", (nginx:ask("/phases")))
    nginx:finish(nginx:start_transfer("/balanced"))
    -- It comes back with the session that it got.
    shell(("openssl s_client -connect 127.0.0.1:%d -tls1_2 -reconnect </dev/null"):format(nginx.port + 1))
    server.await("all that was to be done later is done", function()
      outcomes = cjson.decode((nginx:ask("/outcomes")))
      for _, phase in ipairs(MAY_NOT_WAIT) do
        if not outcomes[phase .. " (later)"] then return false end
      end
      return outcomes.timer ~= nil
    end)
  end)

  teardown(function()
    nginx:stop()
    upstream:stop()
    server.remove(folder)
  end)

  for _, phase in ipairs(MAY_WAIT) do
    it("a call is made in the phase " .. phase, function()
      assert.equal("in-" .. phase, outcomes[phase])
      assert.equal("in-" .. phase, outcomes[phase .. " (ngx)"])
    end)
  end

  for _, phase in ipairs(MAY_NOT_WAIT) do
    it("a call in the phase " .. phase .. " is refused, and made later", function()
      for _, name in ipairs { phase, phase .. " (ngx)" } do
        local outcome = outcomes[name]
        assert.truthy(outcome:find("^ConfigError: in the phase \"" .. phase .. "\" of nginx"), outcome)
        assert.truthy(outcome:find("client:later(operation, params, callback)", 1, true))
        assert.truthy(outcome:find("ngx.timer.at", 1, true))
      end
      assert.equal("after-" .. phase, outcomes[phase .. " (later)"])
      assert.equal("0 0", (upstream:ask("/seen?name=in-" .. phase)))
    end)
  end

  it("a call in init_by_lua blocks, unless that was not wanted, and has no later", function()
    assert.equal("in-init", outcomes.init)
    assert.truthy(outcomes["init (ngx)"]:find('^ConfigError: in the phase "init" of nginx'))
    assert.truthy(outcomes["init (ngx)"]:find('runtime = "blocking"', 1, true))
    assert.truthy(outcomes["init (later)"]:find("call the operation itself", 1, true))
  end)

  it("a call is too late when a worker exits", function()
    nginx:signal("QUIT")
    server.await("the worker has ended", function() return nginx:read("exit_worker") ~= "" end)
    for line in nginx:read("exit_worker"):gmatch("[^\n]+") do
      assert.truthy(line:find('"exit_worker"', 1, true), line)
      assert.truthy(line:find("before the worker exits", 1, true), line)
    end
    assert.equal("", nginx:read("error.log"))
  end)
end)
