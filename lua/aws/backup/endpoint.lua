--- Where a request goes: the endpoint rules of AWS Backup (its endpoint rule set, version 1.0), and the frame that they
-- share with the rules of the services that give out credentials (see service_endpoint).
--
-- The checks here keep a hostile region or URL from sending signed requests to another host.

local ascii = require "aws.backup.ascii"
local endpoint_url = require "aws.backup.endpoint_url"
local errors = require "aws.backup.errors"
local partitions = require "aws.backup.partitions"
local regions = require "aws.backup.region"
local worker_hint = require "aws.backup.worker_hint"

local endpoint = {}

local function fault(class, message)
  return nil, errors.new(class, { message = message })
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

-- Who set something, for a message: "AWS_USE_FIPS_ENDPOINT" where that is known, else the option's name.
local function source_of(wanted, name)
  return wanted.sources and wanted.sources[name] or name
end

-- Never leave FIPS or IPv6 silently: a custom endpoint can promise neither.
local function refuse_conflict(wanted, what, name)
  return fault("EndpointError", string.format(
    "%s (%s) and a custom endpoint for %s (%s) do not go together; leave one of them out",
    what, source_of(wanted, name), wanted.service or "AWS Backup",
    wanted.endpoint_source or source_of(wanted, "endpoint_url")))
end

local function custom(wanted, use_fips)
  if use_fips then return refuse_conflict(wanted, "FIPS", "use_fips") end
  if wanted.use_dualstack then return refuse_conflict(wanted, "dual-stack", "use_dualstack") end
  local place, complaint = endpoint_url.parse(wanted.endpoint_url)
  if place then return place end
  return fault("EndpointError", string.format("the endpoint %q %s", endpoint_url.shown(wanted.endpoint_url), complaint))
end

local function check_partition(partition, use_fips, use_dualstack)
  if use_fips and not partition.outputs.supportsFIPS then
    return fault("EndpointError", "the partition " .. partition.id .. " has no FIPS endpoints; leave use_fips out")
  end
  if use_dualstack and not partition.outputs.supportsDualStack then
    return fault("EndpointError",
      "the partition " .. partition.id .. " has no dual-stack endpoints; leave use_dualstack out")
  end
  return true
end

---@class aws.backup.Place
---@field url string  scheme, authority and path; no query
---@field scheme "https"|"http"
---@field host string
---@field port integer
---@field authority string  the Host header
---@field path string  no slash at its end
---@field query string?
---@field region string?  to sign for
---@field partition string

--- Resolves the endpoint of any service.
---@param wanted { region: string?, endpoint_url: string?, use_fips: boolean?, use_dualstack: boolean?,
---  service: string?, sources: table<string, string>?, endpoint_source: string? }  the last three are for messages
---@param host_of fun(request: { region: string, partition: table, suffix: string, use_fips: boolean,
---  use_dualstack: boolean }): string, string?  the service's rules: the host, and the region to sign for if another
---@return aws.backup.Place? place
---@return table? err  ConfigError or EndpointError
function endpoint.place(wanted, host_of)
  local region, is_pseudo_fips = regions.split_pseudo(wanted.region)
  if region and not regions.is_valid(region) then
    return fault("ConfigError", string.format(
      "the region %q is not one: a region has letters, digits and hyphens only, as in eu-west-1", region))
  end
  local use_fips, use_dualstack = wanted.use_fips or is_pseudo_fips, wanted.use_dualstack or false
  local partition = partition_of(region or "")
  local place, failure, signing_region
  if wanted.endpoint_url then
    place, failure = custom(wanted, use_fips)
    if not place then return nil, failure end
  else
    local fine
    fine, failure = check_partition(partition, use_fips, use_dualstack)
    if not fine then return nil, failure end
    local host
    host, signing_region = host_of {
      region = region, partition = partition, use_fips = use_fips, use_dualstack = use_dualstack,
      suffix = use_dualstack and partition.outputs.dualStackDnsSuffix or partition.outputs.dnsSuffix,
    }
    place = { scheme = "https", host = ascii.lower(host), port = 443, path = "" }
  end
  place.region, place.partition = signing_region or region, partition.id
  place.authority = endpoint_url.authority(place)
  place.url = place.scheme .. "://" .. place.authority .. place.path
  return place
end

local function backup_host(request)
  return (request.use_fips and "backup-fips." or "backup.") .. request.region .. "." .. request.suffix
end

--- The failure of whoever needs a region and has none. The rules take a custom endpoint without one; a signature
-- never does.
---@param settings? table  of `config.resolve`: then the message names the profile and its file
---@return nil, table err  NoRegionError
function endpoint.no_region(settings)
  local shared = settings.shared
  local where = shared and string.format("the profile %q of %s", settings.profile_name, shared.config_path)
    or "the profile"
  return fault("NoRegionError", "no region is set; give the option region, set AWS_REGION or AWS_DEFAULT_REGION, "
    .. "write region = ... into " .. where .. ", or, on an EC2 instance, give the option imds_region = true"
    .. worker_hint.text())
end

--- Resolves the endpoint of AWS Backup.
---@param settings { region: string?, endpoint_url: string?, use_fips: boolean?, use_dualstack: boolean?,
---  sources: table<string, string>? }
---@return aws.backup.Place? place
---@return table? err  NoRegionError, ConfigError or EndpointError
function endpoint.resolve(settings)
  if not settings.region and not settings.endpoint_url then return endpoint.no_region(settings) end
  return endpoint.place(settings, backup_host)
end

return endpoint
