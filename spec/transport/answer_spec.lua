local answer = require "aws.backup.transport.answer"

describe("the answer of a caller's own transport", function()
  local function ask(...)
    local given, seen = { ... }, nil
    local transport = { name = "mine" }
    function transport.send(self, request)
      seen = { self.name, request }
      return given[1], given[2], given[3], given[4]
    end
    local request = {}
    local response, kind, message, retryable, is_broken = answer.checked(transport):send(request)
    assert.equal("mine", seen[1])
    assert.equal(request, seen[2])
    return response, kind, message, retryable, is_broken
  end

  it("has names of headers in lower case and a body, and leaves the caller's table as it was", function()
    local given = { status = 200, headers = { ["X-One"] = "1" } }
    assert.same({ status = 200, headers = { ["x-one"] = "1" }, body = "" }, (ask(given)))
    assert.same({ status = 200, headers = { ["X-One"] = "1" } }, given)
    assert.same({ status = 204, headers = {}, body = "b" }, (ask { status = 204, body = "b" }))
  end)

  it("is a failure where there is none, or one without a status", function()
    assert.same({ nil, "reset", "gone", true }, { ask(nil, "reset", "gone", true) })
    assert.truthy(select(3, ask()):find("gave no answer and no reason; a transport must return", 1, true))
    for _, given in ipairs { "200", 200, { status = "200" }, {} } do
      local response, kind, message, retryable, is_broken = ask(given)
      assert.is_nil(response)
      assert.same({ "protocol", false, true }, { kind, retryable, is_broken })
      assert.truthy(message:find("without a numeric status", 1, true))
    end
  end)
end)
