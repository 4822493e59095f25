local cjson = require "cjson"
local endpoint = require "aws.backup.endpoint"
local helper = require "spec.config_helper"
local partitions = require "aws.backup.partitions"

local read = require "spec.read_file"

describe("endpoint.resolve", function()
  describe("passes the endpoint vectors:", function()
    for _, case in ipairs(cjson.decode(read("spec/fixtures/vectors/endpoints-backup.json")).cases) do
      it(case.id, function()
        local place, failure = endpoint.resolve {
          region = case.params.region, endpoint_url = case.params.endpoint,
          use_fips = case.params.use_fips, use_dualstack = case.params.use_dualstack,
        }
        if case.expect.error then
          assert.is_nil(place)
          assert.is_true(failure:is("ClientError"))
        else
          assert.is_nil(failure)
          assert.equal(case.expect.url, place.url)
        end
      end)
    end
  end)

  local function url(settings)
    local place, failure = endpoint.resolve(settings)
    assert.is_nil(failure)
    return place.url, place
  end

  local function class_of(settings)
    local place, failure = endpoint.resolve(settings)
    assert.is_nil(place)
    return failure.code, failure
  end

  it("knows every partition, with FIPS and dual-stack", function()
    local cases = {
      { "eu-west-1", "aws", "amazonaws.com", "api.aws" },
      { "cn-north-1", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn" },
      { "eusc-de-east-1", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu" },
      { "us-iso-east-1", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov" },
      { "us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud" },
      { "eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk" },
      { "us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov" },
      { "us-gov-west-1", "aws-us-gov", "amazonaws.com", "api.aws" },
    }
    for _, case in ipairs(cases) do
      local region, partition, suffix, dual = case[1], case[2], case[3], case[4]
      local plain, place = url { region = region }
      assert.equal("https://backup." .. region .. "." .. suffix, plain)
      assert.equal(partition, place.partition)
      assert.equal("https://backup-fips." .. region .. "." .. suffix, (url { region = region, use_fips = true }))
      assert.equal("https://backup." .. region .. "." .. dual, (url { region = region, use_dualstack = true }))
      assert.equal("https://backup-fips." .. region .. "." .. dual,
        (url { region = region, use_fips = true, use_dualstack = true }))
    end
  end)

  it("lets a region pass that the table does not know yet", function()
    assert.equal("https://backup.foo-bar-1.amazonaws.com", (url { region = "foo-bar-1" }))
    assert.equal("https://backup.eu-north-7.amazonaws.com", (url { region = "eu-north-7" }))
  end)

  it("turns a pseudo region into its region with FIPS", function()
    local fips, place = url { region = "fips-us-east-1" }
    assert.equal("https://backup-fips.us-east-1.amazonaws.com", fips)
    assert.equal("us-east-1", place.region)
    assert.equal("https://backup-fips.us-east-1.amazonaws.com", (url { region = "us-east-1-fips" }))
  end)

  it("refuses a region that would change the host", function()
    for _, region in ipairs({ "a.b", "a/b", "@evil", "evil.com#", ("a"):rep(64), "123", "us-east-1-", "-us", "",
        "us east", "us_east_1", "us-east-1\n", "us-east-1\0" }) do
      local _, failure = class_of { region = region }
      assert.is_true(failure:is("ConfigError"), region)
      assert.truthy(tostring(failure):find("region", 1, true))
    end
  end)

  it("asks for a region where there is neither region nor endpoint", function()
    local _, failure = class_of {}
    assert.is_true(failure:is("NoRegionError"))
    assert.truthy(failure.message:find("AWS_REGION", 1, true))
  end)

  it("tells every way to set a region", function()
    local options = { profile = "dev" }
    local settings = assert(helper.resolve(options, {}, "[profile dev]\n"))
    local _, failure = class_of(settings)
    helper.contains(failure.message, "the option region", "AWS_REGION", "AWS_DEFAULT_REGION", 'the profile "dev" of '
      .. helper.CONFIG, "imds_region = true")
  end)

  it("keeps the letter case of the region for the signature, not for the host", function()
    local plain, place = url { region = "EU-West-1" }
    assert.equal("https://backup.eu-west-1.amazonaws.com", plain)
    assert.equal("EU-West-1", place.region)
  end)

  it("puts a region into the partition that lists it, that has its pattern, or else into the first", function()
    local cases = { ["aws-cn-global"] = "aws-cn", ["aws-iso-f-global"] = "aws-iso-f",
      ["aws-us-gov-global"] = "aws-us-gov", ["cn-south-9"] = "aws-cn", ["us-gov-north-1"] = "aws-us-gov",
      ["us-isob-west-3"] = "aws-iso-b",
      ["eusc-de-west-2"] = "aws-eusc", ["mx-east-2"] = "aws", ["eusc-fr-east-1"] = "aws", ["moon-base-1"] = "aws" }
    for region, partition in pairs(cases) do
      local _, place = url { region = region }
      assert.equal(partition, place.partition, region)
    end
  end)

  it("refuses FIPS or dual-stack where the partition has none", function()
    local outputs = partitions[2].outputs
    local fips, dualstack = outputs.supportsFIPS, outputs.supportsDualStack
    outputs.supportsFIPS, outputs.supportsDualStack = false, false
    local without_fips, err = endpoint.resolve { region = "cn-north-1", use_fips = true }
    local without_dualstack, other = endpoint.resolve { region = "cn-north-1", use_dualstack = true }
    outputs.supportsFIPS, outputs.supportsDualStack = fips, dualstack
    assert.is_nil(without_fips)
    helper.contains(err.message, "aws-cn has no FIPS endpoints")
    assert.is_nil(without_dualstack)
    helper.contains(other.message, "aws-cn has no dual-stack endpoints")
  end)

  describe("with a custom endpoint", function()
    local function custom(text) return endpoint.resolve { region = "us-east-1", endpoint_url = text } end

    it("keeps port, path and query, and joins paths with one slash", function()
      local place = assert(custom("http://localhost:4566/base/?x=1#fragment"))
      assert.equal("http://localhost:4566/base", place.url)
      assert.equal("localhost:4566", place.authority)
      assert.equal("/base", place.path)
      assert.equal("x=1", place.query)
      assert.equal("us-east-1", place.region)
    end)

    it("leaves a default port out of the Host header", function()
      assert.equal("example.com", assert(custom("https://Example.com:443/")).authority)
      assert.equal("example.com:80", assert(custom("https://example.com:80")).authority)
    end)

    it("takes an IPv6 literal", function()
      local place = assert(custom("http://[::1]:8080"))
      assert.equal("[::1]:8080", place.authority)
      assert.equal(8080, place.port)
      assert.equal("[fe80::1]", assert(custom("http://[fe80::1]")).authority)
    end)

    it("drops user and password, and never shows them", function()
      assert.equal("http://host", assert(custom("http://user:secret@host")).url)
      local _, failure = custom("http://user:secret@host:99999")
      assert.is_nil(tostring(failure):find("secret", 1, true))
    end)

    it("signs for the client's region, and does without one itself", function()
      assert.equal("us-east-1", assert(custom("http://localhost:4566")).region)
      assert.is_nil(assert(endpoint.resolve { endpoint_url = "http://localhost:4566" }).region)
    end)

    it("does not go together with FIPS or dual-stack, wherever they come from", function()
      local function message(options, env)
        local _, failure = class_of(assert(helper.resolve(options, env)))
        assert.is_true(failure:is("EndpointError"))
        return failure.message
      end
      helper.contains(message { region = "eu-west-1", endpoint_url = "http://h", use_fips = true },
        "FIPS (the option use_fips)", "AWS Backup (the option endpoint_url)")
      helper.contains(message({ region = "eu-west-1", endpoint_url = "http://h" }, { AWS_USE_FIPS_ENDPOINT = "true" }),
        "FIPS (AWS_USE_FIPS_ENDPOINT)", "leave one of them out")
      helper.contains(message({ region = "eu-west-1", use_dualstack = true }, { AWS_ENDPOINT_URL = "http://h" }),
        "dual-stack (the option use_dualstack)", "AWS_ENDPOINT_URL")
      helper.contains(message { region = "fips-us-east-1", endpoint_url = "http://h" }, "the region fips-us-east-1")
    end)

    it("refuses what is not an absolute http or https URL with a host", function()
      for _, text in ipairs({ "localhost:80", "ftp://host", "http://", "http:///path", "http://a b", "http://a\nb",
          "http://host:0", "http://host:65536", "http://host:x", "http://under_score", "http://-a", "http://a..b",
          "http://[::1", "http://host:123456", "https://a/b c", "http://a/é" }) do
        local place, failure = custom(text)
        assert.is_nil(place, text)
        assert.is_true(failure:is("EndpointError"), text)
      end
    end)
  end)
end)
