-- tools/nginx-modules with programs that say what one nginx or another says of itself.

local DEBIAN = "--with-cc-opt='-g -O2 -ffile-prefix-map=/build/nginx-1.22.1=. -fPIC' --with-ld-opt='-Wl,-z,relro -fPIC'"
  .. " --prefix=/usr/share/nginx --modules-path=%s --with-compat --with-stream=dynamic"
local OPENRESTY = "--prefix=/usr/local/openresty/nginx --with-cc-opt='-O2 -DNGX_LUA_ABORT_AT_PANIC' "
  .. "--add-module=../ngx_devel_kit-0.3.3 --add-module=../ngx_lua-0.10.28 --add-module=../ngx_lua_upstream-0.07 "
  .. "--add-module=../ngx_stream_lua-0.0.16 --with-ld-opt=-Wl,-rpath,/usr/local/openresty/luajit/lib --with-stream"

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

describe("tools/nginx-modules", function()
  local directory

  local function shell(command)
    local pipe = assert(io.popen(command))
    local output = pipe:read("*a")
    pipe:close()
    return output
  end

  before_each(function() directory = shell("mktemp -d"):match("[^\n]+") end)
  after_each(function() os.execute("rm -r " .. quoted(directory)) end)

  -- A folder with modules that can be loaded.
  local function folder(name, ...)
    local path = directory .. "/" .. name
    assert(os.execute("mkdir -p " .. quoted(path)))
    for _, module in ipairs { ... } do assert(io.open(path .. "/" .. module .. ".so", "w")):close() end
    return path
  end

  -- What is said to be loaded for an nginx with these configure arguments.
  local function lines_for(arguments)
    local said = "nginx version: nginx/1.31.4\nbuilt with OpenSSL 3.5.0\nTLS SNI support enabled\nconfigure arguments: "
      .. arguments
    local program = directory .. "/nginx"
    local file = assert(io.open(program, "w"))
    file:write("#!/bin/sh\ncat >&2 <<'SAID'\n", said, "\nSAID\n")
    file:close()
    return shell(("chmod +x %s && tools/nginx-modules %s 2>&1"):format(quoted(program), quoted(program)))
  end

  local function loading(path, ...)
    local lines = {}
    for index, module in ipairs { ... } do lines[index] = ("load_module %s/%s.so;\n"):format(path, module) end
    return table.concat(lines)
  end

  it("loads what Debian has beside its nginx, ngx_devel_kit first", function()
    local path = folder("modules", "ndk_http_module", "ngx_http_lua_module", "ngx_stream_module")
    assert.equal(loading(path, "ndk_http_module", "ngx_http_lua_module"), lines_for(DEBIAN:format(path)))
  end)

  it("loads nothing where ngx_lua is compiled in, under any of its names", function()
    assert.equal("", lines_for(OPENRESTY))
    for _, source in ipairs { "/src/lua-nginx-module", "lua-nginx-module-0.10.28/", "../lua-nginx-module-v0.10.29rc1",
      "/src/lua-nginx-module-master", "/build/debian/modules/http-lua", "'/my src/lua-nginx-module'" } do
      assert.equal("", lines_for("--with-debug --add-module=" .. source .. " --with-threads"), source)
    end
  end)

  it("loads what was built as a module for loading, whatever its folder is called", function()
    local path = folder("modules", "ngx_http_lua_module")
    for _, source in ipairs { "/src/lua-nginx-module", "../ngx_lua-0.10.28", "'/my src/ngx_lua-0.10.28'" } do
      assert.equal(loading(path, "ngx_http_lua_module"),
        lines_for(("--prefix=/opt/nginx --modules-path=%s --add-dynamic-module=%s"):format(path, source)), source)
    end
  end)

  it("takes no other module for ngx_lua", function()
    local path = folder("modules", "ngx_http_lua_module")
    for _, source in ipairs { "../ngx_stream_lua-0.0.16", "/src/stream-lua-nginx-module", "../ngx_lua_upstream-0.07",
      "/src/lua-nginx-module/other", "/src/lua-upstream-nginx-module", "/ngx_lua-0.10.28/../echo" } do
      assert.equal(loading(path, "ngx_http_lua_module"),
        lines_for(("--add-module=%s --modules-path=%s"):format(source, path)), source)
    end
    assert.equal(loading(path, "ngx_http_lua_module"),
      lines_for(("--with-cc-opt='-I/x --add-module=/y/ngx_lua-0.10.28' --modules-path=%s"):format(path)))
  end)

  it("does not load ngx_devel_kit where that is compiled in", function()
    local path = folder("modules", "ndk_http_module", "ngx_http_lua_module")
    assert.equal(loading(path, "ngx_http_lua_module"),
      lines_for(("--modules-path=%s --add-module=/src/ngx_devel_kit-0.3.3"):format(path)))
  end)

  it("finds modules where nginx has them by default, and by a path with blanks", function()
    local path = folder("modules", "ngx_http_lua_module")
    assert.equal(loading(path, "ngx_http_lua_module"), lines_for("--prefix=" .. directory))
    assert.equal(loading(path, "ngx_http_lua_module"),
      lines_for(("--prefix=%s --modules-path=modules"):format(directory)))
    local spaced = folder("my modules", "ngx_http_lua_module")
    assert.equal(('load_module "%s/ngx_http_lua_module.so";\n'):format(spaced),
      lines_for(("--modules-path='%s' --with-debug"):format(spaced)))
  end)

  it("says what is missing", function()
    local said = lines_for(DEBIAN:format("/nowhere/modules"))
    assert.matches("nginx has no ngx_lua: /nowhere/modules/ngx_http_lua_module.so is missing", said, 1, true)
    assert.matches("libnginx-mod-http-lua", said, 1, true)
  end)
end)
