local agenda = require "aws.backup.runtime.agenda"

describe("an agenda", function()
  local function all_of(planned)
    local taken = {}
    while planned:next_time() < math.huge do taken[#taken + 1] = planned:take() end
    return taken
  end

  it("is empty at first", function()
    assert.equal(math.huge, agenda.new():next_time())
  end)

  it("gives back what is due in the order of time, in whatever order it came", function()
    local planned = agenda.new()
    for _, time in ipairs { 5, 3, 9, 1, 7, 3, 8, 2, 6, 4 } do planned:add(time, "at " .. time) end
    assert.equal(1, planned:next_time())
    assert.same({ "at 1", "at 2", "at 3", "at 3", "at 4", "at 5", "at 6", "at 7", "at 8", "at 9" }, all_of(planned))
  end)

  it("takes more while it is worked off", function()
    local planned, times, last = agenda.new(), {}, -1
    -- Numbers that are spread well, and the same each time.
    for index = 1, 500 do planned:add(index * 7919 % 503, index) end
    for index = 1, 250 do
      times[#times + 1] = planned:next_time()
      planned:take()
      planned:add(times[#times] + index % 11, "more")
    end
    while planned:next_time() < math.huge do
      times[#times + 1] = planned:next_time()
      planned:take()
    end
    assert.equal(750, #times)
    for _, time in ipairs(times) do
      assert.is_true(time >= last)
      last = time
    end
  end)
end)
