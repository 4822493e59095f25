local url = require "aws.backup.url"

describe("a URL", function()
  it("is taken apart", function()
    assert.same({ scheme = "https", authority = "host", host = "host", rest = "" }, url.read "https://host")
    assert.same({ scheme = "http", authority = "Host:8080", host = "Host", port = 8080, rest = "/a//b/../?c#d" },
      url.read "HTTP://Host:8080/a//b/../?c#d")
    assert.same({ scheme = "http", authority = "[fd00::1]:81", host = "[fd00::1]", port = 81, rest = "?x=http://y:1" },
      url.read "http://[fd00::1]:81?x=http://y:1")
    assert.same({ scheme = "http", authority = "host:", host = "host", rest = "/@" }, url.read "http://host:/@")
    assert.same({ scheme = "http", user_info = "a:b@c", authority = "host:1", host = "host", port = 1, rest = "" },
      url.read "http://a:b@c@host:1")
    assert.same({ scheme = "http", user_info = "", authority = "host", host = "host", rest = "" },
      url.read "http://@host")
  end)

  local FAULTS = {
    bytes = { "http://host/a b", "http://ho\nst/", "http://host/\0", "http://host/\127", "http://h\195\164/", "a b" },
    scheme = { "", "host", "//host/", "ftp://host/", "http:/host", "http", "1http://host/", "socks5://host:1" },
    host = { "http://", "http:///path", "http://:80/", "http://?x", "http://user@", "http://::1/", "http://[::1/",
      "http://[::1]x/", "http://[::1]80/", "http://[x]/", "http://[]/", "http://a[b/", "http://host:x/",
      "http://host:1:2/",
      "http://host:+1/", "http://host:-1/" },
    port = { "http://host:0/", "http://host:65536/", "http://host:000080/", "http://host:" .. ("9"):rep(400) },
  }
  for fault, texts in pairs(FAULTS) do
    it("has a fault of the kind " .. fault, function()
      for _, text in ipairs(texts) do assert.same({ nil, fault }, { url.read(text) }, text) end
    end)
  end

  it("has ports up to 65535", function()
    for _, port in ipairs { 1, 80, 65535 } do assert.equal(port, url.read("http://h:" .. port).port) end
  end)

  it("has an origin, which says nothing of whether it is a good one", function()
    for text, origin in pairs {
      ["https://host:8443/path?query"] = "https://host:8443", ["http://host?a=/"] = "http://host",
      ["http://host#/"] = "http://host", ["HTTP://u:p@[::1]:x/"] = "HTTP://u:p@[::1]:x", ["x://"] = "x://",
      ["http://host?a=http://b/"] = "http://host", ["http://host"] = "http://host", ["host?a=http://b/"] = "host",
    } do
      assert.equal(origin, url.origin(text))
    end
    for _, text in ipairs { "", "host", "host:80/", "http:/host" } do assert.is_nil(url.origin(text)) end
  end)
end)
