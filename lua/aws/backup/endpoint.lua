--- Where a request goes: the endpoint rules of AWS Backup (its endpoint rule set, version 1.0), and the checks that
-- keep a hostile region or URL from sending signed requests to another host.

local ascii = require "aws.backup.ascii"
local errors = require "aws.backup.errors"
local partitions = require "aws.backup.partitions"

local endpoint = {}

local DEFAULT_PORT = { https = 443, http = 80 }

local function fault(class, message)
  return nil, errors.new(class, { message = message })
end

-- One DNS label: a dot, a slash or an @ would change the host that the name is put into.
local function is_host_label(label)
  return #label >= 1 and #label <= 63 and label:find("^[0-9A-Za-z%-]+$") ~= nil
    and label:sub(1, 1) ~= "-" and label:sub(-1) ~= "-"
end

local function check_region(region)
  if not is_host_label(region) or region:find("^%d+$") then
    return fault("ConfigError", string.format(
      "the region %q is not one: a region has letters, digits and hyphens only, as in eu-west-1", region))
  end
  return true
end

-- A region that no partition knows yet is taken for a new one of the first: "aws".
local function partition_of(region)
  for _, partition in ipairs(partitions) do
    for _, listed in ipairs(partition.regions) do
      if listed == region then return partition end
    end
  end
  for _, partition in ipairs(partitions) do
    for _, pattern in ipairs(partition.patterns) do
      if region:find(pattern) then return partition end
    end
  end
  return partitions[1]
end

-- "fips-us-east-1" and "us-east-1-fips" are old spellings of a region with FIPS on.
local function split_pseudo_region(region)
  local real = region and (region:match("^fips%-(.+)$") or region:match("^(.+)%-fips$"))
  if real then return real, true end
  return region, false
end

local function parse_port(digits, scheme, url)
  if digits == "" then return DEFAULT_PORT[scheme] end
  local port = #digits <= 5 and tonumber(digits)
  if not port or port < 1 or port > 65535 then
    return fault("EndpointError", string.format("the endpoint %q has a port outside 1 to 65535", url))
  end
  return port
end

local function is_host(host)
  if host:find("^%[[0-9A-Fa-f:%.]+%]$") then return true end
  local name = host:gsub("%.$", "")
  if name == "" or #name > 253 or name:find("..", 1, true) then return false end
  for label in (name .. "."):gmatch("([^.]*)%.") do
    if not is_host_label(label) then return false end
  end
  return true
end

-- What a person may see of an endpoint's URL: user and password, if somebody put them there, are left out.
local function without_userinfo(url)
  return (url:gsub("^([A-Za-z][0-9A-Za-z+.%-]*://)[^/?#]*@", "%1"))
end

local function parse_custom(given)
  local url = without_userinfo(given)
  if url:find("[^\33-\126]") then
    return fault("EndpointError", string.format(
      "the endpoint %q has a blank, a control character or a letter beyond ASCII in it; percent-encode it", url))
  end
  local scheme, authority, rest = url:match("^([A-Za-z][0-9A-Za-z+.%-]*)://([^/?#]*)(.*)$")
  scheme = scheme and ascii.lower(scheme)
  if not DEFAULT_PORT[scheme] then
    return fault("EndpointError", string.format(
      "the endpoint %q is not an absolute http or https URL, as in https://host:8443", url))
  end
  local host, digits = authority:match("^(%[.-%]):?(%d*)$")
  if not host then host, digits = authority:match("^([^:]*):?(%d*)$") end
  if not host or not is_host(host) then
    return fault("EndpointError", string.format("the endpoint %q has no valid host name", url))
  end
  local port, failure = parse_port(digits, scheme, url)
  if not port then return nil, failure end
  local path, query = rest:gsub("#.*$", ""):match("^([^?]*)%??(.*)$")
  return {
    scheme = scheme, host = ascii.lower(host), port = port,
    path = (path:gsub("/+$", "")), query = query ~= "" and query or nil,
  }
end

local function from_rules(region, partition, use_fips, use_dualstack)
  local outputs = partition.outputs
  if use_fips and not outputs.supportsFIPS then
    return fault("EndpointError", "the partition " .. partition.id .. " has no FIPS endpoints; leave use_fips out")
  end
  if use_dualstack and not outputs.supportsDualStack then
    return fault("EndpointError",
      "the partition " .. partition.id .. " has no dual-stack endpoints; leave use_dualstack out")
  end
  local suffix = use_dualstack and outputs.dualStackDnsSuffix or outputs.dnsSuffix
  local host = (use_fips and "backup-fips." or "backup.") .. ascii.lower(region) .. "." .. suffix
  return { scheme = "https", host = host, port = 443, path = "" }
end

-- The Host header: a default port is left out (SigV4 signs what is sent).
local function authority_of(place)
  if place.port == DEFAULT_PORT[place.scheme] then return place.host end
  return string.format("%s:%d", place.host, place.port)
end

--- The failure of whoever needs a region and has none. The rules take a custom endpoint without one; a signature
-- never does.
---@return nil, table err  NoRegionError
function endpoint.no_region()
  return fault("NoRegionError", "no region is set; give the option region, or set AWS_REGION")
end

--- Resolves the endpoint.
---@param settings { region: string?, endpoint_url: string?, use_fips: boolean?, use_dualstack: boolean? }
---@return table? endpoint  { url, scheme, host, port, authority, path, query, region, partition }
---@return table? err  NoRegionError, ConfigError or EndpointError
function endpoint.resolve(settings)
  local region, is_pseudo_fips = split_pseudo_region(settings.region)
  if not region and not settings.endpoint_url then return endpoint.no_region() end
  local fine, failure = true, nil
  if region then fine, failure = check_region(region) end
  if not fine then return nil, failure end
  local use_fips = settings.use_fips or is_pseudo_fips

  local partition = partition_of(region or "")
  local place
  if settings.endpoint_url then
    -- Never leave FIPS or IPv6 silently: a custom endpoint can promise neither.
    if use_fips then
      return fault("EndpointError", "FIPS and a custom endpoint do not go together; leave use_fips or endpoint_url out")
    elseif settings.use_dualstack then
      return fault("EndpointError",
        "dual-stack and a custom endpoint do not go together; leave use_dualstack or endpoint_url out")
    end
    place, failure = parse_custom(settings.endpoint_url)
  else
    place, failure = from_rules(region, partition, use_fips, settings.use_dualstack)
  end
  if not place then return nil, failure end

  place.region, place.partition = region, partition.id
  place.authority = authority_of(place)
  place.url = place.scheme .. "://" .. place.authority .. place.path
  return place
end

return endpoint
