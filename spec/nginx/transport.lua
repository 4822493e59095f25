--- What runs in the nginx of spec/transport/cosocket_spec.lua: requests over nginx's sockets, and what comes of them.

-- luacheck: std ngx_lua

local cjson = require "cjson"

local core = require "aws.backup.core"
local cosocket = require "aws.backup.transport.cosocket"
local fault_cases = require "spec.transport.fault_cases"
local json = require "aws.backup.codec.json"
local proxy = require "aws.backup.proxy"

local transport = {}

local function body()
  ngx.req.read_body()
  return assert(json.decode(ngx.req.get_body_data()))
end

-- By default with connections of its own.
local function new_transport(given)
  local chosen = given.proxy and assert(proxy.read(given.proxy, "the proxy of a test"))
  return cosocket.new({
    max_connections = given.shared ~= true and (given.max_connections or 4) or nil,
    max_response_bytes = given.max_response_bytes, ca_bundle = given.ca_bundle, verify_tls = given.verify_tls,
    tcp_keepalive = given.tcp_keepalive, proxy_for = function() return chosen end,
  }, ngx)
end

--- Runs the case that the body names against the fault server that it describes; prints what was done wrong.
function transport.run_case()
  local asked = body()
  for _, tried in ipairs(fault_cases.all(asked.server)) do
    if tried.name == asked.name then
      tried.settings.ca_bundle = asked.ca_bundle
      tried.kind, tried.says = asked.kind, asked.says
      return ngx.print(fault_cases.run(tried, new_transport(tried.settings), asked.server, core.monotonic) or "nothing")
    end
  end
  error("no such case: " .. asked.name)
end

--- Meets so many faults one after the other as the body tells; prints the kilobytes of Lua's memory in use.
function transport.run_many_faults()
  local asked = body()
  local over_sockets = new_transport { max_response_bytes = 1000 }
  for index = 1, asked.times do
    local response = over_sockets:send {
      method = "PUT", url = asked.urls[index % #asked.urls + 1], headers = { authorization = ("x"):rep(500) },
      body = ("x"):rep(20000), connect_timeout = 5, read_timeout = 5,
    }
    assert(response == nil)
  end
  collectgarbage()
  collectgarbage()
  ngx.print(collectgarbage("count"))
end

-- The table of an answer, or of a failure.
local function result_of(response, kind, message, retryable)
  return response or { kind = kind, message = message, retryable = retryable }
end

--- Sends requests one after the other, or all at once, each with a transport made of its settings or with the one of
--- the request before; prints what came of them as JSON.
function transport.send()
  local asked, jobs, over_sockets = body(), {}, nil
  for index, item in ipairs(asked.items) do
    if item.settings then over_sockets = new_transport(item.settings) end
    local used = over_sockets
    item.request.headers = item.request.headers or {}
    jobs[index] = function() return result_of(used:send(item.request)) end
  end
  local results = {}
  if asked.at_once then
    for index, job in ipairs(jobs) do jobs[index] = ngx.thread.spawn(job) end
    for index, thread in ipairs(jobs) do results[index] = select(2, ngx.thread.wait(thread)) end
  else
    for index, job in ipairs(jobs) do results[index] = job() end
  end
  ngx.print(cjson.encode(results))
end

return transport
