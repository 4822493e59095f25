local environment = require "aws.backup.environment"
local helper = require "spec.config_helper"

local CONFIG, CREDENTIALS, HOME = helper.CONFIG, helper.CREDENTIALS, helper.HOME

local function reader(variables)
  return function(name) return variables[name] end
end

local SPELLINGS = { 'getenv%("([%w_]+)"%)', '"(AWS_[A-Z0-9_]+)"', '"([A-Z]+_PROXY)"', '"([a-z]+_proxy)"' }

-- Every string of the sources that is spelled like a variable of the environment: read by name, or listed to be.
local function names_in_sources()
  local names, count = {}, 0
  local listing = assert(io.popen("find lua -name '*.lua' -not -path '*/emulator/*' -not -path '*/model/*'"))
  for path in listing:lines() do
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    for _, pattern in ipairs(SPELLINGS) do
      for name in text:gmatch(pattern) do
        names[name], count = path, count + 1
      end
    end
  end
  listing:close()
  return names, count
end

describe("environment.names", function()
  it("has every variable that the sources read", function()
    local known = {}
    for _, name in ipairs(environment.names()) do known[name] = true end
    local names, count = names_in_sources()
    assert.is_true(count > 40)
    for name, path in pairs(names) do
      assert.is_true(known[name], ("%s, read in %s, is not in the list"):format(name, path))
    end
  end)
end)

describe("environment.of", function()
  it("takes blank variables for not set, and hands out what is set as well", function()
    local getenv, variable = environment.of { EMPTY = "", BLANK = " \t", SET = " x " }
    assert.is_nil(getenv("EMPTY"))
    assert.is_nil(getenv("BLANK"))
    assert.is_nil(getenv("ABSENT"))
    assert.equal(" x ", getenv("SET"))
    assert.equal("", variable("EMPTY"))
    assert.is_nil(variable("ABSENT"))
  end)

  it("takes a function, an object that can be called, or a table, and texts only", function()
    assert.equal("v:A", (environment.of(function(name) return "v:" .. name end))("A"))
    assert.equal("v:A", (environment.of(setmetatable({}, { __call = function(_, name) return "v:" .. name end })))("A"))
    assert.equal("x", (environment.of(setmetatable({}, { __index = { A = "x" } })))("A"))
    assert.is_nil((environment.of { A = 5 })("A"))
  end)

  it("reads the process and the disk without options, and hands out given files as they are", function()
    local getenv, _, files = environment.of(nil, nil)
    assert.equal(os.getenv("PATH"), getenv("PATH"))
    assert.equal(require("aws.backup.files").default, files)
    local own = helper.files_of {}
    assert.equal(own, select(3, environment.of(nil, own)))
  end)
end)

describe("environment.capture", function()
  local function capture(variables, texts)
    return environment.capture(reader(variables), helper.files_of(texts))
  end

  it("keeps variables as they are, whatever happens to them later", function()
    local variables = { AWS_REGION = "eu-west-1", AWS_CA_BUNDLE = "", HOME = HOME }
    local kept = capture(variables, {})
    variables.AWS_REGION, variables.AWS_PROFILE = "us-east-1", "late"
    assert.equal("eu-west-1", kept.variable("AWS_REGION"))
    assert.equal("", kept.variable("AWS_CA_BUNDLE"))
    assert.is_nil(kept.variable("AWS_PROFILE"))
  end)

  it("keeps both shared files, and that a file is missing", function()
    local texts = { [CONFIG] = "[default]\nregion = eu-west-1\n" }
    local kept = capture({ HOME = HOME }, texts)
    texts[CONFIG], texts[CREDENTIALS] = "changed", "[late]\n"
    assert.equal("[default]\nregion = eu-west-1\n", kept.files.read(CONFIG, 100))
    local text, kind = kept.files.read(CREDENTIALS, 100)
    assert.is_nil(text)
    assert.equal("missing", kind)
  end)

  it("keeps a broken file for whoever makes a client", function()
    local kept = capture({ HOME = HOME }, { [CONFIG] = "junk" })
    assert.equal("junk", kept.files.read(CONFIG, 100))
  end)

  it("goes to the disk for every other file", function()
    local texts = { ["/token"] = "old" }
    local kept = capture({ HOME = HOME }, texts)
    texts["/token"] = "new"
    assert.equal("new", kept.files.read("/token", 100))
    local done, kind = kept.files.replace("/token", "x")
    assert.is_nil(done)
    assert.equal("denied", kind)
  end)
end)

describe("inside nginx", function()
  local TOUCHED = { "aws.backup.environment", "aws.backup.config", "aws.backup.files" }
  local original = {}

  -- The modules as they are when loaded in a phase of nginx, with this environment and disk.
  local function load_in(phase, variables, texts)
    for _, name in ipairs(TOUCHED) do package.loaded[name] = nil end
    rawset(_G, "ngx", { get_phase = function() return phase end })
    os.getenv = reader(variables) -- luacheck: ignore
    package.loaded["aws.backup.files"] = { default = helper.files_of(texts) }
    return require("aws.backup.config")
  end

  before_each(function()
    original = { ngx = rawget(_G, "ngx"), getenv = os.getenv, modules = {} }
    for _, name in ipairs(TOUCHED) do original.modules[name] = package.loaded[name] end
  end)

  after_each(function()
    rawset(_G, "ngx", original.ngx)
    os.getenv = original.getenv -- luacheck: ignore
    for _, name in ipairs(TOUCHED) do package.loaded[name] = original.modules[name] end
  end)

  local TEXT = "[profile dev]\nregion = eu-west-1\naws_access_key_id = AKID\n"

  it("a client has the variables and files from when the module was loaded in init_by_lua", function()
    local variables, texts = { HOME = HOME, AWS_PROFILE = "dev", AWS_MAX_ATTEMPTS = "7" }, { [CONFIG] = TEXT }
    local config = load_in("init", variables, texts)
    variables.AWS_PROFILE, variables.HOME, variables.AWS_MAX_ATTEMPTS = nil, nil, nil
    texts[CONFIG] = nil
    local settings = assert(config.resolve())
    assert.equal("dev", settings.profile_name)
    assert.equal("eu-west-1", settings.region)
    assert.equal(7, settings.max_attempts)
    assert.equal("AKID", settings.profile.aws_access_key_id)
    assert.equal(HOME, settings.getenv("HOME"))
  end)

  it("a client's own options for environment and files come before what was kept", function()
    local config = load_in("init", { HOME = HOME, AWS_REGION = "eu-west-1" }, { [CONFIG] = TEXT })
    assert.equal("us-east-1", assert(config.resolve { env = { AWS_REGION = "us-east-1" } }).region)
    local files = helper.files_of { [CONFIG] = "[default]\nmax_attempts = 9\n" }
    assert.equal(9, assert(config.resolve { files = files }).max_attempts)
  end)

  it("nothing is kept when the module is loaded in another phase", function()
    local variables = { HOME = HOME, AWS_REGION = "eu-west-1" }
    local config = load_in("content", variables, {})
    variables.AWS_REGION = "us-east-1"
    assert.equal("us-east-1", assert(config.resolve()).region)
  end)
end)
