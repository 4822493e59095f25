local backup = require "aws.backup"
local proxy = require "aws.backup.proxy"

local URL = "http://proxy.example:3128"

-- A reader of an environment that holds these variables alone.
local function environment(variables)
  return function(name) return variables[name] end
end

-- A proxy's parts in one line; user and password as they are sent.
local function told(parts)
  if not parts then return nil end
  local user_info = parts.user and ("%s:%s@"):format(parts.user, parts.password) or ""
  return ("%s://%s%s:%d"):format(parts.scheme, user_info, parts.host, parts.port)
end

-- As proxy.new gives it, but tells the proxy in one line.
local function chooser(option, getenv)
  local for_origin = assert(proxy.new(option, getenv))
  return function(origin) return told(for_origin(origin)) end
end

-- The proxy for an origin, told by its parts; an IPv6 address may lack its brackets.
local function choose(variables, option)
  local for_origin = chooser(option, environment(variables or {}))
  return function(scheme, host, port)
    if host:find("^[^%[]*:") then host = "[" .. host .. "]" end
    return for_origin(("%s://%s:%d"):format(scheme, host, port))
  end
end

describe("the proxy of the environment", function()
  it("is https_proxy for https and http_proxy for http", function()
    local chosen = choose { https_proxy = "http://secure:1", http_proxy = "http://plain:2" }
    assert.equal("http://secure:1", chosen("https", "backup.us-east-1.amazonaws.com", 443))
    assert.equal("http://plain:2", chosen("http", "backup.us-east-1.amazonaws.com", 80))
    chosen = choose { https_proxy = "http://secure:1" }
    assert.is_nil(chosen("http", "host", 80))
  end)

  it("is read in upper case, too, and lower case wins", function()
    assert.equal(URL, choose { HTTPS_PROXY = URL }("https", "host", 443))
    assert.equal(URL, choose { HTTP_PROXY = URL }("http", "host", 80))
    assert.equal(URL, choose { HTTPS_PROXY = "http://upper:1", https_proxy = URL }("https", "host", 443))
  end)

  it("is not HTTP_PROXY where REQUEST_METHOD is set, which a CGI server's caller can set", function()
    local cgi = { HTTP_PROXY = "http://evil:1", REQUEST_METHOD = "GET" }
    assert.is_nil(choose(cgi)("http", "host", 80))
    cgi.http_proxy = URL
    assert.equal(URL, choose(cgi)("http", "host", 80))
    assert.equal(URL, choose { HTTPS_PROXY = URL, REQUEST_METHOD = "GET" }("https", "host", 443))
  end)

  it("is all_proxy for a scheme that has none of its own", function()
    local chosen = choose { ALL_PROXY = URL, https_proxy = "http://secure:1" }
    assert.equal(URL, chosen("http", "host", 80))
    assert.equal("http://secure:1", chosen("https", "host", 443))
    assert.equal(URL, choose { all_proxy = URL, ALL_PROXY = "http://upper:1" }("http", "host", 80))
  end)

  it("is none where no variable is set", function()
    assert.is_nil(choose()("https", "host", 443))
    assert.is_nil(choose { NO_PROXY = "*" }("http", "host", 80))
  end)

  it("counts for nothing once the option is given, NO_PROXY included", function()
    local variables = { https_proxy = "http://other:1", http_proxy = "ftp://broken", no_proxy = "*" }
    local chosen = choose(variables, URL)
    assert.equal(URL, chosen("https", "host", 443))
    assert.equal(URL, chosen("http", "host", 80))
  end)

  it("is read when the client is made, not at each request", function()
    local variables = { https_proxy = URL }
    local chosen = choose(variables)
    variables.https_proxy, variables.no_proxy = "http://late:1", "*"
    assert.equal(URL, chosen("https", "host", 443))
  end)
end)

