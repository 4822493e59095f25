-- spec/reference/ lists what an AWS SDK does around a call, fact by fact, each with the test that holds it. This makes
-- sure that every test it names exists, so that the tables can be trusted.

local read = require "spec.read_file"

local function modules_in(folder)
  local listing = assert(io.popen("ls " .. folder))
  local names = {}
  for name in listing:lines() do names[#names + 1] = name:match("^(.*)%.lua$") end
  listing:close()
  return names
end

-- Names of tests stand in double quotes, or in single quotes where they hold double ones.
local function has_test(text, name)
  return text:find('it("' .. name .. '"', 1, true) ~= nil or text:find("it('" .. name .. "'", 1, true) ~= nil
end

describe("the tables of spec/reference", function()
  local names = modules_in("spec/reference")

  it("are there", function()
    assert.is_true(#names >= 10)
  end)

  for _, name in ipairs(names) do
    it("name tests that exist: " .. name, function()
      local reference = require("spec.reference." .. name)
      assert.is_string(reference.topic)
      assert.is_true(#reference.facts > 0)
      for _, row in ipairs(reference.facts) do
        local fact, file, test = row[1], row[2], row[3]
        assert.is_true(type(fact) == "string" and #fact > 10, tostring(fact))
        assert.is_true(has_test(read(file), test), ("%s has no test %q (for: %s)"):format(file, test, fact))
      end
    end)
  end
end)
