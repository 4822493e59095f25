local core = require "aws.backup.core"
local exchanges = require "spec.core.exchanges"
local fault_server = require "spec.core.server"

local header_names = exchanges.header_names
local sending = fault_server.sending

describe("engine", function()
  local server, engine
  local hooks = { setup = setup, teardown = teardown, before_each = before_each, after_each = after_each }
  local with = exchanges.around(hooks, function(...) server, engine = ... end)
  local request, finish, send, assert_fails, echo = with.request, with.finish, with.send, with.assert_fails, with.echo

  describe("on the wire", function()
    it("sends the method, path and query byte for byte", function()
      local target = "/a/../b/./c//%2e%2E/%3a%3A?z=1&a=%20+~&&x"
      assert.equal("GET " .. target .. " HTTP/1.1\r\n", echo(target):match("^[^\n]*\n"))
    end)

    it("sends the headers given, and none but Host of its own", function()
      local raw = echo("/x", { headers = { ["x-amz-date"] = "now", authorization = "AWS4 x" } })
      assert.equal("authorization host x-amz-date", header_names(raw))
      assert.truthy(raw:find("x%-amz%-date: now\r\n"))
    end)

    it("sends the host given instead of its own", function()
      local raw = echo("/x", { headers = { host = "backup.us-east-1.amazonaws.com" } })
      assert.equal("host", header_names(raw))
      assert.truthy(raw:find("[Hh]ost: backup%.us%-east%-1%.amazonaws%.com\r\n"))
    end)

    it("sends an empty header value", function()
      local raw = echo("/x", { headers = { ["x-empty"] = "", ["x-blank"] = " \t" } })
      assert.equal("host x-blank x-empty", header_names(raw))
    end)

    it("sends accept, accept-encoding, content-type and user-agent when they are given", function()
      local raw = echo("/x", {
        method = "POST",
        body = "{}",
        headers = {
          accept = "text/x", ["accept-encoding"] = "x", ["content-type"] = "application/json", ["user-agent"] = "me",
        },
      })
      assert.equal("accept accept-encoding content-length content-type host user-agent", header_names(raw))
      assert.truthy(raw:find("content%-type: application/json\r\n"))
    end)

    for _, method in ipairs { "POST", "PUT", "PATCH" } do
      it("says Content-Length: 0 for a " .. method .. " without body", function()
        local raw = echo("/x", { method = method })
        assert.equal("content-length host", header_names(raw))
        assert.truthy(raw:find("^" .. method .. " /x HTTP/1.1\r\n"))
        assert.truthy(raw:find("Content-Length: 0\r\n", 1, true))
      end)
    end

    for _, method in ipairs { "GET", "DELETE", "OPTIONS" } do
      it("says nothing about a body for a " .. method .. " without", function()
        local raw = echo("/x", { method = method })
        assert.equal("host", header_names(raw))
        assert.truthy(raw:find("^" .. method .. " /x HTTP/1.1\r\n"))
      end)
    end

    it("sends a binary body with any method", function()
      local body = "\0\1\255\r\n\r\nend\0"
      for _, method in ipairs { "POST", "PUT", "DELETE", "GET" } do
        local raw = echo("/x", { method = method, body = body })
        assert.equal(method .. " /x HTTP/1.1", raw:match("^[^\r]*"))
        assert.equal(body, raw:match("\r\n\r\n(.*)$"))
        assert.equal("content-length host", header_names(raw))
      end
    end)

    it("sends a large body at once, without asking to continue", function()
      local body = ("0123456789abcdef"):rep(150000)
      local raw = echo("/x", { method = "POST", body = body })
      assert.equal("content-length host", header_names(raw))
      assert.equal(core.sha256_hex(body), core.sha256_hex(raw:sub(-#body)))
    end)

    it("takes a content-length that is right, and refuses another", function()
      local changes = { method = "POST", body = "1234", headers = { ["content-length"] = "4" } }
      assert.equal("content-length host", header_names(echo("/x", changes)))
      for _, wrong in ipairs { "5", "04", "4, 4", ("4"):rep(300) } do
        changes.headers["content-length"] = wrong
        assert_fails("protocol", "/x", changes)
      end
    end)

    it("copies what it is given", function()
      local transfer
      do
        local parts = { "bo", "dy" }
        transfer = assert(engine:start(request("/x", {
          method = "POST", body = table.concat(parts), headers = { ["x-copy"] = table.concat(parts, "-") },
        })))
      end
      collectgarbage()
      collectgarbage()
      finish()
      local raw = transfer:result().body
      assert.truthy(raw:find("x-copy: bo-dy\r\n", 1, true))
      assert.equal("body", raw:sub(-4))
    end)
  end)

  describe("with an answer", function()
    it("gives status, headers in lower case and body", function()
      local response = assert(send("/odd-headers"))
      assert.equal(200, response.status)
      assert.equal("ok", response.body)
      assert.same({
        ["x-many"] = "a, b, c",
        ["x-empty"] = "",
        ["x-folded"] = "one two",
        ["x-colon"] = "a:b",
        ["content-length"] = "2",
      }, response.headers)
    end)

    it("gives an integer as status", function()
      assert.equal("200", tostring(send("/zero").status))
    end)

    for _, status in ipairs { 200, 302, 400, 403, 404, 429, 500, 503 } do
      it("takes status " .. status .. " as an answer, not a failure", function()
        local response = assert(send("/status/" .. status))
        assert.equal(status, response.status)
        assert.equal("body", response.body)
      end)
    end

    it("follows no redirect", function()
      local head = "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n"
      local response = assert(send(sending(head)))
      assert.equal(302, response.status)
      assert.equal("/echo", response.headers.location)
    end)

    it("takes 204, an empty body and the answer to HEAD", function()
      local response = assert(send("/no-content"))
      assert.equal(204, response.status)
      assert.equal("", response.body)
      assert.equal("", assert(send("/zero")).body)
      response = assert(send("/body/1000", { method = "HEAD", max_response_bytes = 10 }))
      assert.equal("", response.body)
      assert.equal("1000", response.headers["content-length"])
    end)

    it("puts chunks together, and leaves trailers out", function()
      local response = assert(send("/chunked"))
      assert.equal("abc", response.body)
      assert.is_nil(response.headers["x-late"])
    end)

    it("passes over interim answers", function()
      local response = assert(send("/continue"))
      assert.equal(200, response.status)
      assert.equal("ok", response.body)
      assert.equal("1", response.headers["x-final"])
      assert.is_nil(response.headers["x-early"])
      assert.is_nil(response.headers.link)
    end)

    it("takes a body that ends with the connection", function()
      assert.equal(("x"):rep(5000), assert(send("/unbounded/5000")).body)
    end)

    local function answer(header)
      return sending("HTTP/1.1 200 OK\r\n" .. header .. "\r\nContent-Length: 3\r\n\r\n\31\139\8")
    end

    it("takes the identity encoding and refuses others", function()
      assert.equal("\31\139\8", assert(send(answer("Content-Encoding: identity"))).body)
      assert.equal("\31\139\8", assert(send(answer("Content-Encoding:"))).body)
      assert.truthy(assert_fails("protocol", answer("Content-Encoding: gzip")):find("Content-Encoding", 1, true))
      assert_fails("protocol", answer("Content-Encoding: identity\r\nContent-Encoding: br"))
      assert.truthy(assert_fails("protocol", answer("Transfer-Encoding: gzip")):find("Transfer-Encoding", 1, true))
    end)

    it("refuses lengths that contradict each other or are none, and the connection with them", function()
      for _, header in ipairs { "Content-Length: 4", "Content-Length: 3x", "Content-Length: 3, 3" } do
        assert.truthy(assert_fails("protocol", answer(header)):find("Content-Length", 1, true))
        assert.equal("", assert(send("/zero")).body)
      end
      assert.equal("\31\139\8", assert(send(answer("Content-Length: 3"))).body)
    end)

    it("keeps no cookie", function()
      assert(send(sending("HTTP/1.1 200 OK\r\nSet-Cookie: crumb=1; Path=/\r\nContent-Length: 0\r\n\r\n")))
      assert.equal("host", header_names(echo("/x")))
    end)

    it("gives the result once and again", function()
      local transfer = assert(engine:start(request("/status/200")))
      local response, state = transfer:result()
      assert.is_nil(response)
      assert.equal("running", state)
      assert.is_false(transfer:done())
      finish()
      assert.is_true(transfer:done())
      assert.same(transfer:result(), transfer:result())
    end)

    it("keeps the result after the engine has gone", function()
      local transfer = assert(engine:start(request("/status/404")))
      finish()
      engine:close()
      assert.equal(404, transfer:result().status)
    end)
  end)

  describe("within bounds", function()
    it("takes a body of the largest size and no byte more", function()
      assert.equal(1000, #assert(send("/body/1000", { max_response_bytes = 1000 })).body)
      assert.equal(1000, #assert(send("/unbounded/1000", { max_response_bytes = 1000 })).body)
      assert_fails("too_large", "/body/1001", { max_response_bytes = 1000 })
      assert_fails("too_large", "/unbounded/1001", { max_response_bytes = 1000 })
      assert_fails("too_large", "/unbounded/10000000", { max_response_bytes = 1000 })
      assert_fails("too_large", "/unbounded/2", { max_response_bytes = 1 })
    end)

    it("takes headers of the largest size and no more", function()
      assert.equal(200, assert(send("/headers/50")).status)
      local message = assert_fails("too_large", "/headers/50", { max_header_bytes = 20000 })
      assert.truthy(message:find("max_header_bytes", 1, true))
      assert_fails("too_large", "/headers/280")
      assert_fails("too_large", "/long-header/30000", { max_header_bytes = 20000 })
      assert_fails("too_large", "/long-header/500000", { max_header_bytes = 400000 })
    end)

    it("joins a header that comes very often, in time that grows as the headers do", function()
      local function seconds(count)
        local before = os.clock()
        assert.equal(3 * count - 2, #assert(send("/repeated-header/" .. count)).headers.x)
        return os.clock() - before
      end
      local small, large = math.huge, math.huge
      for _ = 1, 3 do
        small, large = math.min(small, seconds(11000)), math.min(large, seconds(44000))
      end
      assert.is_true(large < 0.1 or large < 10 * small, ("%g s, %g s"):format(small, large))
    end)

    it("counts the headers of interim answers", function()
      assert_fails("too_large", "/continue-for-ever")
    end)
  end)

  describe("meets a broken server and", function()
    it("calls an answer that is cut short a reset", function()
      local chunked = sending("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf", "close")
      for _, path in ipairs { "/truncated", chunked, "/nothing", "/reset" } do
        assert.truthy(assert_fails("reset", path):find("127.0.0.1", 1, true))
      end
    end)

    it("calls nonsense a protocol error", function()
      assert_fails("protocol", sending("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "close"))
      assert_fails("protocol", sending("SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "close"))
      assert_fails("protocol", sending("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n", "close"))
    end)

    it("takes no answer whose headers are cut", function()
      for _, head in ipairs { "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nX-One: 1\r\nX-T" } do
        assert.truthy(assert_fails("reset", sending(head, "close")):find("headers", 1, true))
      end
    end)

    it("calls a refused connection one, naming the host", function()
      local response, kind, message = send("", { url = "http://127.0.0.1:1/" })
      assert.is_nil(response)
      assert.equal("connect", kind)
      assert.truthy(message:find("127.0.0.1", 1, true))
    end)

    it("calls a name that does not exist a failure of DNS, naming the host and what else may be wrong", function()
      local message = assert_fails("dns", "", { url = "http://backup.nowhere.invalid/" })
      for _, words in ipairs { "backup.nowhere.invalid", "region", "FIPS", "dual stack" } do
        assert.truthy(message:find(words, 1, true))
      end
    end)

    it("calls a server that lets nobody in a failure to connect in time", function()
      local changes = { url = "http://127.0.0.1:" .. server.full_port .. "/", connect_timeout = 0.1 }
      assert.truthy(assert_fails("connect_timeout", "", changes):find("127.0.0.1", 1, true))
    end)

    it("takes an IPv6 literal", function()
      local message = assert_fails("connect", "", { url = "http://[::1]:1/" })
      assert.truthy(message:find("::1", 1, true))
    end)

    it("works on after each failure", function()
      assert_fails("reset", "/nothing")
      assert_fails("too_large", "/body/5000000", { max_response_bytes = 10 })
      assert.equal(200, assert(send("/status/200")).status)
    end)
  end)
end)
