-- Programs run beside this one: what they get and what they give.

local core = require "aws.backup.core"
local home = require "spec.services.home"
local other_lua = require "spec.core.other_lua"
local programs = require "spec.core.programs"

local finish, run, sh = programs.finish, programs.run, programs.sh
local is_alive, numbers_in, wait_until = programs.is_alive, programs.numbers_in, programs.wait_until

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local folder

before_each(function()
  folder = home.new()
end)

after_each(function()
  folder:remove()
end)

describe("a program that is run", function()
  it("gives what it writes and its status", function()
    assert.same({ status = 0, stdout = "out\n", stderr = "" }, run { "echo", "out" })
    assert.same({ status = 3, stdout = "out\n", stderr = "err\n" }, sh "echo out; echo err >&2; exit 3")
    assert.same({ status = 255, stdout = "", stderr = "" }, sh "exit 255")
  end)

  it("gives the signal that ended it", function()
    assert.same({ signal = 9, stdout = "before", stderr = "" }, sh "printf before; kill -9 $$")
    assert.same({ signal = 15, stdout = "", stderr = "" }, sh "kill $$")
  end)

  it("may write any bytes, and much to both at once", function()
    assert.equal("a\0\255\r\n", sh("printf 'a\\000\\377\\r\\n'").stdout)
    local result = sh([[
      head -c 300000 /dev/zero | tr '\0' e >&2 &
      head -c 300000 /dev/zero | tr '\0' o
      wait
    ]])
    assert.equal(("o"):rep(300000), result.stdout)
    assert.equal(("e"):rep(300000), result.stderr)
  end)

  it("gets its arguments as they are: no shell sees them", function()
    local arguments = { "$HOME", "*", "a b", "", "'\"", "; exit 5", "\\", "\195\169\255", "-n" }
    assert.equal(table.concat(arguments, "|") .. "|", run({ "printf", "%s|", unpack(arguments) }).stdout)
  end)

  it("has nothing to read", function()
    assert.same({ status = 0, stdout = "", stderr = "" }, run { "cat" })
  end)

  it("has the environment and the working folder of this process", function()
    local output = other_lua.run(folder.path, [[
      local child = core.spawn { "sh", "-c", "echo $FRUIT; pwd" }
      while not child:step(1) do end
      io.write(child:result().stdout)
    ]], { before = "cd " .. folder.path .. "; FRUIT=pear" })
    assert.equal("pear\n" .. folder.path .. "\n", output)
  end)

  it("has a process group of its own, and no terminal to ask on", function()
    local ours = assert(programs.fields("self"))
    local output = sh("echo $$; cut -d ' ' -f 5,6,7 /proc/$$/stat").stdout
    local pid, group, session, terminal = output:match("^(%d+)\n(%d+) (%d+) (%S+)\n$")
    assert.equal(pid, group)
    assert.not_equal(pid, session) -- so that opening a terminal makes it nobody's
    assert.not_equal(ours[6], session)
    assert.equal("0", terminal)
  end)

  it("has default signals, none of them blocked, whatever this process does with its own", function()
    local output = other_lua.run(folder.path, [[
      local child = core.spawn { "env", "-u", "LD_PRELOAD", "cat", "/proc/self/status" }
      while not child:step(1) do end
      for set, signals in child:result().stdout:gmatch("\n(Sig%a+):%s+%x+(%x%x%x%x%x%x%x)") do
        io.write(set, " ", signals, " ")
      end
    ]], { before = "trap '' PIPE INT TERM HUP CHLD USR2; exec env --block-signal=USR1 --block-signal=TERM" })
    assert.equal("SigPnd 0000000 SigBlk 0000000 SigIgn 0000000 SigCgt 0000000 ", output)
  end)

  it("has none of the files of this process", function()
    -- 3 is what ls itself reads the folder with.
    local output = other_lua.run(folder.path, [[
      local file = io.open("/dev/null")
      local child = core.spawn { "ls", "/proc/self/fd" }
      while not child:step(1) do end
      io.write((child:result().stdout:gsub("\n", " ")))
      file:close()
    ]], { before = "exec 3</dev/null 4>/dev/null 7</dev/null 9</dev/null;" })
    assert.equal("0 1 2 3 ", output)
  end)

  it("works for a process that has closed its own input and output", function()
    local path = folder.path .. "/result"
    other_lua.run(folder.path, ([[
      local child = core.spawn { "sh", "-c", "cat; echo out; echo err >&2" }
      while not child:step(1) do end
      local result = child:result()
      core.replace_file(%q, result.stdout .. result.stderr .. result.status)
    ]]):format(path), { before = "sh -c 'exec \"$0\" \"$@\" <&- >&- 2>&-'" })
    assert.equal("out\nerr\n0", folder:read("result"))
  end)
end)

