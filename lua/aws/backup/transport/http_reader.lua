--- Reads HTTP/1.1 answers (RFC 9112), stricter than it would have to: an answer whose end is in doubt is refused, since
-- nobody knows where the next one on its connection would begin.
--
-- It knows no sockets. What it reads from is a function `receive(max, source)`, which returns some bytes, at least one
-- and at most `max`; or nil, "closed" at the end of the connection; or nil, a kind and a message, which are handed on.
--
-- Failures come as kind and message, the kinds being those of transport errors: "reset" (it ended too early),
-- "protocol" (it makes no sense), "too_large".

local ascii = require "aws.backup.ascii"
local core = require "aws.backup.core"

local http_reader = {}

-- As many as most readers of sockets give at once.
local RECEIVE_BYTES = 65536

-- All heads of one answer together: status lines, headers, trailers, what stands beside the sizes of chunks.
local MAX_HEAD_BYTES = 256 * 1024
local MAX_INTERIM_ANSWERS = 100

-- More digits than any bound on a body has, few enough for a number of Lua's to be exact.
local MAX_SIZE_DIGITS = 12
-- With leading zeros.
local MAX_CHUNK_SIZE_DIGITS = 16

local BEGINNING = "HTTP/1."
-- Lines of heads may end in LF alone (RFC 9112, 2.2). The reason may be missing, and the blank before it.
local STATUS_LINE = "^HTTP/1%.([01]) ([1-9]%d%d) [^\r\n%z]*\r?\n"
local STATUS_LINE_WITHOUT_REASON = "^HTTP/1%.([01]) ([1-9]%d%d)\r?\n"
-- The size in hex digits, and its extensions, which mean nothing to us.
local CHUNK_LINE = "^(%x+)([^\r\n%z]*)\r\n"
local CHUNK_END = "\r\n"

local methods = {}
local metatable = { __index = methods }

local function nonsense(fault)
  return nil, "protocol", "the answer has " .. fault
end

local function too_large()
  return nil, "too_large", "the answer has larger headers or a larger body than is taken"
end

-- Receiving.

-- Adds to the buffer what comes next.
local function fill(self)
  local bytes, kind, message = self.receive(RECEIVE_BYTES, self.source)
  if not bytes then return nil, kind, message end
  self.has_begun = true
  self.buffer = self:has_unread() and self.buffer:sub(self.position) .. bytes or bytes
  self.position = 1
  return true
end

-- What the end of the connection means where more should have come.
local function cut(kind, message, expectation)
  if kind ~= "closed" then return nil, kind, message end
  return nil, "reset", "it ended before " .. expectation
end

-- What has come and is not taken yet, from its beginning.
local function peek(self, size)
  return self.buffer:sub(self.position, self.position + size - 1)
end

-- Takes the line that fits a pattern: its size and its captures, or nil if what comes next does not fit.
local function take(self, pattern)
  local first, last, one, two = self.buffer:find(pattern, self.position)
  if not first then return nil end
  self.position = last + 1
  return last - first + 1, one, two
end

-- Counts bytes of heads.
local function spend(self, count)
  self.head_bytes = self.head_bytes + count
  if self.head_bytes > MAX_HEAD_BYTES then return too_large() end
  return true
end

