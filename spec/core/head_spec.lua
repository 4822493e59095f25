local core = require "aws.backup.core"

local ENOUGH = 1000

describe("core.take_headers", function()
  it("takes the lines that are there in full, and tells where it stopped", function()
    local text = "..X-One: 1\r\ntwo:2\nX: cut"
    local headers, position, is_end, last_name, has_lists = core.take_headers(nil, text, 3, ENOUGH)
    assert.same({ ["x-one"] = "1", two = "2" }, headers)
    assert.equal("X: cut", text:sub(position))
    assert.same({ false, "two", false }, { is_end, last_name, has_lists })
    local same, behind, ends = core.take_headers(headers, "X: whole\r\n\r\nbody", 1, ENOUGH, last_name)
    assert.equal(headers, same)
    assert.equal("whole", headers.x)
    assert.same({ 13, true }, { behind, ends })
  end)

  it("keeps the pieces of a value that grows, also from call to call", function()
    local headers, _, _, last_name, has_lists = core.take_headers(nil, "X: a\r\n b \r\nx: c\r\n", 1, ENOUGH)
    assert.is_true(has_lists)
    assert.equal("x", last_name)
    core.take_headers(headers, "\td\r\n\r\n", 1, ENOUGH, last_name)
    assert.equal("a b, c d", table.concat(headers.x))
  end)

  it("takes nothing from no text", function()
    local headers, position, is_end = core.take_headers(nil, "", 1, ENOUGH)
    assert.same({ {}, 1, false }, { headers, position, is_end })
  end)

  it("refuses what is no header line as soon as it is there in full", function()
    for _, text in ipairs { "no colon\n", ": x\n", "a b: c\n", "a: b\rc\n", "a: \0\n", "a\0: b\n",
      " first\n", "\r\r\n" } do
      assert.same({ nil, "protocol" }, { core.take_headers(nil, text .. "\r\n", 1, ENOUGH) }, text)
      assert.is_table(core.take_headers(nil, text:sub(1, -2), 1, ENOUGH))
    end
  end)

  it("takes no more bytes than it may, whether lines are whole or not", function()
    local line = "X: y\r\n"
    assert.is_table(core.take_headers(nil, line .. line .. "\r\n", 1, 14))
    assert.same({ nil, "too_large" }, { core.take_headers(nil, line .. line .. "\r\n", 1, 13) })
    assert.is_table(core.take_headers(nil, line .. "X: y", 1, 10))
    assert.same({ nil, "too_large" }, { core.take_headers(nil, line .. "X: y", 1, 9) })
  end)

  it("refuses arguments that make no sense", function()
    for _, arguments in ipairs {
      { nil, 1, 1, 1 }, { 1, "", 1, 1 }, { nil, "", 0, 1 }, { nil, "", 2, 1 }, { nil, "abc", 5, 1 }, { nil, "", 1, 0 },
    } do
      assert.is_false((pcall(core.take_headers, arguments[1], arguments[2], arguments[3], arguments[4])))
    end
  end)
end)

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
