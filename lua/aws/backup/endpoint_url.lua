--- Custom endpoints: which URLs are taken, and what of them may be shown.

local ascii = require "aws.backup.ascii"
local region = require "aws.backup.region"

local endpoint_url = {}

--- The port of a URL that names none. Other schemes are not spoken here.
endpoint_url.DEFAULT_PORT = { https = 443, http = 80 }
local DEFAULT_PORT = endpoint_url.DEFAULT_PORT

--- What a person may see of an endpoint's URL: user and password, if somebody put them there, are left out.
---@param url string
---@return string
function endpoint_url.shown(url)
  return (url:gsub("^([A-Za-z][0-9A-Za-z+.%-]*://)[^/?#]*@", "%1"))
end

local function parse_port(digits, scheme)
  if digits == "" then return DEFAULT_PORT[scheme] end
  local port = #digits <= 5 and tonumber(digits)
  if not port or port < 1 or port > 65535 then return nil, "has a port outside 1 to 65535" end
  return port
end

local function is_host(host)
  if host:find("^%[[0-9A-Fa-f:%.]+%]$") then return true end
  local name = host:gsub("%.$", "")
  if name == "" or #name > 253 or name:find("..", 1, true) then return false end
  for label in (name .. "."):gmatch("([^.]*)%.") do
    if not region.is_host_label(label) then return false end
  end
  return true
end

--- Takes an endpoint's URL apart. User, password and fragment are dropped, and a slash at the end of the path.
---@param given string
---@return { scheme: string, host: string, port: integer, path: string, query: string? }? parts
---@return string? complaint  what is wrong with it, to stand behind its name: "has no valid host name"
function endpoint_url.parse(given)
  local url = endpoint_url.shown(given)
  if url:find("[^\33-\126]") then
    return nil, "has a blank, a control character or a letter beyond ASCII in it; percent-encode it"
  end
  local scheme, authority, rest = url:match("^([A-Za-z][0-9A-Za-z+.%-]*)://([^/?#]*)(.*)$")
  scheme = scheme and ascii.lower(scheme)
  if not DEFAULT_PORT[scheme] then return nil, "is not an absolute http or https URL, as in https://host:8443" end
  local host, digits = authority:match("^(%[.-%]):?(%d*)$")
  if not host then host, digits = authority:match("^([^:]*):?(%d*)$") end
  if not host or not is_host(host) then return nil, "has no valid host name" end
  local port, complaint = parse_port(digits, scheme)
  if not port then return nil, complaint end
  local path, query = rest:gsub("#.*$", ""):match("^([^?]*)%??(.*)$")
  return {
    scheme = scheme, host = ascii.lower(host), port = port,
    path = (path:gsub("/+$", "")), query = query ~= "" and query or nil,
  }
end

--- The Host header: a default port is left out (SigV4 signs what is sent).
---@param parts { scheme: string, host: string, port: integer }
---@return string
function endpoint_url.authority(parts)
  if parts.port == DEFAULT_PORT[parts.scheme] then return parts.host end
  return string.format("%s:%d", parts.host, parts.port)
end

return endpoint_url
