local base64 = require "aws.backup.codec.base64"
local exchanges = require "spec.core.exchanges"
local home = require "spec.services.home"
local other_lua = require "spec.core.other_lua"

local header_names = exchanges.header_names

describe("engine", function()
  local server
  local hooks = { setup = setup, teardown = teardown, before_each = before_each, after_each = after_each }
  local with = exchanges.around(hooks, function(given) server = given end)
  local send, assert_fails, echo = with.send, with.assert_fails, with.echo

  describe("with a proxy", function()
    it("asks it for the whole URL", function()
      local raw = echo("", { url = "http://backup.example/x?y", proxy = server.url })
      assert.truthy(raw:find("^GET http://backup.example/x%?y HTTP/1.1\r\n"))
    end)

    it("sends it the credentials of its URL", function()
      local proxy = "http://user:p%40ss@127.0.0.1:" .. server.port
      local raw = echo("", { url = "http://backup.example/x", proxy = proxy })
      assert.truthy(raw:find("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n", 1, true))
    end)

    it("reaches an https URL through its tunnel, and signs nothing for it", function()
      local raw = echo("", {
        url = "https://localhost:" .. server.tls_port .. "/x", ca_bundle = server.certificate,
        proxy = "http://user:p%40ss@127.0.0.1:" .. server.port, headers = { authorization = "AWS4 sesame" },
      })
      assert.truthy(raw:find("authorization: AWS4 sesame\r\n", 1, true))
      assert.is_nil(raw:find("roxy", 1, true))
      local connect = echo("/last-connect")
      assert.truthy(connect:find("^CONNECT localhost:" .. server.tls_port .. " HTTP/1.1\r\n"))
      assert.truthy(connect:find("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n", 1, true))
      assert.is_nil(connect:find("sesame", 1, true))
    end)

    it("asks one with TLS, and trusts the CA bundle for it, too", function()
      local changes = { url = "http://backup.example/x", proxy = "https://localhost:" .. server.tls_port }
      assert.truthy(assert_fails("tls", "", changes):find("TLS with localhost failed", 1, true))
      changes.ca_bundle = server.certificate
      assert.truthy(echo("", changes):find("^GET http://backup.example/x HTTP/1.1\r\n"))
    end)

    it("never asks the environment for one, nor a .netrc for a password", function()
      local folder = home.new { [".netrc"] = "machine 127.0.0.1 login sesame password sesame\n" }
      local output = other_lua.run(folder.path, ([[
        local engine = core.engine()
        local transfer = assert(engine:start { method = "GET", url = "%s/x" })
        while engine:step(0.1) > 0 do end
        local response, kind, message = transfer:result()
        io.write(response and response.body or kind .. message)
      ]]):format(server.url), { before = "http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 no_proxy= "
        .. "HOME=" .. folder.path })
      folder:remove()
      assert.equal("host", header_names(output))
    end)

    it("tells whether another attempt may help: if it is away or in trouble, not if it refuses", function()
      local function may_pass(host, proxy)
        local response, kind, _, passing = send("", { url = "https://" .. host .. "/", proxy = proxy or server.url })
        assert.is_nil(response)
        assert.equal("proxy", kind)
        return passing
      end
      assert.is_true(may_pass("status-502.invalid"))
      assert.is_true(may_pass("closed.invalid"))
      assert.is_true(may_pass("elsewhere.invalid", "http://127.0.0.1:1"))
      assert.is_nil(may_pass("status-407.invalid"))
      assert.is_nil(may_pass("status-403.invalid"))
    end)

    it("blames it when it asks for a password", function()
      local message = assert_fails("proxy", "", { url = "http://backup.example/status/407", proxy = server.url })
      assert.truthy(message:find("password", 1, true))
      assert.equal(407, assert(send("/status/407")).status)
    end)

    it("is named beside the host that is silent behind it", function()
      local changes = { url = "http://backup.example/silent", proxy = server.url, read_timeout = 0.05 }
      local message = assert_fails("read_timeout", "", changes)
      assert.truthy(message:find("backup.example, through the proxy 127.0.0.1, sent nothing", 1, true))
    end)

    it("blames it when it refuses a tunnel, without showing its password", function()
      local proxy = "http://user:sesame@127.0.0.1:" .. server.port
      local message = assert_fails("proxy", "", { url = "https://backup.example/", proxy = proxy })
      assert.truthy(message:find("127.0.0.1", 1, true))
      assert.is_nil(message:find("sesame", 1, true))
    end)

    it("blames it when it can't be reached", function()
      for _, url in ipairs { "http://backup.example/", "https://backup.example/" } do
        local message = assert_fails("proxy", "", { url = url, proxy = "http://user:sesame@127.0.0.1:1" })
        assert.is_nil(message:find("sesame", 1, true))
      end
      assert_fails("proxy", "", { url = "http://backup.example/", proxy = "http://nowhere.invalid:1" })
    end)

    it("sends user and password byte by byte as they are given", function()
      for _, pair in ipairs {
        { "user", "p@ss" }, { "user", "p%41:%zz%" }, { "us@er/#?", "p/a#s?s+ &=" }, { "us%3Aer", "100%" },
        { "user", "" }, { "", "sesame" }, { "\195\169", "\255\128\160" }, { "user", ("x"):rep(5000) },
      } do
        local through = { scheme = "http", host = "127.0.0.1", port = tonumber(server.port) }
        through.user, through.password = pair[1], pair[2]
        local expected = "\r\nProxy-Authorization: Basic " .. base64.encode(pair[1] .. ":" .. pair[2]) .. "\r\n"
        assert.truthy(echo("", { url = "http://backup.example/x", proxy = through }):find(expected, 1, true))
        echo("/x", { url = "https://localhost:" .. server.tls_port .. "/x", verify_tls = false, proxy = through })
        assert.truthy(echo("/last-connect"):find(expected, 1, true) or #pair[2] > 1000)
      end
      local raw = echo("", { url = "http://backup.example/x", proxy = server.url })
      assert.is_nil(raw:find("Authorization", 1, true))
    end)

    it("never goes round one that can't be used, and does not show it", function()
      local function witnessed() return assert(echo("/totals"):match("witnessed=%d+")) end
      local before = witnessed()
      for _, changes in ipairs {
        { host = "a b" }, { host = "sesame@127.0.0.1" }, { host = "127.0.0.1:80" }, { host = "h/x" }, { host = "h?x" },
        { host = "h#x" }, { host = "[::1" }, { host = "::1" }, { host = "[::1%25lo]" }, { host = "h\0x" },
        { host = "h%41" }, { host = "h\n" }, { host = "[]" }, { host = "\195\169" },
        { user = "us:er" }, { user = "us\ner" }, { user = "us\0er" }, { user = "us\127er" },
        { password = "sesame\n" }, { password = "sesame\r\nX: y" }, { password = "\0sesame" },
        { password = "ses\tame" },
      } do
        local through = { scheme = "http", host = "127.0.0.1", port = 1, user = "user", password = "sesame" }
        for name, value in pairs(changes) do through[name] = value end
        for _, scheme in ipairs { "http", "https" } do
          local url = ("%s://127.0.0.1:%s/x"):format(scheme, server.witness_port)
          assert.is_nil(assert_fails("proxy", "", { url = url, proxy = through }):find("sesame", 1, true))
        end
      end
      assert.equal(before, witnessed())
    end)
  end)
end)
