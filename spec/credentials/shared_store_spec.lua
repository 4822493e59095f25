local contexts = require "spec.services.context"
local credentials = require "aws.backup.credentials"
local errors = require "aws.backup.errors"
local fakes = require "spec.credentials.fakes"
local shared_store = require "aws.backup.credentials.shared_store"

local START = contexts.START
local MINUTE, HOUR = 60, 3600

-- A dictionary as ngx.shared has them, whose time is the context's.
local function new_dict(clock)
  local dict, items = { items = {} }, {}
  dict.items = items
  local function alive(key)
    local item = items[key]
    return item and (item.ends == 0 or clock() < item.ends) and item or nil
  end
  function dict.get(_, key) return alive(key) and items[key].value end
  function dict.set(_, key, value, seconds)
    if dict.is_full then return nil, "no memory" end
    items[key] = { value = value, seconds = seconds, ends = seconds == 0 and 0 or clock() + seconds }
    return true
  end
  function dict.add(_, key, value, seconds)
    if dict.is_full then return nil, "no memory" end
    if alive(key) then return nil, "exists" end
    return dict:set(key, value, seconds)
  end
  function dict.delete(_, key) items[key] = nil end
  return dict
end

-- The item that is no lock: its key and itself.
local function stored_in(dict)
  for key, item in pairs(dict.items) do
    if not key:find(":lock$") then return key, item end
  end
end

local function key_of(changes, identity, name)
  local context = contexts.new(changes)
  local dict = new_dict(context.clock)
  shared_store.share(fakes.provider(name or "sso", fakes.set("AKID", START + HOUR)), identity or { "dev" }, dict,
    context):get()
  return (stored_in(dict))
end

