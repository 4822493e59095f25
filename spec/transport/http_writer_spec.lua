local http_writer = require "aws.backup.transport.http_writer"

describe("the target of a URL", function()
  local function check(url, expected)
    local target, kind, message = http_writer.target(url)
    assert.is_table(target, tostring(kind) .. ": " .. tostring(message) .. " for " .. url)
    for name, value in pairs(expected) do assert.equal(value, target[name], url) end
  end

  it("is scheme, host, port and the path as it was written", function()
    check("https://host.example/a%2Fb/../c?d=e%20f",
      { scheme = "https", host = "host.example", port = 443, authority = "host.example", path = "/a%2Fb/../c?d=e%20f" })
    check("HTTP://Host:8080/", { scheme = "http", host = "Host", port = 8080, authority = "Host:8080", path = "/" })
    check("http://[::1]:81/x", { host = "[::1]", port = 81, path = "/x" })
    check("http://[::1]/x", { host = "[::1]", port = 80 })
  end)

  it("has a path even if the URL has none", function()
    check("http://host", { path = "/" })
    check("http://host?a=b", { path = "/?a=b" })
    check("http://host:/", { port = 80 })
  end)

  local IMPOSSIBLE = {
    "ftp://host/", "host/", "//host/", "http:///path", "http://", "http://host/a b", "http://host/a\r\nx",
    "http://host/\0", "http://host/\127", "http://host/\195\164", "http://host/#part", "http://user@host/",
    "http://user:secret@host/", "http://host:0/", "http://host:65536/", "http://host:x/", "http://::1/",
    "http://[::1]x/", "http://[x]/", "http://host\\name:1]/",
  }

  it("is refused where two programs could read two things from it", function()
    for _, url in ipairs(IMPOSSIBLE) do
      local target, kind, message = http_writer.target(url)
      assert.is_nil(target, url)
      assert.equal("url", kind)
      assert.is_nil(message:find("secret", 1, true))
    end
  end)
end)

describe("the head of a request", function()
  local function write(request, more)
    return http_writer.head(request, "/path?x", "authority:1", more)
  end

  it("is the request line, host, headers and length", function()
    assert.equal("GET /path?x HTTP/1.1\r\nhost: authority:1\r\n\r\n", write { method = "GET" })
    assert.equal("PUT /path?x HTTP/1.1\r\nhost: signed\r\nx-a: b\r\ncontent-length: 4\r\n\r\n",
      write { method = "PUT", headers = { Host = "signed", ["x-a"] = "b" }, body = "body" })
  end)

  it("tells a length where there is a body, or could be one", function()
    for method, line in pairs { GET = "", DELETE = "", HEAD = "", POST = "content-length: 0\r\n",
      PUT = "content-length: 0\r\n", PATCH = "content-length: 0\r\n" } do
      assert.equal(method .. " /path?x HTTP/1.1\r\nhost: authority:1\r\n" .. line .. "\r\n", write { method = method })
    end
    assert.truthy(write { method = "DELETE", body = "ab" }:find("\r\ncontent-length: 2\r\n", 1, true))
    assert.equal("PUT /path?x HTTP/1.1\r\nhost: authority:1\r\ncontent-length: 2\r\n\r\n",
      write { method = "PUT", body = "ab", headers = { ["Content-Length"] = "2" } })
  end)

  it("has room for lines that are meant for a proxy", function()
    assert.equal("GET /path?x HTTP/1.1\r\nhost: authority:1\r\nproxy-x: y\r\n\r\n",
      write({ method = "GET" }, "proxy-x: y\r\n"))
  end)

  it("holds all headers, however long they are", function()
    local headers, expected = { authorization = ("a"):rep(3000) }, 0
    for index = 1, 200 do headers["x-" .. index] = ("v"):rep(index * 50) end
    local head = write { method = "GET", headers = headers }
    for name, value in pairs(headers) do
      assert.truthy(head:find("\r\n" .. name .. ": " .. value .. "\r\n", 1, true), name)
      expected = expected + #name + #value + #": \r\n"
    end
    assert.equal(expected, #head - #"GET /path?x HTTP/1.1\r\nhost: authority:1\r\n\r\n")
    assert.equal("\r\n\r\n", head:sub(-4))
  end)

  it("leaves headers as they are", function()
    assert.equal("GET /path?x HTTP/1.1\r\nhost: authority:1\r\nX-Odd:  a\tb \r\n\r\n",
      write { method = "GET", headers = { ["X-Odd"] = " a\tb " } })
    assert.equal("GET /path?x HTTP/1.1\r\nhost: authority:1\r\nx: \r\n\r\n",
      write { method = "GET", headers = { x = "" } })
  end)

  it("is not made of headers that are no text", function()
    for _, headers in ipairs { { x = 1 }, { x = true }, { "x: y" } } do
      assert.has_error(function() write { method = "GET", headers = headers } end,
        "request: headers must be strings by their names")
    end
  end)

  local REFUSED = {
    ["a method with a blank"] = { method = "GET /x HTTP/1.1\r\n\r\nGET" },
    ["an empty method"] = { method = "" },
    ["a header name with a line end"] = { method = "GET", headers = { ["x: y\r\nz"] = "a" } },
    ["a header name with a colon"] = { method = "GET", headers = { ["x:"] = "a" } },
    ["a header name with a letter beyond ASCII"] = { method = "GET", headers = { ["x\228"] = "a" } },
    ["an empty header name"] = { method = "GET", headers = { [""] = "a" } },
    ["a CR in a value"] = { method = "GET", headers = { x = "SECRET\rb" } },
    ["an LF in a value"] = { method = "GET", headers = { x = "SECRET\nb" } },
    ["a NUL in a value"] = { method = "GET", headers = { x = "SECRET\0b" } },
    ["a line end in the host"] = { method = "GET", headers = { host = "SECRET\r\nx: y" } },
    ["a transfer-encoding"] = { method = "PUT", headers = { ["Transfer-Encoding"] = "chunked" }, body = "0\r\n\r\n" },
    ["an expectation"] = { method = "PUT", headers = { expect = "100-continue" }, body = "x" },
    ["a length that is not the body's"] = { method = "PUT", headers = { ["content-length"] = "3" }, body = "ab" },
    ["a body for HEAD"] = { method = "HEAD", body = "ab" },
  }
  for name, request in pairs(REFUSED) do
    it("is refused for " .. name .. ", without quoting a value", function()
      local head, kind, message = write(request)
      assert.is_nil(head)
      assert.equal("protocol", kind)
      assert.is_nil(message:find("SECRET", 1, true))
      assert.is_nil(message:find("[\r\n]"))
    end)
  end
end)
