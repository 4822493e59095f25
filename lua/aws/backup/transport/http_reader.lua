--- Reads HTTP/1.1 answers (RFC 9112), stricter than it would have to: an answer whose end is in doubt is refused, since
-- nobody knows where the next one on its connection would begin.
--
-- It knows no sockets. What it reads from is a function `receive(max)`, which returns some bytes, at least one and at
-- most `max`; or nil, "closed" at the end of the connection; or nil, a kind and a message, which are handed on.
--
-- Failures come as kind and message, the kinds being those of transport errors: "reset" (it ended too early),
-- "protocol" (it makes no sense), "too_large".

local ascii = require "aws.backup.ascii"

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
-- Lines of heads may end in LF alone (RFC 9112, 2.2), values hold no CR, LF or NUL, names are tokens (RFC 9110, 5.6.2;
-- what is frequent comes first, since patterns look in that order).
local STATUS_LINE = "^HTTP/1%.([01]) ([1-9]%d%d)([^\r\n%z]*)\r?\n"
local HEADER_LINE = "^([a-zA-Z0-9!#$%%&'*+.^_`|~-]+):[ \t]*([^\r\n%z]*)\r?\n"
local CONTINUED_LINE = "^[ \t]+([^\r\n%z]*)\r?\n"
local EMPTY_LINE = "^\r?\n"
-- The size in hex digits, and its extensions, which mean nothing to us.
local CHUNK_LINE = "^(%x+)([^\r\n%z]*)\r\n"
local CHUNK_END = "\r\n"

local BLANK = { [(" "):byte()] = true, [("\t"):byte()] = true }

local methods = {}
local metatable = { __index = methods }

local function nonsense(fault)
  return nil, "protocol", "the answer has " .. fault
end

local function too_large()
  return nil, "too_large", "the answer has larger headers or a larger body than is taken"
end

-- From the end, byte by byte: a pattern would look at long runs of blanks again and again.
local function without_blanks_behind(text)
  local last = #text
  while last > 0 and BLANK[text:byte(last)] do last = last - 1 end
  return text:sub(1, last)
end

-- Receiving.

-- Adds to the buffer what comes next.
local function fill(self)
  local bytes, kind, message = self.receive(RECEIVE_BYTES)
  if not bytes then return nil, kind, message end
  self.has_begun = true
  self.buffer = self.buffer:sub(self.position) .. bytes
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
  local first, last, one, two, three = self.buffer:find(pattern, self.position)
  if not first then return nil end
  self.position = last + 1
  return last - first + 1, one, two, three
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

local function take_status_line(self)
  local ready, kind, message = await_line(self, "its status line", BEGINNING)
  if not ready then return nil, kind, message end
  local size, minor, status, reason = take(self, STATUS_LINE)
  if not size or not reason:find("^ ") and reason ~= "" then return nonsense("no status line of HTTP/1.1") end
  ready, kind, message = spend(self, size)
  if not ready then return nil, kind, message end
  return { status = tonumber(status), minor = minor, headers = {}, pieces = {} }
end

