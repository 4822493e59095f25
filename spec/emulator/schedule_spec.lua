local schedule = require "aws.backup.emulator.schedule"

describe("the schedule", function()
  local plan, trace

  before_each(function()
    plan, trace = schedule.new(100), {}
  end)

  local function note(text)
    return function() trace[#trace + 1] = text .. "@" .. ("%d"):format(plan.time) end
  end

  it("runs what is due in the order of time, and at that very time", function()
    plan:at(130, note "c")
    plan:at(110, note "a")
    plan:at(120, note "b")
    plan:run(125)
    assert.are.same({ "a@110", "b@120" }, trace)
    assert.are.equal(125, plan.time)
    plan:run(130)
    assert.are.same({ "a@110", "b@120", "c@130" }, trace)
  end)

  it("keeps the order of planning among what is due at one moment", function()
    for _, name in ipairs { "a", "b", "c", "d", "e" } do plan:at(110, note(name)) end
    plan:run(110)
    assert.are.same({ "a@110", "b@110", "c@110", "d@110", "e@110" }, trace)
  end)

  it("runs in the same sweep what an action plans", function()
    plan:at(110, function()
      note "first" ()
      plan:after(5, note "second")
    end)
    plan:run(200)
    assert.are.same({ "first@110", "second@115" }, trace)
  end)

  it("does not run what was cancelled, whether before or by an earlier action", function()
    local early, late = plan:at(110, note "a"), plan:at(120, note "b")
    plan:cancel(early)
    plan:at(115, function() plan:cancel(late) end)
    plan:cancel(nil)
    plan:run(200)
    assert.are.same({}, trace)
  end)

  it("runs what is overdue with the next sweep, without going back in time", function()
    plan:run(150)
    plan:at(110, note "late")
    plan:run(160)
    assert.are.same({ "late@150" }, trace)
  end)

  it("keeps a thousand events in order", function()
    local value = 7
    for _ = 1, 1000 do
      value = (value * 1103 + 12345) % 65536
      local due = 100 + value
      plan:at(due, function() trace[#trace + 1] = due end)
    end
    plan:run(100 + 65536)
    assert.are.equal(1000, #trace)
    for index = 2, #trace do assert.is_true(trace[index - 1] <= trace[index]) end
  end)
end)
