--- IPv4 and IPv6 addresses and networks, as they stand in URLs and in NO_PROXY. An address is an array of its bytes.

local ip_address = {}

local IPV4_BYTES, IPV6_BYTES = 4, 16
local MAPPED_PREFIX = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 }

-- Four decimal numbers. One with a leading zero is refused: some read it as octal.
local function append_ipv4(bytes, text)
  local before = #bytes
  for part in (text .. "."):gmatch("([^.]*)%.") do
    if not part:find("^%d%d?%d?$") or part:find("^0%d") or tonumber(part) > 255 then return false end
    bytes[#bytes + 1] = tonumber(part)
  end
  return #bytes == before + IPV4_BYTES
end

-- Groups of hex digits between colons; the last of an address may be an IPv4 address. No text is no group.
local function append_groups(bytes, text, ends_address)
  if text == "" then return true end
  local groups = {}
  for group in (text .. ":"):gmatch("([^:]*):") do groups[#groups + 1] = group end
  for index, group in ipairs(groups) do
    if group:find("^%x%x?%x?%x?$") then
      local number = tonumber(group, 16)
      bytes[#bytes + 1], bytes[#bytes + 2] = math.floor(number / 256), number % 256
    elseif not ends_address or index < #groups or not append_ipv4(bytes, group) then
      return false
    end
  end
  return true
end

-- RFC 4291, 2.2: eight groups, or fewer around one "::", which stands for at least one group of zeros.
local function ipv6_bytes(text)
  local bytes, behind = {}, {}
  local front, back = text:match("^(.-)::(.*)$")
  if not front then
    return append_groups(bytes, text, true) and #bytes == IPV6_BYTES and bytes or nil
  end
  if not append_groups(bytes, front, false) or not append_groups(behind, back, true) then return nil end
  local zeros = IPV6_BYTES - #bytes - #behind
  if zeros < 2 then return nil end
  for _ = 1, zeros do bytes[#bytes + 1] = 0 end
  for _, byte in ipairs(behind) do bytes[#bytes + 1] = byte end
  return bytes
end

-- ::ffff:a.b.c.d is the IPv4 address a.b.c.d, written as IPv6 (RFC 4291, 2.5.5.2).
local function unmapped(bytes)
  for index, byte in ipairs(MAPPED_PREFIX) do
    if bytes[index] ~= byte then return bytes end
  end
  return { bytes[13], bytes[14], bytes[15], bytes[16] }
end

--- Reads an address; an IPv6 address may stand in brackets and have a zone.
---@param text string
---@return integer[]? bytes  4 or 16; nil if it is none, as a host name
function ip_address.parse(text)
  local ipv4 = {}
  if append_ipv4(ipv4, text) then return ipv4 end
  local inside = text:match("^%[(.*)%]$") or text
  local ipv6 = ipv6_bytes((inside:gsub("%%.*$", "")))
  return ipv6 and unmapped(ipv6)
end

--- Reads a network such as 10.0.0.0/8 or fd00::/8; an address alone is a network of one.
---@param text string
---@return { bytes: integer[], bits: integer }? network  nil if it is none
function ip_address.parse_network(text)
  local address, digits = text:match("^(.*)/(%d%d?%d?)$")
  local bytes = ip_address.parse(address or text)
  if not bytes then return nil end
  local bits = digits and tonumber(digits) or #bytes * 8
  return bits <= #bytes * 8 and { bytes = bytes, bits = bits } or nil
end

--- Whether an address lies in a network.
---@param network { bytes: integer[], bits: integer }
---@param bytes integer[]
---@return boolean
function ip_address.contains(network, bytes)
  if #network.bytes ~= #bytes then return false end
  local whole, rest = math.floor(network.bits / 8), network.bits % 8
  for index = 1, whole do
    if network.bytes[index] ~= bytes[index] then return false end
  end
  local unit = 2 ^ (8 - rest)
  return rest == 0 or math.floor(network.bytes[whole + 1] / unit) == math.floor(bytes[whole + 1] / unit)
end

return ip_address
