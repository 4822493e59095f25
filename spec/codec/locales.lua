--- Runs a piece of a spec under the C locale and under every locale with a decimal comma that the machine has.

local NAMES = { "C", "de_DE.UTF-8", "fr_FR.UTF-8", "pl_PL.UTF-8", "pt_BR.UTF-8", "ru_RU.UTF-8", "de_DE", "nl_NL.UTF-8" }

local locales = {}

--- Calls `fn(name)` for each; the locale is restored whatever happens.
function locales.each(fn)
  local before = os.setlocale(nil, "numeric")
  for _, name in ipairs(NAMES) do
    if os.setlocale(name, "numeric") then
      local ok, message = pcall(fn, name)
      os.setlocale(before, "numeric")
      if not ok then error(message, 0) end
    end
  end
end

return locales
