--- The emulator over HTTP, inside nginx with ngx_lua: reads a request as it came over the wire, hands it to the
--- emulator, and writes the answer. There is one emulator in the one worker process; `tools/emulator` writes the
--- configuration for that.

local answer = require "aws.backup.emulator.answer"
local core = require "aws.backup.core"
local failure = require "aws.backup.emulator.failure"
local new = require("aws.backup.emulator").new
local version = require "aws.backup.version"

local nginx = {}

-- nginx's own status for "close the connection without an answer".
local CLOSE_WITHOUT_ANSWER = 444

-- How often the worker looks whether it is still wanted.
local LOOK_SECONDS = 1

local SIGTERM = 15

-- Made once, when the worker starts, and seen by all its requests: the server's state is what this module is for.
local served, about

local function wall_clock()
  ngx.update_time()
  return ngx.now()
end

local function run_setup(path, emulator)
  local setup = assert(loadfile(path))
  setup(emulator)
end

-- Whoever started nginx may be killed without a chance to end it.
local function end_with(parent)
  local ffi = require "ffi"
  ffi.cdef "int getppid(void); int getpid(void); int kill(int pid, int signal);"
  ngx.timer.every(LOOK_SECONDS, function()
    if ffi.C.getppid() ~= parent then ffi.C.kill(ffi.C.getpid(), SIGTERM) end
  end)
end

-- What the server is, and what a shell must export for a client to find it.
local function describe(region, account_id, speed)
  local what = ("AWS Backup, emulated by lua-aws-backup %s: region %s, account %s, time %s times as fast.\n")
    :format(version, region, account_id, speed)
  local exports = ([[
export AWS_ENDPOINT_URL_BACKUP=%s
export AWS_REGION=%s
export AWS_DEFAULT_REGION=%s
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE
export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
]]):format(os.getenv("EMULATOR_URL"), region, region)
  return {
    announcement = "# " .. what .. exports,
    page = what .. "All that it has is in memory, and gone when it ends. To point a client at it (this one, the AWS "
      .. "CLI, an SDK):\n\n" .. exports .. "\nThen, for example: aws backup list-backup-vaults\n",
  }
end

local function start()
  local speed, setup = os.getenv("EMULATOR_SPEED"), os.getenv("EMULATOR_SETUP")
  local region, account_id = os.getenv("EMULATOR_REGION"), os.getenv("EMULATOR_ACCOUNT")
  local emulator = new {
    region = region,
    account_id = account_id,
    speed = tonumber(speed) or error("SPEED must be a number, not " .. tostring(speed), 0),
    clock = wall_clock,
  }
  for name in (os.getenv("EMULATOR_VAULTS") or ""):gmatch("[^,%s]+") do emulator:create_vault(name) end
  if setup and setup ~= "" then run_setup(setup, emulator) end
  served, about = emulator, describe(region, account_id, speed)
  end_with(tonumber(os.getenv("EMULATOR_PARENT")))
end

--- Makes the worker's emulator from the variables that `tools/emulator` sets, and writes to the file `started` in
--- nginx's prefix whether it can be used: a line "ready" and what a client needs, or what is wrong. To be called in
--- init_worker_by_lua.
function nginx.start_worker()
  local ok, message = pcall(start)
  local path = ngx.config.prefix() .. "started"
  local file = assert(io.open(path .. ".new", "w"))
  file:write(ok and "ready\n" .. about.announcement or tostring(message))
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

-- Whether somebody looks what is here, as with a browser: no operation has this path.
local function is_visit(request)
  return request.path == "/" and (request.method == "GET" or request.method == "HEAD")
    and not request.headers.authorization and not request.query
end

local function tell_what_it_is()
  ngx.header["content-type"] = "text/plain; charset=utf-8"
  ngx.header["content-length"] = #about.page
  ngx.print(about.page)
  return ngx.exit(ngx.HTTP_OK)
end

--- Answers the current request. To be called in content_by_lua.
function nginx.serve()
  if not served then return ngx.exit(ngx.HTTP_SERVICE_UNAVAILABLE) end
  local request = read_request()
  if is_visit(request) then return tell_what_it_is() end
  local response = served:send(request)
  if not response then return ngx.exit(CLOSE_WITHOUT_ANSWER) end
  return write_response(response)
end

-- The exceptions of AWS for what is wrong with a request before anybody has read it, and what to say.
local REFUSALS = {
  [400] = { "MalformedHttpRequestException", "The request is no HTTP that can be understood." },
  [404] = { "UnknownOperationException", "There is no operation with this path." },
  [405] = { "UnknownOperationException", "There is no operation with this path and method." },
  [408] = { "RequestTimeoutException", "The request did not come to its end in time." },
  [413] = { "RequestEntityTooLargeException", "The body is larger than 8 MiB." },
  [414] = { "MalformedHttpRequestException", "The request line is longer than 64 KiB." },
  [431] = { "MalformedHttpRequestException", "A header is longer than 64 KiB, or all of them than 512 KiB." },
  [501] = { "MalformedHttpRequestException", "The body has a Transfer-Encoding other than chunked." },
  [503] = { "ServiceUnavailableException", "The emulator can't answer now." },
  [505] = { "MalformedHttpRequestException", "The request has another version of HTTP than 1.0 or 1.1." },
}
local OTHER_REFUSAL = { "MalformedHttpRequestException", "The request can't be answered." }
local FAULT_OF_OURS = { "InternalFailure", "The emulator has failed; its error log tells more." }

--- Answers, in the form of the service, a request that nginx itself refuses. To be called in content_by_lua of the
--- location that error_page names.
function nginx.refuse()
  local status = ngx.status
  local refusal = REFUSALS[status] or status >= 500 and FAULT_OF_OURS or OTHER_REFUSAL
  local told = failure.new(refusal[1], refusal[2])
  told.status = status
  return write_response(answer.refusal({ now = wall_clock(), request_id = core.uuid() }, told))
end

return nginx
