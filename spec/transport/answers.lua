--- Answers made by hand, and what any transport must make of each.
--
-- A case:
--   name, bytes     the answer, after which the server takes the next request
--   kind            of the failure it must give; or
--   status, body    of the response
--   headers         some of its headers
--   over_libcurl    what it comes to there, where libcurl reads more laxly than we do: it takes chunks apart itself

local OK = "HTTP/1.1 200 OK\r\n"
local CHUNKED = OK .. "Transfer-Encoding: chunked\r\n\r\n"
local BOTH = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
local CHUNKS = "4\r\nbody\r\n0\r\n\r\n"
local UPGRADE = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"

-- Put together without string.format, which ends at a NUL on Lua 5.1.
local function sized(body, more)
  return OK .. "Content-Length: " .. #body .. "\r\n" .. (more or "") .. "\r\n" .. body
end

local function refused(bytes, over_libcurl)
  return { bytes = bytes, kind = "protocol", over_libcurl = over_libcurl }
end

local function taken(bytes, body, headers)
  return { bytes = bytes, status = 200, body = body, headers = headers }
end

local BY_NAME = {
  ["a length and chunks"] = refused(OK .. BOTH .. "\r\n" .. CHUNKS),
  ["chunks and a length"] = refused(OK .. "Transfer-Encoding: Chunked\r\nContent-Length: 14\r\n\r\n" .. CHUNKS),
  ["a length and chunks in an interim answer"] = refused("HTTP/1.1 100 Continue\r\n" .. BOTH .. "\r\n" .. sized "body"),
  ["one length twice in one header"] = refused(OK .. "Content-Length: 4, 4\r\n\r\nbody"),
  ["one length in two headers"] = taken(OK .. "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody", "body"),
  ["one length in two headers, in other digits"] =
    refused(OK .. "Content-Length: 4\r\nContent-Length: 04\r\n\r\nbody"),
  ["two lengths"] = refused(OK .. "Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody?"),
  ["a length with a sign"] = refused(OK .. "Content-Length: +4\r\n\r\nbody"),
  ["a length in hex"] = refused(OK .. "Content-Length: 0x4\r\n\r\nbody"),
  ["a length that goes on in the next line"] = refused(OK .. "Content-Length: 4\r\n 2\r\n\r\nbody"),
  ["chunks of chunks"] =
    refused(OK .. "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" .. CHUNKS),
  ["chunks of chunks in one header"] = refused(OK .. "Transfer-Encoding: chunked, chunked\r\n\r\n" .. CHUNKS),
  ["chunks of something else"] = refused(OK .. "Transfer-Encoding: gzip, chunked\r\n\r\n" .. CHUNKS),
  ["a transfer that is encoded by no name"] = refused(sized("body", "Transfer-Encoding:\r\n")),
  ["chunks"] = taken(CHUNKED .. "2\r\nbo\r\n02;ext=1\r\ndy\r\n0\r\nX-Late: 1\r\n\r\n", "body"),
  ["a change of protocols"] = refused(UPGRADE .. sized "body"),
  ["a change of protocols without a word about it"] = refused("HTTP/1.1 101 x\r\n\r\n" .. sized "body"),
  ["a change of protocols after an interim answer"] =
    refused("HTTP/1.1 100 Continue\r\n\r\n" .. UPGRADE .. sized "body"),
  ["interim answers"] = taken("HTTP/1.1 100 Continue\r\nX: a\r\n\r\nHTTP/1.1 103 Hints\r\nX: b\r\n\r\n" .. sized "body",
    "body", { x = false }),
  ["a CR in a value"] = refused(sized("body", "X: a\rb\r\n")),
  ["a CR at the end of a value"] = refused(sized("body", "X: a\r\r\n")),
  ["a CR in a value that goes on"] = refused(sized("body", "X: a\r\n b\rc\r\n")),
  ["a CR that would end a header"] = refused(sized("body", "X: a\rTransfer-Encoding: chunked\r\n")),
  ["a CR in the status line"] = refused("HTTP/1.1 200 O\rK\r\nContent-Length: 4\r\n\r\nbody"),
  ["a NUL in a value"] = refused(sized("body", "X: \0\r\n")),
  ["a blank before a colon"] = refused(sized("body", "X : a\r\n")),
  ["a header without a name"] = refused(sized("body", ": a\r\n")),
  ["a value that goes on"] = taken(sized("body", "X: a\r\n  b\r\n\tc\r\nX: d\r\n"), "body", { x = "a b c, d" }),
  ["lines that end in LF"] = taken("HTTP/1.1 200 OK\nX: a\nContent-Length: 4\n\nbody", "body", { x = "a" }),
  ["no reason"] = taken("HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody", "body"),
  ["a status with a letter behind it"] = refused("HTTP/1.1 200x\r\nContent-Length: 4\r\n\r\nbody"),
  ["a minor version that nobody knows"] = refused("HTTP/1.2 200 OK\r\nContent-Length: 4\r\n\r\nbody"),
  ["the version before"] = taken("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody", "body"),
  ["an encoded body"] = refused(sized("body", "Content-Encoding: gzip\r\n")),
  ["a body that is encoded as it is"] = taken(sized("body", "Content-Encoding: Identity\r\n"), "body"),
  -- Where we read them, chunks are strict.
  ["a chunk extension without a semicolon"] =
    refused(CHUNKED .. "4 ext\r\nbody\r\n0\r\n\r\n", { status = 200, body = "body" }),
  ["a chunk size that ends in LF"] =
    refused(CHUNKED .. "4\nbody\r\n0\r\n\r\n", { status = 200, body = "body" }),
  ["a chunk that ends in LF"] = refused(CHUNKED .. "4\r\nbody\n0\r\n\r\n", { status = 200, body = "body" }),
  ["a chunk size that is none"] = refused(CHUNKED .. "x\r\nbody\r\n0\r\n\r\n"),
  ["a chunk without an end"] = refused(CHUNKED .. "4\r\nbody and more\r\n0\r\n\r\n"),
  ["a trailer without a colon"] = refused(CHUNKED .. "0\r\nno colon\r\n\r\n"),
}

local answers = {}

--- All cases, by their names.
---@type table[]
answers.all = {}
for name, case in pairs(BY_NAME) do
  case.name = name
  answers.all[#answers.all + 1] = case
end
table.sort(answers.all, function(one, other) return one.name < other.name end)

--- What is wrong with the outcome of a case.
---@param expected table  the case, or its part `over_libcurl`
---@param response table?
---@param kind string?
---@param message string?
---@return string? fault
function answers.fault(expected, response, kind, message)
  if expected.kind then
    if response then return ("it gives an answer: %d %q"):format(response.status, response.body) end
    return kind ~= expected.kind and ("the kind is %s: %s"):format(tostring(kind), tostring(message)) or nil
  end
  if not response then return ("it fails: %s: %s"):format(tostring(kind), tostring(message)) end
  if response.status ~= expected.status then return "the status is " .. response.status end
  if response.body ~= expected.body then return ("the body is %q"):format(response.body) end
  for name, value in pairs(expected.headers or {}) do
    local found = response.headers[name] or false
    if found ~= value then return ("header %s is %s"):format(name, tostring(found)) end
  end
  return nil
end

return answers
