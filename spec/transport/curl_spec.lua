-- A client over libcurl against a server that misbehaves: what a user sees of each fault.

local backup = require "aws.backup"
local base64 = require "aws.backup.codec.base64"
local blocking = require "aws.backup.runtime.blocking"
local core = require "aws.backup.core"
local curl = require "aws.backup.transport.curl"
local fault_server = require "spec.core.server"
local proxy = require "aws.backup.proxy"

local KEYS = { access_key_id = "AKID", secret_access_key = "SECRETSECRETSECRET" }

describe("a client over libcurl", function()
  local server

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  local function new(path, more)
    local options = { region = "us-east-1", env = {}, credentials = KEYS, random = function() return 0 end,
      endpoint_url = server.url .. path }
    for name, value in pairs(more or {}) do options[name] = value end
    return backup.client(options)
  end

  local function failure(path, more)
    local client = new(path, more)
    local fine, err = pcall(client.list_backup_vaults, client)
    assert.is_false(fine)
    assert.is_true(backup.is(err, "TransportError"), tostring(err))
    assert.is_nil(tostring(err):find(KEYS.secret_access_key, 1, true))
    return err
  end

  it("sends what was signed, and no header of libcurl's own", function()
    local client = new("/echo", { validate = "shape", transport = nil })
    local _, err = pcall(client.describe_protected_resource, client,
      { ResourceArn = "arn:aws:ec2:us-east-1:1:volume/vol-1" })
    -- The server sends the request back as the body, which is no JSON: the error shows its beginning.
    assert.is_true(backup.is(err, "ResponseError"))
    assert.truthy(tostring(err):find("GET /echo/resources/arn%3Aaws%3Aec2%3Aus-east-1%3A1%3Avolume%2Fvol-1 HTTP/1.1",
      1, true), tostring(err))
  end)

  it("takes an empty body for an empty output", function()
    local output, meta = new("/no-content"):stop_backup_job { BackupJobId = "J" }
    assert.same({}, output)
    assert.equal(204, meta.http_status)
  end)

  it("tries a connection that is cut again, and tells how often", function()
    local err = failure("/nothing")
    assert.equal("reset", err.kind)
    assert.equal(3, err.attempts)
    assert.is_true(err.retryable)
    assert.equal(1, failure("/reset", { max_attempts = 1 }).attempts)
    assert.equal("reset", failure("/truncated", { retry_mode = "off" }).kind)
  end)

  it("ends a call to a silent server by read_timeout, and a dripping one not", function()
    assert.equal("read_timeout", failure("/silent", { read_timeout = 0.1, retry_mode = "off" }).kind)
    assert.equal("timeout", failure("/drip", { read_timeout = 5, timeout = 0.1, retry_mode = "off" }).kind)
  end)

  it("bounds the whole call with all its attempts by timeout", function()
    local err = failure("/silent", { read_timeout = 0.05, timeout = 0.12, max_attempts = 50 })
    assert.is_true(err.attempts >= 1 and err.attempts <= 4)
  end)

  it("takes no larger answer than it may", function()
    local err = failure("/body/5000", { max_response_bytes = 1000 })
    assert.equal("too_large", err.kind)
    assert.equal(1, err.attempts)
  end)

  it("trusts the certificate that ca_bundle names, and no other", function()
    local url = "https://localhost:" .. server.tls_port .. "/no-content"
    local err = failure("", { endpoint_url = url })
    assert.equal("tls", err.kind)
    assert.equal(1, err.attempts)
    assert.truthy(tostring(err):find("AWS_CA_BUNDLE", 1, true))
    local client = new("", { endpoint_url = url, env = { AWS_CA_BUNDLE = server.certificate } })
    assert.equal(204, select(2, client:stop_backup_job { BackupJobId = "J" }).http_status)
    client = new("", { endpoint_url = url, verify_tls = false })
    assert.equal(204, select(2, client:stop_backup_job { BackupJobId = "J" }).http_status)
  end)

  it("goes through the proxy of the options or of the environment it was given, and of no other", function()
    -- The server takes the part of a proxy: it sees a request for another host.
    local client = new("", { endpoint_url = "http://elsewhere.invalid/no-content", proxy = server.url })
    assert.equal(204, select(2, client:stop_backup_job { BackupJobId = "J" }).http_status)
    client = new("", { endpoint_url = "http://elsewhere.invalid/no-content", env = { http_proxy = server.url } })
    assert.equal(204, select(2, client:stop_backup_job { BackupJobId = "J" }).http_status)
    local dead_proxy = { http_proxy = "http://127.0.0.1:1" }
    local url = "http://localhost:" .. server.port .. "/no-content"
    assert.equal("proxy", failure("", { endpoint_url = url, env = dead_proxy }).kind)
    dead_proxy.no_proxy = "localhost"
    client = new("", { endpoint_url = url, env = dead_proxy })
    assert.equal(204, select(2, client:stop_backup_job { BackupJobId = "J" }).http_status)
  end)

  it("goes around the proxy for the networks of NO_PROXY", function()
    local env = { http_proxy = "http://127.0.0.1:1", NO_PROXY = "10.0.0.0/8, 127.0.0.0/8" }
    local client = new("/no-content", { env = env })
    assert.equal(204, select(2, client:stop_backup_job { BackupJobId = "J" }).http_status)
    env.NO_PROXY = "10.0.0.0/8"
    assert.equal("proxy", failure("/no-content", { env = env }).kind)
  end)

  it("refuses to be made with a proxy that can't be used, whichever variable names it, and asks nobody", function()
    local function witnessed()
      return curl.new({}, blocking):send({ method = "GET", url = server.url .. "/totals", headers = {} })
        .body:match("witnessed=%d+")
    end
    local before = witnessed()
    local function refuses(source, more)
      for _, scheme in ipairs { "http", "https" } do
        more.endpoint_url = ("%s://127.0.0.1:%s"):format(scheme, server.witness_port)
        local made, err = pcall(new, "", more)
        assert.is_false(made)
        assert.is_true(backup.is(err, "ConfigError"), tostring(err))
        assert.truthy(tostring(err):find(source, 1, true), tostring(err))
        assert.is_nil(tostring(err):find("sesame", 1, true))
      end
    end
    for _, user_info in ipairs { "user:sesame%0A", "us%0Der:sesame", "user:%00sesame", "u%7F:sesame", "u%3A:sesame" } do
      local url = ("http://%s@127.0.0.1:%s"):format(user_info, server.witness_port)
      for _, name in ipairs { "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
        refuses("variable " .. name, { env = { [name] = url } })
      end
      refuses("the option proxy", { proxy = url })
    end
    assert.truthy(before)
    assert.equal(before, witnessed())
  end)

  it("takes the last @ of a proxy for the end of its password", function()
    for user_info, sent in pairs { ["user:p@ss"] = "user:p@ss", ["user:p%2541@%"] = "user:p%41@%" } do
      local client = new("", { endpoint_url = "http://elsewhere.invalid/echo",
        env = { http_proxy = ("http://%s@127.0.0.1:%s"):format(user_info, server.port) } })
      local _, err = pcall(client.list_backup_vaults, client)
      assert.is_true(backup.is(err, "ResponseError"), tostring(err)) -- the request, which is no JSON
      local asked = curl.new({ proxy_for = function()
        return assert(proxy.read(("http://%s@127.0.0.1:%s"):format(user_info, server.port), "the proxy of a test"))
      end }, blocking):send { method = "GET", url = "http://elsewhere.invalid/x", headers = {} }
      assert.truthy(asked.body:find("Proxy-Authorization: Basic " .. base64.encode(sent) .. "\r\n", 1, true))
    end
  end)

  it("never shows the credentials of a proxy", function()
    local written = "sesame:sesame@127.0.0.1:" .. server.port
    for _, url in ipairs { "https://elsewhere.invalid", "http://elsewhere.invalid/status/407" } do
      local err = failure("", { endpoint_url = url, env = { ALL_PROXY = written } })
      assert.equal("proxy", err.kind)
      assert.is_nil(tostring(err):find("sesame", 1, true))
    end
    local made, err = pcall(backup.client, { region = "us-east-1", proxy = "socks5://" .. written, env = {} })
    assert.is_false(made)
    assert.is_true(backup.is(err, "ConfigError"))
    assert.is_nil(tostring(err):find("sesame", 1, true))
  end)

  it("counts no attempt for a connection that the server closes when it is used again", function()
    for _, path in ipairs { "/close-if-reused", "/reset-if-reused" } do
      local client = new(path, { max_connections = 1 })
      for _ = 1, 3 do
        assert.equal(1, select(2, client:stop_backup_job { BackupJobId = "J" }).attempts)
      end
      client:close()
    end
  end)

  it("keeps a client's own connections when it was told how many", function()
    local client = new("/no-content", { max_connections = 1 })
    client:stop_backup_job { BackupJobId = "J" }
    assert.equal(204, select(2, client:stop_backup_job { BackupJobId = "J" }).http_status)
    client:close()
    client:close()
    assert.equal(204, select(2, new("/no-content"):stop_backup_job { BackupJobId = "J" }).http_status)
  end)

  it("waits with the caller's own sleep", function()
    local slept = 0
    local client = new("/drip", { retry_mode = "off", runtime = { sleep = function(seconds)
      slept = slept + 1
      core.sleep(seconds)
    end } })
    pcall(client.list_backup_vaults, client)
    assert.is_true(slept > 0)
  end)
end)

describe("coroutines over one engine", function()
  local server

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  -- Runs functions in coroutines, each in turn, until all have ended.
  local function run_all(functions)
    local running = {}
    for index, fn in ipairs(functions) do running[index] = coroutine.create(fn) end
    while #running > 0 do
      for index = #running, 1, -1 do
        assert(coroutine.resume(running[index]))
        if coroutine.status(running[index]) == "dead" then table.remove(running, index) end
      end
      core.sleep(0.001)
    end
  end

  it("get each its own answer, while credentials and waiting yield to the others", function()
    local order, functions = {}, {}
    for index, path in ipairs { "/drip", "/no-content", "/drip", "/no-content" } do
      functions[index] = function()
        local client = backup.client {
          region = "us-east-1", env = {}, endpoint_url = server.url .. path, retry_mode = "off",
          runtime = { sleep = function() coroutine.yield() end },
          credentials = function() coroutine.yield(); return KEYS end,
        }
        local output, meta = client:stop_backup_job { BackupJobId = tostring(index) }
        order[#order + 1] = path
        assert.same({}, output)
        assert.equal(path == "/drip" and 200 or 204, meta.http_status)
      end
    end
    run_all(functions)
    assert.same({ "/no-content", "/no-content", "/drip", "/drip" }, order)
  end)
end)

describe("the curl transport", function()
  local server

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  local function request(url, fields)
    local built = { method = "GET", url = url, headers = {}, read_timeout = 10 }
    for name, value in pairs(fields or {}) do built[name] = value end
    return built
  end

  it("hands on why a request could not even be started", function()
    local response, kind, message = curl.new({}, {}):send(request("ftp://host/"))
    assert.is_nil(response)
    assert.equal("url", kind)
    assert.truthy(message:find("http", 1, true))
  end)

  it("asks for a proxy by scheme, host and port, and not at all for a request that is to go direct", function()
    local asked
    local transport = curl.new({ proxy_for = function(...)
      asked = { ... }
      return { scheme = "http", host = "127.0.0.1", port = tonumber(server.port) }
    end }, blocking)
    assert.equal(200, transport:send(request("http://elsewhere.invalid/zero")).status)
    assert.same({ "http://elsewhere.invalid" }, asked)
    asked = nil
    assert.equal(200, transport:send(request(server.url .. "/zero", { direct = true })).status)
    assert.is_nil(asked)
  end)

  it("sends nothing to the host that a redirect names", function()
    local transport = curl.new({}, blocking)
    local function witnessed() return transport:send(request(server.url .. "/totals")).body:match("witnessed=%d+") end
    local before = witnessed()
    local head = ("HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:%s/\r\nContent-Length: 0\r\n\r\n"):format(
      server.witness_port)
    local response = transport:send(request(server.url .. fault_server.sending(head)))
    assert.equal(307, response.status)
    assert.equal(before, witnessed())
  end)

  it("sends a request once more when its idle connection is gone: two requests, one answer", function()
    local transport = curl.new({ max_connections = 1 }, blocking)
    local function totals()
      local body = transport:send(request(server.url .. "/totals")).body
      return tonumber(body:match("connections=(%d+)")), tonumber(body:match("requests=(%d+)"))
    end
    for _, path in ipairs { "/close-if-reused", "/reset-if-reused" } do
      local connections, requests = totals()
      assert.equal(200, transport:send(request(server.url .. path, { method = "PUT", body = "x" })).status)
      local connections_after, requests_after = totals()
      assert.equal(1, connections_after - connections)
      assert.equal(3, requests_after - requests) -- the one in vain, the one that was answered, and this
    end
    transport.close()
  end)

  it("probes its connections when told so", function()
    local transfer_settings, given = core.transfer_settings, nil
    core.transfer_settings = function(fields)
      given = fields
      return transfer_settings(fields)
    end
    curl.new({ tcp_keepalive = true }, blocking)
    core.transfer_settings = transfer_settings
    assert.is_true(given.tcp_keepalive)
  end)

  -- What a child process does with its parent's engine: spec/core/fork_spec.lua.
  it("goes on over another engine when somebody has closed the shared one", function()
    local transport = curl.new({}, blocking)
    assert.equal(200, transport:send(request(server.url .. "/zero")).status)
    core.engine():close()
    assert.equal(200, transport:send(request(server.url .. "/zero")).status)
  end)

  it("does not open again what was its own and is closed", function()
    local transport = curl.new({ max_connections = 1 }, blocking)
    assert.equal(200, transport:send(request(server.url .. "/zero")).status)
    transport.close()
    assert.equal("closed", (select(2, transport:send(request(server.url .. "/zero")))))
  end)
end)
