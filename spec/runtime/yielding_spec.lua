local lineage = require "aws.backup.runtime.lineage"
local yielding = require "aws.backup.runtime.yielding"

local IS_PUC_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

-- Runs a function in a coroutine; returns that and what the function returns.
local function in_coroutine(fn, ...)
  local routine = coroutine.create(fn)
  local fine, value = coroutine.resume(routine, ...)
  assert(fine, value)
  return routine, value
end

describe("lineage.root", function()
  it("is nil in the main coroutine, and the running one in another", function()
    -- Whether busted runs its tests in one is up to busted.
    local running, is_main = coroutine.running()
    assert.equal(not is_main and running or nil, lineage.root())
    local routine, root = in_coroutine(function() return (lineage.root()) end)
    assert.equal(routine, root)
  end)

  it("is the first of those that hand their yields on, however many", function()
    local routine, root = in_coroutine(function()
      local inner = coroutine.create(function()
        local innermost = coroutine.create(function() return (lineage.root()) end)
        lineage.adopt(innermost)
        return select(2, coroutine.resume(innermost))
      end)
      lineage.adopt(inner)
      return select(2, coroutine.resume(inner))
    end)
    assert.equal(routine, root)
  end)

  it("does not go beyond a coroutine that keeps its yields for itself", function()
    local generator
    in_coroutine(function()
      generator = coroutine.create(function() return (lineage.root()) end)
      local _, root = coroutine.resume(generator)
      assert.equal(generator, root)
    end)
  end)

  it("knows the coroutines that coxpcall makes in Lua 5.1, among those of its own", function()
    local catching = _VERSION == "Lua 5.1" and require("coxpcall").pcall or pcall
    local routine, root = in_coroutine(function()
      return select(2, catching(function()
        local inner = coroutine.create(function()
          return select(2, catching(function() return (lineage.root()) end))
        end)
        lineage.adopt(inner)
        return select(2, coroutine.resume(inner))
      end))
    end)
    assert.equal(routine, root)
  end)
end)

-- Ways to call a function. What the function is asked for comes back.
local PLACES = {
  ["plainly"] = function(ask)
    local answer = ask()
    return answer
  end,
  ["in a tail call"] = function(ask) return ask() end,
  ["within pcall"] = function(ask) return select(2, pcall(ask)) end,
  ["within xpcall"] = function(ask) return select(2, xpcall(ask, tostring)) end,
  ["within an iterator"] = function(ask)
    local answer
    local function next_answer()
      if answer == nil then return { (ask()) } end
      return nil
    end
    for value in next_answer do answer = value[1] end
    return answer
  end,
  ["within a metamethod"] = function(ask)
    return setmetatable({}, { __index = function() return (ask()) end }).field
  end,
  ["within what table.sort calls"] = function(ask)
    local answer
    table.sort({ 2, 1 }, function(left, right)
      answer = ask()
      return left < right
    end)
    return answer
  end,
  ["within what string.gsub calls"] = function(ask)
    local answer
    string.gsub("x", "x", function() answer = ask() end)
    return answer
  end,
}

-- Where a yield gets through: everywhere, not in Lua 5.1, nowhere.
local GETS_THROUGH = {
  ["plainly"] = true, ["in a tail call"] = true,
  ["within pcall"] = not IS_PUC_5_1, ["within xpcall"] = not IS_PUC_5_1,
  ["within an iterator"] = not IS_PUC_5_1, ["within a metamethod"] = not IS_PUC_5_1,
  ["within what table.sort calls"] = false, ["within what string.gsub calls"] = false,
}

describe("yielding.target", function()
  for place, call in pairs(PLACES) do
    local gets_through = GETS_THROUGH[place]

    it(("%s the coroutine %s"):format(gets_through and "is" or "is not", place), function()
      local routine, target = in_coroutine(function()
        local answer = call(function() return yielding.target() or "none" end)
        return answer
      end)
      assert.equal(gets_through and routine or "none", target)
    end)

    it(("tells what Lua does with a yield %s"):format(place), function()
      local routine = coroutine.create(function()
        local answer = call(function() return (coroutine.yield("out")) end)
        return answer
      end)
      local _, got = coroutine.resume(routine)
      assert.equal(gets_through, coroutine.status(routine) == "suspended" and got == "out")
    end)
  end
end)
