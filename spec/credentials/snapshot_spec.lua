-- What is taken for a key id, a secret and a token, and that what is not is refused with its source's name, whoever
-- gave it.

local assume_role = require "aws.backup.credentials.assume_role"
local container = require "aws.backup.credentials.container"
local core = require "aws.backup.core"
local credentials = require "aws.backup.credentials"
local environment = require "aws.backup.credentials.environment"
local instance_metadata = require "aws.backup.credentials.instance_metadata"
local json = require "aws.backup.codec.json"
local login = require "aws.backup.credentials.login"
local new_context = require("spec.services.context").new
local process = require "aws.backup.credentials.process"
local snapshot = require "aws.backup.credentials.snapshot"
local sso = require "aws.backup.credentials.sso"
local static_keys = require "aws.backup.credentials.static_keys"

local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
local EXPIRATION = "2026-01-02T09:10:00Z"

local function check(changes, names)
  local given = { access_key_id = "AKIDEXAMPLE", secret_access_key = SECRET, session_token = "TOKEN" }
  for name, value in pairs(changes) do given[name] = value end
  return snapshot.check(given, "the vault", names)
end

local function assert_refused(words, found, failure)
  assert.is_nil(found)
  assert.is_true(failure:is("CredentialsError"), tostring(failure))
  for _, word in ipairs(words) do assert.truthy(failure.message:find(word, 1, true), failure.message) end
  assert.is_nil(tostring(failure):find("wJalr", 1, true))
  assert.is_nil(tostring(failure):find("\n", 1, true))
end

-- A key id that is none, and what is said of it.
local BAD_IDS = {
  ['"AKIDEXAMPLE"'] = "stands in quotes", ["'AKIDEXAMPLE'"] = "stands in quotes", ["`AKID`"] = "stands in quotes",
  ['"'] = "stands in quotes", ['"AKIDEXAMPLE'] = "holds a quote", ["AKIDEXAMPLE'"] = [[holds "'"]],
  ["AKID/EXAMPLE"] = 'holds "/"', [SECRET] = 'holds "/"', ["AKID,EXAMPLE"] = 'holds ","',
  ["AKID=EXAMPLE"] = 'holds "="',
  ["AKID;"] = 'holds ";"', ["$AWS_ACCESS_KEY_ID"] = 'holds "$"', ["<key>"] = 'holds "<"', ["AKID\\n"] = 'holds "\\"',
  ["AKID EXAMPLE"] = "holds a blank", ["AKIDEXAMPLE "] = "holds a blank", [" AKIDEXAMPLE"] = "holds a blank",
  ["AKIDEXAMPLE\n"] = "was it copied with its line end?", ["AKIDEXAMPLE\r"] = "holds a blank or a control character",
  ["AKID\tEXAMPLE"] = "holds a blank", ["AKID\0EXAMPLE"] = "control character", ["AKID\127"] = "control character",
  ["AKID\r\nx-evil: 1"] = "control character", ["AKID\194\160"] = "beyond ASCII", ["\195\132KID"] = "beyond ASCII",
  ["\226\128\156AKID\226\128\157"] = "beyond ASCII", ["AKID\255"] = "beyond ASCII",
  [("A"):rep(257)] = "is longer than the 256 bytes",
}

