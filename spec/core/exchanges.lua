--- Requests to the fault server over an engine, for the specs of the engine.

local assert = require "luassert"
local core = require "aws.backup.core"
local explain = require "aws.backup.transport.explain"
local fault_server = require "spec.core.server"
local proxy = require "aws.backup.proxy"

local TEST_TIMEOUT = 20 -- seconds; no test may hang

local exchanges = {}

local SETTINGS = { "ca_bundle", "verify_tls", "tcp_keepalive", "max_response_bytes", "max_header_bytes" }

local function proxy_of(request)
  local through = request.proxy
  if type(through) ~= "string" then return through end
  return assert(proxy.read(through, "the proxy of a test"))
end

-- What the engine said, its facts made a sentence.
local function explained(request, response, kind, facts, ...)
  if type(facts) ~= "table" then return response, kind, facts, ... end
  return response, kind, explain.transfer(kind, facts, request, proxy_of(request), request.ca_bundle), ...
end

--- Starts one request of a table that also has what belongs into the settings of transfers, and the proxy: its URL,
--- or its parts.
function exchanges.start(engine, request)
  local settings
  for _, name in ipairs(SETTINGS) do
    if request[name] ~= nil then
      settings = settings or {}
      settings[name] = request[name]
    end
  end
  return explained(request, engine:start(request, settings and core.transfer_settings(settings), proxy_of(request)))
end

--- The result of a transfer that was started for a request, its failure as a sentence.
function exchanges.result(transfer, request)
  return explained(request, transfer:result())
end

-- `current` tells the server and the engine of the test that runs.
local function functions_for(current)
  local functions = {}

  --- A GET of that path of the server, changed.
  function functions.request(path, changes)
    local server = current()
    local built = { method = "GET", url = server.url .. path, headers = {} }
    for key, value in pairs(changes or {}) do
      built[key] = value
    end
    return built
  end

  --- Steps the engine, or another one, until nothing runs.
  function functions.finish(other)
    local _, engine = current()
    local deadline = core.monotonic() + TEST_TIMEOUT
    while (other or engine):step(0.1) > 0 do
      assert(core.monotonic() < deadline, "the transfers do not end")
    end
  end

  --- Sends one request; what transfer:result returns, or start did.
  function functions.send(path, changes)
    local _, engine = current()
    local request = functions.request(path, changes)
    local transfer, kind, message = exchanges.start(engine, request)
    if not transfer then
      return nil, kind, message
    end
    functions.finish()
    return exchanges.result(transfer, request)
  end

  --- Sends one that must fail; returns the message.
  function functions.assert_fails(expected_kind, path, changes)
    local response, kind, message = functions.send(path, changes)
    assert.is_nil(response)
    assert.equal(expected_kind, kind, message)
    assert.equal("string", type(message))
    assert.is_nil(message:find("\n", 1, true))
    return message
  end

  --- Sends one that must succeed; returns the body, which is the request as the server saw it.
  function functions.echo(path, changes)
    local response = assert(functions.send(path, changes))
    assert.equal(200, response.status)
    return response.body
  end

  return functions
end

--- Gives the tests of a block a server, and each an engine of its own.
--- @param hooks table  setup, teardown, before_each, after_each: busted gives them to files of specs alone
--- @param hand_over fun(server: table, engine: table?)  is told of them
--- @return table functions  request, finish, send, assert_fails, echo, renew
function exchanges.around(hooks, hand_over)
  local server, engine
  hooks.setup(function()
    server = fault_server.start()
    hand_over(server)
  end)
  hooks.teardown(function() server:stop() end)
  hooks.before_each(function()
    engine = core.new_engine()
    hand_over(server, engine)
  end)
  hooks.after_each(function() engine:close() end)
  local functions = functions_for(function() return server, engine end)

  --- Gives the test at hand another engine.
  function functions.renew(options)
    engine:close()
    engine = core.new_engine(options)
    hand_over(server, engine)
  end

  return functions
end

--- The names of the headers of a raw request, in order.
function exchanges.header_names(raw)
  local names = {}
  for name in raw:match("^[^\n]*\n(.-)\r\n\r\n"):gmatch("([^\r\n:]+):[^\r\n]*") do names[#names + 1] = name:lower() end
  table.sort(names)
  return table.concat(names, " ")
end

return exchanges
