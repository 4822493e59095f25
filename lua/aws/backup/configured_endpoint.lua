--- Endpoints that are not given in code but configured, for this service or for those that give out credentials
-- ("AWS SDKs and Tools Reference Guide", Service-specific endpoints).

local errors = require "aws.backup.errors"
local endpoint_url = require "aws.backup.endpoint_url"

local configured_endpoint = {}

local FOR_ALL = "AWS_ENDPOINT_URL"

-- By service: the variable, and the block in a services section. Written out, because turning one into the other
-- needs upper-case letters, which are the locale's business.
local VARIABLES = {
  backup = "AWS_ENDPOINT_URL_BACKUP",
  sts = "AWS_ENDPOINT_URL_STS",
  sso = "AWS_ENDPOINT_URL_SSO",
  sso_oidc = "AWS_ENDPOINT_URL_SSO_OIDC",
  signin = "AWS_ENDPOINT_URL_SIGNIN",
}

--- Every variable that is read here.
configured_endpoint.VARIABLES = { FOR_ALL }
for _, variable in pairs(VARIABLES) do
  configured_endpoint.VARIABLES[#configured_endpoint.VARIABLES + 1] = variable
end

local function fault(message, ...)
  return nil, errors.new("ConfigError", { message = message:format(...) })
end

local function is_set(value)
  return type(value) == "string" and value:find("%S") ~= nil
end

local function from_environment(getenv, service)
  local variable = VARIABLES[service]
  local url = getenv(variable)
  if not url then
    variable = FOR_ALL
    url = getenv(variable)
  end
  return url and { url = url, source = variable } or nil
end

-- The block of the service in the section that the profile names with `services`.
local function from_services_section(settings, service)
  local name = settings.profile.services
  if not is_set(name) then return nil end
  local section, path = settings.shared.services(name), settings.shared.config_path
  if not section then
    return fault("%s names the section [services %s], which is not in %s; write it there, or take services out",
      settings.key_source("services"), name, path)
  end
  local block = section[service]
  if is_set(block) then
    return fault("%s in [services %s] of %s must be a block: a line \"%s =\", and below it, indented, "
      .. "\"endpoint_url = https://...\"", service, name, path, service)
  end
  local url = type(block) == "table" and block.endpoint_url
  if not is_set(url) then return nil end
  return { url = url, source = ("endpoint_url of %s in [services %s] of %s"):format(service, name, path) }
end

local function from_profile(settings)
  local url = settings.profile.endpoint_url
  if not is_set(url) then return nil end
  return { url = url, source = settings.key_source("endpoint_url") }
end

--- The configured endpoint of a service. Any variable beats any file; in each, the entry for the service beats the
--- one for all. Nothing is read where `ignore_configured_endpoint_urls` is true.
---@param settings table  getenv, ignore_configured_endpoint_urls, shared, profile, key_source
---@param service "backup"|"sts"|"sso"|"sso_oidc"|"signin"
---@return { url: string, source: string }? found  nil without an error: none is configured
---@return table? err  ConfigError: not a URL, or a services section that does not exist
function configured_endpoint.find(settings, service)
  if settings.ignore_configured_endpoint_urls then return nil end
  local found, failure = from_environment(settings.getenv, service), nil
  if not found then found, failure = from_services_section(settings, service) end
  if failure then return nil, failure end
  found = found or from_profile(settings)
  if not found then return nil end
  local parts, complaint = endpoint_url.parse(found.url)
  if parts then return found end
  return fault("%s names the endpoint %q, which %s", found.source, endpoint_url.shown(found.url), complaint)
end

return configured_endpoint
