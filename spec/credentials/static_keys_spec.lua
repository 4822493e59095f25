local static_keys = require "aws.backup.credentials.static_keys"

local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
local WHERE = 'profile "dev" of /home/me/.aws/credentials'

local function get(keys)
  return static_keys.new({}, { keys = keys, where = WHERE, feature = "n" }):get()
end

describe("the static keys of a profile", function()
  it("are a key id, a secret, a token and an account id", function()
    assert.same({
      access_key_id = "AKID", secret_access_key = SECRET, session_token = "TOKEN", account_id = "123456789012",
      features = { "n" },
    }, get {
      aws_access_key_id = "AKID", aws_secret_access_key = SECRET, aws_session_token = "TOKEN",
      aws_account_id = "123456789012", region = "eu-west-1",
    })
  end)

  it("take the token under its old name too", function()
    local keys = { aws_access_key_id = "AKID", aws_secret_access_key = SECRET, aws_security_token = "OLD" }
    assert.equal("OLD", assert(get(keys)).session_token)
    keys.aws_session_token = "NEW"
    assert.equal("NEW", assert(get(keys)).session_token)
  end)

  it("are an error that names file and key if the secret is missing", function()
    for _, secret in ipairs { false, "" } do
      local found, failure = get { aws_access_key_id = "AKID", aws_secret_access_key = secret or nil }
      assert.is_nil(found)
      assert.is_true(failure:is("CredentialsError"))
      assert.equal(WHERE .. " has aws_access_key_id, but no aws_secret_access_key; add it in the same file",
        failure.message)
    end
  end)

  it("are not there if only the secret is", function()
    for _, keys in ipairs { {}, { aws_secret_access_key = SECRET },
        { aws_access_key_id = "", aws_secret_access_key = SECRET } } do
      local found, reason = get(keys)
      assert.is_nil(found)
      assert.equal(WHERE .. " has no aws_access_key_id", reason)
      assert.is_false(static_keys.are_in(keys))
    end
    assert.is_false(static_keys.are_in(nil))
  end)

  it("are refused if one goes over several lines, without being shown", function()
    local found, failure = get { aws_access_key_id = "AKID", aws_secret_access_key = "wJalr\nXUtn" }
    assert.is_nil(found)
    assert.truthy(failure.message:find("aws_secret_access_key of " .. WHERE, 1, true))
    assert.is_nil(tostring(failure):find("wJalr", 1, true))
    found, failure = get { aws_access_key_id = "AKID", aws_secret_access_key = { nested = SECRET } }
    assert.is_nil(found)
    assert.truthy(failure.message:find("is a table instead of a string", 1, true))
  end)
end)
