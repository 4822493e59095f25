local clock = require "aws.backup.emulator.clock"

describe("the emulator's clock", function()
  local wall

  local function new(speed)
    wall = 1000
    return clock.new(function() return wall end, speed)
  end

  it("begins at the wall time", function()
    assert.are.equal(1000, new(1):now())
  end)

  it("runs as fast as its speed says", function()
    local time = new(120)
    wall = 1002.5
    assert.are.equal(1300, time:now())
  end)

  it("stands still at speed 0 and moves by advance alone", function()
    local time = new(0)
    wall = 2000
    assert.are.equal(1000, time:now())
    time:advance(7.5)
    assert.are.equal(1007.5, time:now())
  end)

  it("adds what it is told to advance to what passes", function()
    local time = new(2)
    time:advance(100)
    wall = 1010
    assert.are.equal(1120, time:now())
  end)

  it("never goes back when the wall clock is set back, and goes on from there", function()
    local time = new(1)
    wall = 1100
    assert.are.equal(1100, time:now())
    wall = 500
    assert.are.equal(1100, time:now())
    wall = 510
    assert.are.equal(1110, time:now())
  end)
end)
