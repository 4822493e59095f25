--- The emulator over HTTP, inside nginx with ngx_lua: reads a request as it came over the wire, hands it to the
--- emulator, and writes the answer. There is one emulator in the one worker process; `tools/emulator` writes the
--- configuration for that.

local new = require("aws.backup.emulator").new

local nginx = {}

-- nginx's own status for "close the connection without an answer".
local CLOSE_WITHOUT_ANSWER = 444

-- Made once, when the worker starts, and seen by all its requests: the server's state is what this module is for.
local served

local function wall_clock()
  ngx.update_time()
  return ngx.now()
end

local function run_setup(path, emulator)
  local setup = assert(loadfile(path))
  setup(emulator)
end

local function start()
  local speed, setup = os.getenv("EMULATOR_SPEED"), os.getenv("EMULATOR_SETUP")
  local emulator = new {
    region = os.getenv("EMULATOR_REGION"),
    account_id = os.getenv("EMULATOR_ACCOUNT"),
    speed = tonumber(speed) or error("SPEED must be a number, not " .. tostring(speed), 0),
    clock = wall_clock,
  }
  for name in (os.getenv("EMULATOR_VAULTS") or ""):gmatch("[^,%s]+") do emulator:create_vault(name) end
  if setup and setup ~= "" then run_setup(setup, emulator) end
  served = emulator
end

--- Makes the worker's emulator from the variables that `tools/emulator` sets, and writes to the file `started` in
--- nginx's prefix whether it can be used: "ready", or what is wrong. To be called in init_worker_by_lua.
function nginx.start_worker()
  local ok, message = pcall(start)
  local path = ngx.config.prefix() .. "started"
  local file = assert(io.open(path .. ".new", "w"))
  file:write(ok and "ready" or tostring(message))
  file:close()
  -- Whoever waits for the file never sees half of it.
  assert(os.rename(path .. ".new", path))
end

-- All headers, also beyond nginx's usual hundred. One that comes twice is joined as its signature has it.
local function read_headers()
  local headers = {}
  for name, value in pairs(ngx.req.get_headers(0)) do
    headers[name] = type(value) == "table" and table.concat(value, ",") or value
  end
  return headers
end

-- The whole body, which nginx keeps in a file if it is large.
local function read_body()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then return body end
  local path = ngx.req.get_body_file()
  if not path then return nil end
  local file = assert(io.open(path, "rb"))
  body = file:read("*a")
  file:close()
  return body
end

local function read_request()
  -- The path and the query as they were sent: nginx's own variables are decoded.
  local path, query = ngx.var.request_uri:match("^([^?]*)%??(.*)$")
  return {
    method = ngx.req.get_method(), path = path, query = query ~= "" and query or nil, headers = read_headers(),
    body = read_body(), host = ngx.var.http_host,
  }
end

local function write_response(response)
  ngx.status = response.status
  for name, value in pairs(response.headers) do ngx.header[name] = value end
  ngx.print(response.body)
  return ngx.exit(ngx.HTTP_OK)
end

--- Answers the current request. To be called in content_by_lua.
function nginx.serve()
  if not served then return ngx.exit(ngx.HTTP_SERVICE_UNAVAILABLE) end
  local response = served:send(read_request())
  if not response then return ngx.exit(CLOSE_WITHOUT_ANSWER) end
  return write_response(response)
end

return nginx
