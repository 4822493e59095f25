local contexts = require "spec.services.context"
local errors = require "aws.backup.errors"
local fakes = require "spec.credentials.fakes"
local profile = require "aws.backup.credentials.profile"

local SECRET = fakes.SECRET
local ROLE = "role_arn = arn:aws:iam::123456789012:role/backup\n"
local KEYS = "aws_access_key_id = AKID\naws_secret_access_key = " .. SECRET .. "\n"

-- What a profile of these files gives: the credentials, or nil and why; and what the fake modules were made with.
local function open(name, config, credentials, overrides)
  overrides = overrides or {}
  local context = contexts.new { shared = fakes.shared(config, credentials), env = overrides.env }
  local modules, made = fakes.modules(overrides.answers)
  return profile.new(context, name, { modules = modules, share = overrides.share }), made, context
end

local function get(...)
  local provider, made, context = open(...)
  local found, reason = provider:get()
  return found, reason, made, context
end

local function failure_of(class, ...)
  local found, failure = get(...)
  assert.is_nil(found)
  assert.is_true(errors.is(failure, class), tostring(failure))
  assert.is_nil(tostring(failure):find(SECRET, 1, true))
  return failure.message
end

-- A section of the config file for each kind of credentials, and which id the fakes give for it.
local KINDS = {
  role = { lines = ROLE .. "source_profile = base\n", id = "assume_role" },
  web_identity = { lines = "web_identity_token_file = /token\n" .. ROLE, id = "web_identity" },
  sso = { lines = "sso_account_id = 123456789012\nsso_role_name = r\n", id = "sso" },
  login = { lines = "login_session = arn:aws:sts::123456789012:assumed-role/Admin/me\n", id = "login" },
  process = { lines = "credential_process = /bin/tool\n", id = "process" },
  config_keys = { lines = KEYS, id = "AKID" },
}
local BASE = "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = " .. SECRET .. "\n"

