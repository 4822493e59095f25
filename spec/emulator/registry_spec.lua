local registry = require "aws.backup.emulator.registry"

describe("a registry", function()
  local things

  before_each(function()
    things = registry.new()
    for _, id in ipairs { "a", "b", "c", "d" } do things:add(id, { id = id }) end
  end)

  local function ids(walk)
    local found = {}
    for _, item in walk do found[#found + 1] = item.id end
    return table.concat(found)
  end

  it("finds an item by its id and counts", function()
    assert.are.equal("b", things:get("b").id)
    assert.is_nil(things:get("x"))
    assert.are.equal(4, things.count)
  end)

  it("walks in the order of arrival, both ways", function()
    assert.are.equal("abcd", ids(things:oldest_first()))
    assert.are.equal("dcba", ids(things:newest_first()))
  end)

  it("goes on behind a place, even if its item is gone", function()
    local place
    for at, item in things:oldest_first() do
      if item.id == "b" then place = at end
    end
    things:remove("b")
    assert.are.equal("cd", ids(things:oldest_first(place)))
    assert.are.equal("a", ids(things:newest_first(place)))
  end)

  it("leaves out what was removed and takes the id again, as the newest", function()
    things:remove("a")
    things:remove("d")
    things:remove("d")
    assert.are.equal(2, things.count)
    things:add("a", { id = "a" })
    assert.are.equal("bca", ids(things:oldest_first()))
    assert.are.equal("acb", ids(things:newest_first()))
  end)

  it("refuses an id that is taken", function()
    assert.has_error(function() things:add("a", {}) end, "the id is taken")
  end)

  it("walks nothing when it is empty", function()
    assert.are.equal("", ids(registry.new():oldest_first()))
    assert.are.equal("", ids(registry.new():newest_first()))
  end)
end)
