--- Percent-encoding of what goes into a path or a query string.

local core = require "aws.backup.core"

local uri = {}

--- Encodes every byte but the unreserved ones of RFC 3986 (A-Z a-z 0-9 - . _ ~), in upper-case hex.
---@type fun(text: string): string
uri.encode = core.uri_encode

--- The same, but slashes stay: for a label that may span segments of a path.
---@param text string
---@return string
function uri.encode_path(text)
  return (text:gsub("[^/]+", core.uri_encode))
end

--- Decodes percent-encoding. A `%` that two hex digits do not follow stays as it is.
---@param text string
---@return string
function uri.decode(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

return uri
