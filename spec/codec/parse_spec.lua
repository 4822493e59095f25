local codec = require "aws.backup.codec"
local fragments = require "spec.codec.fragments"
local json = require "aws.backup.codec.json"
local number = require "aws.backup.codec.number"
local parse = require "aws.backup.codec.parse"

local math_type = rawget(math, "type")
local everything = fragments.everything()
local start = codec.new():operation("StartBackupJob")

local function output(body, headers)
  return parse.output(everything, { status = 200, headers = headers or {}, body = body })
end

local function failing(body, headers)
  local result, message = output(body, headers)
  assert.is_nil(result)
  return message
end

describe("codec.parse", function()
  describe("output", function()
    it("is empty for an empty body, blanks and null", function()
      for _, body in ipairs { "", "  \r\n", "null", "{}" } do assert.same({}, output(body)) end
      assert.same({}, parse.output(everything, { status = 204, headers = {} }))
    end)

    it("drops unknown members and nulls, and items that are null", function()
      assert.same({ Text = "x", Items = { "a", "b" }, Table = { a = 1 } },
        output('{"Text":"x","Other":[1],"Whole":null,"Items":["a",null,"b"],"Table":{"a":1,"b":null}}'))
    end)

    it("keeps integers integers and exact", function()
      local result = assert(output('{"Whole":5,"Big":9007199254740991,"Table":{"a":12.0}}'))
      assert.equal("5 12", tostring(result.Whole) .. " " .. tostring(result.Table.a))
      assert.equal("9007199254740991", number.integer_text(result.Big))
      if math_type then assert.equal("integer", math_type(result.Big)) end
    end)

    it("reads 64-bit integers exactly, or refuses them with the path", function()
      for _, text in ipairs { "9007199254740993", "-9223372036854775807", "1234567890123456789" } do
        local result, message = output('{"Big":' .. text .. "}")
        if number.HAS_INTEGERS then
          assert.equal(text, number.integer_text(result.Big))
        else
          assert.equal("Big cannot be held exactly by this Lua's numbers; Lua 5.3 and later can", message)
        end
      end
      assert.truthy(failing('{"Big":92233720368547758080}'):find("^Big "))
      assert.truthy(failing('{"Table":{"k":1e300}}'):find("^Table.k "))
    end)

    it("takes numbers and booleans that come as strings, and strings that come as numbers", function()
      assert.same({ Whole = 5, Flag = true, When = 1.5, Text = "7", Ratio = 1.5 },
        output('{"Whole":"5","Flag":"true","When":"1.5","Text":7,"Ratio":"1.5"}'))
      assert.same({ Flag = false, Text = "true" }, output('{"Flag":"false","Text":true}'))
      assert.equal("1234567890123456789", output('{"Text":1234567890123456789}').Text)
    end)

    it("reads the five forms of a time, to the millisecond", function()
      for _, text in ipairs { "1516925490.087", '"1516925490.087"', '"2018-01-26T00:11:30.087Z"',
        "1516925490.0870000001", '"2018-01-26T01:11:30.087+01:00"' } do
        assert.equal(1516925490.087, output('{"When":' .. text .. "}").When)
      end
      assert.equal(784111777, output('{"When":"Sun, 06 Nov 1994 08:49:37 GMT"}').When)
      assert.equal(1500000000, output('{"When":1.5E9}').When)
      assert.equal(-1, output('{"When":-1}').When)
      assert.equal("1516925490", tostring(output('{"When":1516925490}').When))
    end)

    it("lets the last of two equal keys win", function()
      assert.equal("b", output('{"Text":"a","Text":"b"}').Text)
    end)

    it("ignores __type, in unions too", function()
      assert.same({ Choice = { A = "x" } }, output('{"__type":"T","Choice":{"__type":"T","A":"x","B":null}}'))
      assert.equal("Choice should have one member only", failing('{"Choice":{"A":"x","B":1}}'))
    end)

    it("names the path of what has the wrong type", function()
      for body, message in pairs {
        ['{"Items":{"a":1}}'] = "Items should be an array, but is an object",
        ['{"Items":[["a"]]}'] = "Items[1] should be a string, but is an array",
        ['{"Table":[1]}'] = "Table should be an object, but is an array",
        ['{"Inner":{"Next":{"Next":"x"}}}'] = "Inner.Next.Next should be an object, but is a string",
        ['{"Whole":1.5}'] = "Whole should be an integer, but has a fraction",
        ['{"Whole":"five"}'] = "Whole should be an integer, but is a string",
        ['{"Whole":{}}'] = "Whole should be an integer, but is an object",
        ['{"Flag":1}'] = "Flag should be true or false, but is a number",
        ['{"When":"soon"}'] = "When should be a time, but is a string",
        ['{"When":1e30}'] = "When is no time of the years 1 to 9999",
        ['{"Ratio":"x"}'] = "Ratio should be a number, but is a string",
        ['{"Bytes":"?"}'] = "Bytes should be Base64, but is a string",
      } do
        assert.equal(message, failing(body))
      end
      assert.equal("Secret should be a string, but is an object", failing('{"Secret":{"hidden":{}}}'))
    end)

    it("refuses arrays and plain values at the top", function()
      assert.truthy(failing("[]"):find("should be an object, but is an array", 1, true))
      assert.truthy(failing('[{"Text":"x"}]'):find("should be an object, but is an array", 1, true))
      assert.truthy(failing('"x"'):find("should be an object, but is a string", 1, true))
      assert.truthy(failing("5"):find("should be an object, but is a number", 1, true))
    end)

    it("describes an answer that is no JSON by status, type and beginning", function()
      local message = failing("<html>\n" .. ("x"):rep(500), { ["content-type"] = "text/html" })
      assert.truthy(message:find("not valid JSON", 1, true))
      assert.truthy(message:find("HTTP 200, content type text/html", 1, true))
      assert.truthy(message:find("<html>\\nxxx", 1, true))
      assert.is_true(#message < 450)
      assert.is_nil(message:find("\n"))
      assert.truthy(failing('{"Text":"x'):find("not valid JSON", 1, true))
      assert.truthy(failing('{"Text":"\255"}'):find("UTF-8", 1, true))
    end)

    it("lets pass what comes where nothing is expected, except a web page", function()
      local delete = codec.new():operation("DeleteBackupVault")
      for _, body in ipairs { "", "{}", "OK", '{"a":1}' } do
        assert.same({}, parse.output(delete, { status = 200, headers = {}, body = body }))
      end
      local result, message = parse.output(delete, { status = 200, headers = {}, body = " <!DOCTYPE html>" })
      assert.is_nil(result)
      assert.truthy(message:find("not valid JSON", 1, true))
    end)

    it("reads a large answer with many integers", function()
      local list = codec.new():operation("ListBackupJobs")
      local jobs = {}
      for index = 1, 1000 do
        jobs[index] = ('{"BackupJobId":"%d","BackupSizeInBytes":%d,"CreationDate":1516925490.087}'):format(index, index)
      end
      local result = assert(parse.output(list, {
        status = 200, headers = {}, body = '{"BackupJobs":[' .. table.concat(jobs, ",") .. "]}",
      }))
      assert.equal(1000, #result.BackupJobs)
      assert.equal(1000, result.BackupJobs[1000].BackupSizeInBytes)
    end)
  end)

  describe("document, strictly", function()
    local function strict(text)
      return parse.document(everything.input, text, { strict = true })
    end

    it("takes the right types", function()
      assert.same({ Text = "x", Whole = 5, When = 1.5, Flag = true, Items = {} },
        strict('{"Text":"x","Whole":5,"When":1.5,"Flag":true,"Items":[]}'))
      assert.same({}, strict(""))
    end)

    it("refuses every other type, with the path apart", function()
      for body, where in pairs {
        ['{"Text":5}'] = "Text", ['{"Text":12345678901234567}'] = "Text", ['{"Whole":"5"}'] = "Whole",
        ['{"Flag":"true"}'] = "Flag", ['{"When":"2026-01-02"}'] = "When", ['{"Items":["a",5]}'] = "Items[2]",
        ['{"Inner":{"Name":{}}}'] = "Inner.Name", ['{"Ratio":"1.5"}'] = "Ratio", ["null"] = "", ["[]"] = "",
      } do
        local value, message, found = strict(body)
        assert.is_nil(value)
        assert.is_string(message)
        assert.equal(where, found)
      end
    end)

    it("gives no path for what is no JSON at all", function()
      local value, message, where = strict("{")
      assert.is_nil(value)
      assert.truthy(message:find("not valid JSON", 1, true))
      assert.is_nil(where)
    end)
  end)

  it("reads labels and query parameters by shape", function()
    local members = everything.input.by_name
    assert.equal(5, parse.text(members.Whole.shape, "5"))
    assert.equal(true, parse.text(members.Flag.shape, "true"))
    assert.equal(1767323045, parse.text(members.When.shape, "2026-01-02T03:04:05Z"))
    assert.is_nil((parse.text(members.Whole.shape, "five")))
  end)

  describe("failure", function()
    local function failure(status, headers, body)
      return parse.failure(start, { status = status, headers = headers, body = body })
    end

    local ERROR_TYPE = "x-amzn-errortype"

    it("takes the name from the header, then __type, then code", function()
      local body = '{"__type":"a.b#InvalidRequestException","code":"LimitExceededException"}'
      local name = "ResourceNotFoundException"
      assert.equal(name, failure(400, { [ERROR_TYPE] = name .. ":http://internal.amazon.com/" }, body).code)
      assert.equal(name, failure(400, { [ERROR_TYPE] = "com.amazonaws.backup#" .. name .. ":http://x/" }, "").code)
      assert.equal("InvalidRequestException", failure(400, {}, body).code)
      assert.equal("LimitExceededException", failure(400, {}, '{"code":"a#LimitExceededException:x"}').code)
      assert.equal("42", failure(400, {}, '{"code":42}').code)
    end)

    it("never takes the body's Code for the name, unless it is one", function()
      local coded = failure(400, {}, '{"Code":"ERROR_3107","Message":"no"}')
      assert.same({ "400", "no", false }, { coded.code, coded.message, coded.modeled })
      assert.equal("AccessDeniedException", failure(403, {}, '{"Code":"AccessDeniedException"}').code)
      assert.equal("ConflictException", failure(409, {}, '{"Code":"ConflictException"}').code)
    end)

    it("gives the modelled members and nothing else", function()
      local found = failure(400, { [ERROR_TYPE] = "InvalidParameterValueException" },
        '{"Code":"ERROR_3107","Context":null,"Message":"Provided principal is not valid","Type":"Client","Extra":1}')
      assert.same({ Code = "ERROR_3107", Message = "Provided principal is not valid", Type = "Client" }, found.details)
      assert.is_true(found.modeled)
      assert.equal("Provided principal is not valid", found.message)
    end)

    it("knows exceptions that the operation does not declare, with their own members", function()
      local found = failure(400, { [ERROR_TYPE] = "AlreadyExistsException" },
        '{"message":"there","Arn":"a","CreatorRequestId":"c"}')
      assert.same({ Message = "there", Arn = "a", CreatorRequestId = "c" }, found.details)
    end)

    it("keeps nothing of an error that is not modelled but its name and message", function()
      local found = failure(400, { [ERROR_TYPE] = "ThrottlingException" }, '{"message":"Rate exceeded","x":1}')
      assert.same({ code = "ThrottlingException", message = "Rate exceeded", details = {}, modeled = false }, found)
    end)

    it("finds the message under its four names", function()
      for name in pairs { message = 1, Message = 1, errorMessage = 1, error_description = 1 } do
        assert.equal("m", failure(400, {}, '{"' .. name .. '":"m"}').message)
      end
    end)

    it("says the reason of a gateway's page, and shows other text", function()
      local page = failure(503, { ["content-type"] = "text/html" }, " <HTML><body>busy</body></HTML>")
      assert.same({ "503", "Service Unavailable" }, { page.code, page.message })
      assert.same({ "503", "Service Unavailable" }, { failure(503, {}, "").code, failure(503, {}, "").message })
      assert.equal("plain\\ntext", failure(400, {}, "plain\ntext").message)
      assert.is_true(#failure(400, {}, ("x"):rep(5000)).message < 600)
      assert.same({ "404", "Not Found" }, { failure(404, {}, "").code, failure(404, {}, "").message })
      assert.equal("", failure(418, {}, "").message)
    end)

    it("survives whatever the body is", function()
      for _, body in ipairs { "[]", "[1]", "null", "5", '"x"', "{", '{"code":{}}', '{"Message":[1]}', "\255\0" } do
        local found = failure(400, { [ERROR_TYPE] = "LimitExceededException" }, body)
        assert.equal("LimitExceededException", found.code)
        assert.is_string(found.message)
      end
      assert.equal("400", parse.failure(start, { status = 400 }).code)
      local odd = failure(400, { [ERROR_TYPE] = "LimitExceededException" }, '{"Message":"m","Type":[1],"Code":"c"}')
      assert.same({ Message = "m", Code = "c" }, odd.details)
    end)

    it("falls back to the status where the header is empty", function()
      assert.equal("403", failure(403, { [ERROR_TYPE] = " : " }, "").code)
    end)
  end)

  it("does not take null for a value", function()
    assert.same({}, output('{"Text":null}'))
    assert.is_true(json.is_null(json.null))
  end)
end)
