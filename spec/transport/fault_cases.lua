--- What a transport must make of a network that fails: cases for any transport that keeps the contract
-- (`send(self, request)` returns a response, or nil, kind, message), against the server of spec/core/server.lua.
--
-- A case:
--   name, request        the request, its timeouts included
--   settings             what the transport is to be made with: proxy, ca_bundle, max_response_bytes
--   kind                 the failure it must give; absent: it must succeed with `status`, and `body` if that is told
--   retryable            whether another attempt may help; absent: as the kind tells
--   says                 words that the message must hold
--   first                the URL of a request to be sent before, whose connection may be used again

local fault_server = require "spec.core.server"

local fault_cases = {}

local STALL_SECONDS = 0.15
local ENOUGH_SECONDS = 10
local SLACK_SECONDS = 1
local OK = "HTTP/1.1 200 OK\r\n"
local CHUNKED = OK .. "Transfer-Encoding: chunked\r\n\r\n"
-- No part of it may ever come to light.
local CREDENTIALS = "sesame:p%40ss"

local function sized(size)
  return OK .. ("Content-Length: %s\r\n\r\n"):format(size)
end

-- Fills in what cases leave out.
local function case(name, url, fields)
  local built = { name = name, settings = {}, says = {} }
  for key, value in pairs(fields) do built[key] = value end
  built.request = {
    method = "GET", url = url, headers = {},
    connect_timeout = fields.connect_timeout or ENOUGH_SECONDS, read_timeout = fields.read_timeout or ENOUGH_SECONDS,
    timeout = fields.timeout,
  }
  return built
end

local function add_resets(add)
  for name, bytes in pairs {
    ["before the status line"] = "",
    ["within the status line"] = "HTTP/1.1 20",
    ["within the headers"] = OK .. "Content-Le",
    ["between two headers"] = OK .. "X-One: 1\r\n",
    ["within the body"] = sized(100) .. "half",
    ["within a chunk"] = CHUNKED .. "10\r\nhalf",
    ["between two chunks"] = CHUNKED .. "4\r\nhalf\r\n",
    ["before the end of the last chunk"] = CHUNKED .. "4\r\nhalf\r\n0\r\n",
    ["after an interim answer"] = "HTTP/1.1 100 Continue\r\n\r\n",
  } do
    add("a connection that is reset " .. name, fault_server.sending(bytes, "reset"), { kind = "reset" })
    add("a connection that is closed " .. name, fault_server.sending(bytes, "close"), { kind = "reset" })
  end
end

local function add_stalls(add, server)
  local stalled = { kind = "read_timeout", read_timeout = STALL_SECONDS }
  for name, bytes in pairs {
    ["before the status line"] = "",
    ["within the headers"] = OK .. "Content-Le",
    ["within the body"] = sized(100) .. "half",
    ["within a chunk"] = CHUNKED .. "10\r\nhalf",
  } do
    add("a server that falls silent " .. name, fault_server.sending(bytes, "fall-silent"), stalled)
  end
  local unconnected = { kind = "connect_timeout", connect_timeout = STALL_SECONDS }
  add("a server that lets nobody in", "http://127.0.0.1:" .. server.full_port .. "/", unconnected)
  add("a server that falls silent in the TLS handshake", "https://localhost:" .. server.port .. "/", unconnected)
  add("a server that sends a byte now and then", "/drip", { kind = "timeout", timeout = STALL_SECONDS })
  add("a server that is slow, but never silent", "/drip", { status = 200, body = "slow, steady", read_timeout = 0.2 })
end

local function add_lengths(add)
  add("more bytes than Content-Length tells", fault_server.sending(sized(4) .. "body and more"),
    { status = 200, body = "body" })
  add("a Content-Length beyond the bound", fault_server.sending(sized(1001), "fall-silent"),
    { kind = "too_large", settings = { max_response_bytes = 1000 } })
  add("a Content-Length beyond all numbers", fault_server.sending(sized(("9"):rep(40)), "fall-silent"),
    { kind = "too_large" })
  for _, size in ipairs { "-5", "four", "4 4", "4, 5", "" } do
    add(("a Content-Length of %q"):format(size), fault_server.sending(sized(size) .. "body", "close"),
      { kind = "protocol" })
  end
  add("two lengths", fault_server.sending(OK .. "Content-Length: 5\r\n" .. "Content-Length: 4\r\n\r\nbody?", "close"),
    { kind = "protocol" })
  for _, size in ipairs { "zz", "-1", "", ("f"):rep(17) } do
    add(("a chunk size of %q"):format(size),
      fault_server.sending(CHUNKED .. size .. "\r\nhalf\r\n0\r\n\r\n", "fall-silent"), { kind = "protocol" })
  end
  add("a chunk without an end", fault_server.sending(CHUNKED .. "4\r\nhalf and more", "fall-silent"),
    { kind = "protocol" })
end