describe("a program is sought", function()
  -- Runs "tool" with some PATH, in the folder; "tool" says where it is.
  local function run_tool(path)
    return other_lua.run(folder.path, [[
      local child, message = core.spawn { "tool" }
      if not child then io.write(message) os.exit() end
      while not child:step(1) do end
      io.write(child:result().stdout)
    ]], { before = ("cd %s; PATH=%s"):format(folder.path, path) })
  end

  local function write_tool(name)
    folder:write(name, "#!/bin/sh\necho " .. name .. "\n")
    os.execute("chmod +x " .. folder.path .. "/" .. name)
  end

  it("in PATH, in its order", function()
    write_tool("a/tool")
    write_tool("b/tool")
    assert.equal("a/tool\n", run_tool("/nowhere:$PWD/a:$PWD/b"))
    assert.equal("b/tool\n", run_tool("$PWD/b:$PWD/a"))
  end)

  it("in the working folder where PATH has an empty part", function()
    write_tool("tool")
    assert.equal("tool\n", run_tool("/nowhere:"))
    assert.equal("tool\n", run_tool(":/nowhere"))
    assert.equal("cannot run 'tool': No such file or directory", run_tool("/nowhere"))
  end)

  it("past what can't be run", function()
    folder:write("a/tool", "text")
    folder:write("b/tool/file", "a folder named tool")
    write_tool("c/tool")
    assert.equal("c/tool\n", run_tool("$PWD/a:$PWD/b:$PWD/c"))
    assert.equal("cannot run 'tool': Permission denied", run_tool("$PWD/a:/nowhere"))
  end)

  it("where the system keeps them if there is no PATH, as in an nginx worker", function()
    local output = other_lua.run(folder.path, [[
      local child = assert(core.spawn { "sh", "-c", "echo found" })
      while not child:step(1) do end
      io.write(child:result().stdout)
    ]], { before = "env -u PATH" })
    assert.equal("found\n", output)
  end)

  it("nowhere if its name has a slash", function()
    write_tool("a/tool")
    assert.equal("a/tool\n", run({ folder.path .. "/a/tool" }).stdout)
    assert.is_nil(core.spawn { "./sh" })
  end)
end)

