--- A home directory for a spec: real files in a temporary folder.

local home = {}
home.__index = home

local function command_output(command)
  local pipe = assert(io.popen(command))
  local line = pipe:read("*l")
  pipe:close()
  return line
end

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Makes a home.
---@param files? table<string, string>  text by path below the home
---@return table home  path, write, read, remove
function home.new(files)
  local made = setmetatable({ path = assert(command_output("mktemp -d"), "mktemp made no directory") }, home)
  for name, text in pairs(files or {}) do made:write(name, text) end
  return made
end

--- Writes a file and the folders above it; returns its path.
function home:write(name, text)
  local path = self.path .. "/" .. name
  assert(command_output("mkdir -p " .. quoted(path:match("^(.*)/")) .. " && echo made") == "made")
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

function home:read(name)
  local file = assert(io.open(self.path .. "/" .. name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

--- Removes the home with all that is in it.
function home:remove()
  command_output("rm -rf " .. quoted(self.path))
end

return home
