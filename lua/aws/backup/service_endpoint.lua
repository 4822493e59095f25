--- Where the services live that give out credentials: STS, the portal of IAM Identity Center (SSO), its token service
-- (SSO OIDC) and Sign-In (their endpoint rule sets, version 1.0).

local configured_endpoint = require "aws.backup.configured_endpoint"
local endpoint = require "aws.backup.endpoint"

local service_endpoint = {}

-- The regions that STS served from one place before it had an endpoint in each: with sts_regional_endpoints = legacy
-- they still go there ("AWS SDKs and Tools Reference Guide", AWS STS Regional endpoints).
local GLOBAL_STS = { host = "sts.amazonaws.com", region = "us-east-1" }
local GLOBAL_STS_REGIONS = {}
for region in ([[
  ap-northeast-1 ap-south-1 ap-southeast-1 ap-southeast-2 aws-global ca-central-1 eu-central-1 eu-north-1 eu-west-1
  eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2
]]):gmatch("%S+") do GLOBAL_STS_REGIONS[region] = true end

-- The sites of Sign-In, by partition; its plain endpoint does not follow the partition's DNS suffix.
local SIGNIN_SITES = {
  aws = "aws.amazon.com",
  ["aws-cn"] = "amazonaws.cn",
  ["aws-us-gov"] = "amazonaws-us-gov.com",
  ["aws-eusc"] = "amazonaws-eusc.eu",
  ["aws-iso"] = "c2shome.ic.gov",
  ["aws-iso-b"] = "sc2shome.sgov.gov",
  ["aws-iso-e"] = "csphome.adc-e.uk",
  ["aws-iso-f"] = "csphome.hci.ic.gov",
}

local function is_plain(request)
  return not request.use_fips and not request.use_dualstack
end

-- NAME.REGION.SUFFIX and NAME-fips.REGION.SUFFIX. In GovCloud the plain endpoints are FIPS endpoints.
local function regional_host(name)
  return function(request)
    local fips_needs_name = request.partition.id ~= "aws-us-gov" or request.use_dualstack
    local fips = request.use_fips and fips_needs_name and "-fips." or "."
    return name .. fips .. request.region .. "." .. request.suffix
  end
end

local regional_sts_host = regional_host("sts")

local function sts_host(request, settings)
  local goes_global = request.region == "aws-global"
    or settings.sts_regional_endpoints == "legacy" and GLOBAL_STS_REGIONS[request.region]
  if goes_global and is_plain(request) then return GLOBAL_STS.host, GLOBAL_STS.region end
  return regional_sts_host(request)
end

local function signin_host(request)
  local region = request.region
  if is_plain(request) then return region .. ".signin." .. (SIGNIN_SITES[request.partition.id] or request.suffix) end
  if request.partition.id == "aws-us-gov" and not request.use_dualstack then
    return (region == "us-gov-west-1" and "" or region .. ".") .. "signin-fips.amazonaws-us-gov.com"
  end
  return (request.use_fips and "signin-fips." or "signin.") .. region .. "." .. request.suffix
end

local SERVICES = {
  sts = { title = "STS", id = "sts", host = sts_host },
  sso = { title = "IAM Identity Center", id = "sso", host = regional_host("portal.sso") },
  oidc = { title = "IAM Identity Center OIDC", id = "sso_oidc", host = regional_host("oidc") },
  signin = { title = "AWS Sign-In", id = "signin", host = signin_host },
}

--- Resolves the endpoint of a service that gives out credentials. FIPS and dual-stack hold for it as they hold for
--- the client, and so does an endpoint that is configured for all services; the option endpoint_url does not.
---@param settings table  of `config.resolve`
---@param service "sts"|"sso"|"oidc"|"signin"
---@param region string?  whose endpoint: of the profile, of the SSO session, or the client's
---@return aws.backup.Place? place  its region is the one to sign for
---@return table? err  NoRegionError, ConfigError or EndpointError
function service_endpoint.resolve(settings, service, region)
  local rules = SERVICES[service]
  if not region then return endpoint.no_region(settings) end
  local configured, failure = configured_endpoint.find(settings, rules.id)
  if failure then return nil, failure end
  local wanted = {
    region = region, service = rules.title, use_fips = settings.use_fips, use_dualstack = settings.use_dualstack,
    endpoint_url = configured and configured.url, endpoint_source = configured and configured.source,
    sources = settings.sources,
  }
  return endpoint.place(wanted, function(request) return rules.host(request, settings) end)
end

return service_endpoint