local function add_floods(add)
  add("a flood of interim answers", "/continue-for-ever", { kind = "too_large" })
  add("a flood of headers", "/headers/280", { kind = "too_large" })
  add("a header line of 500 KB", "/long-header/500000", { kind = "too_large" })
  add("a body beyond the bound that no header tells", "/unbounded/1001",
    { kind = "too_large", settings = { max_response_bytes = 1000 } })
end

local function add_nonsense(add)
  for name, bytes in pairs {
    ["a status of letters"] = "HTTP/1.1 abc OK\r\n\r\n",
    ["a status of five digits"] = "HTTP/1.1 20000 OK\r\n\r\n",
    ["another version of HTTP"] = "HTTP/7.7 200 OK\r\n\r\n",
    ["a status line of another protocol"] = "SSH-2.0-OpenSSH_9.2p1 Debian\r\n",
    ["a body without a head, as in HTTP/0.9"] = "<html>hello</html>",
    ["a header without a colon"] = OK .. "no colon here\r\n\r\n",
    ["a header with a NUL"] = OK .. "X: \0\r\n\r\n",
    ["an encoded body that nobody asked for"] = OK .. "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\31\139",
    ["an encoded transfer that nobody asked for"] = OK .. "Transfer-Encoding: gzip\r\n\r\n\31\139",
  } do
    add(name, fault_server.sending(bytes, "close"), { kind = "protocol" })
  end
end

local function add_redirects(add, server)
  local location = "Location: http://127.0.0.1:" .. server.witness_port .. "/\r\nContent-Length: 0\r\n\r\n"
  for _, status in ipairs { 301, 302, 307, 308 } do
    add("a redirect to another host, status " .. status,
      fault_server.sending(("HTTP/1.1 %d Elsewhere\r\n"):format(status) .. location), { status = status })
  end
end

local function add_proxies(add, server)
  local function through(port)
    return { proxy = ("http://%s@127.0.0.1:%s"):format(CREDENTIALS, port), ca_bundle = server.certificate }
  end
  for host, outcome in pairs {
    ["status-407.invalid"] = { "wants other credentials (407)", false },
    ["status-403.invalid"] = { "forbids it (403)", false },
    ["status-502.invalid"] = { "can't go on (502)", true },
    ["closed.invalid"] = { "closes", true },
    ["garbage.invalid"] = { "talks nonsense", true },
  } do
    add("a tunnel through a proxy that " .. outcome[1], "https://" .. host .. "/",
      { kind = "proxy", retryable = outcome[2], settings = through(server.port), says = { "127.0.0.1", host } })
  end
  add("a tunnel through a proxy that stalls", "https://silent.invalid/",
    { kind = "connect_timeout", connect_timeout = STALL_SECONDS, settings = through(server.port) })
  add("a tunnel through a proxy that works", "https://localhost:" .. server.tls_port .. "/zero",
    { status = 200, settings = through(server.port) })
  add("a request through a proxy that wants other credentials (407)", "http://elsewhere.invalid/status/407",
    { kind = "proxy", retryable = false, settings = through(server.port) })
  add("a request through a proxy that stalls", "http://elsewhere.invalid/silent",
    { kind = "read_timeout", read_timeout = STALL_SECONDS, settings = through(server.port) })
  add("a request through a proxy that works", "http://elsewhere.invalid/zero",
    { status = 200, settings = through(server.port) })
  for _, scheme in ipairs { "http", "https" } do
    add("a proxy that refuses the connection, for " .. scheme, scheme .. "://elsewhere.invalid/",
      { kind = "proxy", retryable = true, settings = through(1), says = { "127.0.0.1" } })
    add("a proxy that lets nobody in, for " .. scheme, scheme .. "://elsewhere.invalid/",
      { kind = "connect_timeout", connect_timeout = STALL_SECONDS, settings = through(server.full_port) })
  end
end

local function add_addresses(add, server)
  add("a name that does not exist", "http://nowhere.invalid/", { kind = "dns", says = { "nowhere.invalid", "region" } })
  add("a port where nobody listens", "http://127.0.0.1:1/", { kind = "connect", says = { "127.0.0.1" } })
  -- One of the two families is dead in each, so whichever is tried first, one case has a dead first address.
  add("a name with a dead IPv6 address", "http://localhost:" .. server.port .. "/zero", { status = 200 })
  if server.ipv6_port == "0" then
    add("an IPv6 address on a machine without IPv6", "http://[::1]:1/", { kind = "connect" })
  else
    add("a name with a dead IPv4 address", "http://localhost:" .. server.ipv6_port .. "/zero", { status = 200 })
    add("an IPv6 address", "http://[::1]:" .. server.ipv6_port .. "/zero", { status = 200 })
  end
end

