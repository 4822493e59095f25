--- A signed request that nobody has sent: to look at, to send by other means, or to print as a curl command.

local redact = require "aws.backup.codec.redact"
local sorted_keys = require "aws.backup.sorted_keys"

local prepared = {}

local methods = {}
local NAME = "aws.backup.PreparedRequest"
local metatable = { __index = methods, __name = NAME, __metatable = NAME }

-- Headers that are as good as a key, shown without what makes them so.
local SECRET_HEADERS = {
  authorization = function(value) return (value:gsub("Signature=%x+", "Signature=" .. redact.HIDDEN)) end,
  ["x-amz-security-token"] = function() return redact.HIDDEN end,
}

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The request as a curl command in one line. Signature, session token and sensitive members are hidden, so the
-- command shows what is sent, but does not work.
---@return string
function methods:as_curl()
  local shown = self._shown
  local words = { "curl", "-X", self.method, quoted(shown.url) }
  for _, name in ipairs(sorted_keys(self.headers)) do
    local value = self.headers[name]
    local hide = SECRET_HEADERS[name]
    words[#words + 1] = "-H " .. quoted(name .. ": " .. (hide and hide(value) or value))
  end
  if shown.body then words[#words + 1] = "--data-binary " .. quoted(shown.body) end
  return table.concat(words, " ")
end

-- tostring must not show more than as_curl does.
metatable.__tostring = methods.as_curl

--- Wraps a signed request.
---@param request table  method, url, host, path, query, headers, body, connect_timeout, read_timeout
---@param shown { url: string, body: string? }  the same, made of redacted parameters
---@return aws.backup.PreparedRequest
function prepared.new(request, shown)
  local made = {}
  for name, value in pairs(request) do made[name] = value end
  made._shown = { url = shown.url, body = shown.body }
  return setmetatable(made, metatable)
end

return prepared
