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