local function add_certificates(add, server)
  local function secure(port) return "https://localhost:" .. port .. "/zero" end
  local trusting = { ca_bundle = server.certificate }
  local hint = { "ca_bundle" }
  add("a certificate that the CA bundle has", secure(server.tls_port), { status = 200, settings = trusting })
  add("a certificate that the CA directory has", secure(server.tls_port),
    { status = 200, settings = { ca_bundle = server.certificate_directory } })
  add("a certificate that signed itself", secure(server.tls_port), { kind = "tls", retryable = false, says = hint })
  add("a certificate that is expired", secure(server.expired_port),
    { kind = "tls", retryable = false, settings = trusting,
      says = { server.certificate, "expired", hint[1], hint[2] } })
  add("a certificate of another host", "https://127.0.0.1:" .. server.tls_port .. "/zero",
    { kind = "tls", retryable = false, settings = trusting, says = { server.certificate, hint[1], hint[2] } })
  add("a server that speaks TLS 1.1 at most", secure(server.old_tls_port), { kind = "tls", settings = trusting })
  add("a server that closes in the TLS handshake", secure(server.witness_port), { kind = "reset", settings = trusting })
  add("a CA bundle that is not there", secure(server.tls_port),
    { kind = "tls", settings = { ca_bundle = "/no/ca.pem" }, says = { "/no/ca.pem", hint[1], hint[2] } })
end

local function add_idle_connections(add, server)
  local first = server.url .. "/count"
  add("an idle connection that was closed meanwhile", "/close-if-reused",
    { status = 200, first = server.url .. "/count-and-close" })
  add("an idle connection that is closed when it is used", "/close-if-reused", { status = 200, first = first })
  add("an idle connection that is reset when it is used", "/reset-if-reused", { status = 200, first = first })
end

--- All cases.
---@param server table  a running server, or its ports, url and certificates alone
---@return table[] cases
function fault_cases.all(server)
  local cases = {}
  -- A path is one of the plain server's.
  local function add(name, url, fields)
    cases[#cases + 1] = case(name, url:find("^/") and server.url .. url or url, fields)
  end
  for _, adder in ipairs {
    add_resets, add_stalls, add_lengths, add_floods, add_nonsense, add_redirects, add_proxies, add_addresses,
    add_certificates, add_idle_connections,
  } do
    adder(add, server)
  end
  table.sort(cases, function(one, other) return one.name < other.name end)
  return cases
end

-- Seconds within which a case must come to its end.
local function bound_of(tried)
  local request = tried.request
  if tried.kind == "connect_timeout" then return request.connect_timeout + SLACK_SECONDS end
  return (request.timeout or request.read_timeout) + SLACK_SECONDS
end

local function fault_of_failure(tried, kind, message, retryable)
  if kind ~= tried.kind then return ("the kind is %s (%s)"):format(tostring(kind), tostring(message)) end
  if tried.retryable ~= nil and (retryable or false) ~= tried.retryable then
    return tried.retryable and "it is not called retryable" or "it is called retryable"
  end
  if type(message) ~= "string" or message:find("\n", 1, true) then return "the message is no line of text" end
  for _, secret in ipairs { "sesame", "p%40ss", "p@ss" } do
    if message:find(secret, 1, true) then return "the message tells the proxy's credentials: " .. message end
  end
  for _, words in ipairs(tried.says) do
    if not message:find(words, 1, true) then return ("%q is not in the message: %s"):format(words, message) end
  end
  return nil
end

local function fault_of_answer(tried, response, kind, message)
  if not response then return ("it fails: %s (%s)"):format(tostring(kind), tostring(message)) end
  if response.status ~= tried.status then return ("the status is %s"):format(tostring(response.status)) end
  if tried.body and response.body ~= tried.body then return ("the body is %q"):format(response.body) end
  return nil
end

-- The counters of the server, past any proxy; they are also the call after the fault.
local function totals(transport, server)
  local response, kind, message = transport:send {
    method = "GET", url = server.url .. "/totals", headers = {}, direct = true, connect_timeout = ENOUGH_SECONDS,
    read_timeout = ENOUGH_SECONDS,
  }
  if not response then return nil, ("the next call fails: %s (%s)"):format(tostring(kind), tostring(message)) end
  local counted = {}
  for name, number in response.body:gmatch("(%a+)=(%d+)") do counted[name] = tonumber(number) end
  return counted
end

--- Tries a case.
---@param tried table  one of `all`
---@param transport table  made with its settings
---@param server table
---@param monotonic fun(): number  seconds
---@return string? fault  what the transport did wrong
function fault_cases.run(tried, transport, server, monotonic)
  local before, fault = totals(transport, server)
  if not before then return fault end
  if tried.first then
    transport:send { method = "GET", url = tried.first, headers = {}, read_timeout = ENOUGH_SECONDS }
  end
  local start = monotonic()
  local response, kind, message, retryable = transport:send(tried.request)
  local elapsed = monotonic() - start
  if tried.kind then
    fault = response and "it gives an answer" or fault_of_failure(tried, kind, message, retryable)
  else
    fault = fault_of_answer(tried, response, kind, message)
  end
  if fault then return fault end
  if elapsed > bound_of(tried) then return ("it takes %.1f s"):format(elapsed) end
  local after
  after, fault = totals(transport, server)
  if not after then return fault end
  local meets_witness = tried.request.url:find(":" .. server.witness_port, 1, true)
  if after.witnessed > before.witnessed and not meets_witness then
    return "somebody connected to another host"
  end
  return nil
end

return fault_cases
