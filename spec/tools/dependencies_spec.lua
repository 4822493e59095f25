-- tools/dependencies on systems that are played: what is installed, and what there is to install.

local read = require "spec.read_file"

local DEBIAN_12 = { "luajit", "libluajit-5.1-dev", "luajit2", "libluajit2-5.1-dev" }
local DEBIAN_13 = { "luajit", "libluajit-5.1-dev" }

-- The programs that it asks. What is installed, offered, and offered after an update is in files of these names.
local PROGRAMS = {
  ["dpkg-query"] = 'for last; do :; done; grep -qxF "$last" installed && printf installed',
  ["apt-cache"] = 'if grep -qxF "$2" offered; then echo "  Candidate: 1.0-1"; else echo "  Candidate: (none)"; fi',
  ["apt-get"] = [[
    case " $* " in
      *" update "*) echo updated >>said; if [ -e fetched ]; then cp fetched offered; fi ;;
      *" install "*)
        for word; do case $word in -*|install) ;; *) echo "$word" >>said; echo "$word" >>installed ;; esac; done ;;
    esac]],
  id = "cat user",
}

describe("tools/dependencies", function()
  local directory

  local function shell(command)
    local pipe = assert(io.popen(command))
    local output = pipe:read("*a")
    pipe:close()
    return output
  end

  local function write(name, text)
    local file = assert(io.open(directory .. "/" .. name, "w"))
    file:write(text)
    file:close()
  end

  before_each(function()
    directory = shell("mktemp -d"):match("[^\n]+")
    for name, body in pairs(PROGRAMS) do
      write(name, "#!/bin/sh\ncd '" .. directory .. "'\n" .. body .. "\n")
      assert(os.execute("chmod +x " .. directory .. "/" .. name))
    end
    for _, name in ipairs { "said", "installed", "offered" } do write(name, "") end
  end)
  after_each(function() os.execute("rm -r " .. directory) end)

  local function lines(words) return table.concat(words, "\n") .. "\n" end

  -- Everything that demo wants, but for LuaJIT.
  local function has_all_else()
    local words = {}
    for word in read("tools/dependencies"):match('\ndemo="([^"]*)"'):gmatch("%S+") do
      if not word:find("luajit", 1, true) then words[#words + 1] = word end
    end
    assert.is_true(#words > 8)
    return words
  end

  local function run(system)
    write("installed", lines(system.installed or has_all_else()))
    write("offered", system.offered and lines(system.offered) or "")
    if system.fetched then write("fetched", lines(system.fetched)) end
    write("user", system.user or "0\n")
    local output = shell(("PATH='%s':$PATH POLICY_FILE='%s/policy' tools/dependencies demo 2>&1; echo status $?")
      :format(directory, directory))
    return output, shell("cat '" .. directory .. "/said'")
  end

  it("installs OpenResty's LuaJIT under the name that the system has for it", function()
    local _, said = run { offered = DEBIAN_12, fetched = DEBIAN_12 }
    assert.equal("updated\nluajit2\nlibluajit2-5.1-dev\n", said)
  end)

  it("asks again when apt has fetched its lists, which a fresh system has not", function()
    local output, said = run { fetched = DEBIAN_13 }
    assert.equal("updated\nluajit\nlibluajit-5.1-dev\n", said)
    assert.matches("status 0\n$", output)
  end)

  it("does nothing where all is there, under either name", function()
    for _, name in ipairs { "luajit", "luajit2" } do
      local installed = has_all_else()
      installed[#installed + 1], installed[#installed + 2] = name, "lib" .. name .. "-5.1-dev"
      local output, said = run { installed = installed, user = "1000\n" }
      assert.equal("status 0\n", output)
      assert.equal("", said)
    end
  end)

  it("tells a normal user what to ask root for, and fails", function()
    local output, said = run { offered = DEBIAN_13, user = "1000\n" }
    assert.matches("apt%-get install %-%-no%-install%-recommends luajit libluajit%-5%.1%-dev\n", output)
    assert.matches("status 1\n$", output)
    assert.equal("", said)
  end)
end)
