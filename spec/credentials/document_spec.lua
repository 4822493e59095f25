local document = require "aws.backup.credentials.document"
local locales = require "spec.codec.locales"

describe("credentials.document", function()
  it("reads the members that are asked for, and no others", function()
    assert.same({ name = "a b", token = "x/y", at = 1767323045, count = 17, nested = { deep = "1" } }, document.read(
      [[ {"name": "a b", "token":"x\/y", "at":"2026-01-02T03:04:05Z","count" : 17 , "other": [1,{"name":2}],
        "nested": {"deep": "1", "more": {}}} ]],
      { name = "text", token = "token", at = "time", count = "number", nested = { deep = "text" }, absent = "text?" }))
  end)

  it("reads numbers and times under every locale", function()
    locales.each(function(name)
      assert.same({ a = 1767326645500, b = 0.5, c = 1767323045.25 }, document.read(
        '{"a":1767326645500,"b":0.5,"c":"2026-01-02T03:04:05.25Z"}', { a = "number", b = "number", c = "time" }), name)
    end)
  end)

  it("takes brackets, quotes and backslashes inside of strings for what they are", function()
    local text = [[{"a\"}":"{[,","b":"\\","c":"]}","d":{"e":"}"}}]]
    assert.same({ ['a"}'] = "{[,", b = "\\", c = "]}", d = { e = "}" } },
      document.read(text, { ['a"}'] = "text", b = "text", c = "text", d = { e = "text" } }))
  end)

  it("tells all members that are missing; null and an empty string count as missing", function()
    local values, message = document.read('{"a":null,"b":"","d":{"e":null},"f":1}',
      { a = "text", b = "token", c = "time", x = "text?", f = "number" })
    assert.is_nil(values)
    assert.equal("has no a, no b, no c", message)
    values, message = document.read('{"d":{"e":null}}', { d = { e = "text" } })
    assert.is_nil(values)
    assert.equal("has no d.e", message)
  end)

  it("refuses members of another kind, and never shows a value", function()
    for text, expected in pairs {
      ['{"a":5}'] = "has no a that is a text",
      ['{"a":true}'] = "has no a that is a text",
      ['{"a":["SECRET"]}'] = "has no a that is a text",
      ['{"a":{"b":"SECRET"}}'] = "has no a that is a text",
      ['{"a":123456789012345678901234567890}'] = "has no a that is a text",
    } do
      local values, message = document.read(text, { a = "text" })
      assert.is_nil(values, text)
      assert.equal(expected, message)
    end
    for text, kind in pairs {
      ['{"a":"SECRET KEY"}'] = "token", ['{"a":"SECRET\\n"}'] = "token", ['{"a":"SECR\195\137T"}'] = "token",
      ['{"a":"SECRET"}'] = "time", ['{"a":1767323045}'] = "time", ['{"a":"17"}'] = "number", ['{"a":false}'] = "number",
    } do
      local values, message = document.read(text, { a = kind })
      assert.is_nil(values, text)
      assert.truthy(message:find("^has no a that is a "), message)
      assert.is_nil(message:find("SECR", 1, true))
    end
    local _, message = document.read('{"a":"SECRET"}', { a = { b = "text" } })
    assert.equal("has no a that is an object", message)
  end)

  it("refuses what is no JSON object", function()
    for text, expected in pairs {
      [""] = "is not valid JSON", ["<html>"] = "is not valid JSON", ['{"a":'] = "is not valid JSON",
      ['{"a":"x"'] = "is not valid JSON", ["[]"] = "is not a JSON object", ['["a"]'] = "is not a JSON object",
      ["null"] = "is not a JSON object", ['"text"'] = "is not a JSON object", ["17"] = "is not a JSON object",
    } do
      local values, message = document.read(text, { a = "text" })
      assert.is_nil(values, text)
      assert.equal(expected, message:sub(1, #expected))
    end
  end)

  it("refuses an object that has a member twice, however it is written", function()
    for _, text in ipairs { '{"a":"1","a":"2"}', [[{"a":"1","\u0061":"2"}]], '{"a":"1","n":{"b":1,"b":2}}' } do
      local values, message = document.read(text, { a = "text", n = { b = "number" } })
      assert.is_nil(values)
      assert.equal("has a member twice", message)
    end
  end)

  it("changes members in place and adds others at the end, and keeps every other byte", function()
    local text = [[ { "one":"1" ,"keep": [1.50, 12345678901234567890, [], {}, null] , "two": {"x":1}, "é": "\u00e9" }]]
    assert.equal([[ { "one":"\"uno\"" ,"keep": [1.50, 12345678901234567890, [], {}, null] , "two": null,]]
      .. [[ "é": "\u00e9", "three": 3 }]], document.change(text, { one = [["\"uno\""]], two = "null", three = "3" }))
    assert.equal('{"a": 1}', document.change("{}", { a = "1" }))
    assert.equal('{"a": 1 }', document.change("{ }", { a = "1" }))
    assert.equal(text, document.change(text, {}))
  end)

  it("gives the text of a member, and writes objects of strings", function()
    assert.equal('{"x": [1]}', document.raw('{"a":1, "b": {"x": [1]} }', "b"))
    assert.equal([[{"a": "x\"y", "b": "\n"}]], document.write { b = "\n", a = 'x"y' })
  end)
end)