-- One more value of a header, or more of its last one. Pieces are joined in the end: thousands of them would be copied
-- thousands of times.
local function add_text(head, name, text, separator)
  local pieces, before = head.pieces[name], head.headers[name]
  if pieces then
    pieces[#pieces + 1] = separator
    pieces[#pieces + 1] = text
  elseif before then
    head.pieces[name] = { before, separator, text }
  else
    head.headers[name] = text
  end
end

-- Takes one line of a head: its size, and whether it is the empty one at the end; nil if it is no such line.
local function take_header_line(self, head)
  local size, name, value = take(self, HEADER_LINE)
  if size then
    head.last_name = ascii.lower(name)
    add_text(head, head.last_name, without_blanks_behind(value), ", ")
    return size, false
  end
  size = take(self, EMPTY_LINE)
  if size then return size, true end
  size, value = take(self, CONTINUED_LINE)
  if not size or not head.last_name then return nil end
  -- RFC 9112, 5.2: it continues the value before it.
  add_text(head, head.last_name, without_blanks_behind(value), " ")
  return size, false
end

-- Headers or trailers, up to the empty line.
local function take_header_lines(self, head, expectation)
  local is_last
  repeat
    local fine, kind, message = await_line(self, expectation)
    if not fine then return nil, kind, message end
    local size
    size, is_last = take_header_line(self, head)
    if not size then return nonsense("a header line that is none") end
    fine, kind, message = spend(self, size)
    if not fine then return nil, kind, message end
  until is_last
  for name, pieces in pairs(head.pieces) do head.headers[name] = table.concat(pieces) end
  return true
end

-- The digits of a Content-Length. A list of equal ones is one (RFC 9110, 8.6).
local function digits_of(length)
  local digits
  for part in (length .. ","):gmatch("[ \t]*([^,]*),") do
    part = without_blanks_behind(part)
    if not part:find("^%d+$") or (digits and part ~= digits) then return nil end
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
  return true
end

--- Reads the head of the answer: the first that is no interim one.
---@return { status: integer, headers: table<string, string> }? head  names in lower case; the values of a repeated one
---  joined with ", "
---@return string? kind, string? message
function methods:read_head()
  for _ = 0, MAX_INTERIM_ANSWERS do
    local head, kind, message = take_status_line(self)
    if not head then return nil, kind, message end
    local fine
    fine, kind, message = take_header_lines(self, head, "the end of its headers")
    if fine then fine, kind, message = frame(head) end
    if not fine then return nil, kind, message end
    if head.status == 101 then return nonsense("a change to another protocol, though none was asked for") end
    if head.status >= 200 then return head end
  end
  return too_large()
end

-- Bodies. What is read goes into `parts`.

local function take_bytes(self, size, parts)
  local ready = peek(self, size)
  self.position = self.position + #ready
  if ready ~= "" then parts[#parts + 1] = ready end
  local left = size - #ready
  while left > 0 do
    local bytes, kind, message = self.receive(math.min(left, RECEIVE_BYTES))
    if not bytes then return cut(kind, message, ("the last %d bytes of its body"):format(left)) end
    parts[#parts + 1] = bytes
    left = left - #bytes
  end
  return true
end

-- A size that a number of Lua's holds exactly.
local function exact(digits, base)
  digits = digits:gsub("^0+", "")
  if #digits > MAX_SIZE_DIGITS then return math.huge end
  return digits == "" and 0 or tonumber(digits, base)
end

local function read_nothing()
  return true
end

local function read_sized(self, parts, head)
  local size = exact(head.length, 10)
  if size > self.max_body_bytes then return too_large() end
  return take_bytes(self, size, parts)
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

local function read_chunks(self, parts)
  local taken = 0
  while true do
    local size, kind, message = read_chunk_size(self)
    if not size then return nil, kind, message end
    if size == 0 then break end
    taken = taken + size
    if taken > self.max_body_bytes then return too_large() end
    local fine
    fine, kind, message = take_bytes(self, size, parts)
    if fine then fine, kind, message = take_chunk_end(self) end
    if not fine then return nil, kind, message end
  end
  -- Trailers are read and left out.
  return take_header_lines(self, { headers = {}, pieces = {} }, "its last chunk")
end

local function read_until_closed(self, parts)
  local taken = 0
  while true do
    local bytes = peek(self, #self.buffer)
    self.position = #self.buffer + 1
    taken = taken + #bytes
    if taken > self.max_body_bytes then return too_large() end
    parts[#parts + 1] = bytes
    local filled, kind, message = fill(self)
    if not filled then
      if kind == "closed" then return true end
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
  return connection ~= nil and (" " .. ascii.lower(connection) .. " "):find("[ \t,]close[ \t,]") ~= nil
end

--- Reads the body that belongs to a head.
---@param head table  from read_head
---@param method string  of the request
---@return string? body
---@return boolean|string is_reusable_or_kind  whether another request may follow on the connection
---@return string? message
function methods:read_body(head, method)
  local read, parts = body_reader(head, method), {}
  local done, kind, message = read(self, parts, head)
  if not done then return nil, kind, message end
  local is_reusable = read ~= read_until_closed and not self:has_unread() and head.minor == "1"
    and not says_close(head)
  return parts[2] and table.concat(parts) or parts[1] or "", is_reusable
end

--- Whether bytes have come that nobody has asked for.
---@return boolean
function methods:has_unread()
  return self.position <= #self.buffer
end

--- A reader for the answer to one request. Its field `has_begun` tells whether any byte of it has come.
---@param receive fun(max: integer): string?, string?, string?
---@param max_body_bytes integer
---@return table reader
function http_reader.new(receive, max_body_bytes)
  return setmetatable({
    receive = receive, max_body_bytes = max_body_bytes, buffer = "", position = 1, head_bytes = 0, has_begun = false,
  }, metatable)
end

return http_reader
