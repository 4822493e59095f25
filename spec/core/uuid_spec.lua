-- UUIDs over forks: what one process has made in advance, no other may hand out.

local core = require "aws.backup.core"
local home = require "spec.services.home"

local LUA = assert(os.getenv("LUA"), "run the specs with tools/busted, which says which Lua runs them")

describe("UUIDs", function()
  local folder

  local function build(source)
    local library = folder.path .. "/" .. source:match("([^/]+)%.c$") .. ".so"
    assert(os.execute(("LD_PRELOAD= cc -shared -fPIC -o %s %s"):format(library, source)))
    return library
  end

  setup(function()
    folder = home.new()
  end)

  teardown(function()
    folder:remove()
  end)

  -- The UUIDs of each process, by its name. The child leaves its parent's memory where it is.
  local function uuids(before)
    local pipe = assert(io.popen(("ASAN_OPTIONS=detect_leaks=0 %s %s spec/core/forked_uuids.lua %s 2>&1"):format(
      before, LUA, build("spec/core/fork.c"))))
    local output = pipe:read("*a")
    pipe:close()
    local counts, owners = {}, {}
    for side, uuid in output:gmatch("(%l+) ([%x-]+)\n") do
      assert.equal(36, #uuid)
      assert.is_nil(owners[uuid], side .. " has one of " .. tostring(owners[uuid]))
      owners[uuid], counts[side] = side, (counts[side] or 0) + 1
    end
    assert.same({ before = 3, child = 53, grandchild = 50, parent = 100 }, counts, output)
  end

  it("are never the same in a process and its children", function()
    uuids("")
  end)

  it("are never the same where the kernel does not tell of forks", function()
    uuids("LD_PRELOAD=$LD_PRELOAD:" .. build("spec/core/no_madvise.c"))
  end)

  it("are all different when there are many, and spread over all their bits", function()
    local seen, ones = {}, 0
    for _ = 1, 5000 do
      local uuid = core.uuid()
      assert.is_nil(seen[uuid])
      seen[uuid] = true
      ones = ones + (tonumber(uuid:sub(36), 16) % 2)
    end
    assert.is_true(ones > 2000 and ones < 3000, ones)
  end)
end)
