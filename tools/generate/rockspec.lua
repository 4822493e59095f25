--- The rockspec, with every module of the tree.

local rockspec = {}

local TEMPLATE = [[
rockspec_format = "3.0"
package = "lua-aws-backup"
version = "scm-1"

source = {
  url = "git+https://github.com/lua-aws-backup/lua-aws-backup.git",
}

description = {
  summary = "AWS Backup client for Lua 5.1 to 5.4 and LuaJIT",
  detailed = [=[
    All 115 operations of AWS Backup as methods that take and return tables and raise typed errors. A C core signs
    requests (OpenSSL) and sends them (libcurl). An embedded endpoint runs and tests scripts with no account and no
    network.
  ]=],
  homepage = "https://github.com/lua-aws-backup/lua-aws-backup",
  license = "Apache-2.0",
  labels = { "aws", "backup", "cloud", "openresty" },
}

supported_platforms = { "unix" }

dependencies = {
  "lua >= 5.1, < 5.5",
  "lua-cjson >= 2.1.0",
}

-- By library alone: Debian keeps curl's headers where LuaRocks does not look but the compiler does.
external_dependencies = {
  CURL = { library = "curl" },
  CRYPTO = { library = "crypto" },
}

test_dependencies = {
  "busted >= 2.0",
}

test = {
  type = "busted",
}

-- Compiled by the Makefile, so that the flags that harden it are those that are tested.
build = {
  type = "make",
  build_target = "rock",
  build_variables = {
    CC = "$(CC)", CFLAGS = "$(CFLAGS)", LIBFLAG = "$(LIBFLAG)", LUA_INCDIR = "$(LUA_INCDIR)",
    CURL_INCDIR = "$(CURL_INCDIR)", CURL_LIBDIR = "$(CURL_LIBDIR)",
    CRYPTO_INCDIR = "$(CRYPTO_INCDIR)", CRYPTO_LIBDIR = "$(CRYPTO_LIBDIR)",
  },
  install_pass = false,
  copy_directories = { "docs", "types" },
  install = {
    conf = { "LICENSE", "NOTICE" },
    lib = { ["aws.backup.core"] = "build/rock/aws/backup/core.so" },
    lua = {
%s
    },
  },
}
]]

--- The files under a directory whose names end in a suffix, sorted by byte.
---@param directory string
---@param suffix string
---@return string[]
local function files(directory, suffix)
  local listing = assert(io.popen(("find '%s' -type f -name '*%s'"):format(directory, suffix)))
  local found = {}
  for path in listing:lines() do found[#found + 1] = path end
  listing:close()
  table.sort(found)
  return found
end

--- Where a file goes: `aws.backup.codec.init` is the file init.lua of a folder, and the module `aws.backup.codec`.
local function place_of(path)
  return (path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/", "."))
end

--- The rockspec's text for the tree in the working directory.
---@return string
function rockspec.text()
  local modules = {}
  for index, path in ipairs(files("lua/aws/backup", ".lua")) do
    modules[index] = ("    [%q] = %q,"):format(place_of(path), path)
  end
  return TEMPLATE:format(table.concat(modules, "\n"))
end

return rockspec
