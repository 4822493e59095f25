-- Whole small files: read within a bound, replaced in one step.

local core = require "aws.backup.core"
local home = require "spec.services.home"
local other_lua = require "spec.core.other_lua"

local PLENTY = 1024 * 1024
local SOME_BYTES = "first\r\n\0\255last"

local folder

local function shell(command, ...)
  local pipe = assert(io.popen(command:format(...)))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

-- Why reading or replacing fails: kind and message.
local function failure(...)
  local result, kind, message = ...
  assert.is_nil(result)
  return kind, message
end

before_each(function()
  folder = home.new()
end)

after_each(function()
  folder:remove()
end)

describe("read_file", function()
  it("gives the whole text, whatever its bytes", function()
    assert.equal(SOME_BYTES, core.read_file(folder:write("some", SOME_BYTES), PLENTY))
    assert.equal("", core.read_file(folder:write("empty", ""), 1))
    local large = ("0123456789abcdef"):rep(20000)
    assert.equal(large, core.read_file(folder:write("large", large), PLENTY))
  end)

  it("takes a file of exactly the bound and refuses one byte more", function()
    local path = folder:write("ten", ("x"):rep(10))
    assert.equal(10, #core.read_file(path, 10))
    local kind, message = failure(core.read_file(path, 9))
    assert.equal("too_large", kind)
    assert.equal("cannot read '" .. path .. "': it is larger than 9 bytes", message)
  end)

  it("reads no more than the bound of a file that does not tell its size", function()
    -- As one that grows while it is read: those of /proc have size 0.
    assert.truthy(core.read_file("/proc/self/status", PLENTY):find("Name:", 1, true))
    assert.equal("too_large", (failure(core.read_file("/proc/self/status", 20))))
  end)

  it("follows symbolic links", function()
    folder:write("real", "text")
    shell("ln -s real %s/link", folder.path)
    assert.equal("text", core.read_file(folder.path .. "/link", PLENTY))
  end)

  for what, case in pairs {
    ["what is not there"] = { "missing", "true" },
    ["a link to what is not there"] = { "missing", "ln -s nothing PATH" },
    ["a path through a file"] = { "missing", "touch FOLDER/file; ln -s file/below PATH" },
    ["a loop of links"] = { "io", "ln -s link PATH" },
    ["a folder"] = { "not_a_file", "mkdir PATH" },
    ["a FIFO, without waiting for its writer"] = { "not_a_file", "mkfifo PATH" },
    ["a device"] = { "not_a_file", "ln -s /dev/zero PATH" },
    -- By Perl, which every Debian has.
    ["a socket"] = { "not_a_file",
      "env -u LD_PRELOAD perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"PATH\", Listen => 1) or die'" },
  } do
    it("refuses " .. what .. ": " .. case[1], function()
      local path = folder.path .. "/link"
      shell("%s", (case[2]:gsub("PATH", path):gsub("FOLDER", folder.path)))
      local kind, message = failure(core.read_file(path, PLENTY))
      assert.equal(case[1], kind)
      assert.equal(1, (message:find("cannot read '" .. path .. "': ", 1, true)))
    end)
  end

  it("says so when the file may not be read", function()
    local path = folder:write("secret", "text")
    shell("chmod 000 %s", path)
    local output = other_lua.run(folder.path, ("print(core.read_file(%q, 100))"):format(path), { unprivileged = true })
    assert.equal("nil\tdenied\tcannot read '" .. path .. "': Permission denied\n", output)
  end)

  it("refuses a path with a NUL byte instead of reading what stands before it", function()
    local path = folder:write("file", "text")
    local kind, message = failure(core.read_file(path .. "\0x", PLENTY))
    assert.equal("io", kind)
    assert.equal("cannot read '" .. path .. "\\x00x': no path holds a NUL byte", message)
  end)

  it("keeps its message in one line", function()
    local _, message = failure(core.read_file("/no\nsuch\27file", 1))
    assert.equal("cannot read '/no\\x0Asuch\\x1Bfile': No such file or directory", message)
  end)

  it("raises for a bound that is none", function()
    for _, wrong in ipairs { 0, -1, 1.5, 0 / 0, 1 / 0, 2 ^ 31, "10", {} } do
      assert.has_error(function() core.read_file("/dev/null", wrong) end)
    end
    assert.has_error(function() core.read_file("/dev/null") end)
    assert.has_error(function() core.read_file(5, 10) end)
  end)
end)

describe("replace_file", function()
  local function mode_of(path)
    return (shell("stat -c %%a %s", path):gsub("\n", ""))
  end

  -- Everything below the folder, to see that nothing stays behind.
  local function names()
    return shell("cd %s && find . -mindepth 1 -not -path './core*' -not -name script.lua | sort", folder.path)
  end

  it("makes a file that is not there", function()
    local path = folder.path .. "/new"
    assert.is_true(core.replace_file(path, SOME_BYTES))
    assert.equal(SOME_BYTES, folder:read("new"))
    assert.equal("./new\n", names())
  end)

  it("replaces the whole of one that is", function()
    local path = folder:write("file", ("old "):rep(1000))
    assert.is_true(core.replace_file(path, "new"))
    assert.equal("new", folder:read("file"))
    assert.is_true(core.replace_file(path, ""))
    assert.equal("", folder:read("file"))
    local large = ("0123456789abcdef"):rep(100000)
    assert.is_true(core.replace_file(path, large))
    assert.equal(large, folder:read("file"))
    assert.equal("./file\n", names())
  end)

  it("leaves a file that only its owner can read, whatever it was before", function()
    local path = folder:write("open", "old")
    shell("chmod 666 %s", path)
    assert.is_true(core.replace_file(path, "new"))
    assert.equal("600", mode_of(path))
    assert.equal("true\n", other_lua.run(folder.path, ("print(core.replace_file(%q, 'x'))"):format(path .. "2"),
      { before = "umask 000;" }))
    assert.equal("600", mode_of(path .. "2"))
  end)

  it("leaves the old text to who has the old file open", function()
    local path = folder:write("file", "old")
    local file = assert(io.open(path, "rb"))
    assert.is_true(core.replace_file(path, "new"))
    assert.equal("old", file:read("*a"))
    file:close()
  end)

  it("takes a path without a folder", function()
    local output = other_lua.run(folder.path, "print(core.replace_file('file', 'text'))",
      { before = "cd " .. folder.path .. ";" })
    assert.equal("true\n", output)
    assert.equal("text", folder:read("file"))
  end)

  it("replaces what a symbolic link leads to, and keeps the link", function()
    folder:write("a/real", "old")
    shell("cd %s && mkdir b && ln -s ../a/real b/inner && ln -s $PWD/b/inner outer", folder.path)
    assert.is_true(core.replace_file(folder.path .. "/outer", "new"))
    assert.equal("new", folder:read("a/real"))
    assert.equal(folder.path .. "/b/inner\n", shell("readlink %s/outer", folder.path))
    assert.equal("./a\n./a/real\n./b\n./b/inner\n./outer\n", names())
  end)

  it("makes the file that a symbolic link leads to", function()
    shell("cd %s && mkdir a && ln -s a/none link", folder.path)
    assert.is_true(core.replace_file(folder.path .. "/link", "new"))
    assert.equal("new", folder:read("a/none"))
    assert.equal("./a\n./a/none\n./link\n", names())
  end)

  it("gives up on a loop of links", function()
    shell("cd %s && ln -s one two && ln -s two one", folder.path)
    assert.equal("io", (failure(core.replace_file(folder.path .. "/one", "x"))))
    assert.equal("./one\n./two\n", names())
  end)

  for what, command in pairs {
    ["a folder"] = "mkdir %s", ["a FIFO"] = "mkfifo %s", ["a device"] = "ln -s /dev/null %s",
  } do
    it("refuses to replace " .. what, function()
      local path = folder.path .. "/special"
      shell(command, path)
      local before = names()
      local kind, message = failure(core.replace_file(path, "x"))
      assert.equal("not_a_file", kind)
      assert.equal(1, (message:find("cannot write '" .. path .. "': it is ", 1, true)))
      assert.equal(before, names())
    end)
  end

  it("refuses a path that names a folder", function()
    for _, path in ipairs { "/", "/dev", folder.path .. "/", ".", folder.path .. "/.." } do
      assert.equal("not_a_file", (failure(core.replace_file(path, "x"))), path)
    end
  end)

  it("makes no folder", function()
    local path = folder.path .. "/none/file"
    local kind, message = failure(core.replace_file(path, "x"))
    assert.equal("missing", kind)
    assert.equal("cannot write '" .. path .. "': No such file or directory", message)
    assert.equal("missing", (failure(core.replace_file("", "x"))))
  end)

  it("refuses what is too long for a path", function()
    assert.equal("io", (failure(core.replace_file(("x"):rep(300), "x"))))
    assert.equal("io", (failure(core.replace_file(("x/"):rep(3000), "x"))))
  end)

  it("refuses a path with a NUL byte", function()
    assert.equal("io", (failure(core.replace_file(folder.path .. "/a\0b", "x"))))
    assert.equal("", names())
  end)

  it("keeps the old file where the folder may not be written to", function()
    local path = folder:write("sealed/file", "old")
    shell("chmod 666 %s && chmod 555 %s/sealed", path, folder.path)
    local output = other_lua.run(folder.path, ("print(core.replace_file(%q, 'new'))"):format(path),
      { unprivileged = true })
    assert.equal("nil\tdenied\tcannot write '" .. path .. "': Permission denied\n", output)
    assert.equal("old", folder:read("sealed/file"))
    assert.equal("./sealed\n./sealed/file\n", names())
  end)

  it("keeps the old file and leaves nothing behind when the new one can't be written whole", function()
    -- As on a full disk: no file may be larger than a block of 512 bytes.
    local path = folder:write("file", "old")
    local output = other_lua.run(folder.path, ("print(core.replace_file(%q, ('new'):rep(1000)))"):format(path),
      { before = "trap '' XFSZ; ulimit -f 1;" })
    assert.equal("nil\tio\tcannot write '" .. path .. "': File too large\n", output)
    assert.equal("old", folder:read("file"))
    assert.equal("./file\n", names())
  end)

  it("never lets a reader see anything but a whole text", function()
    local path = folder:write("file", ("a"):rep(100000))
    local writers = {}
    for i, letter in ipairs { "a", "b", "c" } do
      local script = folder:write("writer" .. i, ([[
        package.cpath = %q
        local core = require "aws.backup.core"
        for _ = 1, 30 do assert(core.replace_file(%q, (%q):rep(100000))) end
      ]]):format(package.cpath, path, letter))
      writers[i] = assert(core.spawn { other_lua.interpreter(), script })
    end
    local running = #writers
    while running > 0 do
      running = 0
      for _, writer in ipairs(writers) do
        if not writer:step(0) then running = running + 1 end
      end
      local text = core.read_file(path, PLENTY)
      assert.equal(100000, #text)
      assert.equal(text:sub(1, 1):rep(100000), text)
    end
    for _, writer in ipairs(writers) do
      local result = writer:result()
      assert.equal("", result.stderr)
      assert.equal(0, result.status)
    end
    assert.equal("./file\n./writer1\n./writer2\n./writer3\n", names())
  end)

  it("raises for anything but strings", function()
    assert.has_error(function() core.replace_file(folder.path .. "/x", 5) end)
    assert.has_error(function() core.replace_file(folder.path .. "/x") end)
    assert.has_error(function() core.replace_file(5, "x") end)
  end)
end)