describe("a program that can't be run", function()
  local function reason(argv)
    local child, message = core.spawn(argv)
    assert.is_nil(child)
    return message
  end

  it("is named, with the system's reason", function()
    assert.equal("cannot run 'no-such-program': No such file or directory", reason { "no-such-program", "secret" })
    assert.equal("cannot run '/no/such/program': No such file or directory", reason { "/no/such/program" })
    assert.equal("cannot run '/tmp': Permission denied", reason { "/tmp" })
    assert.equal("cannot run '': No such file or directory", reason { "" })
    local text = folder:write("text", "echo no shell runs this\n")
    assert.equal("cannot run '" .. text .. "': Permission denied", reason { text })
    os.execute("chmod +x " .. text)
    assert.equal("cannot run '" .. text .. "': Exec format error", reason { text })
    assert.truthy(reason({ ("x"):rep(5000) }):find(": File name too long", 1, true))
    assert.truthy(reason({ "/" .. ("x"):rep(5000) }):find(": File name too long", 1, true))
  end)

  it("is one with more arguments than the system takes", function()
    local output = other_lua.run(folder.path, "print(core.spawn { 'echo', ('x'):rep(200000) })")
    assert.equal("nil\tcannot run 'echo': Argument list too long\n", output)
  end)

  it("is named in one line", function()
    assert.equal("cannot run 'a\\x0Ab': No such file or directory", reason { "a\nb" })
  end)

  it("is one with a NUL byte in an argument, for C would cut it there", function()
    assert.equal("cannot run 'echo': no argument of a program holds a NUL byte", reason { "echo", "a\0b" })
    assert.equal("cannot run 'echo\\x00': no argument of a program holds a NUL byte", reason { "echo\0" })
  end)

  it("raises where it is no list of strings", function()
    for _, wrong in ipairs { {}, { 5 }, { "echo", 5 }, { "echo", {} }, { name = "echo" }, "echo" } do
      assert.has_error(function() core.spawn(wrong) end)
    end
    assert.has_error(function() core.spawn() end)
    assert.has_error(function() core.spawn({ "true" }, { max_output_bytes = 0 }) end)
    assert.has_error(function() core.spawn({ "true" }, { max_output = 5 }) end, "options: unknown field 'max_output'")
  end)
end)

describe("a running program", function()
  it("is stepped without waiting for its end", function()
    local child = assert(core.spawn { "sleep", "60" })
    assert.is_false(child:step(0))
    assert.is_false(child:step(0.01))
    assert.same({ nil, "running" }, { child:result() })
    assert.equal("child (running)", tostring(child))
    child:close()
  end)

  it("is over when it ends, even if what it started holds its output open", function()
    local result = sh "sleep 60 & echo $!"
    local left_behind = result.stdout:match("%d+")
    assert.equal(0, result.status)
    assert.is_true(is_alive(left_behind)) -- it is none of ours
    os.execute("kill " .. left_behind)
  end)

  it("stays over, with the same result", function()
    local child = assert(core.spawn { "echo", "out" })
    local first = finish(child)
    assert.is_true(child:step(0))
    child:kill()
    assert.same(first, (child:result()))
    assert.equal("child (exited)", tostring(child))
  end)

  it("may have closed its output long before its end", function()
    assert.same({ status = 7, stdout = "", stderr = "" }, sh "exec >&- 2>&-; sleep 0.1; exit 7")
  end)

  it("may write so much, standard output and standard error together, and is killed for a byte more", function()
    local script = "printf 12345; printf 67890 >&2"
    assert.same({ status = 0, stdout = "12345", stderr = "67890" }, sh(script, { max_output_bytes = 10 }))
    assert.same({ nil, "too_large" }, { sh(script, { max_output_bytes = 9 }) })
    assert.same({ nil, "too_large" }, { run({ "yes" }, { max_output_bytes = 100000 }) })
  end)

  it("tells what it complains of while it runs, and after it was killed", function()
    local child = assert(core.spawn { "sh", "-c", "echo secret; echo 'your code?' >&2; sleep 60" })
    wait_until(function() return child:step(0.05) or child:stderr() ~= "" end)
    assert.equal("your code?\n", child:stderr())
    child:kill()
    assert.equal("your code?\n", child:stderr())
    assert.same({ nil, "killed" }, { child:result() })
  end)

  it("does not mind others that run", function()
    local children = {}
    for i = 1, 20 do children[i] = assert(core.spawn { "sh", "-c", ("echo %d; exit %d"):format(i, i) }) end
    for i = 20, 1, -1 do
      assert.same({ status = i, stdout = i .. "\n", stderr = "" }, finish(children[i]))
    end
  end)

  it("is lost if its supervisor is killed, and ends", function()
    local path = folder.path .. "/pids"
    local child = assert(core.spawn { "sh", "-c", "echo $PPID $$ > " .. path .. "; exec sleep 60" })
    local supervisor, program = numbers_in(path)
    os.execute("kill -9 " .. supervisor)
    assert.same({ nil, "lost" }, { finish(child) })
    wait_until(function() return not is_alive(program) end)
  end)
end)
