local exchanges = require "spec.core.exchanges"

describe("engine", function()
  local server
  local hooks = { setup = setup, teardown = teardown, before_each = before_each, after_each = after_each }
  local with = exchanges.around(hooks, function(given) server = given end)
  local send, assert_fails, echo = with.send, with.assert_fails, with.echo

  describe("with TLS", function()
    local function secure(changes)
      changes = changes or {}
      changes.url = changes.url or "https://localhost:" .. server.tls_port .. "/x"
      return changes
    end

    it("trusts the CA bundle given", function()
      local raw = echo("", secure { ca_bundle = server.certificate })
      assert.truthy(raw:find("^GET /x HTTP/1.1\r\n"))
    end)

    it("refuses an unknown certificate, saying what was trusted and what to set", function()
      local message = assert_fails("tls", "", secure())
      assert.truthy(message:find("localhost", 1, true))
      assert.truthy(message:find("the system's", 1, true))
      assert.truthy(message:find("AWS_CA_BUNDLE", 1, true))
    end)

    it("refuses a certificate of another name", function()
      local url = "https://127.0.0.1:" .. server.tls_port .. "/x"
      local message = assert_fails("tls", "", secure { url = url, ca_bundle = server.certificate })
      assert.truthy(message:find(server.certificate, 1, true))
    end)

    it("trusts the certificates of a directory alone, if that is given", function()
      assert.truthy(echo("", secure { ca_bundle = server.certificate_directory }):find("^GET /x"))
      assert_fails("tls", "", secure { ca_bundle = "spec" })
    end)

    it("refuses a certificate that is expired", function()
      local url = "https://localhost:" .. server.expired_port .. "/x"
      local message = assert_fails("tls", "", secure { url = url, ca_bundle = server.certificate })
      assert.truthy(message:find("expired", 1, true))
    end)

    it("speaks TLS 1.2 at least", function()
      local url = "https://localhost:" .. server.old_tls_port .. "/x"
      assert_fails("tls", "", secure { url = url, verify_tls = false })
    end)

    it("names the host in its hello, and speaks HTTP/1.1 to a server that would rather have HTTP/2", function()
      local url = "https://localhost:" .. server.tls_port .. "/server-name"
      assert.equal("localhost", assert(send("", { url = url, ca_bundle = server.certificate })).body)
      assert.truthy(echo("", secure { ca_bundle = server.certificate }):find("^GET /x HTTP/1.1\r\n"))
    end)

    it("tells whether another attempt may help: not for want of trust", function()
      local function may_pass(port)
        local url = "https://localhost:" .. port .. "/x"
        return (select(4, send("", { url = url, ca_bundle = server.certificate })))
      end
      assert.is_true(may_pass(server.old_tls_port))
      assert.is_nil(may_pass(server.expired_port))
      assert.is_nil((select(4, send("", secure { ca_bundle = "/nonexistent/ca.pem" }))))
    end)

    it("verifies nothing when told so, and again when not", function()
      assert.truthy(echo("", secure { verify_tls = false }):find("^GET /x"))
      assert_fails("tls", "", secure())
      assert.truthy(echo("", secure { ca_bundle = server.certificate }):find("^GET /x"))
      assert_fails("tls", "", secure())
    end)

    it("says which CA bundle can't be read", function()
      local message = assert_fails("tls", "", secure { ca_bundle = "/nonexistent/ca.pem" })
      assert.truthy(message:find("/nonexistent/ca.pem", 1, true))
      assert_fails("tls", "", secure { ca_bundle = "Makefile" })
      assert_fails("tls", "", secure { ca_bundle = server.certificate .. "\0x" })
    end)

    it("counts the handshake as connecting", function()
      local url = "https://127.0.0.1:" .. server.port .. "/x" -- waits for a request, says no hello
      local changes = { url = url, connect_timeout = 0.1, read_timeout = 9 }
      local message = assert_fails("connect_timeout", "", changes)
      assert.truthy(message:find("connect_timeout", 1, true))
    end)
  end)
end)
