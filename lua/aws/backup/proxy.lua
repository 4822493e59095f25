--- Which proxy a request goes through: the option `proxy`, or what the environment names.
--
-- The variables are those that curl, Python and the AWS SDKs read: https_proxy and http_proxy for the two schemes,
-- all_proxy for both, no_proxy for the hosts that go without; each also in upper case, and lower case wins. Upper-case
-- HTTP_PROXY is not read where REQUEST_METHOD is set, because a CGI server lets the caller set it with a header named
-- Proxy.
--
-- The option takes the place of all of them. As in botocore, NO_PROXY then says nothing: it belongs to the proxies
-- of the environment.

local ascii = require "aws.backup.ascii"
local errors = require "aws.backup.errors"
local ip_address = require "aws.backup.ip_address"
local memo = require "aws.backup.memo"
local uri = require "aws.backup.codec.uri"
local url_reader = require "aws.backup.url"

local proxy = {}

-- A proxy without a port is at its scheme's, as for boto3; curl alone has 1080.
local DEFAULT_PORT = url_reader.DEFAULT_PORT
local MAX_NAME_BYTES, MAX_SHOWN_BYTES = 253, 32

-- Link-local addresses mean the machine itself: its instance metadata, the credentials of its container. A proxy would
-- give the credentials of another machine. The last one is where EC2 and EKS have them in IPv6.
local NEVER_PROXIED = {}
for index, network in ipairs { "169.254.0.0/16", "fe80::/10", "fd00:ec2::/32" } do
  NEVER_PROXIED[index] = ip_address.parse_network(network)
end

-- A host as it is compared: lower case, no brackets, no dot of the root at its end.
local function plain_host(host)
  return (ascii.lower(host):gsub("^%[(.*)%]$", "%1"):gsub("%.$", ""))
end

-- Host and port of an entry of NO_PROXY; the port is nil if it has none. An IPv6 address without brackets has no port.
local function split_port(authority)
  local host, port = authority:match("^(%[[^%]]*%]):?(%d*)$")
  if not host then host, port = authority:match("^([^:]*):(%d*)$") end
  if not host then host, port = authority, "" end
  return host, tonumber(port)
end

-- One entry of NO_PROXY, prepared: any host, a network, or a name with what may stand before it; and a port.
local function read_entry(text)
  if text == "*" then return { any = true } end
  local network = ip_address.parse_network(text)
  if network then return { network = network } end
  local host, port = split_port(text)
  network = ip_address.parse_network(host)
  if network then return { network = network, port = port } end
  local below = host:match("^%*%.(.+)$")
  local name = plain_host(below or host:gsub("^%.", ""))
  if name == "" then return nil end
  return { name = name, below_only = below ~= nil, port = port }
end

