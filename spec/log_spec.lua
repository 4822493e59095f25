local log = require "aws.backup.log"

local function collecting()
  local lines = {}
  return log.new(function(line) lines[#lines + 1] = line end), lines
end

describe("the debug log", function()
  it("is nothing unless somebody wants it", function()
    assert.is_nil(log.new(nil))
    assert.is_nil(log.new(false))
  end)

  it("writes one line an event, whatever a text holds", function()
    local write, lines = collecting()
    write("profile %s", "a\nb\27[2J")
    assert.same({ "aws.backup: profile a\\nb\\x1B[2J" }, lines)
  end)

  it("cuts what is very long", function()
    local write, lines = collecting()
    write("%s", ("x"):rep(5000))
    assert.is_true(#lines[1] < 2100)
  end)

  it("goes to nginx's error log inside nginx, to standard error elsewhere", function()
    local real_ngx, logged = rawget(_G, "ngx"), {}
    rawset(_G, "ngx", { NOTICE = 6, log = function(level, line) logged = { level, line } end })
    log.new(true)("hello")
    rawset(_G, "ngx", real_ngx)
    assert.same({ 6, "aws.backup: hello" }, logged)
  end)

  it("shows method, URL, attempt, status, request id and time of a call", function()
    local write, lines = collecting()
    local hooks = log.hooks(write)
    hooks.credentials { operation = "ListTags", provider = "environment" }
    hooks.request { operation = "ListTags", attempt = 1, max_attempts = 3, method = "GET", url = "https://h/tags" }
    hooks.response { operation = "ListTags", attempt = 1, http_status = 503, request_id = "r-1", elapsed = 0.0421 }
    hooks.retry { operation = "ListTags", attempt = 1, delay = 0.05, code = "ServiceUnavailableException" }
    hooks.response { operation = "ListTags", attempt = 2, kind = "reset", elapsed = 1 }
    assert.same({
      "aws.backup: ListTags: credentials of environment",
      "aws.backup: ListTags: attempt 1 of 3: GET https://h/tags",
      "aws.backup: ListTags: attempt 1: HTTP 503, request id r-1 after 42 ms",
      "aws.backup: ListTags: attempt 1 failed with ServiceUnavailableException, next in 50 ms",
      "aws.backup: ListTags: attempt 2: no answer (reset) after 1000 ms",
    }, lines)
  end)
end)
