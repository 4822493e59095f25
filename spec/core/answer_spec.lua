-- What the core makes of the bytes of a socket. Which answers it takes and refuses is told in
-- spec/transport/http_reader_spec.lua and in spec/transport/answers.lua.

local core = require "aws.backup.core"

local OK = "HTTP/1.1 200 OK\r\n"

describe("core.new_answer", function()
  it("tells how many bytes it wants next, until it is complete", function()
    local answer = core.new_answer(100000)
    assert.equal(65536, answer:take(""))
    assert.equal(65536, answer:take(OK .. "Content-Le"))
    assert.equal(70000 - 2 > 65536 and 65536, answer:take("ngth: 70000\r\n\r\nab"))
    assert.equal(998, answer:take(("x"):rep(69000)))
    assert.equal(0, answer:take(("y"):rep(998)))
    local response, is_reusable, has_excess = answer:result()
    assert.same({ 200, 70000, true, false }, { response.status, #response.body, is_reusable, has_excess })
  end)

  it("tells kind and fault, and of a body that was cut what it lacks", function()
    local function fault_of(text, ends)
      local answer = core.new_answer(100)
      local wanted, kind, fault, left = answer:take(text)
      if wanted and ends then wanted, kind, fault, left = answer:take_end() end
      return { wanted, kind, fault, left }
    end
    assert.same({ nil, "protocol", "bad_status_line", 0 }, fault_of("SSH-2.0"))
    assert.same({ nil, "protocol", "bad_header", 0 }, fault_of(OK .. "x\r\n"))
    assert.same({ nil, "too_large", "too_large", 0 }, fault_of(OK .. "Content-Length: 101\r\n\r\n"))
    assert.same({ nil, "reset", "cut_in_body", 3 }, fault_of(OK .. "Content-Length: 5\r\n\r\nab", true))
    assert.same({ nil, "reset", "cut_in_headers", 0 }, fault_of(OK, true))
    assert.same({ 0 }, fault_of(OK .. "\r\nab", true))
  end)

  it("is of no use after its end", function()
    local answer = core.new_answer(100)
    assert.is_false((pcall(answer.result, answer)))
    answer:take(OK .. "Content-Length: 0\r\n\r\n")
    answer:result()
    for _, method in ipairs { "result", "take_end", "take" } do
      assert.is_false((pcall(answer[method], answer, "x")))
    end
    answer = core.new_answer(100)
    answer:take("nonsense")
    assert.is_false((pcall(answer.take, answer, "x")))
    assert.equal("answer", tostring(answer))
  end)

  it("refuses arguments that make no sense", function()
    for _, bound in ipairs { 0, -1, 1.5, 2 ^ 40, "x", {} } do
      assert.is_false((pcall(core.new_answer, bound)))
    end
    local answer = core.new_answer(1)
    for _, bytes in ipairs { 1, {}, false } do assert.is_false((pcall(answer.take, answer, bytes))) end
    assert.is_false((pcall(answer.take, {}, "x")))
  end)
end)
