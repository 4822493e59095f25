-- The heads of requests for sockets. What a request may be is told in spec/transport/http_writer_spec.lua.

local core = require "aws.backup.core"

describe("core.write_head", function()
  it("names the header that is at fault, and how", function()
    for name, case in pairs {
      ["a b"] = { "x", "header_name" }, [""] = { "x", "header_name" }, ["x-line"] = { "a\nb", "header_value" },
      ["x-nul"] = { "\0", "header_value" }, Expect = { "100-continue", "header_framing" },
      ["TRANSFER-encoding"] = { "chunked", "header_framing" },
    } do
      assert.same({ nil, case[2], name }, { core.write_head("GET", "/", "h", { [name] = case[1] }, "", "") })
    end
    assert.same({ nil, "header_length", "content-length" },
      { core.write_head("PUT", "/", "h", { ["Content-length"] = "4", ["x-a"] = "b" }, "12345", "") })
    assert.same({ nil, "header_length", "content-length" },
      { core.write_head("PUT", "/", "h", { ["Content-length"] = "" }, "", "") })
    assert.same({ nil, "header_value", "host" }, { core.write_head("GET", "/", "h\r\nx: y", {}, "", "") })
  end)

  it("tells what else is wrong", function()
    for fault, arguments in pairs {
      method = { "GE T", "/", "" }, url = { "GET", "/ x", "" }, head_body = { "HEAD", "/", "body" },
    } do
      assert.equal(fault, (select(2, core.write_head(arguments[1], arguments[2], "h", {}, arguments[3], ""))))
    end
  end)

  it("puts request line, host, headers, length and more lines together", function()
    assert.equal("PUT /a HTTP/1.1\r\nhost: h\r\nx: y\r\ncontent-length: 4\r\nz: 1\r\n\r\n",
      core.write_head("PUT", "/a", "h", { x = "y", ["content-length"] = "4" }, "body", "z: 1\r\n"))
    assert.equal("GET /a HTTP/1.1\r\nhost: given\r\n\r\n",
      core.write_head("GET", "/a", "h", { HOST = "given" }, "", ""))
  end)

  it("refuses arguments that make no sense", function()
    for index, wrong in ipairs { 1, 1, false, 1, {}, 1 } do
      local arguments = { "GET", "/", "h", {}, "", "" }
      arguments[index] = wrong
      assert.is_false((pcall(core.write_head, arguments[1], arguments[2], arguments[3], arguments[4], arguments[5],
        arguments[6])))
    end
  end)
end)
