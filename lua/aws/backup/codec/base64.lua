--- Base64 (RFC 4648): with padding, for blobs in JSON; and its alphabet for URLs, for tokens.

local floor = math.floor

local base64 = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local DIGIT = {}
for index = 1, #ALPHABET do DIGIT[ALPHABET:byte(index)] = index - 1 end

local function digit(value)
  return ALPHABET:sub(value + 1, value + 1)
end

---@param bytes string
---@return string
function base64.encode(bytes)
  local out = {}
  for position = 1, #bytes, 3 do
    local a, b, c = bytes:byte(position, position + 2)
    local group = a * 65536 + (b or 0) * 256 + (c or 0)
    out[#out + 1] = digit(floor(group / 262144)) .. digit(floor(group / 4096) % 64)
      .. (b and digit(floor(group / 64) % 64) or "=") .. (c and digit(group % 64) or "=")
  end
  return table.concat(out)
end

local URL_DIGIT = { ["+"] = "-", ["/"] = "_", ["="] = "" }

--- Writes Base64 in the alphabet for URLs and file names, without padding (RFC 4648, section 5).
---@param bytes string
---@return string
function base64.encode_url(bytes)
  return (base64.encode(bytes):gsub("[+/=]", URL_DIGIT))
end

---@param text string
---@return string? bytes  # nil if the text is no Base64
function base64.decode(text)
  local body, padding = text:match("^([A-Za-z0-9+/]*)(=?=?)$")
  if not body or (#body + #padding) % 4 ~= 0 then return nil end
  local out = {}
  for position = 1, #body, 4 do
    local a, b, c, d = body:byte(position, position + 3)
    local group = DIGIT[a] * 262144 + DIGIT[b] * 4096 + (c and DIGIT[c] or 0) * 64 + (d and DIGIT[d] or 0)
    local bytes = string.char(floor(group / 65536), floor(group / 256) % 256, group % 256)
    out[#out + 1] = bytes:sub(1, d and 3 or c and 2 or 1)
  end
  return table.concat(out)
end

return base64
