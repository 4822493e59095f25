-- Heads of requests and of answers that somebody else sends and receives.

local core = require "aws.backup.core"

local long = ("v"):rep(5000)
local pieces = core.write_head("GET / HTTP/1.1\r\nhost: ", "h", { ["X-Long"] = long, x = "y" }, "0", "\r\n")
assert(#table.concat(pieces) == #"GET / HTTP/1.1\r\nhost: h\r\nX-Long: \r\nx: y\r\n\r\n" + #long)
assert(not core.write_head("", "h", { [long .. " "] = "x" }, "0", ""))

local text = "X-A: a\r\nx-a: b\r\n c\r\n" .. long .. ": d\r\n\r\n"
local headers, position, is_end = core.take_headers(nil, text, 1, 100000)
assert(is_end and position == #text + 1)
assert(table.concat(headers["x-a"]) == "a, b c" and headers[long] == "d")
assert(not core.take_headers(nil, "no colon\n", 1, 100))
