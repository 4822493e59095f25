local core = require "aws.backup.core"

describe("core.write_head", function()
  it("names the header that is at fault, and how", function()
    for name, case in pairs {
      ["a b"] = { "x", "name" }, [""] = { "x", "name" }, ["x-line"] = { "a\nb", "value" },
      ["x-nul"] = { "\0", "value" },
      Expect = { "100-continue", "framing" }, ["TRANSFER-encoding"] = { "chunked", "framing" },
    } do
      assert.same({ nil, case[2], name }, { core.write_head("", "h", { [name] = case[1] }, "0", "") })
    end
    assert.same({ nil, "length", "content-length" },
      { core.write_head("", "h", { ["Content-length"] = "4", ["x-a"] = "b" }, "5", "") })
  end)

  it("puts beginning, host, headers and ending together", function()
    local function written(...) return table.concat(core.write_head(...)) end
    assert.equal("B h\r\nx: y\r\nE", written("B ", "h", { x = "y", ["content-length"] = "5" }, "5", "E"))
    assert.equal("B given\r\nE", written("B ", "h", { HOST = "given" }, "5", "E"))
    assert.equal("\r\n", written("", "", {}, "", ""))
  end)

  it("refuses arguments that make no sense", function()
    for _, arguments in ipairs { { 1, "h", {}, "5", "E" }, { "B", nil, {}, "5", "E" }, { "B", "h", nil, "5", "E" },
      { "B", "h", {}, 5, "E" }, { "B", "h", {}, "5" } } do
      assert.is_false((pcall(core.write_head, arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])))
    end
  end)
end)
