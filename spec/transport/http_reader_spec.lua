local http_reader = require "aws.backup.transport.http_reader"

local OK = "HTTP/1.1 200 OK\r\n"
local CHUNKED = OK .. "Transfer-Encoding: chunked\r\n\r\n"
local MAX_BODY_BYTES = 1000
local PIECES = { 1, 2, 3, 7, 65536 }

-- Gives a text in pieces of so many bytes at most, then ends as told; by default as a closed connection does.
local function source(text, piece, kind, message)
  local position = 1
  return function(max)
    if position > #text then return nil, kind or "closed", message end
    local bytes = text:sub(position, position + math.min(piece, max) - 1)
    position = position + #bytes
    return bytes
  end
end

local function sized(size)
  return OK .. ("Content-Length: %s\r\n\r\n"):format(size)
end

-- Reads a whole answer, and whether the connection may go on; or nil, kind, message and whether any byte had come.
local function read_from(receive, method)
  local response, is_reusable, message, has_begun = http_reader.read(receive, nil, MAX_BODY_BYTES, method or "GET")
  if not response then return nil, is_reusable, message, has_begun end
  response.is_reusable = is_reusable
  return response
end

local function read(text, piece, method)
  return read_from(source(text, piece), method)
end

-- An answer must come out the same in whatever pieces it comes.
local function check(text, expected, method)
  for _, piece in ipairs(PIECES) do
    local answer, kind, message = read(text, piece, method)
    assert.is_table(answer, tostring(kind) .. ": " .. tostring(message) .. " for " .. text)
    for name, value in pairs(expected) do assert.same(value, answer[name], text) end
  end
end

local function check_kind(expected, text)
  for _, piece in ipairs(PIECES) do
    local answer, kind, message = read(text, piece)
    assert.is_nil(answer, text)
    assert.equal(expected, kind, text)
    assert.is_string(message)
  end
end

describe("the reader of HTTP answers", function()
  it("reads status, headers and a body of a told length", function()
    check("HTTP/1.1 404 Not Found\r\nX-One: 1\r\nContent-Length: 4\r\n\r\nbody", {
      status = 404, headers = { ["x-one"] = "1", ["content-length"] = "4" }, body = "body", is_reusable = true,
    })
    check("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", { status = 200, body = "" })
    check(OK .. "Content-Length: 0002\r\n\r\nok", { body = "ok" })
  end)

  it("takes lines of a head that end in LF alone", function()
    check("HTTP/1.1 200 OK\nX: a\nContent-Length: 2\n\nok",
      { body = "ok", headers = { x = "a", ["content-length"] = "2" } })
  end)

  it("lowers names of headers, trims values and joins those that come twice", function()
    local lines = {
      "X-Many: a", "x-many:b", "X-MANY: \t c \t ", "X-Empty:", "X-Colon: a:b", "X: \255\1", "Content-Length: 0",
    }
    check(OK .. table.concat(lines, "\r\n") .. "\r\n\r\n", { headers = {
      ["x-many"] = "a, b, c", ["x-empty"] = "", ["x-colon"] = "a:b", x = "\255\1", ["content-length"] = "0",
    } })
  end)

  it("joins what comes many times in time that grows with its size alone", function()
    local lines = ("X: a\r\n b\r\nY: c\r\n"):rep(10000)
    local answer = assert(read(OK .. lines .. "Content-Length: 0\r\n\r\n", 1000))
    assert.equal(("a b, "):rep(9999) .. "a b", answer.headers.x)
    assert.equal(("c, "):rep(9999) .. "c", answer.headers.y)
  end)

  it("goes on with a value whose next line begins with a blank", function()
    check(OK .. "X: one\r\n two \r\n\tthree\r\nContent-Length: 0\r\n\r\n",
      { headers = { x = "one two three", ["content-length"] = "0" } })
    check_kind("protocol", OK .. " before any header\r\n\r\n")
  end)

  it("reads a chunked body, and leaves extensions and trailers out", function()
    check(CHUNKED .. "1\r\na\r\n2;ext=1\r\nbc\r\n0a \t;x\r\n0123456789\r\n0000\r\nX-Late: 1\r\n\r\n", {
      body = "abc0123456789", headers = { ["transfer-encoding"] = "chunked" }, is_reusable = true,
    })
    check(CHUNKED .. "0\r\n\r\n", { body = "" })
  end)

  it("reads a body that ends with the connection", function()
    check(OK .. "\r\nto the end", { body = "to the end", is_reusable = false })
    check(OK .. "\r\n", { body = "", is_reusable = false })
  end)

  it("expects no body where there is none, whatever the head tells", function()
    check(sized(5), { body = "", is_reusable = true }, "HEAD")
    check(sized(99999999999), { body = "", is_reusable = true }, "HEAD")
    check(CHUNKED, { body = "", is_reusable = true }, "HEAD")
    for _, status in ipairs { 204, 304 } do
      check(("HTTP/1.1 %d x\r\nContent-Length: 5\r\n\r\n"):format(status), { body = "", is_reusable = true })
    end
  end)

  it("passes over interim answers and their headers", function()
    check("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" .. sized(2) .. "ok",
      { status = 200, headers = { ["content-length"] = "2" }, body = "ok" })
  end)

  it("lets a connection be used again only if nothing is left on it and nobody wants it closed", function()
    check(sized(4) .. "body and more", { body = "body" })
    assert.is_false(read(sized(4) .. "body and more", 65536).is_reusable)
    for _, head in ipairs {
      OK .. "Connection: close\r\n", OK .. "Connection: Keep-Alive, Close\r\n", OK .. "Connection: close ,x\r\n",
      "HTTP/1.0 200 OK\r\n", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n",
    } do
      check(head .. "Content-Length: 2\r\n\r\nok", { body = "ok", is_reusable = false })
    end
    check(OK .. "Connection: x-close\r\nContent-Length: 2\r\n\r\nok", { body = "ok", is_reusable = true })
  end)

  it("takes equal lengths for one", function()
    check(OK .. "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", { body = "ok" })
  end)

  it("takes an encoding that is none", function()
    check(OK .. "Content-Encoding: Identity\r\nContent-Length: 2\r\n\r\nok", { body = "ok" })
    check(OK .. "Transfer-Encoding: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n", { body = "ok" })
  end)
end)