local function config_with(...)
  local lines = { BASE, "[profile dev]\n" }
  for _, kind in ipairs { ... } do lines[#lines + 1] = KINDS[kind].lines end
  return table.concat(lines)
end

local CREDENTIALS_FILE = "[dev]\naws_access_key_id = FILE\naws_secret_access_key = " .. SECRET .. "\n"

describe("a profile's credentials", function()
  it("are of the one kind that it has", function()
    for kind, expected in pairs(KINDS) do
      assert.equal(expected.id, assert(get("dev", config_with(kind))).access_key_id, kind)
    end
    assert.equal("FILE", assert(get("dev", nil, CREDENTIALS_FILE)).access_key_id)
  end)

  it("are not looked for before they are wanted, and their kind is part of the name then", function()
    local provider, made = open("dev", config_with("sso"))
    assert.equal('profile "dev"', provider.name)
    assert.is_nil(made.sso)
    provider:get()
    provider:get()
    assert.equal('profile "dev" (sso)', provider.name)
  end)

  it("are not there in a profile that nobody wrote, or that has none of their keys", function()
    local found, reason = get("dev", BASE)
    assert.is_nil(found)
    assert.equal("it is neither in /home/me/.aws/config nor in /home/me/.aws/credentials", reason)
    found, reason = get("dev", "[profile dev]\nregion = eu-west-1\nrole_arn =\naws_access_key_id =\n")
    assert.is_nil(found)
    assert.truthy(reason:find("has none of role_arn", 1, true))
  end)

  it("end the search if they can't be had, whatever else the profile has", function()
    local broken = errors.new("CredentialsError", { message = "log in again" })
    local found, failure = get("dev", config_with("sso", "process", "config_keys"), CREDENTIALS_FILE,
      { answers = { sso = broken } })
    assert.is_nil(found)
    assert.equal(broken, failure)
  end)

  it("get the deadline and what was rejected", function()
    local seen
    local provider = open("dev", config_with("sso"), nil,
      { answers = { sso = function(...) seen = { ... } return fakes.set("SSO") end } })
    provider:get(17, "rejected")
    assert.same({ 17, "rejected" }, seen)
  end)
end)

describe("a profile with several kinds of credentials", function()
  local ORDER = { "role", "web_identity", "sso", "login", "process", "config_keys" }

  local function id_of(config, credentials)
    return assert(get("dev", config, credentials)).access_key_id
  end

  it("is read by the order role, web identity, SSO, login, process, keys of the config file", function()
    for first = 2, #ORDER do
      for second = first + 1, #ORDER do
        assert.equal(KINDS[ORDER[first]].id, id_of(config_with(ORDER[second], ORDER[first])),
          ORDER[first] .. " and " .. ORDER[second])
      end
    end
    -- A role with a token's file is web identity, so these two never meet.
    for second = 3, #ORDER do
      assert.equal("assume_role", id_of(config_with(ORDER[second], "role")), "role and " .. ORDER[second])
    end
    assert.equal("web_identity", id_of(config_with("role", "web_identity")))
  end)

  it("takes keys of the credentials file before a process, but after everything else", function()
    for _, kind in ipairs { "role", "web_identity", "sso", "login" } do
      assert.equal(KINDS[kind].id, id_of(config_with(kind), CREDENTIALS_FILE), kind)
    end
    for _, kind in ipairs { "process", "config_keys" } do
      assert.equal("FILE", id_of(config_with(kind), CREDENTIALS_FILE), kind)
    end
  end)

  it("takes a process before keys of the config file", function()
    assert.equal("process", id_of(config_with("config_keys", "process")))
  end)

  it("lends its keys rather than its role to a profile that names it as source", function()
    local config = "[profile top]\n" .. ROLE .. "source_profile = dev\n" .. config_with("role", "config_keys")
    local _, _, made = get("top", config)
    assert.equal("AKID", made.assume_role.options.base:get().access_key_id)
    _, _, made = get("top", "[profile top]\n" .. ROLE .. "source_profile = dev\n" .. config_with("role"),
      CREDENTIALS_FILE)
    assert.equal("FILE", made.assume_role.options.base:get().access_key_id)
  end)

  it("has keys of one file only, never half a pair of each", function()
    local message = failure_of("CredentialsError", "dev", "[profile dev]\naws_secret_access_key = " .. SECRET .. "\n",
      "[dev]\naws_access_key_id = FILE\n")
    assert.equal('profile "dev" of /home/me/.aws/credentials has aws_access_key_id, but no aws_secret_access_key; add '
      .. "it in the same file", message)
    assert.is_nil(assert(get("dev", "[profile dev]\naws_session_token = OLD\n", CREDENTIALS_FILE)).session_token)
  end)
end)

describe("a profile's provider", function()
  it("of web identity is made with the profile's keys", function()
    local _, _, made, context = get("dev", "[profile dev]\nweb_identity_token_file = /token\n" .. ROLE
      .. "role_session_name = me\nregion = eu-west-1\n")
    assert.equal(context, made.web_identity.context)
    assert.same({
      token_file = "/token", role_arn = "arn:aws:iam::123456789012:role/backup", role_session_name = "me",
      region = "eu-west-1", where = 'profile "dev"', features = { "q" },
    }, made.web_identity.options)
  end)

  it("of SSO, login and process is made with the profile's keys", function()
    local _, _, made = get("dev", config_with("sso"))
    assert.same({ profile_name = "dev", profile = { sso_account_id = "123456789012", sso_role_name = "r" } },
      made.sso.options)
    _, _, made = get("dev", config_with("login"))
    assert.same({ profile_name = "dev", login_session = "arn:aws:sts::123456789012:assumed-role/Admin/me" },
      made.login.options)
    _, _, made = get("dev", config_with("process") .. "aws_account_id = 123456789012\n")
    assert.same({ profile_name = "dev", command = "/bin/tool", account_id = "123456789012" }, made.process.options)
  end)

  it("of SSO is chosen by either of its two keys", function()
    assert.equal("sso", assert(get("dev", "[profile dev]\nsso_role_name = r\n")).access_key_id)
    assert.equal("sso", assert(get("dev", "[profile dev]\nsso_account_id = 1\n")).access_key_id)
    assert.equal("string", type(select(2, get("dev", "[profile dev]\nsso_session = corp\n"))))
  end)

  it("of a role is made with the profile's keys", function()
    local _, _, made = get("dev", config_with("role") .. "external_id = ext\nduration_seconds = 1800\n"
      .. "role_session_name = me\nmfa_serial = arn:aws:iam::123456789012:mfa/me\nregion = eu-west-1\n")
    local options = made.assume_role.options
    assert.equal("BASE", options.base:get().access_key_id)
    options.base = nil
    assert.same({
      profile = "dev", role_arn = "arn:aws:iam::123456789012:role/backup", external_id = "ext",
      duration_seconds = "1800", role_session_name = "me", mfa_serial = "arn:aws:iam::123456789012:mfa/me",
      region = "eu-west-1", features = { "o" },
    }, options)
  end)
end)

describe("a profile with a role", function()
  it("must have source_profile or credential_source", function()
    local message = failure_of("CredentialsError", "dev", "[profile dev]\n" .. ROLE)
    assert.truthy(message:find('profile "dev" has role_arn, but neither source_profile nor credential_source', 1, true))
    assert.truthy(message:find("add source_profile = ", 1, true))
    assert.truthy(message:find("credential_source = Environment, Ec2InstanceMetadata or EcsContainer", 1, true))
    failure_of("CredentialsError", "dev", "[profile dev]\n" .. ROLE .. KEYS)
  end)

  it("must not have both source_profile and credential_source", function()
    local message = failure_of("ConfigError", "dev", config_with("role") .. "credential_source = Environment\n")
    assert.truthy(message:find('profile "dev" has both source_profile and credential_source', 1, true))
  end)

  it("takes the credentials of the source that it names, in any case of letters", function()
    for source, expected in pairs {
      Environment = "ENV", environment = "ENV", Ec2InstanceMetadata = "instance_metadata",
      EC2INSTANCEMETADATA = "instance_metadata", EcsContainer = "container", ecsContainer = "container",
    } do
      local _, _, made = get("dev", "[profile dev]\n" .. ROLE .. "credential_source = " .. source .. "\n", nil,
        { env = { AWS_ACCESS_KEY_ID = "ENV", AWS_SECRET_ACCESS_KEY = SECRET } })
      assert.equal(expected, made.assume_role.options.base:get().access_key_id, source)
      assert.same({ "p" }, made.assume_role.options.features)
    end
  end)

  it("must name a source that there is", function()
    local message = failure_of("ConfigError", "dev", "[profile dev]\n" .. ROLE .. "credential_source = Ec2\n")
    assert.equal('the credential_source of profile "dev" must be Environment, Ec2InstanceMetadata or EcsContainer, '
      .. 'not "Ec2"', message)
  end)

  it("fails if the source that it names has nothing", function()
    local _, _, made = get("dev", "[profile dev]\n" .. ROLE .. "credential_source = Environment\n")
    local found, failure = made.assume_role.options.base:get()
    assert.is_nil(found)
    assert.is_true(failure:is("CredentialsError"))
    assert.equal('the credential_source Environment of profile "dev" gives no credentials: AWS_ACCESS_KEY_ID and '
      .. "AWS_SECRET_ACCESS_KEY are not set", failure.message)
  end)

  it("must name a source_profile that there is", function()
    local message = failure_of("ConfigError", "dev", BASE .. "[profile dev]\n" .. ROLE .. "source_profile = baes\n")
    assert.equal('there is no source_profile "baes" for profile "dev": it is neither in /home/me/.aws/config nor in '
      .. '/home/me/.aws/credentials; did you mean "base"?', message)
  end)

  it("takes any kind of credentials from its source_profile", function()
    for _, kind in ipairs { "web_identity", "sso", "login", "process", "config_keys" } do
      local _, _, made = get("top", "[profile top]\n" .. ROLE .. "source_profile = dev\n" .. config_with(kind))
      assert.equal(KINDS[kind].id, made.assume_role.options.base:get().access_key_id, kind)
    end
  end)

  it("does not let the environment take the place of its source_profile", function()
    local _, _, made = get("dev", config_with("role"), nil,
      { env = { AWS_ACCESS_KEY_ID = "ENV", AWS_SECRET_ACCESS_KEY = SECRET, AWS_WEB_IDENTITY_TOKEN_FILE = "/t" } })
    assert.equal("BASE", made.assume_role.options.base:get().access_key_id)
    assert.is_nil(made.web_identity)
  end)

  it("fails if its source_profile has no credentials", function()
    local message = failure_of("CredentialsError", "dev", "[profile dev]\n" .. ROLE
      .. "source_profile = empty\n[profile empty]\nregion = eu-west-1\n")
    local reason = 'the source_profile "empty" of profile "dev" has no credentials: it has none of'
    assert.equal(reason, message:sub(1, #reason))
  end)

  it("may be assumed by another role, and that by another one", function()
    local made = {}
    local modules = fakes.modules()
    modules.assume_role = { new = function(_, options)
      made[#made + 1] = options
      return { name = "assume role", get = function()
        return fakes.set(options.base:get().access_key_id .. "-" .. options.profile)
      end }
    end }
    local context = contexts.new { shared = fakes.shared("[profile a]\n" .. ROLE .. "source_profile = b\n[profile b]\n"
      .. ROLE .. "source_profile = c\n[profile c]\n" .. ROLE .. "source_profile = base\n" .. BASE) }
    assert.equal("BASE-c-b-a", profile.new(context, "a", { modules = modules }):get().access_key_id)
    assert.equal(3, #made)
  end)

  it("asks its source anew only when that runs out", function()
    local asked = 0
    local function process()
      asked = asked + 1
      return fakes.set("P" .. asked)
    end
    local _, _, made = get("top", "[profile top]\n" .. ROLE .. "source_profile = dev\n" .. config_with("process"), nil,
      { answers = { process = process } })
    local base = made.assume_role.options.base
    assert.equal(base:get(), base:get())
    assert.equal(1, asked)
  end)
end)

describe("profiles that name each other as source_profile", function()
  local function role(name, source)
    return ("[profile %s]\n%ssource_profile = %s\n"):format(name, ROLE, source)
  end

  it("are an error that lists them, for loops of 1, 2 and 3", function()
    for trail, config in pairs {
      ["a -> a"] = role("a", "a"),
      ["a -> b -> a"] = role("a", "b") .. role("b", "a"),
      ["a -> b -> c -> a"] = role("a", "b") .. role("b", "c") .. role("c", "a"),
      ["a -> b -> c -> b"] = role("a", "b") .. role("b", "c") .. role("c", "b"),
    } do
      local message = failure_of("ConfigError", "a", config)
      assert.truthy(message:find("the profiles " .. trail .. " lead back", 1, true), message)
    end
  end)

  it("are an error even if the one that comes again has keys", function()
    local message = failure_of("ConfigError", "a", role("a", "b") .. KEYS .. role("b", "a"))
    assert.truthy(message:find("a -> b -> a", 1, true))
  end)

  it("are fine if one names itself and has keys, which then assume its role", function()
    local _, _, made = get("a", role("a", "a") .. KEYS)
    assert.equal("AKID", made.assume_role.options.base:get().access_key_id)
    _, _, made = get("a", role("a", "a") .. KEYS, "[a]\naws_access_key_id = FILE\naws_secret_access_key = " .. SECRET)
    assert.equal("FILE", made.assume_role.options.base:get().access_key_id)
  end)
end)

describe("a profile's credentials in a shared memory", function()
  local function identities(...)
    local wrapped = {}
    local function share(provider, identity)
      wrapped[#wrapped + 1] = table.concat(identity, "\n")
      return provider
    end
    local name, config, credentials = ...
    get(name, config, credentials, { share = share })
    return wrapped
  end

  it("are those that cost a process or a call, once", function()
    for kind in pairs(KINDS) do
      assert.equal(kind == "config_keys" and 0 or 1, #identities("dev", config_with(kind)), kind)
    end
    assert.equal(0, #identities("dev", nil, CREDENTIALS_FILE))
  end)

  it("are told apart by what all profiles on the way have, but for secrets", function()
    local config = config_with("role")
    local identity = identities("dev", config)[1]
    for _, part in ipairs { "dev", "base", "source_profile=base", "aws_access_key_id=BASE",
        "role_arn=arn:aws:iam::123456789012:role/backup" } do
      assert.truthy(identity:find(part, 1, true), part)
    end
    assert.is_nil(identity:find(SECRET, 1, true))
    assert.equal(identity, identities("dev", config)[1])
    assert.are_not.equal(identity, identities("dev", config .. "external_id = other\n")[1])
  end)
end)

describe("a profile's credentials from the real providers", function()
  local ANSWER = [[
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/backup/s</Arn><AssumedRoleId>AROA:s</AssumedRoleId>
</AssumedRoleUser><Credentials><AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration></Credentials></AssumeRoleResult>
<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></AssumeRoleResponse>]]

  -- An STS that notes who signed, for what it was asked, and where.
  local function new_sts()
    local sts = { asked = {} }
    function sts.send(_, request)
      sts.asked[#sts.asked + 1] = {
        key = request.headers.authorization:match("Credential=(%w+)/"), host = request.host,
        role = request.body:match("RoleArn=[^&]*role%%2F(%w+)"),
      }
      return { status = 200, headers = {}, body = ANSWER:format(#sts.asked) }
    end
    return sts
  end

  local function real(config, transport)
    return profile.new(contexts.new { shared = fakes.shared(config), transport = transport }, "dev")
  end

  it("are those of the role of a role, each asked for with the credentials before it", function()
    local sts = new_sts()
    local provider = real("[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/outer\nsource_profile = mid\n"
      .. "region = eu-west-1\n[profile mid]\nrole_arn = arn:aws:iam::123456789012:role/inner\nsource_profile = base\n"
      .. BASE, sts)
    local found = assert(provider:get())
    assert.equal("ASIA2", found.access_key_id)
    assert.equal("123456789012", found.account_id)
    assert.equal('profile "dev" (assume role)', provider.name)
    assert.same({
      { key = "BASE", host = "sts.us-east-1.amazonaws.com", role = "inner" },
      { key = "ASIA1", host = "sts.eu-west-1.amazonaws.com", role = "outer" },
    }, sts.asked)
    provider:get()
    assert.same({ key = "ASIA1", host = "sts.eu-west-1.amazonaws.com", role = "outer" }, sts.asked[3])
  end)

  it("fail in the words of the one that its keys name", function()
    for words, lines in pairs {
      ["/nowhere/token"] = "web_identity_token_file = /nowhere/token\n" .. ROLE,
      ["sso_account_id"] = "sso_role_name = r\n",
      ["aws login"] = "login_session = arn:aws:sts::123456789012:assumed-role/Admin/me\n",
      ["credential_process"] = "credential_process = /nowhere/tool\n",
    } do
      local found, failure = real("[profile dev]\n" .. lines):get()
      assert.is_nil(found)
      assert.is_true(errors.is(failure, "ClientError"), tostring(failure))
      assert.truthy(failure.message:find(words, 1, true), failure.message)
    end
  end)
end)
