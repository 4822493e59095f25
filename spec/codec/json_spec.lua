local json = require "aws.backup.codec.json"
local locales = require "spec.codec.locales"

describe("codec.json", function()
  describe("decode", function()
    it("reads what JSON has", function()
      local value = assert(json.decode('{"a":[1,2.5,"x",true,null],"b":{}}'))
      assert.same({ a = { 1, 2.5, "x", true, json.null }, b = {} }, value)
      assert.equal(json.null, json.decode("null"))
    end)

    it("refuses what JSON does not have, with a message", function()
      for _, text in ipairs { "", "{", "[1,]", "[NaN]", "[Infinity]", "[0x10]", "{'a':1}", "[1] x", "\255", '["\1"' } do
        local value, message = json.decode(text)
        assert.is_nil(value, text)
        assert.is_string(message)
      end
    end)

    it("refuses text that is not UTF-8 and says where", function()
      local value, message = json.decode('{"a":"\255"}')
      assert.is_nil(value)
      assert.truthy(message:find("invalid UTF-8 at byte 7", 1, true))
    end)

    it("bounds the depth", function()
      assert.is_table((json.decode(("["):rep(100) .. ("]"):rep(100))))
      assert.is_nil((json.decode(("["):rep(5000) .. ("]"):rep(5000))))
    end)

    it("keeps numbers with many digits as they are written", function()
      local value = assert(json.decode('{"a":9007199254740993,"b":-1234567890123456789,"c":7,"d":0.12345678901234567}'))
      assert.equal("9007199254740993", json.wrapped_number(value.a))
      assert.equal("-1234567890123456789", json.wrapped_number(value.b))
      assert.equal(7, value.c)
      assert.equal("0.12345678901234567", json.wrapped_number(value.d))
    end)

    it("leaves digits within strings and keys alone", function()
      local value = assert(json.decode('{"1234567890123456789":"9007199254740993","q":"\\"12345678901234567","n":1}'))
      assert.same({ ["1234567890123456789"] = "9007199254740993", q = '"12345678901234567', n = 1 }, value)
      assert.is_nil(json.wrapped_number(value.q))
    end)

    it("does not mend numbers that JSON does not have", function()
      assert.is_nil((json.decode("[12345678901234567.]")))
      assert.is_nil((json.decode("[0012345678901234567]")))
      assert.is_nil((json.decode("[1234567890123456-7]")))
      assert.is_nil((json.decode("{12345678901234567 :1}")))
      assert.is_nil((json.decode('["12345678901234567')))
    end)

    it("is linear in the number of long numbers", function()
      local items = {}
      for index = 1, 20000 do items[index] = "9007199254740993" end
      local value = assert(json.decode("[" .. table.concat(items, ",") .. "]"))
      assert.equal(20000, #value)
    end)

    it("reads fractions and lists of integers under every locale", function()
      locales.each(function()
        local value = assert(json.decode('{"a":[1,5],"b":"1,5"}'))
        assert.equal(2, #value.a)
        assert.equal("1,5", value.b)
        local fraction = assert(json.decode("[0.25]"))[1]
        assert.equal("0.25", json.wrapped_number(fraction) or ("%.2f"):format(fraction):gsub(",", "."))
      end)
    end)
  end)

  describe("decoder", function()
    -- lua-cjson as it is when the locale turned to a decimal comma after it was loaded: "1,5" reads as 1.5.
    local function comma_cjson()
      local texts = {}
      local real = require("cjson").new()
      real.decode_invalid_numbers(false)
      return {
        texts = texts,
        decode = function(text)
          texts[#texts + 1] = text
          local bare = text:gsub('"[^"]*"', '""')
          if bare:find("%d%.%d") then error("Expected comma or array end but found invalid token") end
          assert(not bare:find("%d,%d"), "a list of numbers reached the decoder bare")
          return real.decode(text)
        end,
      }
    end

    it("hands over no number bare while the decoder misreads them", function()
      local instance = comma_cjson()
      local decode = json.decoder(instance)
      local value = assert(decode('{"a":[1,5],"b":-0.25e2,"c":"0.5","d":[true,null]}'))
      assert.equal("1", json.wrapped_number(value.a[1]))
      assert.equal("5", json.wrapped_number(value.a[2]))
      assert.equal("-0.25e2", json.wrapped_number(value.b))
      assert.equal("0.5", value.c)
      assert.same({ true, json.null }, value.d)
    end)

    it("still refuses what is no JSON", function()
      assert.is_nil((json.decoder(comma_cjson())("[01]")))
      assert.is_nil((json.decoder(comma_cjson())("[1")))
    end)
  end)

  it("changes nobody else's lua-cjson", function()
    assert.equal(1000, require("cjson").decode_max_depth())
  end)

  it("tells absent values from others", function()
    assert.is_true(json.is_null(nil))
    assert.is_true(json.is_null(json.null))
    assert.is_false(json.is_null(false))
    assert.is_false(json.is_null(""))
  end)

  describe("quote", function()
    it("escapes what JSON asks for and nothing else", function()
      assert.equal([["a/b é ~"]], json.quote("a/b é ~"))
      assert.equal([["\"\\[]^\n\r\t\u0000\u001f\u007f"]], json.quote("\"\\[]^\n\r\t\0\31\127"))
    end)

    it("writes every byte so that it reads back the same", function()
      local decode = require("cjson").new().decode
      for byte = 1, 127 do
        local text = "x" .. string.char(byte) .. "y"
        assert.equal(text, decode("[" .. json.quote(text) .. "]")[1])
      end
    end)
  end)
end)
