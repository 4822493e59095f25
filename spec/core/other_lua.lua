--- Lua in a process of its own, for specs that need another environment, other signals or another user. It has the core
-- and nothing else of the project.

local other_lua = {}

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

--- The path of the program that runs this.
function other_lua.interpreter()
  local name = os.getenv("LUA")
  for i = 0, -20, -1 do
    name = name or (arg[i] and not arg[i - 1] and arg[i])
  end
  return (output_of("command -v " .. name):gsub("\n", ""))
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- The folder under which this Lua found the core.
local function core_folder()
  for template in package.cpath:gmatch("[^;]+") do
    local folder, rest = template:match("^(.-)%?(.*)$")
    if folder and exists(folder .. "aws/backup/core" .. rest) then return folder end
  end
  error("the core is not on package.cpath")
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- True if permissions mean nothing to this process.
function other_lua.is_root()
  return output_of("id -u") == "0\n"
end

--- Runs a script, in which `core` is the core; returns what it and the shell wrote.
---@param folder string  for the script and a copy of the core, named script.lua and core
---@param script string
---@param options? { before: string?, unprivileged: boolean? }  before: shell commands, each ending in a semicolon, or
---  words that begin a command; unprivileged: as a user whom permissions bind, if this one is root
---@return string output
function other_lua.run(folder, script, options)
  options = options or {}
  local before = options.before or ""
  os.execute(("mkdir -p %s/core && cp -r %s/aws %s/core && chmod -R a+rX %s/core && chmod a+rx %s"):format(
    folder, core_folder(), folder, folder, folder))
  write(folder .. "/script.lua", ("package.cpath = %q\nlocal core = require 'aws.backup.core'\n%s"):format(
    folder .. "/core/?.so", script))
  os.execute(("chmod a+r %s/script.lua"):format(folder))
  if options.unprivileged and other_lua.is_root() then
    before = before .. " setpriv --reuid=65534 --regid=65534 --clear-groups"
  end
  return output_of(("%s %s %s/script.lua 2>&1"):format(before, other_lua.interpreter(), folder))
end

return other_lua
