local codec = require "aws.backup.codec"
local fragments = require "spec.codec.fragments"
local json = require "aws.backup.codec.json"
local locales = require "spec.codec.locales"
local number = require "aws.backup.codec.number"
local serialize = require "aws.backup.codec.serialize"

local everything = fragments.everything()

local function body(params)
  return assert(serialize.request(everything, params)).body
end

local function fault(params, operation)
  local request, message = serialize.request(operation or everything, params)
  assert.is_nil(request)
  return message
end

describe("codec.serialize", function()
  describe("the body", function()
    it("has members in the model's order and map keys sorted", function()
      assert.equal('{"Text":"x","Whole":5,"Table":{"a":1,"b":2,"c":3}}',
        body { Table = { c = 3, a = 1, b = 2 }, Whole = 5, Text = "x" })
    end)

    it("tells empty lists from empty maps and structures by shape", function()
      assert.equal('{"Items":[],"Table":{},"Inner":{}}', body { Items = {}, Table = {}, Inner = {} })
    end)

    it("is an empty object when no member is given", function()
      assert.equal("{}", body {})
      assert.equal("{}", assert(serialize.request(everything)).body)
    end)

    it("leaves out nil and null, everywhere", function()
      assert.equal('{"Items":["ab"],"Table":{}}',
        body { Text = json.null, Items = { json.null, "ab" }, Table = { a = json.null } })
    end)

    it("sends false, zero and the empty string", function()
      assert.equal('{"Text":"","Whole":0,"Flag":false}', body { Flag = false, Whole = 0, Text = "" })
    end)

    it("writes integers in full, and integral floats as integers", function()
      assert.equal('{"Whole":5,"Big":4503599627370496}', body { Whole = 5.0, Big = 2 ^ 52 })
      assert.equal('{"Big":-9007199254740991}', body { Big = -9007199254740991 })
      if number.HAS_INTEGERS then
        for _, text in ipairs { "9223372036854775807", "-9223372036854775808", "9007199254740993" } do
          assert.equal('{"Big":' .. text .. "}", body { Big = (number.parse_integer(text)) })
        end
      end
    end)

    it("refuses integers that it could only send rounded", function()
      assert.truthy(fault({ Whole = 1.5 }):find("Whole must be a whole number", 1, true))
      assert.truthy(fault({ Whole = 2 ^ 31 }):find("32 bits", 1, true))
      assert.truthy(fault({ Big = 2 ^ 63 }):find("^Big "))
      assert.truthy(fault({ Big = 0 / 0 }):find("^Big "))
      if not number.HAS_INTEGERS then
        assert.truthy(fault({ Big = 2 ^ 53 }):find("2^53 or more", 1, true))
      end
    end)

    it("writes times as whole seconds or with up to three decimals, under every locale", function()
      locales.each(function()
        assert.equal('{"When":1767323045}', body { When = 1767323045 })
        assert.equal('{"When":1767323045.087}', body { When = 1767323045.087 })
        assert.equal('{"When":1767323045.5}', body { When = "2026-01-02T03:04:05.5Z" })
        assert.equal('{"When":-1.5,"Ratio":0.1}', body { When = -1.5, Ratio = 0.1 })
      end)
    end)

    it("writes special floats as strings and blobs as Base64", function()
      assert.equal('{"Ratio":"NaN","Bytes":"Zm9v"}', body { Ratio = 0 / 0, Bytes = "foo" })
      assert.equal('{"Ratio":"-Infinity"}', body { Ratio = "-Infinity" })
      assert.equal('{"Ratio":"-Infinity"}', body { Ratio = -math.huge })
    end)

    it("escapes strings and keys", function()
      assert.equal([[{"Text":"a\"b\\c\n","Table":{"\"":1}}]], body { Text = 'a"b\\c\n', Table = { ['"'] = 1 } })
    end)

    it("refuses wrong types, with the path", function()
      for message, params in pairs {
        ["Text must be a string, not a number; use tostring() or quotes"] = { Text = 5 },
        ["Text must be UTF-8; byte 2 begins no character"] = { Text = "a\255" },
        ["Flag must be true or false, not a string"] = { Flag = "true" },
        ["Whole must be an integer, not a string"] = { Whole = "5" },
        ["Items[2] must be a string, not a boolean"] = { Items = { "ab", true } },
        ["Items must be a list, not a string"] = { Items = "ab" },
        ["Items must be a list, but has a string key"] = { Items = { a = "b" } },
        ["Table.a must be an integer, not a string"] = { Table = { a = "b" } },
        ["Table must have string keys, but has a key that is a number; write it as { key = value }"] =
          { Table = { 5 } },
        ["Inner must be a table, not a number"] = { Inner = 5 },
        ["Inner.Next.Name must be a string, not a table"] = { Inner = { Next = { Name = {} } } },
        ["Ratio must be a number, not a string"] = { Ratio = "1.5" },
      } do
        assert.equal(message, fault(params))
      end
    end)

    it("shows neither keys nor values of a sensitive map", function()
      local message = fault { Secret = { hidden_key = 5 } }
      assert.equal("Secret a value in it must be a string, not a number; use tostring() or quotes", message)
    end)

    it("ends on a table that contains itself", function()
      local loop = { Name = "x" }
      loop.Next = loop
      assert.truthy(fault({ Inner = loop }):find("nested too deep", 1, true))
    end)
  end)

  describe("the path", function()
    local describe_point = codec.new():operation("DescribeRecoveryPoint")

    it("escapes every byte of a label outside the unreserved set", function()
      local request = assert(serialize.request(describe_point, {
        BackupVaultName = "aws/efs/é %", RecoveryPointArn = "arn:aws:ec2:eu-west-1::snapshot/snap-1",
      }))
      assert.equal("/backup-vaults/aws%2Fefs%2F%C3%A9%20%25/recovery-points/"
        .. "arn%3Aaws%3Aec2%3Aeu-west-1%3A%3Asnapshot%2Fsnap-1", request.path)
      assert.is_nil(request.query)
      assert.is_nil(request.body)
      assert.same({}, request.headers)
    end)

    it("refuses labels that would lead elsewhere", function()
      for value, message in pairs { [""] = "must not be empty", ["."] = "must not be", [".."] = "must not be" } do
        local text = fault({ BackupVaultName = value, RecoveryPointArn = "x" }, describe_point)
        assert.truthy(text:find("BackupVaultName " .. message, 1, true))
      end
      assert.truthy(fault({ RecoveryPointArn = "x" }, describe_point):find("BackupVaultName is required", 1, true))
      assert.truthy(fault({ BackupVaultName = json.null }, describe_point):find("is required", 1, true))
      assert.truthy(fault({ BackupVaultName = {} }, describe_point):find("must be a string", 1, true))
    end)

    it("keeps trailing slashes", function()
      assert.equal("/backup-vaults/", serialize.request(codec.new():operation("list_backup_vaults"), {}).path)
    end)
  end)

  describe("the query", function()
    local list_jobs = codec.new():operation("ListBackupJobs")

    it("has the names of the wire and ISO 8601 times", function()
      local request = assert(serialize.request(list_jobs, {
        ByResourceArn = "arn:aws:s3:::b", MaxResults = 5, ByCreatedAfter = 1767323045,
        ByCreatedBefore = "2026-01-02T03:04:05.5+01:00", NextToken = "",
      }))
      assert.equal("nextToken=&maxResults=5&resourceArn=arn%3Aaws%3As3%3A%3A%3Ab"
        .. "&createdBefore=2026-01-02T02%3A04%3A05.500Z&createdAfter=2026-01-02T03%3A04%3A05Z", request.query)
      assert.is_nil(request.body)
      assert.is_nil(request.headers["content-type"])
    end)

    it("keeps a static key without a value", function()
      local request = assert(serialize.request(codec.new():operation("DisassociateBackupVaultMpaApprovalTeam"),
        { BackupVaultName = "v" }))
      assert.equal("/backup-vaults/v/mpaApprovalTeam", request.path)
      assert.equal("delete", request.query)
      assert.equal("{}", request.body)
      assert.equal("application/json", request.headers["content-type"])
    end)

    it("names the member that cannot be written", function()
      assert.truthy(fault({ MaxResults = "5" }, list_jobs):find("^MaxResults must be an integer"))
      assert.truthy(fault({ ByCreatedAfter = "soon" }, list_jobs):find("^ByCreatedAfter must be an ISO 8601"))
    end)
  end)

  it("refuses control characters in headers", function()
    local operation = fragments.operation(
      { name = "Op", http = { method = "GET", requestUri = "/" }, input = { shape = "In" } },
      { In = { type = "structure", members = { H = { shape = "S", location = "header", locationName = "X-H" } } },
        S = { type = "string" } })
    assert.equal("v", serialize.request(operation, { H = "v" }).headers["x-h"])
    assert.truthy(fault({ H = "v\r\nx: y" }, operation):find("^H must not contain control characters"))
  end)

  it("takes a map of headers behind a prefix, and refuses what is none", function()
    local operation = fragments.operation(
      { name = "Op", http = { method = "GET", requestUri = "/" }, input = { shape = "In" } },
      { In = { type = "structure", members = { M = { shape = "M", location = "headers", locationName = "X-M-" } } },
        M = { type = "map", key = { shape = "S" }, value = { shape = "S" } }, S = { type = "string" } })
    assert.same({ ["x-m-a"] = "1" }, serialize.request(operation, { M = { A = "1", B = json.null } }).headers)
    assert.equal("M must be a table, not a string", fault({ M = "x" }, operation))
    assert.truthy(fault({ M = { ["a\n"] = "x" } }, operation):find("control characters", 1, true))
  end)

  it("refuses parameters that are no table", function()
    assert.equal("the parameters must be a table, not a string", fault("x"))
  end)

  describe("document", function()
    it("writes an answer as the service does", function()
      local output = codec.new():operation("StartBackupJob").output
      assert.equal('{"BackupJobId":"j","CreationDate":1516925490.087,"IsParent":false}',
        serialize.document(output, { IsParent = false, CreationDate = 1516925490.087, BackupJobId = "j" }))
    end)

    it("says what it cannot write", function()
      local output = codec.new():operation("StartBackupJob").output
      assert.same({ nil, "the value must be a table, not a number" }, { serialize.document(output, 5) })
    end)
  end)

  describe("an idempotency token", function()
    local start = codec.new():operation("StartBackupJob")

    local function sent(params)
      return require("cjson").decode(serialize.request(start, params, false, "token").body).IdempotencyToken
    end

    it("is filled in where it is absent, and the caller's table stays as it is", function()
      local params = { BackupVaultName = "v" }
      assert.is_true(serialize.wants_token(start, params))
      assert.equal("token", sent(params))
      assert.same({ BackupVaultName = "v" }, params)
      assert.is_true(serialize.wants_token(start, { IdempotencyToken = json.null }))
      assert.equal("token", sent({ IdempotencyToken = json.null }))
    end)

    it("is the caller's own where there is one, even an empty one", function()
      assert.is_false(serialize.wants_token(start, { IdempotencyToken = "" }))
      assert.equal("", sent({ IdempotencyToken = "" }))
    end)

    it("is sent nowhere where the model marks none", function()
      local scan = codec.new():operation("StartScanJob")
      assert.is_false(serialize.wants_token(scan, {}))
      assert.equal("{}", serialize.request(scan, {}, false, "token").body)
    end)
  end)
end)
