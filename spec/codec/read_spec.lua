-- How the core reads JSON by a shape. What becomes of each kind of value is in parse_spec; here is the text: what is
-- JSON and what is not, beside lua-cjson, and what an answer may cost.
local codec = require "aws.backup.codec"
local core = require "aws.backup.core"
local fragments = require "spec.codec.fragments"
local json = require "aws.backup.codec.json"
local read = require "aws.backup.codec.read"

local shape = fragments.everything().input
local inner = shape.by_name.Inner.shape

local function document(text, mode) return read.document(shape, text, mode or "lenient") end

-- The text as a member that nobody knows: all that counts is whether it is JSON.
local function is_json(text)
  local value, message = document('{"Unknown":' .. text .. "}")
  assert.is_true(value ~= nil or message ~= nil)
  return value ~= nil
end

-- Numbers that are the same in each run and on each Lua.
local function generator(seed)
  return function(bound)
    seed = (seed * 16807) % 2147483647
    return seed % bound + 1
  end
end

local PIECES = {
  "{", "}", "[", "]", ",", ":", '"', '"a"', '"a":', "1", "-", "0", ".", "e", "E+", "12.5e3", "true", "false", "null",
  "nul", " ", "\n", "\t", "\\", "\\u", "\\u00e9", "\\ud83d\\ude00", "\\n",
  "\195\169", "\226\130\172", "\240\159\152\128",
  "\255", "\192\128", "[]", "{}", '{"a":[1,{"b":null}]}', '"\\"', "x", "\0",
}

