--- Writes HTTP/1.1 requests. User data goes from here straight to a socket, so whatever could make two requests of one
-- (a line end in a header, a blank in a URL, a second length) is refused here, whoever has checked it before.
--
-- Failures come as kind and message: "url" or "protocol".

local ascii = require "aws.backup.ascii"
local endpoint_url = require "aws.backup.endpoint_url"

local http_writer = {}

local DEFAULT_PORT = endpoint_url.DEFAULT_PORT

-- RFC 9110, 5.6.2; what is frequent comes first, since patterns look in that order.
local TOKEN = "^[a-zA-Z0-9!#$%&'*+.^_`|~-]+$"

-- Written by this module alone.
local FRAMING = { host = true, ["content-length"] = true }
local REFUSED = { ["transfer-encoding"] = true, expect = true }
-- Methods whose requests tell their length even if it is 0 (RFC 9110, 8.6).
local TELLS_LENGTH = { POST = true, PUT = true, PATCH = true }

local function bad_url(rule)
  return nil, "url", rule
end

local function parse_authority(authority)
  local host, digits = authority:match("^(.*):(%d*)$")
  host = host or authority
  if not host:find("^%[[%x:.]+%]$") and not host:find("^[^:%[%]]+$") then return nil end
  local port = digits and digits ~= "" and tonumber(digits) or nil
  if port and (port < 1 or port > 65535) then return nil end
  return host, port
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
  local scheme, authority, path = url:match("^([A-Za-z]+)://([^/?]*)(.*)$")
  scheme = scheme and ascii.lower(scheme)
  if not DEFAULT_PORT[scheme] or url:find("[^\33-\126]") or url:find("#", 1, true) then
    return bad_url("a URL must begin with http:// or https://, be percent-encoded and have no fragment")
  end
  if authority:find("@", 1, true) then return bad_url("a URL with a user name is not taken") end
  local host, port = parse_authority(authority)
  if not host then return bad_url("the URL names no host, or an impossible port") end
  if path:sub(1, 1) ~= "/" then path = "/" .. path end
  return { scheme = scheme, host = host, port = port or DEFAULT_PORT[scheme], authority = authority, path = path }
end

local function refuse(fault)
  return nil, "protocol", fault
end

-- Byte by byte in C; a pattern takes ten times as long.
local function is_one_line(text)
  return not (text:find("\n", 1, true) or text:find("\r", 1, true) or text:find("\0", 1, true))
end

-- One header, as it may be sent.
local function check_header(name, lower, value)
  if not name:find(TOKEN) then return refuse("a header name is empty or holds a byte that no name may hold") end
  if not is_one_line(value) then return refuse("the value of header " .. name .. " holds a CR, LF or NUL byte") end
  if REFUSED[lower] then
    return refuse("header " .. name .. " can't be given: the body is sent in one piece")
  end
  return true
end

-- Header lines but those of the framing, and what was given of the framing.
local function write_headers(headers)
  local lines, framing = {}, {}
  for name, value in pairs(headers) do
    local lower = ascii.lower(name)
    local fine, kind, message = check_header(name, lower, value)
    if not fine then return nil, kind, message end
    if FRAMING[lower] then
      framing[lower] = value
    else
      lines[#lines + 1] = name .. ": " .. value .. "\r\n"
    end
  end
  return table.concat(lines), framing
end

-- The line that tells the size of the body, "" if none is needed.
local function length_line(request, given)
  local size = #(request.body or "")
  if given and given ~= tostring(size) then
    return refuse(("header content-length does not agree with the body of %d bytes"):format(size))
  end
  if size == 0 and not TELLS_LENGTH[request.method] then return "" end
  return "content-length: " .. size .. "\r\n"
end

--- The head of a request, as it goes over the wire; its body follows as it is.
---@param request { method: string, headers: table<string, string>?, body: string? }
---@param form string  the request-target: a path, for a proxy the whole URL
---@param authority string  what the header Host tells if the request does not have it
---@param more? string  further header lines, each with its line end
---@return string? head, string? kind, string? message
function http_writer.head(request, form, authority, more)
  if not request.method:find(TOKEN) then return refuse("the method must be an HTTP method such as GET") end
  if request.method == "HEAD" and (request.body or "") ~= "" then return refuse("HEAD takes no body") end
  local lines, framing, message = write_headers(request.headers or {})
  if not lines then return nil, framing, message end
  local length, kind
  length, kind, message = length_line(request, framing["content-length"])
  if not length then return nil, kind, message end
  return request.method .. " " .. form .. " HTTP/1.1\r\nhost: " .. (framing.host or authority) .. "\r\n" .. lines
    .. length .. (more or "") .. "\r\n"
end

return http_writer
