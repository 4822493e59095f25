local memo = require "aws.backup.memo"

describe("a memory for a few keys", function()
  it("asks once for each, also where the answer is false", function()
    local asked = {}
    local get = memo.new(function(key)
      asked[#asked + 1] = key
      return key ~= "no" and { key } or false
    end)
    local first = get "a"
    assert.same({ "a" }, first)
    assert.equal(first, get "a")
    assert.is_false(get "no")
    assert.is_false(get "no")
    assert.same({ "a", "no" }, asked)
  end)

  it("forgets a failure, and hands on all that is told of it", function()
    local count = 0
    local get = memo.new(function()
      count = count + 1
      return nil, "why", count
    end)
    assert.same({ nil, "why", 1 }, { get "a" })
    assert.same({ nil, "why", 2 }, { get "a" })
  end)

  it("stays small, and right, however many keys there are", function()
    local kept = setmetatable({}, { __mode = "k" })
    local get = memo.new(function(key)
      local found = { key }
      kept[found] = true
      return found
    end)
    for round = 1, 3 do
      for index = 1, 100 do assert.equal(index, get(index)[1], round) end
    end
    collectgarbage()
    collectgarbage()
    local count = 0
    for _ in pairs(kept) do count = count + 1 end
    assert.is_true(count > 0 and count <= 16, count .. " are kept")
    assert.equal(1, get(1)[1])
  end)
end)
