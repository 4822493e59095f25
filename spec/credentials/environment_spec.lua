local environment = require "aws.backup.credentials.environment"
local time = require "aws.backup.codec.time"

local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

-- A provider over variables that the test may change.
local function over(variables)
  return environment.new { getenv = function(name) return variables[name] end }
end

local function get(variables)
  return over(variables):get()
end

local function with_keys(changes)
  local variables = { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = SECRET }
  for name, value in pairs(changes) do variables[name] = value end
  return variables
end

describe("the environment's credentials", function()
  it("are a key id, a secret, a token and an account id", function()
    local found = assert(get(with_keys { AWS_SESSION_TOKEN = "TOKEN", AWS_ACCOUNT_ID = "123456789012" }))
    assert.equal("AKID", found.access_key_id)
    assert.equal(SECRET, found.secret_access_key)
    assert.equal("TOKEN", found.session_token)
    assert.equal("123456789012", found.account_id)
    assert.is_nil(found.expiration)
    assert.same({ "g" }, found.features)
  end)

  it("are not there without a key id, whatever else is set", function()
    local found, reason = get {}
    assert.is_nil(found)
    assert.equal("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set", reason)
    found, reason = get { AWS_SECRET_ACCESS_KEY = SECRET, AWS_SESSION_TOKEN = "TOKEN" }
    assert.is_nil(found)
    assert.equal("string", type(reason))
    assert.truthy(reason:find("AWS_ACCESS_KEY_ID is not set", 1, true))
  end)

  it("are an error if the key id comes without its secret", function()
    local found, failure = get { AWS_ACCESS_KEY_ID = "AKID" }
    assert.is_nil(found)
    assert.is_true(failure:is("CredentialsError"))
    assert.is_false(failure:is("NoCredentialsError"))
    assert.truthy(failure.message:find("AWS_SECRET_ACCESS_KEY is not", 1, true))
  end)

  it("prefer AWS_SESSION_TOKEN to the old AWS_SECURITY_TOKEN", function()
    assert.equal("NEW", assert(get(with_keys { AWS_SESSION_TOKEN = "NEW", AWS_SECURITY_TOKEN = "OLD" })).session_token)
    assert.equal("OLD", assert(get(with_keys { AWS_SECURITY_TOKEN = "OLD" })).session_token)
  end)

  it("lose line ends and blanks around them", function()
    local found = assert(get {
      AWS_ACCESS_KEY_ID = " AKID\r\n", AWS_SECRET_ACCESS_KEY = SECRET .. "\n", AWS_SESSION_TOKEN = "TOKEN \t\r",
      AWS_ACCOUNT_ID = "123456789012\n", AWS_CREDENTIAL_EXPIRATION = "2026-01-02T03:04:05Z\n",
    })
    assert.equal("AKID", found.access_key_id)
    assert.equal(SECRET, found.secret_access_key)
    assert.equal("TOKEN", found.session_token)
    assert.equal("123456789012", found.account_id)
    assert.equal(time.parse("2026-01-02T03:04:05Z"), found.expiration)
  end)

  it("take a variable that is empty or blank for one that is not set", function()
    for _, blank in ipairs { "", " ", "\r\n" } do
      assert.equal("string", type(select(2, get(with_keys { AWS_ACCESS_KEY_ID = blank }))))
      assert.truthy(select(2, get(with_keys { AWS_SECRET_ACCESS_KEY = blank })):is("CredentialsError"))
      local found = assert(get(with_keys {
        AWS_SESSION_TOKEN = blank, AWS_SECURITY_TOKEN = "OLD", AWS_ACCOUNT_ID = blank,
        AWS_CREDENTIAL_EXPIRATION = blank,
      }))
      assert.equal("OLD", found.session_token)
      assert.is_nil(found.account_id)
      assert.is_nil(found.expiration)
    end
  end)

  it("are refused with a blank inside, without being shown", function()
    local found, failure = get(with_keys { AWS_SECRET_ACCESS_KEY = "wJalr XUtn" })
    assert.is_nil(found)
    assert.truthy(failure.message:find("AWS_SECRET_ACCESS_KEY of the environment", 1, true))
    assert.is_nil(tostring(failure):find("wJalr", 1, true))
  end)

  it("expire when AWS_CREDENTIAL_EXPIRATION says so", function()
    for text, expiration in pairs {
      ["2026-01-02T03:04:05Z"] = 1767323045, ["2026-01-02T03:04:05.250Z"] = 1767323045.25,
      ["2026-01-02T05:04:05+02:00"] = 1767323045,
    } do
      assert.equal(expiration, assert(get(with_keys { AWS_CREDENTIAL_EXPIRATION = text })).expiration, text)
    end
  end)

  it("are an error that names AWS_CREDENTIAL_EXPIRATION if that is no time", function()
    for _, text in ipairs { "tomorrow", "1767323045", "2026-13-01T00:00:00Z", "2026-01-02T03:04:05 Mars" } do
      local found, failure = get(with_keys { AWS_CREDENTIAL_EXPIRATION = text })
      assert.is_nil(found, text)
      assert.is_true(failure:is("CredentialsError"))
      assert.truthy(failure.message:find("AWS_CREDENTIAL_EXPIRATION must be a time", 1, true))
      assert.truthy(failure.message:find(text, 1, true))
    end
  end)

  it("are read anew each time", function()
    local variables = with_keys { AWS_CREDENTIAL_EXPIRATION = "2026-01-02T03:04:05Z" }
    local provider = over(variables)
    assert.equal("AKID", provider:get().access_key_id)
    variables.AWS_ACCESS_KEY_ID, variables.AWS_CREDENTIAL_EXPIRATION = "NEXT", "2026-01-02T04:04:05Z"
    local found = assert(provider:get())
    assert.equal("NEXT", found.access_key_id)
    assert.equal(1767323045 + 3600, found.expiration)
  end)

  it("are an error if they lose their expiration while the others stay", function()
    local variables = with_keys { AWS_CREDENTIAL_EXPIRATION = "2026-01-02T03:04:05Z" }
    local provider = over(variables)
    assert(provider:get())
    variables.AWS_CREDENTIAL_EXPIRATION = nil
    local found, failure = provider:get()
    assert.is_nil(found)
    assert.truthy(failure.message:find("AWS_CREDENTIAL_EXPIRATION was set and is not any more", 1, true))
  end)
end)