local function random_text(random)
  local pieces = {}
  for index = 1, random(8) do pieces[index] = PIECES[random(#PIECES)] end
  return table.concat(pieces)
end

-- What lua-cjson takes although RFC 8259 does not have it: a dot or a minus without digits, digits behind a zero.
local function is_lax_number(text)
  return text:find("%d%.[^%d]") or text:find("%d%.$") or text:find("%-[^%d]") or text:find("^%.")
    or text:find("[^%d]%.") or text:find("%f[%d]0%d") or text:find("[eE]")
end

describe("codec.read", function()
  it("takes for JSON what lua-cjson does, but for numbers that are none", function()
    local random, both, neither = generator(20261126), 0, 0
    for _ = 1, 20000 do
      local text = random_text(random)
      if not is_lax_number(text) then
        -- An object's key may stand twice, and a lone one within our wrapper could end it.
        local ours, theirs = is_json(text), json.decode('{"Unknown":' .. text .. "}") ~= nil
        assert.equal(theirs, ours, text)
        both, neither = both + (ours and 1 or 0), neither + (ours and 0 or 1)
      end
    end
    assert.is_true(both > 500 and neither > 500)
  end)

  it("refuses numbers that RFC 8259 does not have", function()
    for _, text in ipairs { "01", "-", "1.", ".5", "+1", "1e", "1e+", "0x1", "1.e3", "- 1", "NaN", "Infinity" } do
      assert.is_false(is_json(text), text)
    end
    for _, text in ipairs { "0", "-0", "0.5", "1e3", "1E+3", "-1.25e-3", "123456789012345678901234567890" } do
      assert.is_true(is_json(text), text)
    end
  end)

  it("reads strings with their escapes, and none that is half a character", function()
    assert.equal('"\\/\b\f\n\r\t\0é€😀',
      document([[{"Text":"\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\uD83D\ude00"}]]).Text)
    for _, text in ipairs { [["\ud83d"]], [["\ud83dx"]], [["\ud83d\u0041"]], [["\ude00"]], [["\u12"]], [["\x41"]],
      [["\"]] } do
      assert.is_false(is_json(text), text)
    end
    assert.same({ ["a\n"] = 1, [""] = 2 }, document([[{"Table":{"a\n":1,"":2}}]]).Table)
    assert.equal("x", document([[{"\u0054ext":"x"}]]).Text)
  end)

  it("reads long strings whatever lies at their ends", function()
    for size = 0, 40 do
      local text = ("a"):rep(size)
      assert.equal(text, document('{"Text":"' .. text .. '"}').Text)
      assert.equal(text .. '"' .. text, document('{"Text":"' .. text .. '\\"' .. text .. '"}').Text)
      assert.is_nil((document('{"Text":"' .. text)))
    end
  end)

  it("says where a text is no JSON", function()
    for text, message in pairs {
      ['{"Text":"a" "b"}'] = "byte 13 is not what may stand there",
      ['{"Text":"a"'] = "it ends too early, at byte 12",
      ['{"Text":"\\x"}'] = "byte 11 belongs to no valid escape",
      ["{} x"] = "something follows the value, at byte 4",
      ['{"Text":"\255"}'] = "invalid UTF-8 at byte 10",
    } do
      local value, found, where = document(text)
      assert.is_nil(value)
      assert.equal(message, found)
      assert.is_nil(where)
    end
  end)

  it("bounds the depth, of what is skipped as well", function()
    local function deep(levels) return ('{"Next":'):rep(levels - 1) .. "{}" .. ("}"):rep(levels - 1) end
    assert.is_table(read.document(inner, deep(128), "lenient"))
    local _, message = read.document(inner, deep(129), "lenient")
    assert.equal("byte 1025 begins the 129th level", message)
    assert.is_false(is_json(("["):rep(100000)))
    assert.is_true(is_json(("["):rep(127) .. ("]"):rep(127)))
  end)

  it("takes no memory out of proportion to the text", function()
    local list = codec.new():operation("ListBackupJobs")
    local text = '{"BackupJobs":[' .. ("{},"):rep(2796202) .. "{}]}"
    collectgarbage()
    local before = collectgarbage("count")
    local output, message = read.output(list, text)
    local taken = collectgarbage("count") - before
    assert.is_nil(output)
    assert.truthy(message:find("too much memory for its size", 1, true))
    assert.is_true(taken < 100 * 1024, ("it took %.0f KiB"):format(taken))
  end)

  it("gives a large page all the memory that it needs", function()
    local item = '{"BackupJobId":"1","Tags":{"a":"b"},"CreatedBy":{"BackupPlanId":"x"},"State":"COMPLETED"},'
    local list = codec.new():operation("ListBackupJobs")
    local text = '{"BackupJobs":[' .. item:rep(100000):sub(1, -2) .. "]}"
    assert.equal(100000, #assert(read.output(list, text)).BackupJobs)
  end)

  it("reads integers by their digits", function()
    local texts = { ["12.0"] = 12, ["1.2e1"] = 12, ["120E-1"] = 12, ["-0"] = 0, ["0.0"] = 0, ["1e2"] = 100 }
    for text, value in pairs(texts) do
      assert.equal(tostring(value), tostring(document('{"Big":' .. text .. "}").Big), text)
    end
    for _, text in ipairs { "9223372036854775808", "-9223372036854775809", "1e19", ("1234567890"):rep(9) } do
      local _, message = document('{"Big":' .. text .. "}")
      assert.equal("does not fit in 64 bits", message)
    end
    for _, text in ipairs { "1.5", "1e-1", "0.1234567890123456789012345678901234567890123456789" } do
      local _, message = document('{"Big":' .. text .. "}")
      assert.equal("should be an integer, but has a fraction", message)
    end
  end)

  it("takes an empty container of the other kind, but not strictly", function()
    assert.same({ Items = {}, Table = {}, Inner = {} }, document('{"Items":{},"Table":[],"Inner":[]}'))
    for _, text in ipairs { '{"Items":{}}', '{"Table":[]}', '{"Inner":[]}' } do
      assert.is_nil((document(text, "strict")))
    end
  end)

  it("lets null win where it comes last", function()
    assert.same({}, document('{"Text":"a","Text":null}'))
    assert.same({ Text = "b" }, document('{"Text":null,"Text":"b"}'))
    assert.same({ Choice = { A = "y" } }, document('{"Choice":{"A":"x","A":"y"}}'))
  end)

  it("leaves out what is wrong when it forgives, and refuses what is no JSON all the same", function()
    assert.same({ Text = "x" }, document('{"Whole":[{"a":1}],"Text":"x","Inner":{"Name":{}}}', "forgiving"))
    assert.is_nil((document('{"Whole":[{"a":1}],"Text":"x"', "forgiving")))
  end)

  it("does not show a key of a sensitive map", function()
    local _, message, where = document('{"Secret":{"hidden":{}}}')
    assert.same({ "should be a string, but is an object", "Secret" }, { message, where })
  end)

  it("finds texts in an object without a shape", function()
    assert.same({ a = "x", b = "1.50", c = "true" },
      core.json_texts('{"a":"x","b":1.50,"c":true,"d":"y","e":[1],"f":null}', "a|b|c|e|f"))
    for _, text in ipairs { "", "[]", "null", '"a"', '{"a":1', '{"a":"\255"}', '{"a":1}x' } do
      assert.is_nil(core.json_texts(text, "a"))
    end
  end)
end)
