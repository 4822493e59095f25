--- An answer that sends the client elsewhere. AWS Backup gives none, and following one would carry a signature to
-- another host, so it is an error that says where it points and what to correct.

local ascii = require "aws.backup.ascii"
local endpoint_url = require "aws.backup.endpoint_url"
local url = require "aws.backup.url"
local visible = require "aws.backup.codec.visible"

local redirect = {}

local LONGEST_ORIGIN = 300

--- Whether a status is one of these.
---@param status integer
---@return boolean
function redirect.is_one(status)
  return status >= 300 and status <= 399
end

-- The origin that a Location names. Its path and its query may hold a secret, and so may a user name before the host.
local function origin_of(location, own_origin)
  local text = location:sub(1, LONGEST_ORIGIN):match("^%s*(.*)$")
  if text:find("^//") then text = own_origin:match("^[^:]*:") .. text end
  if not text:find("^[A-Za-z][0-9A-Za-z+.%-]*:") then return own_origin end
  local parts = url.read(endpoint_url.shown(text:match("^[^:]*:[/\\]*[^/?#\\%s]*")))
  if not parts then return nil end
  return parts.scheme .. "://" .. endpoint_url.authority {
    scheme = parts.scheme, host = ascii.lower(parts.host), port = parts.port or url.DEFAULT_PORT[parts.scheme],
  }
end

local function target(location, own_origin)
  if location == nil or not location:find("%S") then return "that names no place" end
  local origin = origin_of(location, own_origin)
  return origin and "to " .. visible.text(origin) or "to a place that is no http or https URL"
end

--- What it is, to stand behind "answered with".
---@param response { status: integer, headers: table<string, string> }
---@param own_url string  that was asked, or its origin
---@return string
function redirect.described(response, own_url)
  return ("a redirect (HTTP %d) %s, which is not followed"):format(response.status,
    target(response.headers.location, url.origin(own_url) or own_url))
end

--- What to say of it where AWS Backup was asked.
---@param response { status: integer, headers: table<string, string> }
---@param endpoint string  its URL
---@return string
function redirect.message(response, endpoint)
  return ("%s answered with %s; correct endpoint_url so that it names the service itself, or, where nothing sets it, "
    .. "look for what answers in its place, such as a proxy or a network's login page"):format(endpoint,
    redirect.described(response, endpoint))
end

return redirect
