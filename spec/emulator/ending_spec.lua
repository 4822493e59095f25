-- Whoever serves the emulator is ended by its process id: nginx ends with it, and nothing is left.

local core = require "aws.backup.core"
local server = require "spec.nginx.server"

-- Below those that the system gives to connections.
local PORTS_FROM, PORTS = 12000, 20000

-- How each is started, with a port of its own. A shell's job in the background ignores SIGINT unless that is undone.
local STARTS = {
  ["make emulator"] = "make --no-print-directory emulator PORT=%d",
  ["tools/emulator"] = "PORT=%d tools/emulator",
  ["examples/nginx/try"] = "PORT=%d examples/nginx/try",
}

local function read(path)
  local file = io.open(path, "r")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

local function shell(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

describe("a served emulator", function()
  local directory, engine
  before_each(function()
    directory, engine = shell("mktemp -d"):match("[^\n]+"), core.new_engine()
    assert(os.execute("mkdir " .. directory .. "/temporary"))
  end)
  after_each(function()
    engine:close()
    local pid = read(directory .. "/pid")
    if pid and not read(directory .. "/status") then os.execute("kill " .. pid) end
    os.execute("rm -rf " .. directory)
  end)

  local function is_served(port)
    local transfer = assert(engine:start { method = "GET", url = ("http://127.0.0.1:%d/"):format(port), headers = {},
      connect_timeout = 5, read_timeout = 5 })
    while not transfer:done() do engine:step(1) end
    return (transfer:result()) ~= nil
  end

  local function start(command)
    local high, low = core.random(2):byte(1, 2)
    local port = PORTS_FROM + (high * 256 + low) % PORTS
    local script = assert(io.open(directory .. "/start.sh", "w"))
    script:write(([[
      export TMPDIR='%s/temporary'
      cd '%s' # where make and tools are
      env --default-signal=INT,QUIT %s >'%s/output' 2>&1 &
      echo $! >'%s/pid'
      wait $!
      echo $? >'%s/status'
    ]]):format(directory, shell("pwd"):match("[^\n]+"), command:format(port), directory, directory, directory))
    script:close()
    os.execute(("sh '%s/start.sh' &"):format(directory))
    server.await("it serves", function()
      assert(not read(directory .. "/status"), read(directory .. "/output"))
      return is_served(port)
    end)
    return port
  end

  for name, command in pairs(STARTS) do
    for _, signal in ipairs { "TERM", "INT", "HUP" } do
      it(("by %s ends with nginx when it gets SIG%s, and leaves nothing behind"):format(name, signal), function()
        local port = start(command)
        os.execute(("kill -%s %s"):format(signal, read(directory .. "/pid")))
        server.await("it ends", function() return read(directory .. "/status") end)
        server.await("nobody serves any more", function() return not is_served(port) end)
        server.await("nothing is left", function() return shell("ls " .. directory .. "/temporary") == "" end)
      end)
    end
  end

  it("that is killed takes nginx with it", function()
    local port = start(STARTS["tools/emulator"])
    os.execute("kill -KILL " .. read(directory .. "/pid"))
    server.await("nobody serves any more", function() return not is_served(port) end)
  end)
end)
