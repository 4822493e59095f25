local contexts = require "spec.services.context"
local credentials = require "aws.backup.credentials"
local errors = require "aws.backup.errors"
local fakes = require "spec.credentials.fakes"

local SECRET = fakes.SECRET

local function from(given, overrides)
  local context = contexts.new(overrides)
  local modules = fakes.modules(overrides and overrides.answers)
  local source, failure = credentials.resolve(given, context, modules)
  return source, failure, context
end

local function get(given, overrides)
  local source, failure = from(given, overrides)
  if not source then return nil, failure end
  return source:get()
end

-- The keys alone.
local function keys_of(found)
  return { found.access_key_id, found.secret_access_key, found.session_token, found.account_id, found.expiration }
end

describe("credentials.resolve", function()
  it("takes a table, and keeps what it was when the client was made", function()
    local expiration = contexts.START + 17
    local given = { access_key_id = "AKID", secret_access_key = SECRET, session_token = "T",
      account_id = "123456789012", expiration = expiration }
    local source = assert(from(given))
    given.access_key_id = "OTHER"
    assert.same({ "AKID", SECRET, "T", "123456789012", expiration }, keys_of(source:get()))
    assert.equal(source:get(), source:get())
    assert.equal("option", source.name)
  end)

  it("takes a function, a callable table and an object with get, and asks anew each time", function()
    local count = 0
    local function next_one()
      count = count + 1
      return { access_key_id = "AKID" .. count, secret_access_key = SECRET }
    end
    local source = assert(from(next_one))
    assert.equal("AKID1", source:get().access_key_id)
    assert.equal("AKID2", source:get().access_key_id)
    assert.equal("function", source.name)
    assert.equal("AKID3", assert(get({ get = next_one })).access_key_id)
    assert.equal("AKID4", assert(get(setmetatable({}, { __call = next_one }))).access_key_id)
  end)

  it("marks credentials that are given in code for the User-Agent", function()
    local given = { access_key_id = "AKID", secret_access_key = SECRET, features = { "i" } }
    assert.same({ "e" }, get(given).features)
    assert.same({ "e" }, get(function() return given end).features)
  end)

  it("refuses missing parts and values with a line end, without showing them", function()
    for _, given in ipairs({
      { secret_access_key = SECRET }, { access_key_id = "AKID" }, { access_key_id = "", secret_access_key = SECRET },
      { access_key_id = "AKID", secret_access_key = SECRET .. "\n" },
      { access_key_id = "AKID", secret_access_key = SECRET, session_token = "a\r\nb" },
      { access_key_id = 1, secret_access_key = SECRET },
      { access_key_id = "AKID", secret_access_key = SECRET, account_id = 123456789012 },
      { access_key_id = "AKID", secret_access_key = SECRET, expiration = "tomorrow" },
      { access_key_id = "AKID", secret_access_key = SECRET, expiration = 0 / 0 },
    }) do
      local found, failure = get(given)
      assert.is_nil(found)
      assert.is_true(failure:is("CredentialsError"))
      assert.is_nil(tostring(failure):find("wJalr", 1, true))
    end
  end)

  it("lists all parts that are missing", function()
    local _, failure = get({})
    assert.equal("the option credentials gave no access_key_id and no secret_access_key", failure.message)
  end)

  it("takes an empty session token for none", function()
    assert.is_nil(assert(get({ access_key_id = "A", secret_access_key = "B", session_token = "" })).session_token)
  end)

  it("refuses given credentials from the moment on when they expire", function()
    local given = { access_key_id = "AKID", secret_access_key = SECRET, expiration = contexts.START + 60 }
    for _, form in ipairs { given, function() return given end } do
      local source, _, context = from(form)
      assert.equal("AKID", source:get().access_key_id)
      context.advance(60)
      local found, failure = source:get()
      assert.is_nil(found)
      assert.is_true(failure:is("CredentialsError"))
      assert.truthy(failure.message:find("that have expired (at 2026-01-02T03:05:05Z); give newer ones", 1, true))
    end
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

  it("never renews a table, and calls a function again", function()
    local source = assert(from({ access_key_id = "AKID", secret_access_key = SECRET }))
    assert.same({ false }, { source:renew(source:get()) })

    local count = 0
    source = assert(from(function()
      count = count + 1
      if count == 4 then error("vault is sealed", 0) end
      return { access_key_id = count < 3 and "OLD" or "NEW", secret_access_key = SECRET }
    end))
    local used = source:get()
    assert.same({ false }, { source:renew(used) })
    assert.same({ true }, { source:renew(used) })
    local renewed, failure = source:renew(used)
    assert.is_false(renewed)
    assert.truthy(failure.message:find("vault is sealed", 1, true))
  end)

  it("shows nothing secret to those who walk over a source", function()
    local function walk(value, seen)
      if type(value) ~= "table" or seen[value] then return assert.are_not.equal(SECRET, value) end
      seen[value] = true
      for key, item in pairs(value) do
        walk(key, seen)
        walk(item, seen)
      end
    end
    local env = { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = SECRET }
    for _, given in ipairs { { access_key_id = "AKID", secret_access_key = SECRET }, false } do
      local source = assert(from(given or nil, { env = env }))
      assert.equal(SECRET, source:get().secret_access_key)
      walk(source, {})
    end
  end)
end)

describe("the default chain", function()
  local ENVIRONMENT = { AWS_ACCESS_KEY_ID = "ENV", AWS_SECRET_ACCESS_KEY = SECRET }
  local PROFILE = "[default]\naws_access_key_id = PROFILE\naws_secret_access_key = " .. SECRET .. "\n"

  -- A world in which everything has credentials, but for what the test takes away.
  local function world(changes)
    local made = {
      env = ENVIRONMENT, shared = fakes.shared(nil, PROFILE),
      answers = { web_identity_environment = fakes.set("WEB") },
    }
    for name, value in pairs(changes or {}) do made[name] = value end
    return made
  end

  local function id_of(changes)
    local source = assert(from(nil, world(changes)))
    return assert(source:get()).access_key_id, source.name
  end

  local NO_PROFILE = fakes.shared()

  it("asks environment, profile, web identity of the environment, container and instance, in this order", function()
    assert.same({ "ENV", "environment" }, { id_of() })
    assert.same({ "PROFILE", 'profile "default" (static keys)' }, { id_of { env = {} } })
    assert.same({ "WEB", "web identity of the environment" }, { id_of { env = {}, shared = NO_PROFILE } })
    assert.same({ "container", "container" }, { id_of { env = {}, shared = NO_PROFILE, answers = {} } })
    assert.same({ "instance_metadata", "instance_metadata" },
      { id_of { env = {}, shared = NO_PROFILE, answers = { container = "no URI" } } })
  end)

  it("leaves the environment out when the profile is selected in code", function()
    assert.equal("PROFILE", (id_of { profile_is_explicit = true }))
    assert.equal("container", (id_of { profile_is_explicit = true, shared = NO_PROFILE }))
  end)

  it("prefers the environment to a profile that the environment selects", function()
    assert.equal("ENV", (id_of { profile_name = "dev", profile_is_explicit = false,
      env = { AWS_PROFILE = "dev", AWS_ACCESS_KEY_ID = "ENV", AWS_SECRET_ACCESS_KEY = SECRET },
      shared = fakes.shared(nil, (PROFILE:gsub("default", "dev"))) }))
  end)

  it("reads the profile that is selected", function()
    assert.equal("PROFILE", (id_of { env = {}, profile_name = "dev",
      shared = fakes.shared(nil, (PROFILE:gsub("default", "dev"))) }))
  end)

  it("stops at whatever is set up, but does not work", function()
    local broken = errors.new("CredentialsError", { message = "no such file" })
    local half = "[default]\naws_access_key_id = PROFILE\n"
    for message, changes in pairs {
      ["AWS_SECRET_ACCESS_KEY is not"] = { env = { AWS_ACCESS_KEY_ID = "ENV" } },
      ["no aws_secret_access_key"] = { env = {}, shared = fakes.shared(nil, half) },
      ["no such file"] = { env = {}, shared = NO_PROFILE, answers = { web_identity_environment = broken } },
    } do
      local found, failure = get(nil, world(changes))
      assert.is_nil(found)
      assert.is_false(failure:is("NoCredentialsError"))
      assert.truthy(failure.message:find(message, 1, true), failure.message)
    end
  end)

  it("goes on where nothing is set up", function()
    assert.equal("PROFILE", (id_of { env = { AWS_SECRET_ACCESS_KEY = SECRET } }))
  end)

  it("tells what each provider met when there are none", function()
    local found, failure = get(nil, { answers = { container = "no URI", instance_metadata = "no answer" } })
    assert.is_nil(found)
    assert.is_true(failure:is("NoCredentialsError"))
    assert.is_true(failure:is("CredentialsError"))
    assert.same({
      "environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
      'profile "default": it is neither in /nowhere/.aws/config nor in /nowhere/.aws/credentials',
      "web identity of the environment: not set",
      "container: no URI",
      "instance_metadata: no answer",
    }, failure.details.providers)
    assert.truthy(failure.message:find("environment: AWS_ACCESS_KEY_ID", 1, true))
  end)

  it("ends the search at half a pair in the environment", function()
    local _, failure = get(nil, world { env = { AWS_ACCESS_KEY_ID = "AKID" } })
    assert.is_false(failure:is("NoCredentialsError"))
    assert.truthy(failure.message:find("AWS_SECRET_ACCESS_KEY is not", 1, true))
  end)

  it("is searched when credentials are first wanted, and then only the winner is asked", function()
    local env, count = {}, 0
    local source, _, context = from(nil, { env = env, answers = { container = function()
      count = count + 1
      return fakes.set("C" .. count, contexts.START + count * 3600)
    end } })
    assert.equal(0, count)
    assert.equal("default chain", source.name)
    assert.equal("C1", source:get().access_key_id)
    env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY = "ENV", SECRET
    context.advance(3000)
    assert.equal("C2", source:get().access_key_id)
    assert.is_true(source:renew(source:get()))
    assert.equal("C3", source:get().access_key_id)
  end)

  it("renews credentials of the environment by reading it anew", function()
    local env = { AWS_ACCESS_KEY_ID = "OLD", AWS_SECRET_ACCESS_KEY = SECRET }
    local source = assert(from(nil, { env = env }))
    local used = source:get()
    assert.is_false((source:renew(used)))
    env.AWS_ACCESS_KEY_ID = "NEW"
    assert.equal(used, source:get())
    assert.is_true((source:renew(used)))
    assert.equal("NEW", source:get().access_key_id)
  end)
end)
