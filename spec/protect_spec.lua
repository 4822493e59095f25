local protect = require "aws.backup.protect"

describe("protect", function()
  it("returns what the function returns, nil and all", function()
    local function count(...) return select("#", ...), ... end
    assert.same({ 4, true, 1, nil, nil }, { count(protect(function() return 1, nil, nil end)) })
    assert.same({ true, 5 }, { protect(function(a, b) return a + b end, 2, 3) })
  end)

  it("catches what the function raises, tables too", function()
    local raised = {}
    assert.same({ false, "text" }, { protect(error, "text", 0) })
    assert.equal(raised, select(2, protect(error, raised)))
  end)

  it("lets the function yield, hands values in and out, and catches what comes after", function()
    local seen
    local routine = coroutine.wrap(function()
      seen = { protect(function()
        local got = coroutine.yield("out", nil)
        error(got, 0)
      end) }
    end)
    assert.same({ "out" }, { routine() })
    routine("in")
    assert.same({ false, "in" }, seen)
  end)
end)