describe("a set of credentials", function()
  it("has a key id of letters and digits", function()
    for _, id in ipairs { "AKIDEXAMPLE", "ASIAIOSFODNN7EXAMPLE", "test", "000000000000", "a", "key_1", "a-b.c",
        ("A"):rep(256) } do
      assert.equal(id, assert(check { access_key_id = id }).access_key_id)
    end
  end)

  it("is refused with any other key id, whose source is named", function()
    for id, flaw in pairs(BAD_IDS) do
      assert_refused({ "the access_key_id of the vault ", flaw }, check { access_key_id = id })
      assert_refused({ "the AccessKeyId of the vault ", flaw },
        check({ access_key_id = id }, { access_key_id = "AccessKeyId" }))
    end
  end)

  it("has a secret and a token that can be signed with and sent", function()
    for _, name in ipairs { "secret_access_key", "session_token" } do
      for _, value in ipairs { "wJalr\r", "wJalr\n", "wJalr\r\nx: y", "wJalr\0", "wJalr x", "wJalr\tx", '"wJalr"',
          "'wJalr'", "wJalr\194\160", "wJalr\226\128\139", "wJalr\127" } do
        assert_refused({ ("the %s of the vault "):format(name) }, check { [name] = value })
      end
      for _, value in ipairs { SECRET, "a'b\"c`d", "\"x'", "x=/+!#$%&()*,-.:;<>?@[\\]^_{|}~" } do
        assert.equal(value, assert(check { [name] = value })[name])
      end
    end
    assert_refused({ "is longer than the 4096 bytes" }, check { secret_access_key = ("wJalr"):rep(820) })
    assert_refused({ "is longer than the 65536 bytes" }, check { session_token = ("wJalr"):rep(13108) })
    assert.equal(4096, #assert(check { secret_access_key = ("a"):rep(4096) }).secret_access_key)
  end)

  it("lists what is missing by the names of its source", function()
    local _, failure = snapshot.check({}, "the vault", { access_key_id = "id", secret_access_key = "secret" })
    assert.equal("the vault gave no id and no secret", failure.message)
  end)
end)

-- The same answer for whoever asks.
local function answering(body)
  return { send = function() return { status = 200, headers = {}, body = body } end }
end

local function reading(text)
  return { read = function() return text end, replace = function() return true end }
end

local function quoted(id) return json.quote(id) end

-- Who gives a key id, by the words with which its source is named: a provider, or a source.
local PROVIDERS = {
  ["the AWS_ACCESS_KEY_ID of the environment"] = function(id)
    return environment.new(new_context { env = { AWS_ACCESS_KEY_ID = id, AWS_SECRET_ACCESS_KEY = SECRET } })
  end,
  ['the aws_access_key_id of profile "dev" of /home/me/.aws/credentials'] = function(id)
    return static_keys.new({}, { where = 'profile "dev" of /home/me/.aws/credentials', feature = "n",
      keys = { aws_access_key_id = id, aws_secret_access_key = SECRET } })
  end,
  ["the access_key_id of the caller's credentials function"] = function(id)
    return credentials.resolve(function() return { access_key_id = id, secret_access_key = SECRET } end, new_context())
  end,
  ["the access_key_id of the caller's credentials function "] = function(id)
    local object = { get = function() return { access_key_id = id, secret_access_key = SECRET } end }
    return credentials.resolve(object, new_context())
  end,
  ['the AccessKeyId of what the credential_process of the profile "dev" printed'] = function(id)
    local text = ('{"Version":1,"AccessKeyId":%s,"SecretAccessKey":"%s"}'):format(quoted(id), SECRET)
    return process.new(new_context { spawn = function()
      return { step = function() return true end,
        result = function() return { status = 0, stdout = text, stderr = "" } end }
    end }, { command = "keys", profile_name = "dev" })
  end,
  ["the container's credentials can't be fetched from 169.254.170.2: the AccessKeyId of the answer"] = function(id)
    return container.new(new_context {
      env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/creds" },
      transport = answering(('{"AccessKeyId":%s,"SecretAccessKey":"%s","Token":"T","Expiration":"%s"}'):format(
        quoted(id), SECRET, EXPIRATION)),
    })
  end,
  ["the credentials of this instance's role can't be fetched: http://169.254.169.254/"] = function(id)
    local keys = ('{"Code":"Success","AccessKeyId":%s,"SecretAccessKey":"%s","Token":"T","Expiration":"%s"}'):format(
      quoted(id), SECRET, EXPIRATION)
    return instance_metadata.new(new_context { transport = { send = function(_, request)
      local body = request.method == "PUT" and "token" or request.path:find("role$") and keys or "role"
      return { status = 200, headers = {}, body = body }
    end } })
  end,
  ['the accessKeyId of the answer of IAM Identity Center for the profile "dev"'] = function(id)
    local body = ('{"roleCredentials":{"accessKeyId":%s,"secretAccessKey":"%s","sessionToken":"T","expiration":%s}}')
      :format(quoted(id), SECRET, "1767345000000")
    return sso.new(new_context {
      transport = answering(body), files = reading(('{"accessToken":"t","expiresAt":"%s"}'):format(EXPIRATION)),
    }, { profile_name = "dev", profile = { sso_account_id = "123456789012", sso_role_name = "r",
      sso_region = "us-east-1", sso_start_url = "https://example.awsapps.com/start" } })
  end,
  ["the role arn:aws:iam::123456789012:role/r could not be assumed: STS answered HTTP 200, but the AccessKeyId of its "
    .. "answer"] = function(id)
    local body = ("<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s"
      .. "</SecretAccessKey><SessionToken>T</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult>"
      .. "</AssumeRoleResponse>"):format(id, SECRET, EXPIRATION)
    local base = { name = "base", get = function() return { access_key_id = "AKID", secret_access_key = SECRET } end }
    return assume_role.new(new_context { transport = answering(body) },
      { role_arn = "arn:aws:iam::123456789012:role/r", base = base })
  end,
  ['the accessKeyId of the login session "arn:aws:iam::123456789012:user/u"'] = function(id)
    local text = ('{"accessToken":{"accessKeyId":%s,"secretAccessKey":"%s","sessionToken":"T","expiresAt":"%s"},'
      .. '"clientId":"c","refreshToken":"r","dpopKey":"k"}'):format(quoted(id), SECRET, EXPIRATION)
    return login.new(new_context { files = reading(text) },
      { login_session = "arn:aws:iam::123456789012:user/u", profile_name = "dev" })
  end,
}

describe("a key id that is none is a CredentialsError that names its source:", function()
  for source, make in pairs(PROVIDERS) do
    it(source, function()
      assert.equal("AKIDEXAMPLE", assert(make("AKIDEXAMPLE"):get()).access_key_id)
      for _, id in ipairs { '"AKIDEXAMPLE"', "AKID/EXAMPLE", "AKID'", "AKID EXAMPLE", "AKID,EXAMPLE" } do
        assert_refused({ (source:gsub(" $", "")) }, make(id):get())
      end
    end)
  end

  it("the access_key_id of the option credentials, when the client is made", function()
    local backup = require "aws.backup"
    for id in pairs(BAD_IDS) do
      local fine, failure = pcall(backup.client, {
        region = "eu-west-1", env = {}, credentials = { access_key_id = id, secret_access_key = SECRET },
      })
      assert.is_false(fine)
      assert_refused({ "the access_key_id of the option credentials " }, nil, failure)
    end
  end)

  it("a key id that a variable holds in quotes reaches no signature", function()
    local backup, sent = require "aws.backup", 0
    local client = backup.client {
      region = "eu-west-1", env = { AWS_ACCESS_KEY_ID = '"AKIDEXAMPLE"', AWS_SECRET_ACCESS_KEY = SECRET },
      transport = function()
        sent = sent + 1
        return { status = 200, headers = {}, body = "{}" }
      end,
    }
    local fine, failure = pcall(client.list_backup_vaults, client)
    assert.is_false(fine)
    assert_refused({ "AWS_ACCESS_KEY_ID of the environment stands in quotes" }, nil, failure)
    assert.equal(0, sent)
  end)

  it("nothing that the check takes is refused by the signer", function()
    local signer = core.new_signer()
    for _, id in ipairs { "A", "a-b.c_d", ("A"):rep(256) } do
      local found = assert(check { access_key_id = id, secret_access_key = ("s"):rep(4096),
        session_token = ("t"):rep(65536) })
      local headers = { host = "h", ["x-amz-security-token"] = found.session_token,
        ["x-amz-date"] = "20260102T030405Z" }
      local request = { method = "GET", path = "/", headers = headers, url = "https://h/", host = "h" }
      assert.is_string(signer:authorize(request, found, "eu-west-1", "backup", "20260102T030405Z"))
    end
  end)
end)
