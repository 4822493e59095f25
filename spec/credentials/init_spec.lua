local credentials = require "aws.backup.credentials"

local function from(given, env)
  return credentials.resolve(given, function(name) return (env or {})[name] end)
end

local function get(given, env)
  local provider, failure = from(given, env)
  if not provider then return nil, failure end
  return provider:get()
end

local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

describe("credentials.resolve", function()
  it("takes a table, and keeps what it was when the client was made", function()
    local given = { access_key_id = "AKID", secret_access_key = SECRET, session_token = "T", expiration = 17 }
    local provider = assert(from(given))
    given.access_key_id = "OTHER"
    assert.same({ access_key_id = "AKID", secret_access_key = SECRET, session_token = "T", expiration = 17 },
      provider:get())
  end)

  it("takes a function, a callable table and an object with get, and asks anew each time", function()
    local count = 0
    local function next_one()
      count = count + 1
      return { access_key_id = "AKID" .. count, secret_access_key = SECRET }
    end
    local provider = assert(from(next_one))
    assert.equal("AKID1", provider:get().access_key_id)
    assert.equal("AKID2", provider:get().access_key_id)
    assert.equal("AKID3", assert(get({ get = next_one })).access_key_id)
    assert.equal("AKID4", assert(get(setmetatable({}, { __call = next_one }))).access_key_id)
  end)

  it("reads the environment when nothing is given", function()
    local found = assert(get(nil, { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = SECRET,
      AWS_SESSION_TOKEN = "TOKEN" }))
    assert.equal("AKID", found.access_key_id)
    assert.equal("TOKEN", found.session_token)
  end)

  it("tells what each provider met when there are none", function()
    local found, failure = get(nil, {})
    assert.is_nil(found)
    assert.is_true(failure:is("NoCredentialsError"))
    assert.is_true(failure:is("CredentialsError"))
    assert.truthy(failure.message:find("environment: AWS_ACCESS_KEY_ID", 1, true))
  end)

  it("ends the search at half a pair in the environment", function()
    local _, failure = get(nil, { AWS_ACCESS_KEY_ID = "AKID" })
    assert.is_false(failure:is("NoCredentialsError"))
    assert.truthy(failure.message:find("AWS_SECRET_ACCESS_KEY is not", 1, true))
    _, failure = get(nil, { AWS_SECRET_ACCESS_KEY = SECRET })
    assert.truthy(failure.message:find("AWS_ACCESS_KEY_ID is not", 1, true))
    assert.is_nil(tostring(failure):find(SECRET, 1, true))
  end)

  it("refuses missing parts and values with a line end, without showing them", function()
    for _, given in ipairs({
      { secret_access_key = SECRET }, { access_key_id = "AKID" }, { access_key_id = "", secret_access_key = SECRET },
      { access_key_id = "AKID", secret_access_key = SECRET .. "\n" },
      { access_key_id = "AKID", secret_access_key = SECRET, session_token = "a\r\nb" },
      { access_key_id = 1, secret_access_key = SECRET },
      { access_key_id = "AKID", secret_access_key = SECRET, expiration = "tomorrow" },
    }) do
      local found, failure = get(given)
      assert.is_nil(found)
      assert.is_true(failure:is("CredentialsError"))
      assert.is_nil(tostring(failure):find("wJalr", 1, true))
    end
  end)

  it("takes an empty session token for none", function()
    assert.is_nil(assert(get({ access_key_id = "A", secret_access_key = "B", session_token = "" })).session_token)
  end)

  it("turns a caller's function that raises or gives nothing into a CredentialsError", function()
    local _, failure = get(function() error("vault is sealed", 0) end)
    assert.is_true(failure:is("CredentialsError"))
    assert.truthy(failure.message:find("vault is sealed", 1, true))
    _, failure = get(function() return nil, "no answer" end)
    assert.truthy(failure.message:find("no answer", 1, true))
    _, failure = get(function() return 5 end)
    assert.truthy(failure.message:find("number instead of a table", 1, true))
  end)
end)
