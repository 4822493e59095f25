-- A client that was used before a fork, used by both processes afterwards, at the same time.

local fault_server = require "spec.core.server"
local home = require "spec.services.home"

local LUA = assert(os.getenv("LUA"), "run the specs with tools/busted, which says which Lua runs them")

describe("after a fork, with the same client in both processes", function()
  local server, folder, library

  setup(function()
    server = fault_server.start()
    folder = home.new()
    library = folder.path .. "/fork.so"
    assert(os.execute("LD_PRELOAD= cc -shared -fPIC -o " .. library .. " spec/core/fork.c"))
  end)

  teardown(function()
    folder:remove()
    server:stop()
  end)

  -- The connections that were used before the fork, by each side, and by the parent after the child's end. The child
  -- leaves its parent's where they are, which a sanitizer would take for a leak.
  local function connections(way, url)
    local pipe = assert(io.popen(("ASAN_OPTIONS=detect_leaks=0 %s spec/core/forked_calls.lua %s %s %s %s 2>&1"):format(
      LUA, library, way, url or server.url, server.certificate)))
    local output = pipe:read("*a")
    pipe:close()
    local found = {}
    for side, list in output:gmatch("(%l+): ([%d ]+)\n") do found[side] = list end
    assert.truthy(found.before and found.parent and found.child and found.after, output)
    return found
  end

  local function assert_only_the_child_has_left(found)
    assert.equal(found.before, found.parent)
    assert.equal(found.before, found.after)
    assert.not_equal(found.before, found.child)
  end

  it("each gets its own answers over connections of its own", function()
    assert_only_the_child_has_left(connections("shared"))
  end)

  it("each does so over an engine with a bound of its own", function()
    assert_only_the_child_has_left(connections("bounded"))
  end)

  it("each does so over TLS, which the child's end does not close for the parent", function()
    assert_only_the_child_has_left(connections("shared", "https://localhost:" .. server.tls_port))
  end)

  it("the child is told of each call that was under way in parallel, and goes on; the parent has all", function()
    local pipe = assert(io.popen(("ASAN_OPTIONS=detect_leaks=0 %s spec/core/forked_parallel.lua %s %s 2>&1"):format(
      LUA, library, server.url)))
    local output = pipe:read("*a")
    pipe:close()
    assert.equal("closed closed child closed", output:match("child: ([^\n]*)"), output)
    assert.equal("read_timeout read_timeout parent read_timeout", output:match("parent: ([^\n]*)"), output)
  end)

  it("each gets its own answers to calls that run in parallel", function()
    local found = connections("parallel")
    local used = {}
    for connection in (found.before .. " " .. found.parent .. " " .. found.after):gmatch("%d+") do
      used[connection] = true
    end
    for connection in found.child:gmatch("%d+") do assert.is_nil(used[connection], connection) end
  end)
end)
