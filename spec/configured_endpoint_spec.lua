local helper = require "spec.config_helper"

local contains, refused, resolve = helper.contains, helper.refused, helper.resolve
local CONFIG = helper.CONFIG

describe("the endpoint URL", function()
  local SERVICES = "[services local]\nbackup =\n  endpoint_url = http://section\nsts =\n  endpoint_url = http://sts\n"
  local PROFILE = "[default]\nservices = local\nendpoint_url = http://profile\n"

  local function url(...)
    return assert(resolve(...)).endpoint_url
  end

  it("comes from option, its variable, the variable for all, services section, profile, in this order", function()
    local env = { AWS_ENDPOINT_URL_BACKUP = "http://service", AWS_ENDPOINT_URL = "http://all" }
    local text = PROFILE .. SERVICES
    assert.equal("http://option", url({ endpoint_url = "http://option" }, env, text))
    assert.equal("http://service", url({}, env, text))
    assert.equal("http://all", url({}, { AWS_ENDPOINT_URL = "http://all" }, text))
    assert.equal("http://section", url({}, {}, text))
    assert.equal("http://profile", url({}, {}, "[default]\nendpoint_url = http://profile\n"))
    assert.is_nil(url({}, {}, "[default]\n"))
  end)

  it("takes the endpoint for this service before the one for all", function()
    local env = { AWS_ENDPOINT_URL_BACKUP = "http://one", AWS_ENDPOINT_URL = "http://two" }
    assert.equal("http://one", assert(resolve({}, env)).endpoint_url)
    env.AWS_ENDPOINT_URL_BACKUP = ""
    assert.equal("http://two", assert(resolve({}, env)).endpoint_url)
    env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true"
    assert.is_nil(assert(resolve({}, env)).endpoint_url)
    assert.equal("http://three", assert(resolve({ endpoint_url = "http://three" }, env)).endpoint_url)
  end)

  it("is not read from files either where configured ones are to be ignored", function()
    local ignoring = "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://profile\nservices = no\n"
    assert.is_nil(url({}, {}, ignoring))
    assert.equal("http://option", url({ endpoint_url = "http://option" }, {}, ignoring))
    assert.equal("http://profile", url({}, { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "false" },
      "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://profile\n"))
  end)

  it("is looked for in the profile when the services section has none for this service", function()
    assert.equal("http://profile", url({}, {}, PROFILE .. "[services local]\nsts =\n  endpoint_url = http://sts\n"))
    assert.equal("http://profile", url({}, {}, PROFILE .. "[services local]\nbackup =\n  endpoint_url =\n"))
    assert.equal("http://profile", url({}, {}, PROFILE .. "[services local]\n"))
  end)

  it("needs the services section that the profile names, unless a variable comes first", function()
    contains(refused({}, {}, PROFILE), 'services in profile "default" of ' .. CONFIG, "[services local]")
    assert.equal("http://all", url({}, { AWS_ENDPOINT_URL = "http://all" }, PROFILE))
  end)

  it("stands in a block of the services section", function()
    contains(refused({}, {}, PROFILE .. "[services local]\nbackup = http://x\n"), "backup in [services local]",
      "must be a block")
  end)

  it("that is none is refused with its place", function()
    local cases = {
      { { AWS_ENDPOINT_URL_BACKUP = "localhost:80" }, nil, "AWS_ENDPOINT_URL_BACKUP" },
      { { AWS_ENDPOINT_URL = "ftp://h" }, nil, "AWS_ENDPOINT_URL names" },
      { {}, "[default]\nendpoint_url = http://a b\n", 'endpoint_url in profile "default"' },
      { {}, "[default]\nservices = s\n[services s]\nbackup =\n  endpoint_url = x\n",
        "endpoint_url of backup in [services s] of " .. CONFIG },
    }
    for _, case in ipairs(cases) do contains(refused({}, case[1], case[2]), case[3]) end
  end)
end)