-- Waits until the next line is there in full. What can't become a line that begins as it must is not waited for.
local function await_line(self, expectation, beginning)
  local searched = self.position
  while not self.buffer:find("\n", searched, true) do
    local waiting = #self.buffer - self.position + 1
    if beginning and peek(self, #beginning) ~= beginning:sub(1, waiting) then return true end
    if self.head_bytes + waiting > MAX_HEAD_BYTES then return too_large() end
    local filled, kind, message = fill(self)
    if not filled then return cut(kind, message, expectation) end
    searched = waiting + 1
  end
  return true
end

-- Heads.

-- Status and minor version.
local function take_status_line(self)
  local ready, kind, message = await_line(self, "its status line", BEGINNING)
  if not ready then return nil, kind, message end
  local size, minor, status = take(self, STATUS_LINE)
  if not size then size, minor, status = take(self, STATUS_LINE_WITHOUT_REASON) end
  if not size then return nonsense("no status line of HTTP/1.1") end
  ready, kind, message = spend(self, size)
  if not ready then return nil, kind, message end
  return tonumber(status), minor
end

-- Joins the values that came in pieces.
local function join_pieces(headers)
  for name, value in pairs(headers) do
    if type(value) == "table" then headers[name] = table.concat(value) end
  end
end

-- Takes headers or trailers, up to the empty line: each line as soon as it is there.
local function take_header_lines(self, expectation)
  local headers, last_name, has_lists = nil, nil, false
  while true do
    local allowed = MAX_HEAD_BYTES - self.head_bytes
    if allowed == 0 then return too_large() end
    local taken, position, is_end, name, are_lists =
      core.take_headers(headers, self.buffer, self.position, allowed, last_name)
    if position == "protocol" then return nonsense("a header line that is none") end
    if not taken then return too_large() end
    self.head_bytes = self.head_bytes + position - self.position
    self.position, headers, last_name, has_lists = position, taken, name, has_lists or are_lists
    if is_end then break end
    local filled, kind, message = fill(self)
    if not filled then return cut(kind, message, expectation) end
  end
  if has_lists then join_pieces(headers) end
  return headers
end

-- The digits of a Content-Length. A list of equal ones is one (RFC 9110, 8.6).
local function digits_of(length)
  if length:find("^%d+$") then return length end
  local digits
  for part in (length .. ","):gmatch("([^,]*),") do
    part = part:match("^[ \t]*(%d+)[ \t]*$")
    if not part or (digits and part ~= digits) then return nil end
    digits = part
  end
  return digits
end

local function is_no(encoding, allowed)
  return encoding == nil or encoding == "" or ascii.lower(encoding) == allowed
end

-- How the body is framed. An encoding that was not asked for would make it something else than it seems.
local function frame(head)
  local headers = head.headers
  local length, encoding = headers["content-length"], headers["transfer-encoding"]
  head.length = length and digits_of(length)
  head.is_chunked = encoding ~= nil and encoding ~= ""
  if length and not head.length then return nonsense("a Content-Length that makes no sense") end
  if not is_no(headers["content-encoding"], "identity") then
    return nonsense("a Content-Encoding, though none was asked for")
  end
  if not is_no(encoding, "chunked") then return nonsense("a Transfer-Encoding, though none was asked for") end
  if head.is_chunked and length then return nonsense("both a Content-Length and a Transfer-Encoding") end
  return head
end

local function read_one_head(self)
  local status, minor, message = take_status_line(self)
  if not status then return nil, minor, message end
  local headers, kind
  headers, kind, message = take_header_lines(self, "the end of its headers")
  if not headers then return nil, kind, message end
  return frame { status = status, minor = minor, headers = headers, length = nil, is_chunked = false }
end

--- Reads the head of the answer: the first that is no interim one.
---@return { status: integer, headers: table<string, string> }? head  names in lower case; the values of a repeated one
---  joined with ", "
---@return string? kind, string? message
function methods:read_head()
  for _ = 0, MAX_INTERIM_ANSWERS do
    local head, kind, message = read_one_head(self)
    if not head then return nil, kind, message end
    if head.status == 101 then return nonsense("a change to another protocol, though none was asked for") end
    if head.status >= 200 then return head end
  end
  return too_large()
end

-- Bodies.

-- Bytes of which some have not come yet.
local function await_bytes(self, size)
  local parts = { peek(self, size) }
  self.position = #self.buffer + 1
  local left = size - #parts[1]
  while left > 0 do
    local bytes, kind, message = self.receive(math.min(left, RECEIVE_BYTES), self.source)
    if not bytes then return cut(kind, message, ("the last %d bytes of its body"):format(left)) end
    parts[#parts + 1] = bytes
    left = left - #bytes
  end
  return table.concat(parts)
end

local function take_bytes(self, size)
  local behind = self.position + size
  if behind > #self.buffer + 1 then return await_bytes(self, size) end
  local bytes = peek(self, size)
  self.position = behind
  return bytes
end

-- A size that a number of Lua's holds exactly.
local function exact(digits, base)
  if #digits > MAX_SIZE_DIGITS then digits = digits:gsub("^0+", "") end
  if #digits > MAX_SIZE_DIGITS then return math.huge end
  return digits == "" and 0 or tonumber(digits, base)
end

local function read_nothing()
  return ""
end

local function read_sized(self, head)
  local size = exact(head.length, 10)
  if size > self.max_body_bytes then return too_large() end
  return take_bytes(self, size)
end

local function read_chunk_size(self)
  local fine, kind, message = await_line(self, "its last chunk")
  if not fine then return nil, kind, message end
  local size, digits, rest = take(self, CHUNK_LINE)
  local behind = size and rest:match("^[ \t]*(.?)")
  if not size or #digits > MAX_CHUNK_SIZE_DIGITS or (behind ~= "" and behind ~= ";") then
    return nonsense("a chunk size that is none")
  end
  fine, kind, message = spend(self, #rest)
  if not fine then return nil, kind, message end
  return exact(digits, 16)
end

local function take_chunk_end(self)
  local found = peek(self, #CHUNK_END)
  while found ~= CHUNK_END do
    if found ~= CHUNK_END:sub(1, #found) then return nonsense("a chunk without an end") end
    local filled, kind, message = fill(self)
    if not filled then return cut(kind, message, "its last chunk") end
    found = peek(self, #CHUNK_END)
  end
  self.position = self.position + #CHUNK_END
  return true
end

local function read_chunks(self)
  local parts, taken = {}, 0
  while true do
    local size, kind, message = read_chunk_size(self)
    if not size then return nil, kind, message end
    if size == 0 then break end
    taken = taken + size
    if taken > self.max_body_bytes then return too_large() end
    local chunk, fine
    chunk, kind, message = take_bytes(self, size)
    if chunk then fine, kind, message = take_chunk_end(self) end
    if not fine then return nil, kind, message end
    parts[#parts + 1] = chunk
  end
  -- They are read and left out.
  local trailers, kind, message = take_header_lines(self, "its last chunk")
  if not trailers then return nil, kind, message end
  return table.concat(parts)
end

local function read_until_closed(self)
  local parts, taken = {}, 0
  while true do
    local bytes = peek(self, #self.buffer)
    self.position = #self.buffer + 1
    taken = taken + #bytes
    if taken > self.max_body_bytes then return too_large() end
    parts[#parts + 1] = bytes
    local filled, kind, message = fill(self)
    if not filled then
      if kind == "closed" then return table.concat(parts) end
      return nil, kind, message
    end
  end
end

local function body_reader(head, method)
  if method == "HEAD" or head.status == 204 or head.status == 304 then return read_nothing end
  if head.is_chunked then return read_chunks end
  return head.length and read_sized or read_until_closed
end

local function says_close(head)
  local connection = head.headers.connection
  if connection == nil or connection == "keep-alive" then return false end
  return (" " .. ascii.lower(connection) .. " "):find("[ \t,]close[ \t,]") ~= nil
end

--- Reads the body that belongs to a head.
---@param head table  from read_head
---@param method string  of the request
---@return string? body
---@return boolean|string is_reusable_or_kind  whether another request may follow on the connection
---@return string? message
function methods:read_body(head, method)
  local read = body_reader(head, method)
  local body, kind, message = read(self, head)
  if not body then return nil, kind, message end
  local is_reusable = read ~= read_until_closed and not self:has_unread() and head.minor == "1"
    and not says_close(head)
  return body, is_reusable
end

--- Whether bytes have come that nobody has asked for.
---@return boolean
function methods:has_unread()
  return self.position <= #self.buffer
end

--- A reader for the answer to one request. Its field `has_begun` tells whether any byte of it has come.
---@param receive fun(max: integer, source: any): string?, string?, string?
---@param max_body_bytes integer
---@param source? any  what `receive` gets
---@return table reader
function http_reader.new(receive, max_body_bytes, source)
  return setmetatable({
    receive = receive, source = source, max_body_bytes = max_body_bytes, buffer = "", position = 1, head_bytes = 0,
    has_begun = false,
  }, metatable)
end

return http_reader