-- A name means itself and every name below it; `*.name` only these. Addresses are no names: "0.0.1" is not 10.0.0.1.
local function matches_name(entry, host)
  if host == entry.name then return not entry.below_only end
  return host:sub(-#entry.name - 1) == "." .. entry.name
end

local function matches(entry, host, address, port)
  if entry.any then return true end
  if entry.port and entry.port ~= port then return false end
  if address then return entry.network ~= nil and ip_address.contains(entry.network, address) end
  return entry.name ~= nil and matches_name(entry, host)
end

-- The entries of NO_PROXY: between commas, with or without blanks around them. What is no host matches nothing.
local function read_exceptions(text)
  local exceptions = {}
  for part in (text or ""):gmatch("[^%s,]+") do exceptions[#exceptions + 1] = read_entry(part) end
  return exceptions
end

-- A name as resolvers take it, which may have underscores, or an address. Whatever else a host might be in a URL would
-- be read in one way here and in another one elsewhere.
local function is_host(host)
  if host:find("[", 1, true) then return ip_address.parse(host) ~= nil end
  local name = host:gsub("%.$", "")
  return #name <= MAX_NAME_BYTES and name:find("^[0-9A-Za-z._-]+$") ~= nil and name:sub(1, 1) ~= "."
    and name:sub(-1) ~= "." and not name:find("..", 1, true)
end

-- User and password as they are, from what a URL has before its last @; the first colon divides them. A % that is no
-- escape is itself, as for boto3.
---@return string? user, string? password  nil: there are none
---@return string? fault
local function read_user_info(user_info)
  local colon = user_info:find(":", 1, true) or #user_info + 1
  local user, password = uri.decode(user_info:sub(1, colon - 1)), uri.decode(user_info:sub(colon + 1))
  if ascii.has_control(user) or ascii.has_control(password) then
    return nil, nil, "its user name or password has a control character, which can't be sent to a proxy"
  end
  if user:find(":", 1, true) then
    return nil, nil, "its user name has a colon, which Basic authentication can't carry"
  end
  if user == "" and password == "" then return nil, nil end
  return user, password
end

local FAULTS = {
  bytes = "it has a blank, a control character or a letter beyond ASCII; percent-encode it",
  port = "its port is outside 1 to 65535",
}

-- What is wrong with a proxy's scheme, or nil. Of a URL only the scheme is ever shown: the rest may hold a password.
local function fault_of_scheme(scheme, rest)
  if scheme and not DEFAULT_PORT[scheme] then
    return ("its scheme is %q, and only http and https proxies are supported"):format(scheme:sub(1, MAX_SHOWN_BYTES))
  end
  if not scheme and rest:find("^[Hh][Tt][Tt][Pp][Ss]?:") then return "its scheme lacks the two slashes behind it" end
end

-- Takes the URL of a proxy apart. A scheme may be missing, http is meant then; path, query and fragment mean nothing.
---@return aws.backup.Proxy? proxy
---@return string? fault
local function read_parts(text)
  local scheme, rest = text:match("^([A-Za-z][0-9A-Za-z+.%-]*)://(.*)$")
  scheme = scheme and ascii.lower(scheme)
  if not scheme then rest = text:gsub("^//", "") end
  local fault = fault_of_scheme(scheme, rest)
  if fault then return nil, fault end
  -- What stands before it would be taken for the host, though it be a user name.
  if rest:find("^[^/?#]*[/?#].*@") then
    return nil, "a / ? or # in its user name or password must be percent-encoded"
  end
  local read, kind = url_reader.read((scheme or "http") .. "://" .. rest)
  if not read or not is_host(read.host) then return nil, FAULTS[kind] or "it has no valid host" end
  local user, password
  if read.user_info then user, password, fault = read_user_info(read.user_info) end
  if fault then return nil, fault end
  return {
    scheme = read.scheme, host = read.host, port = read.port or DEFAULT_PORT[read.scheme],
    user = user, password = password,
  }
end

---@class aws.backup.Proxy
---@field scheme "http"|"https"  how the proxy itself is reached
---@field host string  an IPv6 address has its brackets
---@field port integer
---@field user? string  as it is, not percent-encoded
---@field password? string  likewise

--- Reads the URL of a proxy, once and for all: what carries requests gets the parts.
---@param written string
---@param source string  where it was written: "the option proxy"
---@return aws.backup.Proxy? proxy
---@return table? err  ConfigError: names the source, never what was written
function proxy.read(written, source)
  local parts, fault = read_parts(ascii.trim(written))
  if parts then return parts end
  return nil, errors.new("ConfigError", {
    message = ("%s does not name a proxy: %s; it must be http://host:port or http://user:password@host:port")
      :format(source, fault),
  })
end

local VARIABLES = {
  https = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" },
  http = { "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY" },
  http_in_cgi = { "http_proxy", "all_proxy", "ALL_PROXY" },
  exceptions = { "no_proxy", "NO_PROXY" },
}

local function first_set(getenv, names)
  for index = 1, #names do
    local value = getenv(names[index])
    if value then return value, names[index] end
  end
  return nil
end

local function variables_of(scheme, getenv)
  return scheme == "http" and getenv("REQUEST_METHOD") and VARIABLES.http_in_cgi or VARIABLES[scheme]
end

-- The proxy of each scheme that has one.
local function from_environment(getenv)
  local proxies = {}
  for scheme in pairs(DEFAULT_PORT) do
    local value, name = first_set(getenv, variables_of(scheme, getenv))
    if value then
      local read, failure = proxy.read(value, "the environment variable " .. name)
      if not read then return nil, failure end
      proxies[scheme] = read
    end
  end
  return proxies
end

-- One for all, or those of the environment.
local function chosen(option, getenv)
  if not option then return from_environment(getenv) end
  local read, failure = proxy.read(option, "the option proxy")
  if not read then return nil, failure end
  return { https = read, http = read }
end

local function is_excepted(exceptions, host, address, port)
  for _, entry in ipairs(exceptions) do
    if matches(entry, host, address, port) then return true end
  end
  return false
end

local function is_never_proxied(address)
  for _, network in ipairs(NEVER_PROXIED) do
    if ip_address.contains(network, address) then return true end
  end
  return false
end

-- What chooses where there is no proxy.
local function none() return nil end

--- Reads once what there is to know about proxies.
---@param option? string  a proxy for every request; the environment then counts for nothing
---@param getenv fun(name: string): string?  blank means not set
---@return (fun(origin: string): aws.backup.Proxy?)? choose  the proxy for what is at "https://host:8443"; nil: none
---@return table? err  ConfigError: names the variable, never its value
function proxy.new(option, getenv)
  local proxies, failure = chosen(option, getenv)
  if not proxies then return nil, failure end
  if next(proxies) == nil then return none end
  local exceptions = option and {} or read_exceptions(first_set(getenv, VARIABLES.exceptions))

  -- False: none, or nothing that anything could be sent to.
  local find = memo.new(function(origin)
    local parts = url_reader.read(origin)
    if not parts then return false end
    local host = plain_host(parts.host)
    local address = ip_address.parse(host)
    if address and is_never_proxied(address) then return false end
    if is_excepted(exceptions, host, address, parts.port or DEFAULT_PORT[parts.scheme]) then return false end
    return proxies[parts.scheme] or false
  end)

  return function(origin) return find(origin) or nil end
end

--- Chooses for a request as transports get it.
---@param choose? fun(origin: string): aws.backup.Proxy?  from `new`; absent: no proxy for anything
---@param request { url: string, direct: boolean? }  direct: through no proxy
---@return aws.backup.Proxy? proxy
function proxy.for_request(choose, request)
  if not choose or choose == none or request.direct then return nil end
  local origin = url_reader.origin(request.url)
  return origin and choose(origin)
end

return proxy