describe("credentials in a shared dictionary", function()
  local context, dict
  before_each(function()
    context = contexts.new()
    dict = new_dict(context.clock)
  end)

  -- Another worker: the same dictionary, a provider of its own.
  local function worker(provider)
    return shared_store.share(provider, { "dev" }, dict, context)
  end

  it("are fetched by one worker and taken by the others", function()
    local found = fakes.set("AKID", START + HOUR + 0.25, 'TOKEN/+="')
    found.account_id, found.features = "123456789012", { "o", "i" }
    local other = fakes.provider("sso", fakes.set("OTHER"))
    local one, two = worker(fakes.provider("sso", found)), worker(other)
    assert.equal("sso", one.name)
    assert.same(found, one:get())
    assert.same(found, two:get())
    assert.equal(0, #other.calls)
  end)

  it("are stored until they expire, under a key that tells nothing", function()
    worker(fakes.provider("sso", fakes.set("AKID", START + HOUR / 2))):get()
    local key, item = stored_in(dict)
    assert.truthy(key:find("^aws%.backup%.credentials:" .. ("%x"):rep(64) .. "$"))
    assert.equal(HOUR / 2, item.seconds)
    assert.equal("string", type(item.value))
  end)

  it("are stored for an hour if they never expire", function()
    local other = fakes.provider("process", fakes.set("AKID"))
    worker(fakes.provider("process", fakes.set("AKID"))):get()
    assert.equal(HOUR, select(2, stored_in(dict)).seconds)
    assert.is_nil(worker(other):get().expiration)
    assert.equal(0, #other.calls)
  end)

  it("are fetched again by the first worker that finds them in their refresh window", function()
    worker(fakes.provider("sso", fakes.set("OLD", START + HOUR))):get()
    context.advance(44 * MINUTE)
    local one, two = fakes.provider("sso", fakes.set("NEW", START + 2 * HOUR)), fakes.provider("sso", fakes.set("TWO"))
    assert.equal("OLD", worker(one):get().access_key_id)
    context.advance(MINUTE)
    assert.equal("NEW", worker(one):get().access_key_id)
    assert.equal("NEW", worker(two):get().access_key_id)
    assert.equal(0, #two.calls)
  end)

  it("are used on while another worker fetches, as long as they are good", function()
    worker(fakes.provider("sso", fakes.set("OLD", START + HOUR))):get()
    context.advance(55 * MINUTE)
    local two = fakes.provider("sso", fakes.set("TWO"))
    local met
    worker(fakes.provider("sso", function()
      met = worker(two):get().access_key_id
      return fakes.set("NEW", START + 2 * HOUR)
    end)):get()
    assert.equal("OLD", met)
    assert.equal(0, #two.calls)
    assert.same({}, context.slept)
  end)

  it("are waited for with the context's sleep while another worker fetches the first ones", function()
    local holder = coroutine.wrap(function()
      return worker(fakes.provider("sso", function()
        coroutine.yield()
        return fakes.set("AKID", START + HOUR)
      end)):get()
    end)
    holder()
    local slept = 0
    context.sleep = function()
      slept = slept + 1
      if slept == 3 then holder() end
    end
    local two = fakes.provider("sso", fakes.set("TWO"))
    assert.equal("AKID", worker(two):get().access_key_id)
    assert.equal(3, slept)
    assert.equal(0, #two.calls)
  end)

  it("are waited for no longer than the deadline", function()
    coroutine.wrap(function() worker(fakes.provider("sso", coroutine.yield)):get() end)()
    context.sleep = context.advance
    local found, failure = worker(fakes.provider("sso", fakes.set("TWO"))):get(context.monotonic() + 0.5)
    assert.is_nil(found)
    assert.is_true(failure:is("CredentialsError"))
    assert.truthy(failure.message:find("option timeout", 1, true))
  end)

  it("are fetched by another worker if the one that began has died", function()
    coroutine.wrap(function() worker(fakes.provider("sso", coroutine.yield)):get() end)()
    local waited = 0
    context.sleep = function(seconds)
      waited = waited + seconds
      context.advance(seconds)
    end
    assert.equal("TWO", worker(fakes.provider("sso", fakes.set("TWO"))):get().access_key_id)
    assert.is_true(waited < 1, waited)
  end)

  it("are waited for as long as the worker that fetches renews its lock", function()
    local renew
    context.new_claim = function(beat)
      renew = beat
      return { is_held = function() return true end, release = function() renew = nil end }
    end
    local holder = coroutine.wrap(function()
      return worker(fakes.provider("sso", function()
        coroutine.yield()
        return fakes.set("AKID", START + HOUR)
      end)):get()
    end)
    holder()
    local waited = 0
    context.sleep = function(seconds)
      waited = waited + seconds
      context.advance(seconds)
      if waited > 30 then return holder() end
      renew()
    end
    local two = fakes.provider("sso", fakes.set("TWO"))
    assert.equal("AKID", worker(two):get().access_key_id)
    assert.equal(0, #two.calls)
    assert.is_nil(renew)
  end)

  it("leave the lock that another worker has taken to that one, whoever renews late", function()
    local renew
    context.new_claim = function(beat)
      renew = renew or beat
      return { is_held = function() return true end, release = function() end }
    end
    coroutine.wrap(function() worker(fakes.provider("sso", coroutine.yield)):get() end)()
    context.advance(10)
    worker(fakes.provider("sso", function()
      local key, item = next(dict.items)
      local before = item.value
      renew()
      assert.equal(before, dict.items[key].value)
      return fakes.set("TWO", START + HOUR)
    end)):get()
    renew()
    for key in pairs(dict.items) do assert.is_nil(key:find(":lock$")) end
  end)

  it("leave the lock to the worker that has it, if another one comes back late", function()
    local late = coroutine.wrap(function()
      return worker(fakes.provider("sso", function()
        coroutine.yield()
        return nil, errors.new("CredentialsError", { message = "late" })
      end)):get()
    end)
    late()
    context.advance(120)
    local count = 0
    worker(fakes.provider("sso", function()
      late()
      for key in pairs(dict.items) do count = count + (key:find(":lock$") and 1 or 0) end
      return fakes.set("AKID", START + HOUR)
    end)):get()
    assert.equal(1, count)
  end)

  it("are not shared when the fetch fails, and the next worker tries", function()
    local failure = errors.new("CredentialsError", { message = "no answer" })
    assert.equal(failure, select(2, worker(fakes.provider("sso", failure)):get()))
    assert.equal("not set", select(2, worker(fakes.provider("sso", "not set")):get()))
    assert.has_error(function() worker(fakes.provider("sso", function() error("boom", 0) end)):get() end, "boom")
    assert.is_nil((next(dict.items)))
    assert.equal("TWO", worker(fakes.provider("sso", fakes.set("TWO"))):get().access_key_id)
  end)

  it("are not shared when they are expired or incomplete", function()
    assert.equal("AKID", worker(fakes.provider("sso", fakes.set("AKID", START))):get().access_key_id)
    local found, failure = worker(fakes.provider("sso", function() return {} end)):get()
    assert.is_nil(found)
    assert.equal("the provider sso gave no access_key_id and no secret_access_key", failure.message)
    assert.is_nil((next(dict.items)))
  end)

  it("are fetched anew when the service rejected those in store, but only once", function()
    local old = fakes.set("OLD", START + HOUR)
    local one = fakes.provider("sso", old, fakes.set("NEW", START + HOUR))
    local two = fakes.provider("sso", fakes.set("TWO"))
    local first, second = worker(one), worker(two)
    first:get()
    second:get()
    assert.equal("NEW", first:get(nil, old).access_key_id)
    assert.equal("NEW", second:get(nil, old).access_key_id)
    assert.equal(2, #one.calls)
    assert.equal(0, #two.calls)
  end)

  it("are fetched by each worker for itself if the dictionary is full, and that is logged", function()
    dict.is_full = true
    assert.equal("ONE", worker(fakes.provider("sso", fakes.set("ONE", START + HOUR))):get().access_key_id)
    assert.same({ "credentials can't be shared between workers: no memory" }, context.logged)
    assert.equal("TWO", worker(fakes.provider("sso", fakes.set("TWO", START + HOUR))):get().access_key_id)
  end)

  it("are fetched anew if what is in store makes no sense", function()
    for _, text in ipairs { "", "nonsense", "[]", "5", "{}", '{"access_key_id":"A"}',
        '{"access_key_id":"A","secret_access_key":"B","expiration":"soon"}',
        '{"access_key_id":"A","secret_access_key":"B","expiration":5,"refresh_at":{}}' } do
      worker(fakes.provider("sso", fakes.set("AKID", START + HOUR))):get()
      local _, item = stored_in(dict)
      item.value = text
      assert.equal("NEW", worker(fakes.provider("sso", fakes.set("NEW", START + HOUR))):get().access_key_id, text)
      dict.items[stored_in(dict)] = nil
    end
  end)
end)

describe("the key of shared credentials", function()
  it("is the same for the same source", function()
    assert.equal(key_of(), key_of())
    assert.equal(key_of { env = { PATH = "/bin" } }, key_of { env = { PATH = "/sbin" } })
  end)

  it("differs with everything that the source goes by", function()
    local keys = { [key_of()] = "the plain one" }
    local function is_new(what, key)
      assert.is_nil(keys[key], what)
      keys[key] = what
    end
    is_new("identity", key_of({}, { "dev2" }))
    is_new("parts of the identity", key_of({}, { "de", "v" }))
    is_new("provider", key_of({}, nil, "process"))
    is_new("region", key_of { region = "eu-west-1" })
    is_new("instance metadata", key_of { settings = { imds = { endpoint = "http://[::1]" } } })
    for _, name in ipairs { "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL_STS", "AWS_ACCESS_KEY_ID",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" } do
      is_new(name, key_of { env = { [name] = "x" } })
    end
  end)

  it("does not depend on a secret", function()
    for _, name in ipairs { "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN" } do
      assert.equal(key_of(), key_of { env = { [name] = "secret" } }, name)
    end
  end)
end)

describe("the option shared_dict", function()
  local real_ngx
  before_each(function() real_ngx = rawget(_G, "ngx") end)
  after_each(function() rawset(_G, "ngx", real_ngx) end)

  local function resolve(changes)
    changes.settings = { shared_dict = "credentials" }
    return credentials.resolve(nil, contexts.new(changes), (fakes.modules(changes.answers)))
  end

  it("is an error outside nginx", function()
    rawset(_G, "ngx", nil)
    local source, failure = resolve {}
    assert.is_nil(source)
    assert.is_true(failure:is("ConfigError"))
    assert.equal("the option shared_dict is for nginx, and this program is none; leave it out", failure.message)
  end)

  it("is an error that names the directive if nginx has no such dictionary", function()
    rawset(_G, "ngx", { shared = {} })
    local source, failure = resolve {}
    assert.is_nil(source)
    assert.is_true(failure:is("ConfigError"))
    assert.truthy(failure.message:find('add "lua_shared_dict credentials 1m;" to its http block', 1, true))
  end)

  it("shares what a costly provider of the default chain finds", function()
    local clock = contexts.new().clock
    for kind, changes in pairs {
      container = {}, instance_metadata = { answers = { container = "no URI" } },
      process = { shared = fakes.shared("[default]\ncredential_process = /bin/tool\n") },
      web = { answers = { web_identity_environment = fakes.set("web") } },
    } do
      local dict = new_dict(clock)
      rawset(_G, "ngx", { shared = { credentials = dict } })
      assert.equal(kind, assert(resolve(changes)):get().access_key_id)
      assert.truthy(stored_in(dict), kind)
    end
  end)

  it("shares nothing that costs nothing", function()
    local dict = new_dict(contexts.new().clock)
    rawset(_G, "ngx", { shared = { credentials = dict } })
    assert(resolve { env = { AWS_ACCESS_KEY_ID = "A", AWS_SECRET_ACCESS_KEY = "B" } }):get()
    assert(resolve { shared = fakes.shared("[default]\naws_access_key_id = A\naws_secret_access_key = B\n") }):get()
    assert.same({}, dict.items)
  end)

  it("serves a forced renewal too", function()
    local dict = new_dict(contexts.new().clock)
    rawset(_G, "ngx", { shared = { credentials = dict } })
    local count = 0
    local answers = { container = function()
      count = count + 1
      return fakes.set("C" .. count, START + HOUR)
    end }
    local one, two = assert(resolve { answers = answers }), assert(resolve { answers = answers })
    local used = one:get()
    assert.equal("C1", two:get().access_key_id)
    assert.is_true(one:renew(used))
    assert.is_true(two:renew(used))
    assert.equal("C2", two:get().access_key_id)
    assert.equal(2, count)
  end)
end)