describe("the URL of a proxy", function()
  it("may lack a scheme, which is http then, and have blanks around it", function()
    for written, expected in pairs {
      ["proxy.example"] = "http://proxy.example:80",
      ["http://proxy.example:/"] = "http://proxy.example:80",
      ["proxy.example:3128"] = "http://proxy.example:3128",
      ["//proxy.example:3128"] = "http://proxy.example:3128",
      [" \tproxy.example:3128 "] = "http://proxy.example:3128",
      ["HTTP://Proxy.Example:3128/"] = "http://Proxy.Example:3128",
      ["https://proxy.example"] = "https://proxy.example:443",
      ["HTTPS://proxy.example:3128"] = "https://proxy.example:3128",
      ["user:p%40ss@proxy.example:3128"] = "http://user:p@ss@proxy.example:3128",
      ["http://user:p@ss@proxy.example:3128"] = "http://user:p@ss@proxy.example:3128",
      ["http://[fd00::1]:3128"] = "http://[fd00::1]:3128",
      ["[::1]"] = "http://[::1]:80",
      ["10.0.0.1:3128"] = "http://10.0.0.1:3128",
      ["my_proxy:3128"] = "http://my_proxy:3128",
      ["proxy.example.:3128"] = "http://proxy.example.:3128",
    } do
      assert.equal(expected, choose({}, written)("https", "host", 443))
      assert.equal(expected, choose { https_proxy = written }("https", "host", 443))
    end
  end)

  it("is at port 80 without one, with TLS at 443, as for boto3", function()
    assert.equal(80, proxy.read("http://proxy.example", "x").port)
    assert.equal(80, proxy.read("user:sesame@proxy.example", "x").port)
    assert.equal(443, proxy.read("https://proxy.example/", "x").port)
  end)

  it("has path, query and fragment that mean nothing, as for boto3", function()
    for _, behind in ipairs { "/", "/path", "/path/?query=1#fragment", "?query", "#fragment", "//" } do
      assert.equal(URL, choose({}, URL .. behind)("https", "host", 443), behind)
    end
  end)

  it("has user and password before the last @, divided by the first colon, and decoded once", function()
    for user_info, expected in pairs {
      ["user:p@ss"] = { "user", "p@ss" },
      ["us@er:p@@ss@"] = { "us@er", "p@@ss@" },
      ["user:pa:ss"] = { "user", "pa:ss" },
      ["user:%70%2F%3a%40%23%3F%25"] = { "user", "p/:@#?%" },
      ["us%40er:p%2541"] = { "us@er", "p%41" },
      ["user:100%"] = { "user", "100%" },
      ["user:%zz%4"] = { "user", "%zz%4" },
      ["%:%%41"] = { "%", "%A" },
      ["p+lus:p+ss"] = { "p+lus", "p+ss" },
      ["user:%C3%A9%FF"] = { "user", "\195\169\255" },
      ["user"] = { "user", "" },
      ["user:"] = { "user", "" },
      [":sesame"] = { "", "sesame" },
      ["user:!$&'()*+,;=-._~[]{}|\\^`\"<>"] = { "user", "!$&'()*+,;=-._~[]{}|\\^`\"<>" },
      [":"] = {}, [""] = {},
    } do
      local read = assert(proxy.read("http://" .. user_info .. "@proxy.example:3128", "x"))
      assert.same(expected, { read.user, read.password }, user_info)
      assert.same({ "http", "proxy.example", 3128 }, { read.scheme, read.host, read.port })
    end
  end)

  it("is refused with a control character in what it decodes to, and never passed over", function()
    local forms = { "user:sesame%%%02X", "user:ses%%%02xame", "us%%%02Xer:sesame", "%%%02x:sesame" }
    local names = { "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }
    for byte = 0, 127 do
      if byte < 32 or byte == 127 then
        for _, user_info in ipairs(forms) do
          for _, name in ipairs(names) do
            local wrong = "http://" .. user_info:format(byte) .. "@127.0.0.1:3128"
            local chosen, err = proxy.new(nil, environment { [name] = wrong })
            assert.is_nil(chosen, wrong)
            assert.is_true(backup.is(err, "ConfigError"))
            assert.truthy(err.message:find("variable " .. name, 1, true))
            assert.truthy(err.message:find("control character", 1, true))
            assert.is_nil(err.message:find("same", 1, true))
          end
        end
      end
    end
  end)

  it("is refused with a colon in the user name, which would move to the password", function()
    local chosen, err = proxy.new("http://us%3Aer:sesame@proxy:3128", environment {})
    assert.is_nil(chosen)
    assert.truthy(err.message:find("colon", 1, true))
  end)

  it("is refused where the user name would be taken for the host", function()
    for _, wrong in ipairs { "http://user:12/ame@proxy:1", "http://user:12?same@proxy:1", "http://user:12#same@proxy:1",
      "user/same@proxy", "http://user:p@ss/same@proxy:1" } do
      local chosen, err = proxy.new(wrong, environment {})
      assert.is_nil(chosen, wrong)
      assert.truthy(err.message:find("percent-encoded", 1, true), err.message)
      assert.is_nil(err.message:find("same", 1, true))
    end
  end)

  it("is refused where it is none, with the place but without what was written there", function()
    for _, wrong in ipairs {
      "socks5://user:sesame@proxy:1080", "ftp://proxy", "http://", "http://user:sesame@", "http://user:sesame@:3128",
      "http://user:sesame@proxy:0", "http://user:sesame@proxy:65536", "http://user:sesame@proxy:99999999999999999999",
      "http://user:ses/ame@proxy", "http://user:sesame@pro xy:3128", "http://user:sesame@proxy\n:1",
      "user:sesame@a:b:c", "http://user:sesame@[fd00::1", "http://user:s\195\169same@proxy", "http://",
      "http://user:sesame@[fd00::1]x:1", "http://user:sesame@[::ff::]:1", "http://user:sesame@[]:1",
      "http://user:sesame@.:1", "http://user:sesame@a..b:1", "http://user:sesame@.a:1", "http://user:sesame@a,b:1",
      "http://user:sesame@pro%78y:1", "http://user:sesame@proxy:1x", "http://user:sesame@proxy:-1",
      "http://user:sesame@proxy:+1", "http://user:sesame@proxy: 1", "http://user:ses ame@proxy:1",
      "http://user:sesame@proxy\0.example:1", "http:user:sesame@proxy", "http:/proxy:3128", "HTTPS:proxy", "://proxy",
      "http:///proxy", "/proxy", "?", "#", ":3128", "http://user:sesame@" .. ("a"):rep(254) .. ":1",
    } do
      local chosen, err = proxy.new(nil, environment { HTTPS_PROXY = wrong })
      assert.is_nil(chosen, wrong)
      assert.is_true(backup.is(err, "ConfigError"))
      assert.truthy(err.message:find("HTTPS_PROXY", 1, true))
      assert.truthy(err.message:find("http://host:port", 1, true))
      assert.is_nil(err.message:find("same", 1, true), err.message)
      chosen, err = proxy.new(wrong, environment {})
      assert.is_nil(chosen)
      assert.truthy(err.message:find("the option proxy", 1, true))
    end
  end)

  it("is refused with its scheme, when only that is wrong", function()
    local _, err = proxy.new(nil, environment { all_proxy = "socks5h://proxy:1080" })
    assert.truthy(err.message:find("all_proxy", 1, true))
    assert.truthy(err.message:find('"socks5h"', 1, true))
  end)
end)

describe("NO_PROXY", function()
  -- Rows of: entry or entries, host, whether it goes without the proxy, its port if that is not 443.
  local function check(rows)
    for _, row in ipairs(rows) do
      local chosen = choose { https_proxy = URL, no_proxy = row[1] }("https", row[2], row[4] or 443)
      assert.equal(row[3], chosen == nil, ("%q and %s"):format(row[1], row[2]))
    end
  end

  it("may be a star for every host", function()
    check { { "*", "anything.example", true }, { "*", "10.1.2.3", true }, { "*", "[fd00::1]", true } }
  end)

  it("matches a name and all below it, at the border of a label", function()
    check {
      { "example.com", "example.com", true },
      { "example.com", "EXAMPLE.com", true },
      { "Example.COM", "a.example.com", true },
      { "example.com", "a.b.example.com", true },
      { "example.com", "notexample.com", false },
      { "example.com", "example.com.evil.org", false },
      { "example.com", "com", false },
      { "example.com", "example.com.", true },
      { "example.com.", "example.com", true },
      { "localhost", "localhost", true },
    }
  end)

  it("makes no difference between a leading dot and none", function()
    check {
      { ".example.com", "a.example.com", true },
      { ".example.com", "example.com", true },
      { ".example.com", "notexample.com", false },
    }
  end)

  it("takes a leading star and dot for all below a name, and not the name", function()
    check {
      { "*.example.com", "a.example.com", true },
      { "*.example.com", "a.b.example.com", true },
      { "*.example.com", "example.com", false },
      { "*.example.com", "notexample.com", false },
    }
  end)

  it("may name a port", function()
    check {
      { "example.com:8443", "example.com", true, 8443 },
      { "example.com:8443", "a.example.com", true, 8443 },
      { "example.com:8443", "example.com", false },
      { "example.com:99999999999999999999", "example.com", false },
      { "10.0.0.1:8443", "10.0.0.1", true, 8443 },
      { "10.0.0.1:8443", "10.0.0.1", false },
      { "[fd00::1]:8443", "[fd00::1]", true, 8443 },
      { "[fd00::1]:8443", "[fd00::1]", false },
    }
  end)

  it("may have blanks around its entries, or between them", function()
    check {
      { "a.example , b.example", "b.example", true },
      { "a.example\t,\tb.example ", "b.example", true },
      { "a.example b.example", "a.example", true },
      { "a.example,,b.example,", "b.example", true },
      { "a.example,b.example", "c.example", false },
    }
  end)

  it("takes addresses of both families, with brackets or without", function()
    check {
      { "10.0.0.1", "10.0.0.1", true },
      { "10.0.0.1", "10.0.0.10", false },
      { "0.0.1", "10.0.0.1", false },
      { "fd00::1", "[fd00::1]", true },
      { "[fd00::1]", "[fd00::1]", true },
      { "[fd00::1]", "fd00:0:0:0:0:0:0:1", true },
      { "FD00::1", "[fd00::1]", true },
    }
  end)

  it("takes networks of both families", function()
    check {
      { "10.0.0.0/8", "10.255.1.2", true },
      { "10.0.0.0/8", "11.0.0.1", false },
      { "10.0.0.0/8", "10.example.com", false },
      { "10.0.0.0/8", "[::ffff:10.1.2.3]", true },
      { "192.168.4.0/22", "192.168.7.255", true },
      { "192.168.4.0/22", "192.168.8.0", false },
      { "0.0.0.0/0", "8.8.8.8", true },
      { "0.0.0.0/0", "[fd00::1]", false },
      { "10.0.0.1/32", "10.0.0.1", true },
      { "fd00::/8", "[fdff:1::2]", true },
      { "fd00::/8", "[fe00::1]", false },
      { "2001:db8::/33", "[2001:db8:7fff::1]", true },
      { "2001:db8::/33", "[2001:db8:8000::1]", false },
    }
  end)

  it("lets no host go without for an entry that is none", function()
    check {
      { ",", "host", false }, { ".", "host", false }, { ":443", "host", false }, { "*host", "host", false },
      { "10.0.0.1/33", "10.0.0.1", false }, { "10.0.0.0/", "10.0.0.0", false }, { "[fd00::1", "[fd00::1]", false },
    }
  end)

  it("is read from no_proxy before NO_PROXY", function()
    assert.is_nil(choose { https_proxy = URL, NO_PROXY = "host" }("https", "host", 443))
    assert.equal(URL, choose { https_proxy = URL, NO_PROXY = "host", no_proxy = "x" }("https", "host", 443))
  end)
end)

describe("a link-local address", function()
  it("is never proxied, not even by the option", function()
    for _, host in ipairs {
      "169.254.169.254", "169.254.170.2", "169.254.170.23", "[fe80::1]", "[febf::1]", "[fd00:ec2::254]",
      "[fd00:ec2::23]", "fd00:ec2::254", "[FD00:0EC2::254]", "[::ffff:169.254.169.254]", "[fe80::1%25eth0]",
    } do
      assert.is_nil(choose { http_proxy = URL }("http", host, 80), host)
      assert.is_nil(choose({}, URL)("http", host, 80), host)
    end
  end)

  it("has neighbours that are", function()
    for _, host in ipairs {
      "169.253.255.255", "169.255.0.0", "[fec0::1]", "[fd00:ec3::254]", "169.254.169.254.example",
    } do
      assert.equal(URL, choose({}, URL)("http", host, 80))
    end
  end)
end)

describe("for a request", function()
  local function asked(request)
    local seen
    local answer = proxy.for_request(function(...)
      seen = { ... }
      return URL
    end, request)
    return seen, answer
  end

  it("its origin decides", function()
    for url, expected in pairs {
      ["https://host/a:1/@?b"] = "https://host",
      ["http://host?x=http://other:1"] = "http://host",
      ["HTTPS://host:8443"] = "HTTPS://host:8443",
      ["http://[fd00::1]/"] = "http://[fd00::1]",
      ["http://[fd00::1]:8080/"] = "http://[fd00::1]:8080",
    } do
      local seen, answer = asked { url = url }
      assert.same({ expected }, seen)
      assert.equal(URL, answer)
    end
  end)

  it("scheme, host and port of its URL decide, and the port of the scheme where it has none", function()
    local function chosen(url, exceptions)
      local variables = { https_proxy = "http://secure:1", http_proxy = "http://plain:2", no_proxy = exceptions }
      return proxy.for_request(chooser(nil, environment(variables)), { url = url })
    end
    for _, row in ipairs {
      { "https://host/a:1/@?b", "host:443", "http://secure:1" },
      { "HTTPS://host:8443", "host:8443", "http://secure:1" },
      { "http://host?x=http://other:1", "host:80", "http://plain:2" },
      { "http://[fd00::1]/", "[fd00::1]:80", "http://plain:2" },
      { "http://[fd00::1]:8080/", "[fd00::1]:8080", "http://plain:2" },
    } do
      local url, exception, expected = row[1], row[2], row[3]
      assert.equal(expected, chosen(url))
      assert.equal(expected, chosen(url, "other.example, 10.0.0.0/8, host:1"))
      assert.is_nil(chosen(url, exception), url)
    end
  end)

  it("the same is chosen however often it is asked, and however many others are meanwhile", function()
    local for_origin = chooser(nil, environment { http_proxy = URL, no_proxy = "without.example" })
    for index = 1, 100 do
      assert.equal(URL, for_origin("http://with.example"))
      assert.is_nil(for_origin("http://without.example"))
      assert.equal(URL, for_origin("http://host" .. index))
    end
  end)

  it("none is chosen when it is to go direct, or nothing chooses", function()
    local seen, answer = asked { url = "http://169.254.170.2/", direct = true }
    assert.is_nil(seen)
    assert.is_nil(answer)
    assert.is_nil(proxy.for_request(nil, { url = "http://host/" }))
  end)

  it("none is chosen for what is no URL to send to", function()
    local for_origin = assert(proxy.new(URL, environment {}))
    for _, url in ipairs { "ftp://host/", "", "host", "http://", "http://host:x/", "http://h:70000" } do
      assert.is_nil(proxy.for_request(for_origin, { url = url }))
    end
  end)
end)