describe("the reader of HTTP answers refuses", function()
  local NONSENSE = {
    ["a status of letters"] = "HTTP/1.1 abc OK\r\n\r\n",
    ["a status of five digits"] = "HTTP/1.1 20000 OK\r\n\r\n",
    ["a status below 100"] = "HTTP/1.1 099 OK\r\n\r\n",
    ["a status with a letter behind it"] = "HTTP/1.1 200x\r\n\r\n",
    ["another major version"] = "HTTP/2 200 OK\r\n\r\n",
    ["a version that nobody knows"] = "HTTP/7.7 200 OK\r\n\r\n",
    ["a minor version that nobody knows"] = "HTTP/1.2 200 OK\r\n\r\n",
    ["small letters in the version"] = "http/1.1 200 OK\r\n\r\n",
    ["another protocol"] = "SSH-2.0-OpenSSH_9.2p1 Debian\r\n",
    ["HTTP/0.9"] = "<html>hello</html>",
    ["an empty line before the status line"] = "\r\n" .. sized(0),
    ["a NUL in the status line"] = "HTTP/1.1 200 O\0K\r\n\r\n",
    ["a header without a colon"] = OK .. "no colon here\r\n\r\n",
    ["a header without a name"] = OK .. ": x\r\n\r\n",
    ["a blank before the colon"] = OK .. "X : a\r\n\r\n",
    ["a NUL in a name"] = OK .. "X\0Y: a\r\n\r\n",
    ["a NUL in a value"] = OK .. "X: \0\r\n\r\n",
    ["a CR in a value"] = OK .. "X: a\rb\r\n\r\n",
    ["a CR in a name"] = OK .. "X\ra: b\r\n\r\n",
    ["a CR instead of a line end"] = OK .. "X: a\r\rY: b\r\n\r\n",
    ["two lengths"] = OK .. "Content-Length: 5\r\nContent-Length: 4\r\n\r\nbody?",
    ["two lengths in one header"] = sized("4, 5") .. "body?",
    ["the same length twice in one header"] = sized("4, 4") .. "body",
    ["the same length in other digits"] = OK .. "Content-Length: 4\r\nContent-Length: 04\r\n\r\nbody",
    ["a negative length"] = sized("-5"),
    ["a length with a sign"] = sized("+5") .. "body?",
    ["a length in letters"] = sized("four"),
    ["a length in hex"] = sized("0x4") .. "body",
    ["a length with a fraction"] = sized("4.0") .. "body",
    ["a length with a blank inside"] = sized("4 4"),
    ["an empty length"] = sized(""),
    ["a length beside chunks"] = OK .. "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ["a length in an interim answer that makes no sense"] = "HTTP/1.1 100 x\r\nContent-Length: x\r\n\r\n" .. sized(0),
    ["an encoded body"] = OK .. "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\31\139",
    ["an encoded transfer"] = OK .. "Transfer-Encoding: gzip\r\n\r\n\31\139",
    ["a transfer that is encoded by no name"] = OK .. "Transfer-Encoding:\r\nContent-Length: 2\r\n\r\nok",
    ["an encoded transfer in chunks"] = OK .. "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ["chunks of chunks"] = OK .. "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ["a change of protocols"] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" .. sized(0),
    ["a chunk size that is no number"] = CHUNKED .. "zz\r\nhalf\r\n0\r\n\r\n",
    ["a negative chunk size"] = CHUNKED .. "-1\r\nhalf\r\n0\r\n\r\n",
    ["an empty chunk size"] = CHUNKED .. "\r\nhalf\r\n0\r\n\r\n",
    ["a chunk size with 0x"] = CHUNKED .. "0x4\r\nhalf\r\n0\r\n\r\n",
    ["a chunk size with a blank before it"] = CHUNKED .. " 4\r\nhalf\r\n0\r\n\r\n",
    ["a chunk size with a word behind it"] = CHUNKED .. "4 x\r\nhalf\r\n0\r\n\r\n",
    ["a chunk size of 17 digits"] = CHUNKED .. ("f"):rep(17) .. "\r\nhalf",
    ["a chunk size that ends in LF"] = CHUNKED .. "4\nhalf\r\n0\r\n\r\n",
    ["a chunk without an end"] = CHUNKED .. "4\r\nhalf and more\r\n0\r\n\r\n",
    ["a chunk that ends in LF"] = CHUNKED .. "4\r\nhalf\n0\r\n\r\n",
    ["a chunk extension without a semicolon"] = CHUNKED .. "4 x=y\r\nhalf\r\n0\r\n\r\n",
    ["a trailer that continues nothing"] = CHUNKED .. "0\r\n x\r\n\r\n",
    ["a trailer without a colon"] = CHUNKED .. "0\r\nno colon\r\n\r\n",
  }
  for name, text in pairs(NONSENSE) do
    it(name, function() check_kind("protocol", text) end)
  end

  it("an answer that is cut at any place", function()
    for _, whole in ipairs {
      sized(4) .. "body", CHUNKED .. "4\r\nhalf\r\n4;x=y\r\nhalf\r\n0\r\nX-Late: 1\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n" .. sized(0),
    } do
      check(whole, { is_reusable = true })
      for size = 0, #whole - 1 do check_kind("reset", whole:sub(1, size)) end
    end
  end)

  it("a body beyond the bound, told or not", function()
    check(sized(MAX_BODY_BYTES) .. ("x"):rep(MAX_BODY_BYTES), { body = ("x"):rep(MAX_BODY_BYTES) })
    for _, text in ipairs {
      sized(MAX_BODY_BYTES + 1), sized(("9"):rep(40)), sized("0000" .. ("9"):rep(12)), sized(("9"):rep(13)),
      OK .. "\r\n" .. ("x"):rep(MAX_BODY_BYTES + 1),
      CHUNKED .. "3e9\r\n", CHUNKED .. ("f"):rep(16) .. "\r\n",
      CHUNKED .. ("1\r\nx\r\n"):rep(MAX_BODY_BYTES) .. "1\r\nx\r\n0\r\n\r\n",
    } do
      check_kind("too_large", text)
    end
  end)

  local FLOODS = {
    ["interim answers"] = { "", "HTTP/1.1 100 Continue\r\n\r\n" },
    ["a status line"] = { "HTTP/1.1 200 ", "x" },
    ["headers"] = { OK, "X: y\r\n" },
    ["one header"] = { OK .. "X: ", "y" },
    ["blanks in one header"] = { OK .. "X: ", " " },
    ["continued lines"] = { OK .. "X: y\r\n", " z\r\n" },
    ["a chunk size"] = { CHUNKED, "0" },
    ["an extension of a chunk"] = { CHUNKED .. "4;", "x" },
    ["extensions of chunks"] = { CHUNKED, "1;" .. ("x"):rep(1000) .. "\r\na\r\n" },
    ["trailers"] = { CHUNKED .. "0\r\n", "X: y\r\n" },
  }
  for name, flood in pairs(FLOODS) do
    it("a flood of " .. name .. ", after a bounded part of it", function()
      local beginning, part = flood[1], flood[2]
      local pieces, received = part:rep(math.ceil(4096 / #part)), 0
      local answer, kind = read_from(function()
        local bytes = received == 0 and beginning .. pieces or pieces
        received = received + #bytes
        return bytes
      end)
      assert.is_nil(answer)
      assert.equal("too_large", kind)
      assert.is_true(received < 400000)
    end)
  end

  it("what can't become an answer any more, without waiting for the rest", function()
    for _, text in ipairs { "SSH", "HTTP/7", "HTTP/1.1 abc\r\n", OK .. "no colon\r\n", CHUNKED .. "4\r\nhalf!" } do
      local answer, kind = read_from(source(text, 65536, "read_timeout", "nothing came"))
      assert.is_nil(answer)
      assert.equal("protocol", kind, text)
    end
  end)
end)

describe("the reader of HTTP answers, where receiving fails", function()
  it("hands kind and message on, wherever it happens", function()
    for _, text in ipairs { "", "HTTP", OK, OK .. "X: ", sized(4), sized(4) .. "bo", CHUNKED, CHUNKED .. "4\r\nha",
      CHUNKED .. "4\r\nhalf", CHUNKED .. "0\r\n", OK .. "\r\nbody" } do
      local answer, kind, message = read_from(source(text, 65536, "read_timeout", "nothing came"))
      assert.is_nil(answer)
      assert.equal("read_timeout", kind, text)
      assert.equal("nothing came", message)
    end
  end)

  it("takes a reset for no end, even where the end of the connection ends the body", function()
    local answer, kind = read_from(source(OK .. "\r\nbody", 65536, "reset", "connection reset by peer"))
    assert.is_nil(answer)
    assert.equal("reset", kind)
  end)

  it("tells whether any byte of an answer had come", function()
    assert.is_false((select(4, read("", 65536))))
    assert.is_true((select(4, read("H", 65536))))
    assert.is_true((select(4, read_from(source("H", 1, "read_timeout", "nothing came")))))
  end)

  it("never asks for more of a body than belongs to it", function()
    local text, asked, position = sized(10), {}, 1
    local response, is_reusable = http_reader.read(function(max)
      asked[#asked + 1] = max
      local bytes = position == 1 and text or "abc"
      position = position + 1
      return bytes:sub(1, max)
    end, nil, MAX_BODY_BYTES, "GET")
    assert.equal("abcabcabca", response.body)
    assert.same({ 10, 7, 4, 1 }, { asked[2], asked[3], asked[4], asked[5] })
    assert.is_true(is_reusable)
  end)

  it("reads of an answer to CONNECT the head alone, and tells whether more has come", function()
    for behind, expected in pairs { [""] = false, x = true } do
      local head, kind, _, has_more = http_reader.read_head(source(sized(100) .. behind, 65536))
      assert.same({ 200, "", nil, expected }, { head.status, head.body, kind, has_more })
    end
    assert.equal("reset", (select(2, http_reader.read_head(source(OK, 65536)))))
  end)
end)

describe("the reader of HTTP answers, with bytes at random", function()
  local KINDS = { reset = true, protocol = true, too_large = true }
  local SEEDS = {
    sized(4) .. "body", CHUNKED .. "4;a=b\r\nhalf\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 x\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\nx", OK .. "\r\nto the end",
  }
  local ALPHABET = { "\r", "\n", "\r\n", "\0", " ", ":", ";", ",", "0", "9", "f", "HTTP/1.1 ", "chunked", "\255", "x",
    "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "\r\n\r\n" }

  -- The same numbers on every Lua.
  local function generator(seed)
    local state = seed
    return function(count)
      state = (state * 16807) % 2147483647
      return state % count + 1
    end
  end

  local function mutated(text, next_number)
    for _ = 1, next_number(4) do
      local position, what = next_number(#text + 1), next_number(3)
      local behind = what == 1 and position or position + next_number(3)
      local inserted = what == 2 and "" or ALPHABET[next_number(#ALPHABET)]
      text = text:sub(1, position - 1) .. inserted .. text:sub(behind)
    end
    return text
  end

  it("gives an answer or a kind of failure, the same in whatever pieces they come", function()
    for seed = 1, 1500 do
      local next_number = generator(seed)
      local text = mutated(SEEDS[next_number(#SEEDS)], next_number)
      local first, first_kind = read(text, 65536)
      for _, piece in ipairs { 1, next_number(9) } do
        local answer, kind = read(text, piece)
        assert.equal(first_kind, kind, text)
        if answer then
          assert.same({ first.status, first.headers, first.body }, { answer.status, answer.headers, answer.body })
          assert.is_true(#answer.body <= MAX_BODY_BYTES)
        else
          assert.is_true(KINDS[kind], tostring(kind))
        end
      end
    end
  end)
end)
