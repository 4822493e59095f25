local new_context = require("spec.services.context").new
local play = require "spec.services.sts"
local sts = require "aws.backup.credentials.sts"

local WHERE = play.params().where

describe("a parameter that STS would refuse", function()
  local function refusal(changes)
    local sent = 0
    local function send()
      sent = sent + 1
      return nil, "connect", "refused"
    end
    local context = new_context { transport = { send = send } }
    local params = play.params(changes)
    local found, err = sts.new(context):assume_role(params, play.BASE)
    assert.is_nil(found)
    return err, sent, sts.new(context):check(params) == true
  end

  local REFUSED = {
    { role_arn = ("a"):rep(19) }, { role_arn = ("a"):rep(2049) }, { role_arn = "" },
    { role_session_name = "a" }, { role_session_name = ("a"):rep(65) }, { role_session_name = "a b" },
    { role_session_name = "a/b" }, { role_session_name = "a\195\169" }, { role_session_name = "a\n" },
    { duration_seconds = 899 }, { duration_seconds = 43201 }, { duration_seconds = 1000.5 },
    { duration_seconds = "3600s" }, { duration_seconds = "1h" }, { duration_seconds = "" },
    { duration_seconds = "-900" }, { duration_seconds = "0x1000" }, { duration_seconds = "3600.0" },
    { duration_seconds = true }, { duration_seconds = 0 / 0 }, { duration_seconds = math.huge },
    { duration_seconds = "9999999999999999999" },
    { external_id = "a" }, { external_id = ("a"):rep(1225) }, { external_id = "a b" }, { external_id = "a#b" },
    { mfa_serial = "12345678", mfa_code = "123456" }, { mfa_serial = ("1"):rep(257), mfa_code = "123456" },
    { mfa_code = "12345" }, { mfa_code = "1234567" }, { mfa_code = "12345a" }, { mfa_code = 123456 },
    { mfa_code = "123456\n" },
  }

  it("is refused before anything is sent, in an error that names role, parameter and rule", function()
    for _, changes in ipairs(REFUSED) do
      local err, sent, passes = refusal(changes)
      local name = next(changes)
      if changes.mfa_serial then name = "mfa_serial" end
      assert.equal(0, sent)
      assert.is_false(passes)
      assert.is_true(err:is("CredentialsError"))
      assert.is_nil(err.attempts)
      assert.truthy(tostring(err):find(WHERE, 1, true))
      assert.truthy(tostring(err):find(name .. " must be ", 1, true), tostring(err))
    end
    local err = refusal { duration_seconds = "1h" }
    assert.truthy(tostring(err):find('a whole number of seconds from 900 to 43200, not "1h"', 1, true))
  end)

  it("is shown unless it is a secret", function()
    assert.truthy(tostring(refusal { role_session_name = "a b" }):find('not "a b"', 1, true))
    for _, changes in ipairs { { external_id = "quiet quiet" }, { mfa_code = "quiet quiet" } } do
      local text = tostring(refusal(changes))
      assert.is_nil(text:find("quiet", 1, true))
      assert.truthy(text:find("a text of length 11", 1, true))
    end
  end)

  it("is told apart from those at the limits, which are sent", function()
    for _, changes in ipairs {
      { role_arn = ("a"):rep(20) }, { role_arn = ("a"):rep(2048) }, { role_session_name = "ab" },
      { role_session_name = ("a"):rep(64) }, { role_session_name = "Az09_+=,.@-" }, { duration_seconds = 900 },
      { duration_seconds = "43200" }, { duration_seconds = 3600.0 }, { duration_seconds = "003600" },
      { external_id = "ab" }, { external_id = ("a"):rep(1224) }, { external_id = "Az09_+=,.@:/-" },
      { mfa_serial = "GAHT12345", mfa_code = "000000" }, { mfa_serial = ("1"):rep(256), mfa_code = "999999" },
    } do
      local err, sent, passes = refusal(changes)
      assert.equal(3, sent, tostring(err))
      assert.is_true(passes)
    end
  end)
end)
