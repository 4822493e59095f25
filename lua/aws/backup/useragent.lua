--- The User-Agent that a client sends: what it is and where it runs, in the form that AWS reads.

local core = require "aws.backup.core"
local version = require "aws.backup.version"

local useragent = {}

local function token(text)
  return (text:gsub("[^0-9A-Za-z!$%%&'*+%-.^_`|~]", "-"))
end

local function language()
  local jit = rawget(_G, "jit")
  if type(jit) == "table" and type(jit.version) == "string" then
    return "lang/luajit#" .. token((jit.version:gsub("^LuaJIT ", "")))
  end
  return "lang/lua#" .. token((_VERSION:gsub("^Lua ", "")))
end

--- Not the name of an AWS SDK: this is none.
---@param settings { retry_mode: string, app_id: string? }
---@return string
function useragent.new(settings)
  local parts = {
    "lua-aws-backup/" .. version, "ua/2.1", language(), "md/libcurl#" .. token(core.versions().curl),
    "cfg/retry-mode#" .. settings.retry_mode,
  }
  if settings.app_id then parts[#parts + 1] = "app/" .. token(settings.app_id) end
  return table.concat(parts, " ")
end

return useragent
