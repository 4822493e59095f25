--- URLs taken apart, one way for all who read some. What a user of this refuses beyond that is its own affair.

local ascii = require "aws.backup.ascii"

local url = {}

--- The port of a URL that names none. Other schemes are not spoken here.
url.DEFAULT_PORT = { https = 443, http = 80 }

local MAX_PORT_DIGITS, MAX_PORT = 5, 65535

--- The part that all URLs of one place share: "https://host:8443" of "https://host:8443/path?query". Looks at nothing
--- else of it, since transports ask for it at each request.
---@param text string
---@return string? origin
function url.origin(text)
  local _, slashes = text:find("://", 1, true)
  if not slashes then return nil end
  local origin = text:sub(1, (text:find("/", slashes + 1, true) or 0) - 1)
  if origin:find("?", 1, true) or origin:find("#", 1, true) then return origin:match("^[^?#]*") end
  return origin
end

-- The host, and the digits of the port if there is a colon before them.
local function split_place(place)
  local host, behind = place:match("^(%[[%x:.]+%])(.*)$")
  if not host then host, behind = place:match("^([^:%[%]]+)(.*)$") end
  if not host or behind == "" then return host end
  local digits = behind:match("^:(%d*)$")
  return digits and host, digits
end

---@class aws.backup.UrlParts
---@field scheme "http"|"https"
---@field user_info? string  as in the URL: "user:password", percent-encoded
---@field authority string  host, and port if the URL has one, as in the URL
---@field host string  as in the URL: an IPv6 address has its brackets
---@field port? integer  if the URL has one
---@field rest string  path, query and fragment, or ""

--- Takes an absolute http or https URL apart.
---@param text string
---@return aws.backup.UrlParts? parts
---@return "bytes"|"scheme"|"host"|"port"|nil fault  what is wrong with it: a byte that must be percent-encoded; no
---  URL, or another scheme; no host; a port outside 1 to 65535
function url.read(text)
  if text:find("[^\33-\126]") then return nil, "bytes" end
  local scheme, whole, rest = text:match("^([A-Za-z][0-9A-Za-z+.%-]*)://([^/?#]*)(.*)$")
  scheme = scheme and ascii.lower(scheme)
  if not url.DEFAULT_PORT[scheme] then return nil, "scheme" end
  local user_info, authority = whole:match("^(.*)@([^@]*)$")
  authority = authority or whole
  local host, digits = split_place(authority)
  if not host then return nil, "host" end
  local port
  if (digits or "") ~= "" then
    port = #digits <= MAX_PORT_DIGITS and tonumber(digits)
    if not port or port < 1 or port > MAX_PORT then return nil, "port" end
  end
  return { scheme = scheme, user_info = user_info, authority = authority, host = host, port = port, rest = rest }
end

return url
