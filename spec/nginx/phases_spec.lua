-- Calls in every phase of a real nginx: they are made where nginx can serve others meanwhile, and refused at once
-- elsewhere, where they can be made later.

local cjson = require "cjson"

local server = require "spec.nginx.server"

local MAY_WAIT = { "rewrite", "server_rewrite", "access", "content", "timer" }
local MAY_NOT_WAIT = { "init_worker", "set", "balancer", "header_filter", "body_filter", "log", "ssl_session_store" }
-- By the patches that this nginx has.
local IN_HANDSHAKE = { "ssl_client_hello", "ssl_cert", "ssl_session_fetch" }

local function shell(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

describe("in nginx", function()
  local upstream, nginx, folder, outcomes, may_wait

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
    may_wait = cjson.decode((nginx:ask("/may-wait")))
    server.await("all that was to be done later is done", function()
      outcomes = cjson.decode((nginx:ask("/outcomes")))
      for _, phases in ipairs { MAY_NOT_WAIT, IN_HANDSHAKE } do
        for _, phase in ipairs(phases) do
          if not outcomes[phase .. " (later)"] then return false end
        end
      end
      return outcomes.timer ~= nil
    end)
  end)

  teardown(function()
    nginx:stop()
    upstream:stop()
    server.remove(folder)
  end)

  local function is_made(phase)
    assert.equal("in-" .. phase, outcomes[phase])
    assert.equal("in-" .. phase, outcomes[phase .. " (ngx)"])
  end

  local function is_refused(phase)
    for _, name in ipairs { phase, phase .. " (ngx)" } do
      local outcome = outcomes[name]
      assert.truthy(outcome:find("^ConfigError: in the phase \"" .. phase .. "\" of nginx"), outcome)
      assert.truthy(outcome:find("client:later(operation, params, callback)", 1, true))
      assert.truthy(outcome:find("ngx.timer.at", 1, true))
    end
    assert.equal("after-" .. phase, outcomes[phase .. " (later)"])
    assert.equal("0 0", (upstream:ask("/seen?name=in-" .. phase)))
  end

  for _, phase in ipairs(MAY_WAIT) do
    it("a call is made in the phase " .. phase, function() is_made(phase) end)
  end

  for _, phase in ipairs(MAY_NOT_WAIT) do
    it("a call in the phase " .. phase .. " is refused, and made later", function() is_refused(phase) end)
  end

  for _, phase in ipairs(IN_HANDSHAKE) do
    it("a call in the phase " .. phase .. " is made if nginx is known to come back there, else refused", function()
      assert.is_boolean(may_wait[phase])
      if may_wait[phase] then is_made(phase) else is_refused(phase) end
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
