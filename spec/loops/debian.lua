--- The loops that Debian has packages of. Every Lua runs the specs of all of them: where Debian builds a package for
--- other Luas only, and it is written in Lua alone, this takes it from there.

local debian = {}

-- The folders under /usr/share/lua that a Lua without a package of its own borrows from. Copas needs coxpcall, which is
-- in one of them on Debian 12 and in another on Debian 13.
local BORROWED_FROM = {
  copas = { ["Lua 5.2"] = { "5.3" }, ["Lua 5.3"] = { "5.2" }, ["Lua 5.4"] = { "5.2", "5.3" } },
}

--- Loads a module; an error if its package is not installed.
---@param name string
---@return table module
function debian.require(name)
  local path = package.path
  for _, folder in ipairs((BORROWED_FROM[name] or {})[_VERSION] or {}) do
    package.path = ("%s;/usr/share/lua/%s/?.lua"):format(package.path, folder)
  end
  local fine, module = pcall(require, name)
  package.path = path
  if fine then return module end
  error(("%s can't be loaded by this Lua; tools/dependencies test installs Debian's lua-%s: %s")
    :format(name, name, module), 0)
end

return debian
