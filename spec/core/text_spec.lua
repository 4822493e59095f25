local core = require "aws.backup.core"

describe("core", function()
  describe("json_quote", function()
    it("escapes control bytes, quotes and backslashes, and nothing else", function()
      for byte = 0, 255 do
        local char = string.char(byte)
        local short = ({ ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" })[char]
        local plain = byte >= 32 and byte ~= 127
        local expected = short or (plain and char) or ("\\u%04x"):format(byte)
        assert.equal('"a' .. expected .. 'b"', core.json_quote("a" .. char .. "b"))
      end
      assert.equal('""', core.json_quote(""))
    end)

    it("takes texts of any length", function()
      assert.equal('"' .. ("x\\n"):rep(50000) .. '"', core.json_quote(("x\n"):rep(50000)))
    end)

    it("raises for anything but a string", function()
      assert.has_error(function() core.json_quote(5) end)
      assert.has_error(function() core.json_quote() end)
    end)
  end)

  describe("json_write", function()
    local STRING, INTEGER, LONG, BOOLEAN, OTHER = { 1 }, { 2 }, { 3 }, { 4 }, { 0 }

    local function structure(...)
      local plan = { 7 }
      for _, member in ipairs { ... } do
        local size, key = #plan, '"' .. member[1] .. '":'
        plan[size + 1], plan[size + 2], plan[size + 3], plan[size + 4] = member[1], "{" .. key, "," .. key, member[2]
      end
      return plan
    end

    it("writes structures in the order of the plan, lists and maps", function()
      local plan = structure({ "B", STRING }, { "A", BOOLEAN }, { "L", { 5, LONG } }, { "M", { 6, STRING } })
      assert.equal('{"B":"x\\n","A":false,"L":[1,-2],"M":{"a":"1","b":"2"}}',
        core.json_write(plan, { M = { b = "2", a = "1" }, L = { 1, -2 }, A = false, B = "x\n", Z = 1 }))
      assert.equal('{"L":[],"M":{}}', core.json_write(plan, { L = {}, M = {} }))
      assert.equal("{}", core.json_write(plan, {}))
      assert.equal('"' .. ("x"):rep(100000) .. '"', core.json_write(STRING, ("x"):rep(100000)))
    end)

    it("writes the largest and the smallest of 32 bits and what all Luas hold exactly", function()
      assert.equal("[2147483647,-2147483648,0]", core.json_write({ 5, INTEGER }, { 2147483647, -2147483648, 0 }))
      assert.is_nil(core.json_write(INTEGER, 2147483648))
      assert.is_nil(core.json_write(INTEGER, -2147483649))
      assert.equal("9007199254740991", core.json_write(LONG, 9007199254740991))
    end)

    it("gives up what it does not write", function()
      for _, case in ipairs {
        { STRING, 5 }, { STRING, "\255" }, { LONG, 1.5 }, { LONG, 0 / 0 }, { LONG, math.huge }, { LONG, "5" },
        { BOOLEAN, 1 }, { BOOLEAN, "true" }, { OTHER, "x" }, { { 99 }, "x" }, { {}, "x" }, { STRING, nil },
        { { 5, STRING }, { "a", nil, "b" } }, { { 5, STRING }, { a = "b" } }, { { 5, STRING }, "x" },
        { { 6, STRING }, { "a" } }, { { 6, STRING }, { ["\255"] = "a" } }, { { 6, STRING }, setmetatable({}, {}) },
        { { 5, { 5, STRING } }, { { 1 } } },
      } do
        assert.is_nil(core.json_write(case[1], case[2]))
      end
    end)

    it("bounds the depth", function()
      local plan, value = { 5 }, {}
      plan[2] = plan
      for _ = 1, 63 do value = { value } end
      assert.equal(("["):rep(64) .. ("]"):rep(64), core.json_write(plan, value))
      assert.is_nil(core.json_write(plan, { value }))
      value[1] = value
      assert.is_nil(core.json_write(plan, value))
    end)

    it("raises without a plan or a value", function()
      assert.has_error(function() core.json_write("x", 1) end)
      assert.has_error(function() core.json_write(STRING) end)
      assert.has_error(function() core.json_write({ 7, "A", 1, 2, STRING }, { A = "x" }) end)
    end)
  end)

  describe("is_text", function()
    it("takes strings of UTF-8 with so many characters", function()
      for _, case in ipairs { { "" }, { "a\0b", 3, 3 }, { "\195\169", 1, 1 }, { "ab", nil, 2 }, { "ab", 2, nil } } do
        assert.is_true(core.is_text(case[1], case[2], case[3]))
      end
      for _, case in ipairs { { "", 1 }, { "ab", 3 }, { "ab", nil, 1 }, { "\255" }, { 5 }, { true }, { {} } } do
        assert.is_false(core.is_text(case[1], case[2], case[3]))
      end
      assert.is_false(core.is_text(nil))
    end)

    it("raises for limits that are no numbers", function()
      assert.has_error(function() core.is_text("x", {}) end)
      assert.has_error(function() core.is_text("x", 1, "y") end)
    end)
  end)

  describe("is_arn", function()
    it("takes six parts, of which region and account may be empty", function()
      for _, arn in ipairs { "arn:aws:s3:::b", "arn:aws-cn:ec2:eu-west-1:123456789012:volume/v", "arn:a:b:c:d:e:f g",
        "arn:a:b:::\0", "arn:a:b:::\195\169" } do
        assert.is_true(core.is_arn(arn), arn)
      end
      for _, arn in ipairs { "", "arn", "arn:aws:s3", "arn:aws:s3:::", "arn::s3:::b", "arn:aws::::b", "ARN:aws:s3:::b",
        " arn:aws:s3:::b", "arn:a b:s3:::b", "arn:aws:s3:\t::b", "arn:aws:s3::\v:b", "arn:aws:s3::: b" } do
        assert.is_false(core.is_arn(arn), arn)
      end
    end)

    it("asks for a service and for what the resource begins with", function()
      assert.is_true(core.is_arn("arn:aws:iam::123456789012:role/r", "iam", "role/"))
      for _, arn in ipairs { "arn:aws:iam::1:role/", "arn:aws:iam::1:role/ r", "arn:aws:iam::1:user/u",
        "arn:aws:sts::1:role/r", "arn:aws:iamx::1:role/r", "arn:aws:iam::1:rol" } do
        assert.is_false(core.is_arn(arn, "iam", "role/"), arn)
      end
    end)

    it("raises for anything but strings", function()
      assert.has_error(function() core.is_arn(5) end)
      assert.has_error(function() core.is_arn("x", 5) end)
    end)
  end)
end)
