local core = require "aws.backup.core"
local useragent = require "aws.backup.useragent"
local version = require "aws.backup.version"

-- The text for settings, changed, and features of a call.
local function text(changes, features, environment)
  local settings = { retry_mode = "standard", getenv = function(name) return environment and environment[name] end }
  for name, value in pairs(changes or {}) do settings[name] = value end
  return useragent.new(settings)(features)
end

local function part(prefix, whole)
  return (" " .. whole .. " "):match(" (" .. prefix:gsub("%p", "%%%0") .. "[^ ]*) ")
end

local function features(whole)
  return part("m/", whole)
end

describe("the User-Agent", function()
  local system

  setup(function() system = core.system end)
  after_each(function()
    core.system = system
    rawset(_G, "ngx", nil)
  end)

  local function on(name, release)
    core.system = function() return { name = name, release = release, machine = "x86_64" } end
  end

  it("names this client, not an AWS SDK, and then the parts in their order", function()
    on("Linux", "6.1.0-18-amd64")
    local whole = text({ app_id = "my-app", endpoint_url = "http://host" }, { "g" }, { AWS_EXECUTION_ENV = "AWS_ECS" })
    local language, curl = part("lang/", whole), part("md/libcurl#", whole)
    assert.equal(table.concat({
      "lua-aws-backup/" .. version, "ua/2.1", "os/linux#6.1.0-18-amd64", "md/arch#x86_64", language, curl,
      "exec-env/AWS_ECS", "m/E,N,g", "cfg/retry-mode#standard", "app/my-app",
    }, " "), whole)
    assert.equal("md/libcurl#" .. core.versions().curl, curl)
  end)

  it("tells the language by what runs it", function()
    local jit = rawget(_G, "jit")
    local expected = jit and "lang/luajit#" .. jit.version:gsub("^LuaJIT ", "")
      or "lang/lua#" .. _VERSION:gsub("^Lua ", "")
    assert.equal(expected, part("lang/", text()))
  end)

  it("knows the systems that have a name of their own, and tells another one's beside", function()
    for name, expected in pairs {
      Linux = "os/linux#1.2", LINUX = "os/linux#1.2", Darwin = "os/macos#1.2", Windows = "os/windows#1.2",
      FreeBSD = "os/other md/FreeBSD#1.2",
    } do
      on(name, "1.2")
      assert.truthy(text():find(" ua/2.1 " .. expected .. " md/arch#x86_64 ", 1, true))
    end
  end)

  it("is what the system of this machine is called, without a separator inside a part", function()
    local found = core.system()
    assert.truthy(part("os/", text()))
    assert.equal("md/arch#" .. found.machine, part("md/arch", text()))
    assert.equal(1, select(2, part("os/", text()):gsub("/", "")))
  end)

  it("names nginx, when it runs there", function()
    rawset(_G, "ngx", { config = { nginx_version = 1022001 } })
    assert.equal("md/nginx#1.22.1", part("md/nginx", text()))
    rawset(_G, "ngx", {})
    assert.is_nil(part("md/nginx", text()))
  end)

  it("writes a dash for every character that is not allowed", function()
    on("Linux", "6.1 (x)/#y")
    local odd = "a b/c#d(\195\169)!$%&'*+-.^_`|~,9"
    local whole = text({ app_id = odd }, nil, { AWS_EXECUTION_ENV = "AWS Lambda/x\r\n" })
    assert.equal("os/linux#6.1--x---y", part("os/", whole))
    assert.equal("app/a-b-c-d----!$%&'*+-.^_`|~,9", part("app/", whole))
    assert.equal("exec-env/AWS-Lambda-x--", part("exec-env/", whole))
    assert.is_nil(whole:find("[^\32-\126]"))
  end)

  it("sends an app id of more than 50 characters all the same", function()
    local long = ("x"):rep(60)
    assert.equal("app/" .. long, part("app/", text { app_id = long }))
  end)

  it("leaves out what is not set", function()
    local whole = text { retry_mode = "off" }
    for _, prefix in ipairs { "m/", "app/", "exec-env/" } do assert.is_nil(part(prefix, whole)) end
    assert.is_nil(whole:find("  ", 1, true))
    assert.equal("cfg/retry-mode#off", whole:match("[^ ]+$"))
  end)
end)

describe("the features in the User-Agent", function()
  it("tell the retry mode", function()
    for mode, id in pairs { legacy = "D", standard = "E", adaptive = "F" } do
      assert.equal("m/" .. id, features(text { retry_mode = mode }))
    end
  end)

  it("tell an endpoint that is not the service's own", function()
    assert.equal("m/E,N", features(text { endpoint_url = "https://host" }))
  end)

  it("tell the account id mode", function()
    for mode, id in pairs { preferred = "P", disabled = "Q", required = "R" } do
      assert.equal("m/E," .. id, features(text { account_id_endpoint_mode = mode }))
    end
  end)

  it("tell no checksum mode, since no checksum is ever sent", function()
    assert.equal("m/E", features(text {
      request_checksum_calculation = "when_supported", response_checksum_validation = "when_required",
    }))
  end)

  it("are sorted, each once", function()
    assert.equal("m/0,E,i,n,o", features(text({}, { "o", "n", "i", "0", "n", "E" })))
  end)

  it("take at most 1024 bytes, cut at a comma", function()
    local many = {}
    for index = 1, 400 do many[index] = ("%03d"):format(index) end
    local cut = features(text({ retry_mode = "off" }, many))
    assert.equal(1021, #cut)
    assert.equal(",255", cut:sub(-4))
    -- "m/" and 255 ids of three with their commas: exactly as much as fits with one of six.
    local fitting = {}
    for index = 1, 255 do fitting[index] = ("%03d"):format(index) end
    fitting[256] = "xx"
    assert.equal(1024, #features(text({ retry_mode = "off" }, fitting)))
    fitting[256] = "xxx"
    assert.equal(1021, #features(text({ retry_mode = "off" }, fitting)))
    assert.is_nil(features(text({ retry_mode = "off" }, { ("x"):rep(2000) })))
  end)

  it("cost nothing when they were told before", function()
    local made = useragent.new { retry_mode = "standard", getenv = function() end }
    local used = { "g" }
    local concat, calls = table.concat, 0
    local first, none = made(used), made()
    table.concat = function(...) -- luacheck: ignore 122
      calls = calls + 1
      return concat(...)
    end
    local again, none_again = made(used), made()
    table.concat = concat -- luacheck: ignore 122
    assert.equal(first, again)
    assert.equal(none, none_again)
    assert.equal(0, calls)
    assert.not_equal(first, none)
  end)

  it("are kept no longer than the list that told them", function()
    local made = useragent.new { retry_mode = "standard", getenv = function() end }
    local before = collectgarbage("count")
    for index = 1, 2000 do made { ("x%03d"):format(index):rep(100) } end
    collectgarbage()
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 200)
  end)
end)
