-- Heads of requests and of answers that somebody else sends and receives.

local core = require "aws.backup.core"

local long = ("v"):rep(5000)
local head = core.write_head("GET", "/", "h", { ["X-Long"] = long, x = "y" }, "", "")
assert(#head == #"GET / HTTP/1.1\r\nhost: h\r\nX-Long: \r\nx: y\r\n\r\n" + #long)
assert(not core.write_head("GET", "/", "h", { [long .. " "] = "x" }, "", ""))

local text = "HTTP/1.1 200 OK\r\nX-A: a\r\nx-a: b\r\n c\r\n" .. long .. ": d\r\nTransfer-Encoding: chunked\r\n\r\n"
  .. "3;x\r\nabc\r\n" .. "1388\r\n" .. long .. "\r\n0\r\nTrailer: x\r\n\r\n"
local answer = core.new_answer(100000)
for position = 1, #text, 50 do assert(answer:take(text:sub(position, position + 49))) end
local response, is_reusable = answer:result()
assert(is_reusable and response.status == 200 and response.body == "abc" .. long)
assert(response.headers["x-a"] == "a, b c" and response.headers[long] == "d")
assert(not pcall(answer.take, answer, "x"))
local _, kind, fault = core.new_answer(1):take("no status\n")
assert(kind == "protocol" and fault == "bad_status_line")
