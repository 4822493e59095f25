--- Custom endpoints: which URLs are taken, and what of them may be shown.

local ascii = require "aws.backup.ascii"
local region = require "aws.backup.region"
local url = require "aws.backup.url"

local endpoint_url = {}

local DEFAULT_PORT = url.DEFAULT_PORT

-- By what the reader of URLs calls it.
local COMPLAINTS = {
  bytes = "has a blank, a control character or a letter beyond ASCII in it; percent-encode it",
  scheme = "is not an absolute http or https URL, as in https://host:8443",
  host = "has no valid host name",
  port = "has a port outside 1 to 65535",
}

--- What a person may see of an endpoint's URL: user and password, if somebody put them there, are left out.
---@param text string
---@return string
function endpoint_url.shown(text)
  return (text:gsub("^([A-Za-z][0-9A-Za-z+.%-]*://)[^/?#]*@", "%1"))
end

local function is_host(host)
  if host:find("[", 1, true) then return true end
  local name = host:gsub("%.$", "")
  if name == "" or #name > 253 or name:find("..", 1, true) then return false end
  for label in (name .. "."):gmatch("([^.]*)%.") do
    if not region.is_host_label(label) then return false end
  end
  return true
end

-- A path without the slashes at its end, found from there: a pattern would look at each run of them within.
local function without_slashes(path)
  local last = #path
  while path:sub(last, last) == "/" do last = last - 1 end
  return path:sub(1, last)
end

--- Takes an endpoint's URL apart. User, password and fragment are dropped, and a slash at the end of the path.
---@param given string
---@return { scheme: string, host: string, port: integer, path: string, query: string? }? parts
---@return string? complaint  what is wrong with it, to stand behind its name: "has no valid host name"
function endpoint_url.parse(given)
  local read, fault = url.read(endpoint_url.shown(given))
  if read and not is_host(read.host) then fault = "host" end
  if fault then return nil, COMPLAINTS[fault] end
  local path, query = read.rest:gsub("#.*$", ""):match("^([^?]*)%??(.*)$")
  return {
    scheme = read.scheme, host = ascii.lower(read.host), port = read.port or DEFAULT_PORT[read.scheme],
    path = without_slashes(path), query = query ~= "" and query or nil,
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
