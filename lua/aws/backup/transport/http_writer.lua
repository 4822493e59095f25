--- Writes HTTP/1.1 requests for sockets: takes URLs apart, and has the core write the head. User data goes from here
-- straight to a socket, so whatever could make two requests of one (a line end in a header, a blank in a URL, a second
-- length) is refused, whoever has checked it before.
--
-- Failures come as kind and message: "url" or "protocol".

local core = require "aws.backup.core"
local explain = require "aws.backup.transport.explain"
local url_reader = require "aws.backup.url"

local http_writer = {}

local DEFAULT_PORT = url_reader.DEFAULT_PORT

local NO_HEADERS = {}

-- What explain calls the faults of URLs.
local FAULTS_OF_URL = { bytes = "url", scheme = "url", host = "url_host", port = "url_host" }

local function bad_url(reason)
  return nil, "url", explain.detail(reason)
end

--- What of a URL comes after its origin, as a request names it.
---@param rest string
---@return string? path, string? kind, string? message
function http_writer.path(rest)
  if rest:find("[^\33\34\36-\126]") then return bad_url("url") end
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
  if read.user_info then return bad_url("url_user") end
  local path, kind, message = http_writer.path(read.rest)
  if not path then return nil, kind, message end
  return {
    scheme = read.scheme, host = read.host, port = read.port or DEFAULT_PORT[read.scheme], authority = read.authority,
    path = path,
  }
end

--- The head of a request, as it goes over the wire; its body follows as it is.
---@param request { method: string, headers: table<string, string>?, body: string? }
---@param form string  the request-target: a path, for a proxy the whole URL
---@param authority string  what the header Host tells if the request does not have it
---@param more? string  further header lines, each with its line end
---@return string? head, string? kind, string? message
function http_writer.head(request, form, authority, more)
  local head, reason, name = core.write_head(request.method, form, authority, request.headers or NO_HEADERS,
    request.body or "", more or "")
  if head then return head end
  -- No value is ever shown.
  return nil, "protocol", explain.detail(reason, name)
end

return http_writer
