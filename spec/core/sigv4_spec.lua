local cjson = require("cjson").new()
local core = require "aws.backup.core"

local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
local TIMESTAMP = "20260102T030405Z"
local EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

local function load_vectors(name)
  local file = assert(io.open("spec/fixtures/vectors/" .. name .. ".json", "rb"))
  local vectors = cjson.decode(file:read("*a"))
  file:close()
  return vectors.header
end

--- The request as the signer takes it, with the headers that a vector's signer would have added.
local function request_of(vector)
  local context, given = vector.context, vector.request
  local headers = {}
  for i, pair in ipairs(given.headers) do
    headers[i] = { pair[1], pair[2] }
  end
  headers[#headers + 1] = { "X-Amz-Date", context.timestamp }
  if context.token then
    headers[#headers + 1] = { "X-Amz-Security-Token", context.token }
  end
  if context.sign_body and context.content_sha256_header ~= false then
    headers[#headers + 1] = { "x-amz-content-sha256", core.sha256_hex(given.body) }
  end
  return {
    method = given.method,
    path = given.path,
    query = given.query ~= cjson.null and given.query or nil,
    headers = headers,
    body = given.body,
  }
end

local function names_of(authorization)
  local names = {}
  for name in authorization:match("SignedHeaders=([^,]*)"):gmatch("[^;]+") do
    names[#names + 1] = name
  end
  return names
end

local function options_of(vector, exact)
  local context = vector.context
  return {
    explain = true,
    normalize = context.normalize,
    double_encode = context.double_encode,
    multiline = vector.name == "get-header-value-multiline",
    payload_hash = not context.sign_body and EMPTY_HASH or nil,
    signed_headers = exact and names_of(vector.expected.authorization) or nil,
  }
end

local function sign_vector(signer, vector, exact)
  local context = vector.context
  local result, message = signer:sign(request_of(vector), {
    access_key_id = context.access_key,
    secret_access_key = context.secret_key,
  }, {
    region = context.region,
    service = context.service,
    timestamp = context.timestamp,
  }, options_of(vector, exact))
  assert.is_nil(message)
  return result
end

local function assert_expected(vector, result)
  assert.equal(vector.expected.canonical_request, result.canonical_request)
  assert.equal(vector.expected.string_to_sign, result.string_to_sign)
  assert.equal(vector.expected.signature, result.signature)
  assert.equal(vector.expected.authorization, result.authorization)
end

--- A request that signs well, to be spoiled by a test.
local function plain(changes)
  local request = {
    method = "GET",
    path = "/",
    headers = { host = "backup.us-east-1.amazonaws.com", ["x-amz-date"] = TIMESTAMP },
  }
  for key, value in pairs(changes or {}) do
    request[key] = value
  end
  return request
end

local credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = SECRET }
local scope = { region = "us-east-1", service = "backup", timestamp = TIMESTAMP }

describe("signer", function()
  local signer

  before_each(function()
    signer = core.new_signer()
  end)

  after_each(function()
    signer:close()
  end)

  for _, suite in ipairs { "sigv4-suite", "sigv4-backup" } do
    for _, vector in ipairs(load_vectors(suite)) do
      -- This vector signs a header that is never signed here, for libcurl writes it: content-length.
      local exact = vector.name == "post-x-www-form-urlencoded"
      it("agrees with vector " .. vector.name, function()
        assert_expected(vector, sign_vector(signer, vector, exact))
      end)
      it("verifies vector " .. vector.name .. " by its list of signed headers", function()
        assert_expected(vector, sign_vector(signer, vector, true))
      end)
    end
  end

  it("gives the same for all vectors with one signer, whatever it signed before", function()
    local vectors = load_vectors("sigv4-backup")
    for _ = 1, 2 do
      for i = #vectors, 1, -1 do
        assert_expected(vectors[i], sign_vector(signer, vectors[i]))
      end
    end
  end)

  it("authorizes every vector that it signs without options, with the key of before and with a new one", function()
    for _, vector in ipairs(load_vectors("sigv4-backup")) do
      local context, request = vector.context, request_of(vector)
      for _ = 1, 2 do
        assert.equal(vector.expected.authorization, signer:authorize(request,
          { access_key_id = context.access_key, secret_access_key = context.secret_key, more = true },
          context.region, context.service, context.timestamp))
      end
    end
  end)

  it("authorizes what has a body and fields that it does not know", function()
    local request = plain { method = "PUT", body = "b", url = "https://h", read_timeout = 60 }
    local authorization = signer:authorize(request, credentials, scope.region, scope.service, scope.timestamp)
    request.url, request.read_timeout = nil, nil
    assert.equal(signer:sign(request, credentials, scope).authorization, authorization)
  end)

  it("refuses to authorize what it would not sign, and keeps nothing of it", function()
    local function authorize(request, with, region)
      return signer:authorize(request, with or credentials, region or "us-east-1", "backup", TIMESTAMP)
    end
    local result, message = authorize(plain { method = "" })
    assert.is_nil(result)
    assert.equal("method must be an HTTP method such as GET", message)
    result, message = authorize(plain(), nil, "")
    assert.is_nil(result)
    assert.equal("region is empty", message)
    for field, wrong in pairs { method = 1, path = true, query = {}, body = 5, headers = "x" } do
      local fine, err = pcall(authorize, plain { [field] = wrong })
      assert.is_false(fine)
      assert.matches("request: field '" .. field .. "' must be a .*, got " .. type(wrong), err)
    end
    assert.has_error(function() authorize(plain(), { access_key_id = "A" }) end,
      "credentials: field 'secret_access_key' must be a string, got nil")
    assert.has_error(function() authorize(plain(), "A") end)
    assert.has_error(function() signer:authorize(plain(), credentials, "us-east-1", "backup") end)
    assert.equal(signer:sign(plain(), credentials, scope).authorization, authorize(plain()))
  end)

  describe("that authorizes one request after the other", function()
    -- What a signer says that has never signed anything, by the way that lays everything out anew.
    local function anew(call)
      local fresh = core.new_signer()
      local result, message = fresh:sign(call.request, call.credentials, {
        region = call.region, service = call.service, timestamp = call.timestamp,
      })
      fresh:close()
      return result and result.authorization, message
    end

    local function authorize(call)
      return signer:authorize(call.request, call.credentials, call.region, call.service, call.timestamp)
    end

    local function assert_same(call, note)
      local expected, refusal = anew(call)
      local result, message = authorize(call)
      assert.same({ expected or false, refusal or false }, { result or false, message or false }, note)
      return result
    end

    local function a_call()
      return {
        request = {
          method = "PUT", path = "/backup-jobs", body = "{}",
          headers = {
            host = "backup.us-east-1.amazonaws.com", ["content-type"] = "application/json",
            ["x-amz-date"] = TIMESTAMP, ["user-agent"] = "lua", ["amz-sdk-request"] = "attempt=1; max=3",
          },
        },
        credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = SECRET },
        region = "us-east-1", service = "backup", timestamp = TIMESTAMP,
      }
    end

    local function set_time(call, timestamp)
      call.timestamp, call.request.headers["x-amz-date"] = timestamp, timestamp
    end

    local CHANGES = {
      ["the method"] = function(call) call.request.method = "POST" end,
      ["the path"] = function(call) call.request.path = "/backup-vaults/a%20b/x" end,
      ["the path's length alone"] = function(call) call.request.path = "/backup-job" end,
      ["the query"] = function(call) call.request.query = "maxResults=5&a" end,
      ["what is path and what is query"] = function(call)
        call.request.path, call.request.query = "/backup", "-jobs"
      end,
      ["the body"] = function(call) call.request.body = ("b"):rep(1000) end,
      ["the body, which goes"] = function(call) call.request.body = nil end,
      ["a header"] = function(call) call.request.headers.host = "backup.eu-west-1.amazonaws.com" end,
      ["a header's name"] = function(call)
        call.request.headers["content-type"], call.request.headers["content-typo"] = nil, "application/json"
      end,
      ["one header more"] = function(call) call.request.headers["x-amz-more"] = "more" end,
      ["one header less"] = function(call) call.request.headers["content-type"] = nil end,
      ["blanks in a header"] = function(call) call.request.headers["content-type"] = " application/json " end,
      ["a header that is not signed"] = function(call) call.request.headers["user-agent"] = "other" end,
      ["one more that is not signed"] = function(call) call.request.headers.authorization = "before" end,
      ["a session token"] = function(call) call.request.headers["x-amz-security-token"] = ("token"):rep(200) end,
      ["the key id"] = function(call) call.credentials.access_key_id = "AKIDEXAMPLF" end,
      ["the key id's length alone"] = function(call) call.credentials.access_key_id = "AKIDEXAMPL" end,
      ["the secret"] = function(call) call.credentials.secret_access_key = SECRET:reverse() end,
      ["the secret's length alone"] = function(call) call.credentials.secret_access_key = SECRET:sub(1, -2) end,
      ["the region"] = function(call) call.region = "us-east-2" end,
      ["the service"] = function(call) call.service = "backuq" end,
      ["what is region and what is service"] = function(call) call.region, call.service = "us-east-1ba", "ckup" end,
      ["the second"] = function(call) set_time(call, "20260102T030406Z") end,
      ["the day"] = function(call) set_time(call, "20260103T030405Z") end,
      ["the time without its header"] = function(call) call.timestamp = "20260102T030406Z" end,
      ["a time that is none"] = function(call) set_time(call, "20260102T0304xxZ") end,
      ["a time that is too short"] = function(call) set_time(call, "20260102") end,
      ["a line end in a header"] = function(call) call.request.headers.host = "h\nh" end,
      ["a line end in a header that is not signed"] = function(call)
        call.request.headers["user-agent"] = ("u"):rep(40) .. "\r\nx-injected: 1"
      end,
      ["a NUL at the end of one that is not signed"] = function(call) call.request.headers["user-agent"] = "u\0" end,
      ["an empty secret"] = function(call) call.credentials.secret_access_key = "" end,
      ["an empty key id"] = function(call) call.credentials.access_key_id = "" end,
      ["a method that is none"] = function(call) call.request.method = "P T" end,
      ["no host"] = function(call) call.request.headers.host = nil end,
      ["headers as pairs"] = function(call)
        call.request.headers = { { "host", "h" }, { "x-amz-date", call.timestamp }, { "x-a", "1" }, { "x-a", "2" } }
      end,
      ["names in upper case"] = function(call)
        call.request.headers = { Host = "h", ["X-Amz-Date"] = call.timestamp }
      end,
      ["a header twice, in either case"] = function(call) call.request.headers.Host = "second" end,
      ["more headers than any call has"] = function(call)
        for i = 1, 40 do call.request.headers["x-more-" .. i] = "v" .. i end
      end,
    }

    for name, change in pairs(CHANGES) do
      it("sees a change of " .. name, function()
        local before = assert_same(a_call())
        local changed = a_call()
        change(changed)
        for _ = 1, 3 do
          assert_same(changed)
          assert.equal(before, assert_same(a_call()))
        end
      end)
    end

    it("says the same as one that signs its first, whatever came before", function()
      local names, state = {}, 42
      for name in pairs(CHANGES) do
        if name ~= "headers as pairs" then names[#names + 1] = name end -- the others set them by name
      end
      table.sort(names)
      local function random(most)
        state = (state * 16807) % 2147483647
        return state % most + 1
      end
      for step = 1, 1500 do
        local call, done = a_call(), {}
        for i = 1, random(4) - 1 do
          done[i] = names[random(#names)]
          CHANGES[done[i]](call)
        end
        if step % 100 == 0 then collectgarbage() end
        assert_same(call, step .. ": " .. table.concat(done, ", "))
      end
    end)

    it("sees one header more or less at the end", function()
      local call = a_call()
      for _, count in ipairs { 3, 2, 3, 4, 3, 2, 4 } do
        local headers = { { "host", "h" }, { "x-amz-date", TIMESTAMP }, { "x-b", "b" }, { "user-agent", "u" } }
        for i = count + 1, 4 do headers[i] = nil end
        call.request.headers = headers
        assert_same(call, count)
      end
    end)

    it("goes on after a refusal", function()
      local before = assert(authorize(a_call()))
      local wrong = a_call()
      wrong.request.headers["user-agent"] = "a\nb"
      local _, message = authorize(wrong)
      assert.equal("the value of header user-agent holds a CR, LF or NUL byte", message)
      assert.equal(before, authorize(a_call()))
    end)

    it("bounds a path also where nothing else has changed", function()
      assert(authorize(a_call()))
      local long = a_call()
      long.request.path = "/" .. ("a"):rep(9000000)
      local result, message = authorize(long)
      assert.is_nil(result)
      assert.matches("more than the %d+ bytes that can be signed", message)
      assert_same(a_call())
    end)

    it("takes no number for a string where it has seen the string", function()
      local call = a_call()
      call.request.headers.host, call.request.body = "5", "7"
      assert_same(call)
      call.request.headers.host = 5
      assert.has_error(function() authorize(call) end, "request: header 'host' must be a string, got number")
      call.request.headers.host, call.request.body = "5", 7
      assert.has_error(function() authorize(call) end, "request: field 'body' must be a string, got number")
    end)

    it("raises without all of its arguments", function()
      local call = a_call()
      assert.has_error(function() signer:authorize(call.request, call.credentials, call.region, call.service) end)
      assert.has_error(function() signer:authorize(call.request, call.credentials) end)
      assert.has_error(function() signer:authorize() end)
      assert.has_error(function() signer.authorize(call.request, call.credentials, "r", "s", TIMESTAMP) end)
    end)
  end)

  describe("for the requests of AWS Backup", function()
    local function check(expected, request)
      local result = assert(signer:sign(request, credentials, scope, { explain = true }))
      assert.equal(expected.hash, core.sha256_hex(result.canonical_request))
      assert.equal(expected.signed, result.signed_headers)
      assert.equal(expected.signature, result.signature)
    end

    it("signs an ARN in the path", function()
      check({
        hash = "99d1f6995bf9aa8c2f21402cfeedfe972581e4ebb67a86ff8fde76b2e3689110",
        signed = "host;x-amz-date",
        signature = "40979ff98a99f2b2d05e7c77c5732608e6851b28f120c8aae1fea0c6b2c939ce",
      }, plain {
        path = "/backup-vaults/my%20vault/recovery-points/arn%3Aaws%3Abackup%3Aus-east-1%3A123456789012"
          .. "%3Arecovery-point%3A1EB3B5E7-9EB0-435A-A80B-108B488B0D45",
      })
    end)

    it("signs a body and a session token", function()
      check({
        hash = "126d40a9db5756dbb9d87ab5125af402110252c07309fa7377d213cb03ee87aa",
        signed = "content-type;host;x-amz-date;x-amz-security-token",
        signature = "ace8a3b6b85201ac03da1d8ba98854211818c83f76f7134759332e179095b83e",
      }, plain {
        method = "PUT",
        path = "/backup-jobs",
        headers = {
          ["Content-Type"] = "application/json",
          Host = "backup.us-east-1.amazonaws.com",
          ["X-Amz-Date"] = TIMESTAMP,
          ["X-Amz-Security-Token"] = "TOKEN",
        },
        body = '{"BackupVaultName":"v","IamRoleArn":"r","ResourceArn":"a"}',
      })
    end)

    it("signs a query without a value", function()
      check({
        hash = "e4ab751b6956c11a80523e5a5fa949ecec9e98601078cb9be89874bcf508d80f",
        signed = "content-type;host;x-amz-date",
        signature = "0b3381d344248c2e284f7216e3fbce98f8a4381360a78c6b34d6102a1efff519",
      }, plain {
        method = "POST",
        path = "/backup-vaults/v/mpaApprovalTeam",
        query = "delete",
        headers = {
          ["content-type"] = "application/json",
          host = "backup.us-east-1.amazonaws.com",
          ["x-amz-date"] = TIMESTAMP,
        },
        body = "{}",
      })
    end)

    it("signs a query that has to be sorted, and a host with a port", function()
      check({
        hash = "05dfd3ab4f8104249c070ce228be63dcc258e506939a13237c686cafa00c23b3",
        signed = "host;x-amz-date",
        signature = "de2408f344dbdc318fd94a7907aee6a9df2884973e6a35af6b2cdf448186fce0",
      }, plain {
        path = "/tags/arn%3Aaws%3Aec2%3Aus-east-1%3A%3Aimage%2Fami-0123%2F%C3%A9~/",
        query = "nextToken=a%2Bb%2Fc%3D&maxResults=5",
        headers = { host = "localhost:4566", ["x-amz-date"] = TIMESTAMP },
      })
    end)
  end)

  describe("in the canonical path", function()
    local function path_of(path, options)
      options = options or {}
      options.explain = true
      local result = assert(signer:sign(plain { path = path }, credentials, scope, options))
      return result.canonical_request:match("^GET\n([^\n]*)\n")
    end

    for path, expected in pairs {
      [""] = "/",
      ["/"] = "/",
      ["//"] = "/",
      ["/.."] = "/",
      ["/../../a"] = "/a",
      ["/a/../b/./c/"] = "/b/c/",
      ["/a/.."] = "/",
      ["/a/../"] = "/",
      ["/a//b"] = "/a/b",
      ["/a/..b/...c"] = "/a/..b/...c",
      ["/%2e%2e/x"] = "/%252e%252e/x",
      ["/a+b"] = "/a%2Bb",
      ["/a*b"] = "/a%2Ab",
      ["no-slash"] = "/no-slash",
    } do
      it(("turns %q into %q"):format(path, expected), function()
        assert.equal(expected, path_of(path))
      end)
    end

    it("leaves dot segments and slashes alone without normalisation", function()
      assert.equal("/a//./../b%2520c/", path_of("/a//./../b%20c/", { normalize = false }))
      assert.equal("/", path_of("", { normalize = false }))
    end)

    it("does not escape once more when told so", function()
      assert.equal("/b%20c", path_of("/a/../b%20c", { double_encode = false }))
    end)
  end)

  describe("in the canonical query", function()
    local function query_of(query)
      local result = assert(signer:sign(plain { query = query }, credentials, scope, { explain = true }))
      return result.canonical_request:match("^GET\n/\n([^\n]*)\n")
    end

    for query, expected in pairs {
      [""] = "",
      ["a"] = "a=",
      ["="] = "=",
      ["a=b=c"] = "a=b%3Dc",
      ["a=1&&b=2&"] = "a=1&b=2",
      ["b=%7e&a=%2b"] = "a=%2B&b=~",
      ["a=x+y"] = "a=x%2By",
      ["a=x%20y"] = "a=x%20y",
      ["a=x y"] = "a=x%20y",
      ["a=100%"] = "a=100%25",
      ["a=%zz"] = "a=%25zz",
      ["a=%4"] = "a=%254",
      ["a=%00"] = "a=%00",
      ["a=%C3%A9"] = "a=%C3%A9",
      ["k-1=x&k=y&k%2F=z"] = "k=y&k%2F=z&k-1=x",
    } do
      it(("turns %q into %q"):format(query, expected), function()
        assert.equal(expected, query_of(query))
      end)
    end

    it("sorts many parameters", function()
      local given, sorted = {}, {}
      for i = 1, 300 do
        given[i] = ("k%03d=v"):format((i * 7) % 300)
        sorted[i] = ("k%03d=v"):format(i - 1)
      end
      assert.equal(table.concat(sorted, "&"), query_of(table.concat(given, "&")))
    end)
  end)

  it("takes headers as a map in any case", function()
    local from_map = assert(signer:sign(plain {
      headers = { HOST = "h", ["X-Amz-Date"] = TIMESTAMP, ["X-B"] = " b  c\t d " },
    }, credentials, scope, { explain = true }))
    local from_pairs = assert(signer:sign(plain {
      headers = { { "x-b", "b c d" }, { "x-amz-date", TIMESTAMP }, { "host", "h" } },
    }, credentials, scope, { explain = true }))
    assert.equal(from_pairs.canonical_request, from_map.canonical_request)
  end)

  it("never signs what proxies and HTTP libraries change", function()
    local headers = { host = "h", ["x-amz-date"] = TIMESTAMP, ["x-amz-content-sha256"] = "signed" }
    for name in ([[accept-encoding amz-sdk-invocation-id amz-sdk-request authorization connection
      content-length expect keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding
      upgrade user-agent x-amzn-trace-id]]):gmatch("%S+") do
      headers[name] = "never"
    end
    local result = assert(signer:sign(plain { headers = headers }, credentials, scope))
    assert.equal("host;x-amz-content-sha256;x-amz-date", result.signed_headers)
  end)

  it("returns the intermediates only when asked to explain", function()
    local result = assert(signer:sign(plain(), credentials, scope))
    assert.is_nil(result.canonical_request)
    assert.is_nil(result.string_to_sign)
    assert.equal(64, #result.signature)
  end)

  it("derives a new key when date, region, service or secret change", function()
    local seen = {}
    local function add(change, date)
      local new_scope = { region = change.region or "us-east-1", service = change.service or "backup",
        timestamp = date or TIMESTAMP }
      local request = plain { headers = { host = "h", ["x-amz-date"] = new_scope.timestamp } }
      local result = assert(signer:sign(request, {
        access_key_id = "AKIDEXAMPLE", secret_access_key = change.secret or SECRET }, new_scope))
      local fresh = core.new_signer()
      local again = assert(fresh:sign(request, {
        access_key_id = "AKIDEXAMPLE", secret_access_key = change.secret or SECRET }, new_scope))
      fresh:close()
      assert.equal(again.signature, result.signature)
      assert.is_nil(seen[result.signature])
      seen[result.signature] = true
    end
    add {}
    add { region = "eu-west-1" }
    add { service = "sts" }
    add { secret = "another" }
    add { secret = "anothe" }
    add({}, "20260103T030405Z")
  end)

  describe("refuses, with a message,", function()
    local function refusal(request, with_credentials, with_scope, options)
      local result, message = signer:sign(request or plain(), with_credentials or credentials,
        with_scope or scope, options)
      assert.is_nil(result)
      assert.is_nil(message:find(SECRET, 1, true))
      return message
    end

    for name, byte in pairs { CR = "\r", LF = "\n", NUL = "\0" } do
      it(name .. " in a header value", function()
        local message = refusal(plain {
          headers = { host = "h", ["x-amz-date"] = TIMESTAMP, ["x-bad"] = "secret" .. byte .. "more" },
        })
        assert.truthy(message:find("x-bad", 1, true))
        assert.is_nil(message:find("secret", 1, true))
      end)
    end

    it("NUL in a header value even where lines may be folded", function()
      assert.truthy(refusal(plain {
        headers = { host = "h", ["x-amz-date"] = TIMESTAMP, ["x-bad"] = "a\0b" },
      }, nil, nil, { multiline = true }):find("x-bad", 1, true))
    end)

    it("a header name that is none", function()
      for _, name in ipairs { "", "a b", "a:b", "a\n", "a\0", "\195\169" } do
        assert.truthy(refusal(plain {
          headers = { { "host", "h" }, { "x-amz-date", TIMESTAMP }, { name, "x" } },
        }):find("header name", 1, true))
      end
    end)

    it("a request without host or date", function()
      assert.truthy(refusal(plain { headers = { ["x-amz-date"] = TIMESTAMP } }):find("host", 1, true))
      assert.truthy(refusal(plain { headers = { host = "h" } }):find("x-amz-date", 1, true))
    end)

    it("a date header that is not the time it signs with", function()
      local message = refusal(plain { headers = { host = "h", ["x-amz-date"] = "20260102T030406Z" } })
      assert.truthy(message:find(TIMESTAMP, 1, true))
    end)

    it("a header to be signed that is absent", function()
      local message = refusal(nil, nil, nil, { signed_headers = { "host", "x-gone" } })
      assert.truthy(message:find("x-gone", 1, true))
    end)

    it("a malformed timestamp", function()
      for _, timestamp in ipairs { "", "2026-01-02T03:04:05Z", "20260102T030405", "20260102X030405Z",
        "2026010aT030405Z" } do
        assert.truthy(refusal(nil, nil, { region = "r", service = "s", timestamp = timestamp })
          :find("YYYYMMDDTHHMMSSZ", 1, true))
      end
    end)

    it("empty or impossible parts of the credential", function()
      assert.truthy(refusal(nil, { access_key_id = "", secret_access_key = "s" }):find("access_key_id"))
      assert.truthy(refusal(nil, { access_key_id = "a\nb", secret_access_key = "s" }):find("access_key_id"))
      assert.truthy(refusal(nil, { access_key_id = "a", secret_access_key = "" }):find("secret_access_key"))
      assert.truthy(refusal(nil, { access_key_id = "a", secret_access_key = ("s"):rep(5000) })
        :find("secret_access_key"))
      local wrong = { region = "a/b", service = "", timestamp = TIMESTAMP }
      assert.truthy(refusal(nil, nil, wrong):find("region"))
      wrong.region = "a"
      assert.truthy(refusal(nil, nil, wrong):find("service"))
    end)

    it("a method that is none", function()
      assert.truthy(refusal(plain { method = "GET /" }):find("method", 1, true))
      assert.truthy(refusal(plain { method = "" }):find("method", 1, true))
    end)

    it("more bytes than a request can have", function()
      assert.truthy(refusal(plain { path = "/" .. ("a"):rep(9000000) }):find("bytes", 1, true))
      assert.truthy(refusal(plain { query = ("%"):rep(9000000) }):find("bytes", 1, true))
    end)
  end)

  it("signs again after a refusal", function()
    local before = assert(signer:sign(plain(), credentials, scope))
    signer:sign(plain { method = "" }, credentials, scope)
    local after = assert(signer:sign(plain(), credentials, scope))
    assert.equal(before.authorization, after.authorization)
  end)

  describe("raises for", function()
    local function raised(fragment, ...)
      local ok, message = pcall(signer.sign, signer, ...)
      assert.is_false(ok)
      assert.truthy(tostring(message):find(fragment, 1, true), message)
    end

    it("an unknown field, naming it", function()
      raised("unknown field 'Method'", plain { Method = "GET" }, credentials, scope)
      raised("unknown field 'date'", plain(), credentials,
        { region = "r", service = "s", timestamp = TIMESTAMP, date = "x" })
      raised("unknown field 'explian'", plain(), credentials, scope, { explian = true })
    end)

    it("a missing field, naming it", function()
      raised("field 'path' is missing", { method = "GET", headers = {} }, credentials, scope)
      raised("field 'secret_access_key' is missing", plain(), { access_key_id = "a" }, scope)
    end)

    it("a field of the wrong type, numbers included", function()
      raised("field 'path' must be a string, got number", plain { path = 5 }, credentials, scope)
      raised("field 'normalize' must be a boolean, got string", plain(), credentials, scope,
        { normalize = "no" })
    end)

    it("headers of a wrong shape", function()
      raised("header 'host' must be a string, got number", plain { headers = { host = 1 } }, credentials,
        scope)
      raised("headers[1] must be a {name, value} pair", plain { headers = { "host" } }, credentials, scope)
      raised("headers[1] must be a {name, value} pair of strings", plain { headers = { { "host", 1 } } },
        credentials, scope)
      raised("not both", plain { headers = { { "host", "h" }, host = "h" } }, credentials, scope)
      raised("signed_headers[1] must be a string", plain(), credentials, scope, { signed_headers = { 1 } })
    end)

    it("arguments that are no tables", function()
      raised("request must be a table, got nil", nil, credentials, scope)
      raised("credentials must be a table, got string", plain(), "key", scope)
    end)

    it("a closed signer", function()
      signer:close()
      raised("closed signer", plain(), credentials, scope)
      assert.has_no.errors(function() signer:close() end)
    end)
  end)

  it("shows no secret as text, and hides its metatable", function()
    assert(signer:sign(plain(), credentials, scope))
    assert.equal("signer (ready)", tostring(signer))
    assert.equal("signer", getmetatable(signer))
    signer:close()
    assert.equal("signer (closed)", tostring(signer))
  end)
end)
