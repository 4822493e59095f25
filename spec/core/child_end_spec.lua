-- How programs end that run beside this one, and what is left of them then.

local core = require "aws.backup.core"
local home = require "spec.services.home"
local other_lua = require "spec.core.other_lua"
local programs = require "spec.core.programs"

local finish, run, sh = programs.finish, programs.run, programs.sh
local is_alive, numbers_in, wait_until = programs.is_alive, programs.numbers_in, programs.wait_until

local folder

before_each(function()
  folder = home.new()
end)

after_each(function()
  folder:remove()
end)

describe("the whole process group", function()
  local path, child, program, descendant

  before_each(function()
    path = folder.path .. "/pids"
    child = assert(core.spawn { "sh", "-c", "trap '' TERM; sleep 60 & echo $$ $! > " .. path .. "; wait" })
    program, descendant = numbers_in(path)
    assert.is_true(is_alive(program) and is_alive(descendant))
  end)

  local function wait_for_its_end()
    wait_until(function() return not is_alive(program) and not is_alive(descendant) end)
  end

  it("is killed on demand", function()
    child:kill()
    assert.is_false(is_alive(program)) -- at once
    wait_for_its_end()
    assert.is_true(child:step(0))
    assert.same({ nil, "killed" }, { child:result() })
    child:kill()
  end)

  it("is killed with the last reference to it", function()
    child = nil
    collectgarbage()
    collectgarbage()
    wait_for_its_end()
  end)

  it("is killed by closing, after which the child is of no use", function()
    child:close()
    wait_for_its_end()
    child:close()
    assert.equal("child (closed)", tostring(child))
    for _, name in ipairs { "step", "result", "kill", "stderr" } do
      assert.has_error(function() child[name](child, 0) end, "attempt to use a closed child")
    end
  end)

  it("is killed where a variable to be closed goes out of scope", function()
    local compile = loadstring or load -- luacheck: ignore 113
    local has_close = _VERSION == "Lua 5.4"
    local close_one = compile(has_close and "local child <close> = ..." or "local child = ... child:close()")
    close_one(child)
    wait_for_its_end()
    assert.equal("child (closed)", tostring(child))
  end)
end)

describe("the process that runs a program", function()
  -- What the script of a process does after the program has started, while nobody waits for it.
  for ending, script in pairs {
    ["exits"] = "os.exit(0)", ["crashes"] = "os.execute('kill -9 $PPID')",
  } do
    it("takes it along when it " .. ending, function()
      local path = folder.path .. "/pids"
      other_lua.run(folder.path, ([[
        child = core.spawn { "sh", "-c", "echo $$ > %s; exec sleep 60" }
        while not (core.read_file(%q, 100) or ""):find("\n") do core.sleep(0.01) end
        %s
      ]]):format(path, path, script))
      local program = numbers_in(path)
      wait_until(function() return not is_alive(program) end)
    end)
  end

  it("learns the status even where all its children are collected by somebody else", function()
    local output = other_lua.run(folder.path, [[
      for status = 0, 3 do
        local child = core.spawn { "sh", "-c", "exit " .. status }
        while not child:step(1) do end
        io.write(child:result().status, " ")
      end
      local child = core.spawn { "sleep", "60" }
      child:kill()
      io.write(select(2, child:result()))
    ]], { before = "trap '' CHLD;" })
    assert.equal("0 1 2 3 killed", output)
  end)

  it("keeps no descriptor and no zombie of it", function()
    -- Counted once starting the counter is over, which needs some itself.
    local function open_descriptors()
      local path = folder.path .. "/go"
      os.remove(path)
      local count = "until [ -e " .. path .. " ]; do sleep 0.01; done; ls /proc/" .. core.pid() .. "/fd | wc -l"
      local child = assert(core.spawn { "sh", "-c", count })
      folder:write("go", "")
      return finish(child).stdout
    end
    collectgarbage() -- what other tests have let go of
    collectgarbage()
    local before = open_descriptors()
    for _ = 1, 10 do
      sh "exit 1"
      core.spawn { "no-such-program" }
      core.spawn { "/tmp" }
      core.spawn({ "sleep", "60" }):kill()
      core.spawn({ "sleep", "60" }):close()
      run({ "yes" }, { max_output_bytes = 10 })
    end
    assert.equal(before, open_descriptors())
    assert.equal(0, programs.zombies())
  end)

  it("may let go of it at any moment", function()
    for steps = 0, 8 do
      local child = assert(core.spawn { "sh", "-c", "echo a; echo b >&2; sleep 0.01; echo c" })
      for _ = 1, steps do child:step(0.002) end
      child:close()
      assert.equal("child (closed)", tostring(child))
    end
  end)
end)
