local occupancy = require "aws.backup.emulator.occupancy"

describe("the occupancy of a resource", function()
  local one, two, three = {}, {}, {}
  local places

  before_each(function() places = occupancy.new() end)

  it("goes to the first job and lets the others wait in their order", function()
    assert.is_true(places:take("arn", one))
    assert.is_false(places:take("arn", two))
    assert.is_false(places:take("arn", three))
    assert.are.equal(one, places:holder("arn"))
    assert.are.equal(two, places:leave("arn", one))
    assert.are.equal(three, places:leave("arn", two))
    assert.is_nil(places:leave("arn", three))
    assert.is_nil(places:holder("arn"))
  end)

  it("forgets a job that gives up waiting", function()
    places:take("arn", one)
    places:take("arn", two)
    places:take("arn", three)
    assert.is_nil(places:leave("arn", two))
    assert.are.equal(one, places:holder("arn"))
    assert.are.equal(three, places:leave("arn", one))
  end)

  it("keeps resources apart, and takes a job that never came for granted", function()
    assert.is_true(places:take("arn", one))
    assert.is_true(places:take("other", two))
    assert.is_nil(places:leave("third", three))
  end)
end)
