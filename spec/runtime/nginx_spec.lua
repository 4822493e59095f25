-- The runtime of nginx with an nginx that is played. spec/nginx/phases_spec.lua has a real one.

local nginx = require "aws.backup.runtime.nginx"
local phase = require "aws.backup.runtime.phase"

local MAY_WAIT = {
  "rewrite", "server_rewrite", "access", "precontent", "content", "timer", "proxy_ssl_cert", "proxy_ssl_verify",
  "preread",
}
local MAY_NOT_WAIT = {
  "init_worker", "set", "balancer", "header_filter", "body_filter", "log", "ssl_session_store", "exit_worker",
}

describe("in nginx", function()
  local real_ngx, real_semaphore, played
  before_each(function()
    real_ngx, real_semaphore = rawget(_G, "ngx"), package.loaded["ngx.semaphore"]
    played = { slept = {}, phase = "content", configure = "--prefix=/usr/share/nginx --add-dynamic-module=/x/http-lua" }
    rawset(_G, "ngx", {
      get_phase = function() return played.phase end,
      sleep = function(seconds) played.slept[#played.slept + 1] = seconds end,
      config = { nginx_configure = function() return played.configure end },
    })
  end)
  after_each(function()
    rawset(_G, "ngx", real_ngx)
    package.loaded["ngx.semaphore"] = real_semaphore
  end)

  local function new(before_serving)
    return nginx.new(rawget(_G, "ngx"), before_serving)
  end

  local function fault_in(name, runtime)
    played.phase = name
    local fine, failure = runtime.check()
    assert.is_nil(fine)
    assert.is_true(failure:is("ConfigError"))
    assert.truthy(failure.message:find('the phase "' .. name .. '" of nginx', 1, true), failure.message)
    return failure.message
  end

  it("calls can be made in every phase that serves others meanwhile", function()
    for _, name in ipairs(MAY_WAIT) do
      played.phase = name
      assert.is_true(new().check())
      assert.equal(rawget(_G, "ngx"), new().sockets())
    end
  end)

  it("no call can be made elsewhere, and a call later is the way out", function()
    for _, name in ipairs(MAY_NOT_WAIT) do
      local advice = name == "exit_worker" and "before the worker exits" or "client:later(operation, params, callback)"
      assert.truthy(fault_in(name, new()):find(advice, 1, true), name)
    end
    fault_in("a_phase_of_tomorrow", new())
  end)

  -- What ngx.errlog says of a filter that makes no sense, and whether OpenSSL has OpenResty's function.
  local function play_patches(message, is_openssl_patched)
    package.loaded["ngx.errlog"] = message and { set_filter_level = function(level)
      assert.is_true(level < 0)
      return nil, message
    end }
    local functions = { SSL_magic_pending_session_ptr = is_openssl_patched and "there" or nil }
    package.loaded.ffi = { cdef = function() end, C = setmetatable(functions, { __index = function(_, name)
      error("undefined symbol: " .. name)
    end }) }
  end

  local function waits_in_handshake()
    local found = {}
    for _, name in ipairs { "ssl_client_hello", "ssl_cert", "ssl_session_fetch", "ssl_session_store" } do
      if phase.may_wait(name) then found[#found + 1] = name end
    end
    return table.concat(found, " ")
  end

  describe("a phase of a TLS handshake", function()
    local real_errlog, real_ffi
    before_each(function() real_errlog, real_ffi = package.loaded["ngx.errlog"], package.loaded.ffi end)
    after_each(function() package.loaded["ngx.errlog"], package.loaded.ffi = real_errlog, real_ffi end)

    it("can wait where the core of nginx, and for sessions OpenSSL, has OpenResty's patches", function()
      for _, message in ipairs { 'directive "lua_capture_error_log" is not set', "bad log level: -1" } do
        play_patches(message, true)
        assert.equal("ssl_client_hello ssl_cert ssl_session_fetch", waits_in_handshake())
        play_patches(message, false)
        assert.equal("ssl_client_hello ssl_cert", waits_in_handshake())
      end
    end)

    it("can't wait in another nginx, whatever its configure arguments look like", function()
      play_patches("missing the capture error log patch for nginx", true)
      for _, arguments in ipairs { "--add-dynamic-module=/src/lua-nginx-module", "--add-module=../ngx_lua-0.10.28",
        "--with-cc-opt='-ffile-prefix-map=/data/builder/debuild/nginx-1.31.4=.' --modules-path=/usr/lib/nginx/modules",
        "--with-cc-opt='-ffile-prefix-map=/build/nginx-1.31.4=.' --prefix=/opt", "" } do
        played.configure = arguments
        assert.equal("", waits_in_handshake(), arguments)
      end
      rawget(_G, "ngx").config = nil
      assert.equal("", waits_in_handshake())
      play_patches(nil)
      assert.equal("", waits_in_handshake())
    end)

    it("can wait for a certificate in Debian's nginx, which has the patch for that", function()
      play_patches("missing the capture error log patch for nginx", false)
      for _, place in ipairs { "/build/reproducible-path/nginx-1.26.3", "/build/nginx-AoTv4W/nginx-1.18.0" } do
        played.configure = ("--with-cc-opt='-g -ffile-prefix-map=%s=. -fPIC' --modules-path=/usr/lib/nginx/modules")
          :format(place)
        assert.equal("ssl_cert", waits_in_handshake(), place)
      end
    end)

    it("in which nothing can be waited for is refused with the reason and the way out", function()
      play_patches("missing the capture error log patch for nginx", false)
      local message = fault_in("ssl_cert", new())
      assert.truthy(message:find("it takes OpenResty's patches", 1, true))
      assert.truthy(message:find("client:later(operation, params, callback)", 1, true))
    end)
  end)

  it("a wait is nginx's, in each phase anew", function()
    local runtime = new()
    runtime.sleep(3)
    played.phase = "timer"
    runtime.sleep(0.5)
    runtime.sleep(0)
    runtime.sleep(-1)
    assert.same({ 3, 0.5 }, played.slept)
  end)

  it("a wait where there must be none is an error, not a wait", function()
    played.phase = "log"
    local fine, failure = pcall(new().sleep, 1)
    assert.is_false(fine)
    assert.truthy(failure.message:find('"log"', 1, true))
    assert.same({}, played.slept)
  end)

  it("before nginx serves anybody, waiting is left to the runtime for that", function()
    played.phase = "init"
    local slept, finished
    local runtime = new {
      sleep = function(seconds) slept = seconds end,
      finish = function(engine, transfer) finished = { engine, transfer } end,
    }
    assert.is_true(runtime.check())
    assert.is_nil(runtime.sockets())
    runtime.sleep(2)
    runtime.finish("engine", "transfer")
    assert.same({ 2, { "engine", "transfer" } }, { slept, finished })
    assert.same({}, played.slept)
    played.phase = "content"
    assert.is_table(runtime.sockets())
  end)

  it("without such a runtime no call can be made there", function()
    assert.truthy(fault_in("init", new()):find('runtime = "blocking"', 1, true))
  end)

  it("a gate lets all go on who wait, at once, and holds nobody up who comes later", function()
    local posts, waits = {}, {}
    package.loaded["ngx.semaphore"] = { new = function()
      return {
        wait = function(_, seconds) waits[#waits + 1] = seconds; coroutine.yield() end,
        post = function(_, count) posts[#posts + 1] = count end,
      }
    end }
    local gate = new().new_gate()
    gate.open()
    assert.same({}, posts)
    local waiters = {}
    for index = 1, 3 do
      waiters[index] = coroutine.create(gate.wait)
      assert(coroutine.resume(waiters[index], index))
    end
    assert(coroutine.resume(waiters[1]))
    gate.open()
    assert.same({ 1, 2, 3 }, waits)
    assert.same({ 2 }, posts)
  end)
end)

describe("outside nginx", function()
  it("there is no phase", function()
    assert.is_nil(phase.current())
  end)
end)
