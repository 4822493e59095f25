local core = require "aws.backup.core"
local services = require "spec.services.server"
local time = require "aws.backup.codec.time"

describe("the loopback server", function()
  local server, engine

  setup(function()
    server = services.start()
    engine = core.new_engine()
  end)

  teardown(function()
    engine:close()
    server:stop()
  end)

  local function send(path, changes)
    local request = { method = "GET", url = server.url .. path, headers = {}, connect_timeout = 5, read_timeout = 5 }
    for name, value in pairs(changes or {}) do request[name] = value end
    local transfer = assert(engine:start(request))
    while not transfer:done() do engine:step(1) end
    return transfer:result()
  end

  local function bodies(count, path)
    local found = {}
    for index = 1, count do found[index] = assert(send(path)).body end
    return found
  end

  local function exists(path)
    local file = io.open(path, "r")
    if file then file:close() end
    return file ~= nil
  end

  -- Whether a server still answers there.
  local function listens(url)
    return (send("", { url = url })) ~= nil
  end

  it("answers with status, headers and body byte for byte", function()
    local bytes = {}
    for code = 0, 255 do bytes[#bytes + 1] = string.char(code) end
    local body = table.concat(bytes)
    server:script { { path = "/it", status = 418, headers = { ["x-high"] = "a \195\169 \255" }, body = body } }
    local response = assert(send("/it"))
    assert.equal(418, response.status)
    assert.equal(body, response.body)
    assert.equal("a \195\169 \255", response.headers["x-high"])
  end)

  it("tells what it was asked byte for byte, in order", function()
    server:script { {} }
    send("/a//b/../%2f%C3%A9?x=1&y=%20",
      { method = "PUT", headers = { ["x-high"] = "\195\169\255" }, body = "\1\255\0" })
    send("/second")
    local seen = server:seen()
    assert.equal(2, #seen)
    assert.equal("PUT", seen[1].method)
    assert.equal("/a//b/../%2f%C3%A9", seen[1].path)
    assert.equal("x=1&y=%20", seen[1].query)
    assert.equal("\195\169\255", seen[1].headers["x-high"])
    assert.equal("\1\255\0", seen[1].body)
    assert.equal("GET", seen[2].method)
    assert.equal("/second", seen[2].path)
    assert.is_nil(seen[2].query)
    assert.equal("", seen[2].body)
  end)

  it("answers by the first entry that fits and has times left, else 404", function()
    server:script {
      { method = "POST", path = "/a", body = "posted" },
      { path = "/a", body = "twice", times = 2 },
      { path = "/a", body = "then" },
    }
    assert.same({ "twice", "twice", "then", "then" }, bodies(4, "/a?query=1"))
    assert.equal("posted", send("/a", { method = "POST" }).body)
    assert.equal(404, send("/b").status)
  end)

  it("forgets what was seen with each script", function()
    send("/before")
    server:script {}
    assert.same({}, server:seen())
    assert.equal(404, send("/after").status)
    assert.equal("/after", server:seen()[1].path)
  end)

  it("answers late, with the clock it is told, or by dropping the connection", function()
    local date = time.http_date(1767323045)
    server:script {
      { path = "/late", delay = 5 },
      { path = "/clock", headers = { date = date } },
      { path = "/drop", close = true },
      { path = "/cut", body = "0123456789", truncate = 4 },
    }
    local _, kind = send("/late", { read_timeout = 0.1 })
    assert.equal("read_timeout", kind)
    assert.equal(date, send("/clock").headers.date)
    assert.is_nil((send("/drop")))
    local cut, cut_kind = send("/cut")
    assert.is_nil(cut)
    assert.equal("reset", cut_kind)
  end)

  it("takes and gives bodies of some megabytes", function()
    local body = ("0123456789abcdef"):rep(2 ^ 17)
    server:script { { body = body:sub(1, 2 ^ 20) } }
    assert.equal(2 ^ 20, #send("/", { method = "POST", body = body }).body)
    assert.equal(#body, #server:seen()[1].body)
  end)

  it("listens on IPv6 as well, where there is any", function()
    server:script { { body = "six" } }
    -- The machine has no ::1 exactly when there is no URL for it.
    local answered = listens(("http://[::1]:%d/"):format(server.port))
    assert.equal(answered, server.url6 ~= nil)
  end)

  it("stands beside others, and is gone with its directory when stopped", function()
    local other = services.start()
    local directory = other.directory
    server:script { { body = "first" } }
    other:script { { body = "second" } }
    assert.equal("first", send("/").body)
    assert.equal("second", send("/", { url = other.url .. "/" }).body)
    other:stop()
    assert.is_false(listens(other.url .. "/"))
    assert.is_false(exists(directory))
    assert.is_true(listens(server.url .. "/"))
  end)

  it("ends with the process that started it", function()
    local program = [[
      local services = require "spec.services.server"
      local server = services.start()
      print(server.url, server.directory)
      io.stdout:flush()
      os.exit(0)
    ]]
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(program)
    file:close()
    local pipe = assert(io.popen(("exec %s %s"):format(os.getenv("LUA"), path)))
    local url, directory = pipe:read("*l"):match("^(%S+)%s+(%S+)$")
    pipe:close()
    os.remove(path)
    local deadline = core.monotonic() + 20
    while exists(directory) and core.monotonic() < deadline do core.sleep(0.02) end
    assert.is_false(listens(url .. "/"))
    assert.is_false(exists(directory))
  end)
end)
