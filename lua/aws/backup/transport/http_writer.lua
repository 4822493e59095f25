--- Writes HTTP/1.1 requests. User data goes from here straight to a socket, so whatever could make two requests of one
-- (a line end in a header, a blank in a URL, a second length) is refused here, whoever has checked it before.
--
-- Failures come as kind and message: "url" or "protocol".

local core = require "aws.backup.core"
local url_reader = require "aws.backup.url"

local http_writer = {}

local DEFAULT_PORT = url_reader.DEFAULT_PORT

-- RFC 9110, 5.6.2.
local TOKEN = "^[a-zA-Z0-9!#$%&'*+.^_`|~-]+$"

-- The methods of our calls, and whether their requests tell their length even if it is 0 (RFC 9110, 8.6).
local TELLS_LENGTH = { POST = true, PUT = true, PATCH = true, GET = false, DELETE = false, HEAD = false }

local NO_HEADERS = {}

local FAULTS_OF_URL = {
  bytes = "a URL must begin with http:// or https://, be percent-encoded and have no fragment",
  host = "the URL names no host, or an impossible port",
}
FAULTS_OF_URL.scheme, FAULTS_OF_URL.port = FAULTS_OF_URL.bytes, FAULTS_OF_URL.host

local function bad_url(rule)
  return nil, "url", rule
end

--- What of a URL comes after its origin, as a request names it.
---@param rest string
---@return string? path, string? kind, string? message
function http_writer.path(rest)
  if rest:find("[^\33\34\36-\126]") then return bad_url(FAULTS_OF_URL.bytes) end
  if rest:find("/", 1, true) == 1 then return rest end
  return "/" .. rest
end

---@class aws.backup.Target
---@field scheme "http"|"https"
---@field host string  as in the URL: an IPv6 address has its brackets
---@field port integer
---@field authority string  host, and port if the URL has one
---@field path string  with the query, as it is sent

--- Takes the URL of a request apart.
---@param url string
---@return aws.backup.Target? target, string? kind, string? message
function http_writer.target(url)
  local read, fault = url_reader.read(url)
  if not read then return bad_url(FAULTS_OF_URL[fault]) end
  if read.user_info then return bad_url("a URL with a user name is not taken") end
  local path, kind, message = http_writer.path(read.rest)
  if not path then return nil, kind, message end
  return {
    scheme = read.scheme, host = read.host, port = read.port or DEFAULT_PORT[read.scheme], authority = read.authority,
    path = path,
  }
end

local function refuse(fault)
  return nil, "protocol", fault
end

-- Why a header can't be sent, by what the C core calls it. No value is ever shown.
local FAULTS_OF_HEADER = {
  name = function() return "a header name is empty or holds a byte that no name may hold" end,
  value = function(name) return "the value of header " .. name .. " holds a CR, LF or NUL byte" end,
  framing = function(name) return "header " .. name .. " can't be given: the body is sent in one piece" end,
  length = function(_, size) return ("header content-length does not agree with the body of %d bytes"):format(size) end,
}

--- The head of a request, as it goes over the wire, in pieces; its body follows as it is.
---@param request { method: string, headers: table<string, string>?, body: string? }
---@param form string  the request-target: a path, for a proxy the whole URL
---@param authority string  what the header Host tells if the request does not have it
---@param more? string  further header lines, each with its line end
---@return string[]? head, string? kind, string? message
function http_writer.head(request, form, authority, more)
  local method = request.method
  if TELLS_LENGTH[method] == nil and not method:find(TOKEN) then
    return refuse("the method must be an HTTP method such as GET")
  end
  if method == "HEAD" and (request.body or "") ~= "" then return refuse("HEAD takes no body") end
  local size = #(request.body or "")
  local length = tostring(size)
  local length_line = (size > 0 or TELLS_LENGTH[method]) and "content-length: " .. length .. "\r\n" or ""
  local head, fault, name = core.write_head(method .. " " .. form .. " HTTP/1.1\r\nhost: ", authority,
    request.headers or NO_HEADERS, length, length_line .. (more or "") .. "\r\n")
  if not head then return refuse(FAULTS_OF_HEADER[fault](name, size)) end
  return head
end

return http_writer
