-- Signing, encoding and all ways a transfer can go.

local host = ...
local core = require "aws.backup.core"

local signer = core.new_signer()
local signed, why = signer:sign({
  method = "PUT", path = "/a/../b%20c", query = "x=1&a=%2B&y", body = "body",
  headers = { host = "h", ["x-amz-date"] = "20260102T030405Z", ["x-long"] = ("v"):rep(3000) },
}, { access_key_id = "a", secret_access_key = ("s"):rep(100) }, {
  region = "r", service = "s", timestamp = "20260102T030405Z",
}, { explain = true })
if not signed then error(why) end
-- Anew, as before, with other labels, in another second, with another token, with another secret.
local function authorize(path, time, token, secret)
  assert(signer:authorize({ method = "PUT", path = path, headers = {
    host = "h", ["x-amz-date"] = time, ["x-amz-security-token"] = token, ["user-agent"] = "u",
  } }, { access_key_id = "a", secret_access_key = secret }, "r", "s", time))
end
for _, time in ipairs { "20260102T030405Z", "20260102T030406Z" } do
  for _ = 1, 2 do authorize("/", time, "token", ("s"):rep(100)) end
  authorize("/" .. ("a"):rep(300), time, "token", ("s"):rep(100))
end
authorize("/", "20260102T030406Z", ("t"):rep(1000), ("s"):rep(100))
authorize("/", "20260102T030406Z", nil, ("S"):rep(3000))
for _ = 1, 20 do assert(core.uuid()) end
core.sha256_hex(core.hmac_sha256("k", core.uri_encode(("/"):rep(200))))

local engine = core.new_engine { max_connections = 2 }
local settings = core.transfer_settings { ca_bundle = "/nonexistent", max_response_bytes = 10000 }
local transfers = {}
for i, path in ipairs { "/echo", "/odd-headers", "/continue", "/truncated", "/silent" } do
  local transfer, kind, message = engine:start({
    method = "POST", url = host.url .. path, body = ("b"):rep(5000), timeout = 20,
    headers = { authorization = signed.authorization, ["x-i"] = tostring(i) },
  }, settings)
  if not transfer then error(kind .. ": " .. message) end
  transfers[i] = transfer
end
repeat until engine:step(0.1) <= 1

local trouble
for i = 1, 3 do
  local response, kind, message = transfers[i]:result()
  if not response then trouble = kind .. ": " .. message end
end
if trouble then error(trouble) end
assert(select(2, transfers[4]:result()) == "reset")
assert(#transfers[1]:result().body > 5000)

-- Over what carried the first ones, but for the last, which goes through a proxy.
local through = {
  scheme = "http", host = "127.0.0.1", port = tonumber(host.url:match(":(%d+)$")), user = "us@er", password = "p:%",
}
for i = 1, 3 do
  local transfer, kind, message = engine:start({
    method = "POST", url = host.url .. "/echo?" .. i, body = ("b"):rep(5000), timeout = 20,
    headers = { ["x-i"] = tostring(i) },
  }, settings, i == 3 and through or nil)
  if not transfer then error(kind .. ": " .. message) end
  while not transfer:done() do engine:step(0.1) end
  local response
  response, kind, message = transfer:result()
  if not response then error(kind .. ": " .. message) end
end
core.engine():start { method = "GET", url = host.url .. "/silent" }
