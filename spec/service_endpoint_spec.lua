local helper = require "spec.config_helper"
local service_endpoint = require "aws.backup.service_endpoint"

local contains = helper.contains

-- A region of each partition, and what its hosts end with.
local PARTITIONS = {
  { "eu-west-1", "amazonaws.com", "api.aws", "eu-west-1.signin.aws.amazon.com" },
  { "cn-north-1", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-north-1.signin.amazonaws.cn" },
  { "eusc-de-east-1", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1.signin.amazonaws-eusc.eu" },
  { "us-iso-east-1", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1.signin.c2shome.ic.gov" },
  { "us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1.signin.sc2shome.sgov.gov" },
  { "eu-isoe-west-1", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1.signin.csphome.adc-e.uk" },
  { "us-isof-south-1", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1.signin.csphome.hci.ic.gov" },
  { "us-gov-west-1", "amazonaws.com", "api.aws", "us-gov-west-1.signin.amazonaws-us-gov.com" },
}

local HOST_NAMES = { sts = "sts", sso = "portal.sso", oidc = "oidc" }

local function place_of(service, region, options, env, text)
  return service_endpoint.resolve(assert(helper.resolve(options, env, text)), service, region)
end

local function url(...)
  return assert(place_of(...)).url
end

describe("the endpoint of", function()
  it("STS, of SSO and of OIDC follows region, partition, FIPS and dual-stack", function()
    for service, name in pairs(HOST_NAMES) do
      for _, row in ipairs(PARTITIONS) do
        local region, suffix, dual = row[1], row[2], row[3]
        local host = "https://" .. name
        assert.equal(host .. "." .. region .. "." .. suffix, url(service, region))
        assert.equal(host .. "." .. region .. "." .. dual, url(service, region, { use_dualstack = true }))
        assert.equal(host .. "-fips." .. region .. "." .. dual,
          url(service, region, { use_dualstack = true, use_fips = true }))
        if region ~= "us-gov-west-1" then
          assert.equal(host .. "-fips." .. region .. "." .. suffix, url(service, region, { use_fips = true }))
        end
      end
    end
  end)

  it("STS, of SSO and of OIDC with FIPS in GovCloud is the plain one", function()
    for service, name in pairs(HOST_NAMES) do
      assert.equal("https://" .. name .. ".us-gov-east-1.amazonaws.com",
        url(service, "us-gov-east-1", { use_fips = true }))
    end
  end)

  it("signin has a site of its own in each partition", function()
    for _, row in ipairs(PARTITIONS) do
      local region, suffix, dual, site = row[1], row[2], row[3], row[4]
      assert.equal("https://" .. site, url("signin", region))
      assert.equal("https://signin." .. region .. "." .. dual, url("signin", region, { use_dualstack = true }))
      assert.equal("https://signin-fips." .. region .. "." .. dual,
        url("signin", region, { use_dualstack = true, use_fips = true }))
      if region ~= "us-gov-west-1" then
        assert.equal("https://signin-fips." .. region .. "." .. suffix, url("signin", region, { use_fips = true }))
      end
    end
  end)

  it("signin with FIPS in GovCloud has a host name of its own", function()
    assert.equal("https://signin-fips.amazonaws-us-gov.com", url("signin", "us-gov-west-1", { use_fips = true }))
    assert.equal("https://us-gov-east-1.signin-fips.amazonaws-us-gov.com",
      url("signin", "us-gov-east-1", { use_fips = true }))
  end)

  it("a service in a region that is not known yet is in the first partition", function()
    assert.equal("https://sts.foo-bar-1.amazonaws.com", url("sts", "foo-bar-1"))
    assert.equal("https://foo-bar-1.signin.aws.amazon.com", url("signin", "foo-bar-1"))
  end)

  it("a service in a pseudo region is the one with FIPS", function()
    local place = assert(place_of("sts", "fips-us-east-1"))
    assert.equal("https://sts-fips.us-east-1.amazonaws.com", place.url)
    assert.equal("us-east-1", place.region)
  end)

  it("a service takes the region that it is asked for, not the client's", function()
    local place = assert(place_of("oidc", "eu-west-1", { region = "us-east-2" }))
    assert.equal("https://oidc.eu-west-1.amazonaws.com", place.url)
    assert.equal("eu-west-1", place.region)
  end)

  it("a service has all that a request needs", function()
    local place = assert(place_of("sts", "EU-west-1"))
    assert.same({ "https", "sts.eu-west-1.amazonaws.com", 443, "sts.eu-west-1.amazonaws.com", "", "EU-west-1" },
      { place.scheme, place.host, place.port, place.authority, place.path, place.region })
  end)

  it("a service needs a region, and one that is no trap", function()
    local place, failure = place_of("sts", nil)
    assert.is_nil(place)
    assert.is_true(failure:is("NoRegionError"))
    place, failure = place_of("sso", "evil.example/x")
    assert.is_nil(place)
    assert.is_true(failure:is("ConfigError"))
  end)
end)

describe("STS", function()
  local LEGACY = { AWS_STS_REGIONAL_ENDPOINTS = "legacy" }
  local ONCE_GLOBAL = { "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "aws-global",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1",
    "us-east-2", "us-west-1", "us-west-2" }

  it("is signed for its own region", function()
    assert.equal("eu-west-1", assert(place_of("sts", "eu-west-1")).region)
    assert.equal("eu-west-1", assert(place_of("sts", "eu-west-1", { use_fips = true })).region)
  end)

  it("is the global one in legacy mode, in the regions that had none of their own, signed for us-east-1", function()
    for _, region in ipairs(ONCE_GLOBAL) do
      local place = assert(place_of("sts", region, {}, LEGACY))
      assert.equal("https://sts.amazonaws.com", place.url)
      assert.equal("us-east-1", place.region)
    end
  end)

  it("is regional in legacy mode too in every other region, and with FIPS or dual-stack", function()
    assert.equal("https://sts.eu-south-1.amazonaws.com", url("sts", "eu-south-1", {}, LEGACY))
    assert.equal("https://sts.us-gov-west-1.amazonaws.com", url("sts", "us-gov-west-1", {}, LEGACY))
    assert.equal("https://sts-fips.us-east-1.amazonaws.com", url("sts", "us-east-1", { use_fips = true }, LEGACY))
    assert.equal("https://sts.us-east-1.api.aws", url("sts", "us-east-1", { use_dualstack = true }, LEGACY))
  end)

  it("is the global one for aws-global in either mode", function()
    local place = assert(place_of("sts", "aws-global"))
    assert.equal("https://sts.amazonaws.com", place.url)
    assert.equal("us-east-1", place.region)
  end)

  it("follows sts_regional_endpoints of the profile", function()
    assert.equal("https://sts.amazonaws.com",
      url("sts", "eu-west-1", {}, {}, "[default]\nsts_regional_endpoints = legacy\n"))
  end)
end)

describe("a configured endpoint", function()
  local VARIABLES = { sts = "AWS_ENDPOINT_URL_STS", sso = "AWS_ENDPOINT_URL_SSO", oidc = "AWS_ENDPOINT_URL_SSO_OIDC",
    signin = "AWS_ENDPOINT_URL_SIGNIN" }
  local BLOCKS = { sts = "sts", sso = "sso", oidc = "sso_oidc", signin = "signin" }

  it("is that of the service's own variable, else of the one for all", function()
    for service, variable in pairs(VARIABLES) do
      local env = { [variable] = "http://localhost:1/x", AWS_ENDPOINT_URL = "http://localhost:2",
        AWS_ENDPOINT_URL_BACKUP = "http://localhost:3" }
      local place = assert(place_of(service, "eu-west-1", {}, env))
      assert.equal("http://localhost:1/x", place.url)
      assert.equal("/x", place.path)
      assert.equal("eu-west-1", place.region)
      env[variable] = ""
      assert.equal("http://localhost:2", url(service, "eu-west-1", {}, env))
    end
  end)

  it("is that of the service's block in the services section, else of the profile", function()
    for service, block in pairs(BLOCKS) do
      local text = "[default]\nservices = s\nendpoint_url = http://all\n[services s]\n" .. block
        .. " =\n  endpoint_url = http://one\n"
      assert.equal("http://one", url(service, "eu-west-1", {}, {}, text))
      assert.equal("http://all", url(service == "sts" and "sso" or "sts", "eu-west-1", {}, {}, text))
    end
  end)

  it("is not the option, which is for AWS Backup", function()
    assert.equal("https://sts.eu-west-1.amazonaws.com", url("sts", "eu-west-1", { endpoint_url = "http://h" }))
  end)

  it("is not read where configured ones are to be ignored", function()
    local env = { AWS_ENDPOINT_URL = "http://h", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true" }
    assert.equal("https://sts.eu-west-1.amazonaws.com", url("sts", "eu-west-1", {}, env))
  end)

  it("beats the global endpoint of STS and is signed for the region asked for", function()
    local env = { AWS_ENDPOINT_URL_STS = "http://h", AWS_STS_REGIONAL_ENDPOINTS = "legacy" }
    assert.equal("us-west-2", assert(place_of("sts", "us-west-2", {}, env)).region)
  end)

  it("that is none is refused with its place", function()
    local place, failure = place_of("sts", "eu-west-1", {}, { AWS_ENDPOINT_URL_STS = "localhost" })
    assert.is_nil(place)
    assert.is_true(failure:is("ConfigError"))
    contains(failure.message, "AWS_ENDPOINT_URL_STS")
  end)

  it("does not go together with FIPS or dual-stack; the message names service and places", function()
    local env = { AWS_ENDPOINT_URL = "http://h", AWS_USE_FIPS_ENDPOINT = "true" }
    local place, failure = place_of("sts", "eu-west-1", {}, env)
    assert.is_nil(place)
    assert.is_true(failure:is("EndpointError"))
    contains(failure.message, "FIPS (AWS_USE_FIPS_ENDPOINT)", "STS (AWS_ENDPOINT_URL)")
    env.AWS_USE_FIPS_ENDPOINT = nil
    place, failure = place_of("oidc", "eu-west-1", { use_dualstack = true }, env)
    assert.is_nil(place)
    contains(failure.message, "dual-stack (the option use_dualstack)", "OIDC")
  end)
end)
