--- The loops that Debian has packages of. Every Lua runs the specs of all of them: where Debian builds a package for
--- other Luas only, and it is written in Lua alone, this takes it from there.

local debian = {}

-- The folder under /usr/share/lua that a Lua without a package of its own borrows from.
local BORROWED_FROM = {
  copas = { ["Lua 5.3"] = "5.2", ["Lua 5.4"] = "5.2" },
}

--- Loads a module; an error if its package is not installed.
---@param name string
---@return table module
function debian.require(name)
  local path, folder = package.path, (BORROWED_FROM[name] or {})[_VERSION]
  if folder then package.path = ("%s;/usr/share/lua/%s/?.lua"):format(path, folder) end
  local fine, module = pcall(require, name)
  package.path = path
  if fine then return module end
  error(("%s can't be loaded by this Lua; tools/dependencies test installs Debian's lua-%s: %s")
    :format(name, name, module), 0)
end

return debian
