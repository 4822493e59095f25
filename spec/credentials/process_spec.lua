local cjson = require "cjson"

local contexts = require "spec.services.context"
local core = require "aws.backup.core"
local home = require "spec.services.home"
local process = require "aws.backup.credentials.process"

local SECRET, TOKEN = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJSESSIONTOKEN"
local EXPIRATION = "2026-01-02T04:00:00Z"
local EXPIRES = 1767326400

describe("process", function()
  local place, context

  before_each(function()
    place = home.new()
    -- The real pauses would only make the specs slow.
    context = contexts.new { sleep = function(seconds)
      context.slept[#context.slept + 1] = seconds
      core.sleep(0.001)
    end }
  end)
  after_each(function() place:remove() end)

  -- A shell script with these lines, as a command.
  local function script(lines)
    return "/bin/sh " .. place:write("tool.sh", lines .. "\n")
  end

  local function printing(text)
    return script("cat <<'END'\n" .. text .. "\nEND")
  end

  local function answer(changes)
    local document = { Version = 1, AccessKeyId = "ASIAPROCESS", SecretAccessKey = SECRET, SessionToken = TOKEN,
      Expiration = EXPIRATION }
    for name, value in pairs(changes or {}) do document[name] = value or nil end
    return cjson.encode(document)
  end

  local function get(command, options, deadline)
    local given = { command = command, profile_name = "tool" }
    for name, value in pairs(options or {}) do given[name] = value end
    return process.new(context, given):get(deadline)
  end

  local function failure(command, options, deadline)
    local found, err = get(command, options, deadline)
    assert.is_nil(found)
    assert.is_nil(tostring(err):find(SECRET, 1, true))
    assert.is_nil(tostring(err):find(TOKEN, 1, true))
    return err
  end

  local function has(text, part)
    assert.truthy(text:find(part, 1, true), ("%q is not in %q"):format(part, text))
  end

  it("takes what the program prints", function()
    assert.same({
      access_key_id = "ASIAPROCESS", secret_access_key = SECRET, session_token = TOKEN, expiration = EXPIRES,
      account_id = "111122223333", features = { "v", "w" },
    }, assert(get(printing(answer { AccountId = "111122223333" }), { account_id = "999999999999" })))
  end)

  it("takes the account of the profile where the program tells none", function()
    assert.equal("999999999999", get(printing(answer()), { account_id = "999999999999" }).account_id)
    assert.equal("999999999999",
      get(printing(answer { AccountId = cjson.null }), { account_id = "999999999999" }).account_id)
    assert.is_nil(get(printing(answer())).account_id)
  end)

  it("takes keys without Expiration for such as do not expire", function()
    local found = assert(get(printing(answer { Expiration = false, SessionToken = cjson.null })))
    assert.is_nil(found.expiration)
    assert.is_nil(found.session_token)
  end)

  it("runs the program anew at each fetch", function()
    local counter = place.path .. "/count"
    local provider = process.new(context, { profile_name = "tool", command = script(
      ("echo x >> %s\nprintf '{\"Version\":1,\"AccessKeyId\":\"A%%d\",\"SecretAccessKey\":\"s\"}' $(wc -l < %s)")
        :format(counter, counter)) })
    assert.equal("A1", provider:get().access_key_id)
    assert.equal("A2", provider:get().access_key_id)
  end)

  it("hands the words of the command over without a shell", function()
    local command = script([[printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s"}' "$#" "$1"]])
    local found = assert(get(command .. [[ '$HOME|~;*']]))
    assert.equal("1", found.access_key_id)
    assert.equal("$HOME|~;*", found.secret_access_key)
  end)

  it("lets the program inherit the environment", function()
    local command = script([[printf '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"%s"}' "$PATH"]])
    assert.equal(os.getenv("PATH"), assert(get(command)).secret_access_key)
  end)

  it("gives the program nothing to read, so that it can't ask", function()
    local command = script([[
      read answer && exit 9
      printf '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s"}']])
    assert.equal("A", assert(get(command)).access_key_id)
  end)

  it("finds the program through PATH", function()
    local file = place:write("answer.json", answer())
    assert.equal("ASIAPROCESS", assert(get("cat " .. file)).access_key_id)
  end)

  it("shows what a failing program writes to standard error, in one bounded line", function()
    local err = failure(script(("printf 'no\\nsession \\033[31m%s' >&2; echo '%s'; exit 3")
      :format(("x"):rep(2000), answer())))
    assert.is_true(err:is("CredentialsError"))
    has(err.message, "ended with status 3; it says: no\\nsession \\x1B[31mxxx")
    assert.is_true(#err.message < 1000)
    has(failure(script("exit 7")).message, "/bin/sh ended with status 7")
    has(failure(script("kill -9 $$")).message, "/bin/sh was ended by signal 9")
  end)

  it("refuses another Version than the number 1", function()
    for _, version in ipairs { 2, 0, 1.5 } do
      has(failure(printing(answer { Version = version })).message, "printed a Version other than 1")
    end
    has(failure(printing(answer { Version = "1" })).message, "has no Version that is a number")
    has(failure(printing(answer { Version = false })).message, "has no Version")
  end)

  it("names all keys that are missing", function()
    has(failure(printing('{"Version":1}')).message, "printed what has no AccessKeyId, no SecretAccessKey")
    has(failure(printing(answer { SecretAccessKey = "" })).message, "has no SecretAccessKey")
  end)

  it("never shows what the program prints", function()
    for text, expected in pairs {
      [SECRET] = "is not valid JSON",
      [""] = "is not valid JSON",
      ["<html>" .. SECRET .. "</html>"] = "is not valid JSON",
      [answer() .. answer()] = "is not valid JSON",
      ["[" .. answer() .. "]"] = "is not a JSON object",
      ['"' .. SECRET .. '"'] = "is not a JSON object",
      [answer():sub(1, -2) .. ',"Version":1}'] = "has a member twice",
      [answer { SecretAccessKey = { SECRET } }] = "has no SecretAccessKey that is a text",
      [answer { AccountId = 17 }] = "has no AccountId that is a text",
      [answer { Expiration = "tomorrow " .. SECRET }] = "has no Expiration that is a time",
      [answer { Expiration = 1767326400 }] = "has no Expiration that is a time",
    } do
      has(failure(printing(text)).message, expected)
    end
    has(failure(printing(answer { SecretAccessKey = SECRET .. "\n" })).message, "holds a blank or a control character")
    has(failure(script("echo oops; echo 'log in first' >&2")).message, "is not valid JSON: ")
    has(failure(script("echo oops; echo 'log in first' >&2")).message, "; it says: log in first")
  end)

  it("refuses credentials that have expired already", function()
    has(failure(printing(answer { Expiration = "2026-01-02T03:04:05Z" })).message,
      "printed credentials that expired at 2026-01-02T03:04:05Z")
  end)

  it("reports a program that is not there, and hints at the shell that it may have expected", function()
    local err = failure("/nowhere/tool --password hunter2")
    assert.is_true(err:is("CredentialsError"))
    has(err.message, 'the credential_process of the profile "tool" gave no credentials: ')
    has(err.message, "/nowhere/tool")
    assert.is_nil(err.message:find("shell", 1, true))
    assert.is_nil(err.message:find("hunter2", 1, true))
    for _, command in ipairs { "~/tool", "$HOME/tool", "/nowhere/tool; true", "/nowhere/tool | jq ." } do
      has(failure(command).message, "it runs without a shell")
    end
  end)

  it("reports an empty command and an open quote as faults of the settings", function()
    for command, expected in pairs {
      [" "] = "it names no program", ["''"] = "it names no program",
      ['tool "' .. SECRET] = "a double quote is not closed",
    } do
      local err = failure(command)
      assert.is_true(err:is("ConfigError"))
      has(err.message, 'the credential_process of the profile "tool" can\'t be run: ' .. expected)
    end
  end)

  describe("with a program that hangs", function()
    local pid_file, hanging

    local function pid()
      local file = io.open(pid_file)
      local line = file and file:read("*l")
      if file then file:close() end
      return line
    end

    -- Time passes once the program is really there.
    before_each(function()
      pid_file = place.path .. "/pid"
      hanging = script("echo $$ > " .. pid_file .. "; exec sleep 1000")
      context.sleep = function()
        core.sleep(0.002)
        if pid() then context.advance(100) end
      end
    end)
    after_each(function()
      assert.is_nil(io.open("/proc/" .. pid() .. "/stat"), "the program is still there")
    end)

    it("kills it after 60 seconds, or after what is set instead", function()
      has(failure(hanging).message, "/bin/sh was killed: it did not end within 60 seconds")
      os.remove(pid_file)
      context.settings.process_timeout = 90.5
      has(failure(hanging).message, "/bin/sh was killed: it did not end within 90.5 seconds")
    end)

    it("tells what it said before it was killed", function()
      hanging = script("echo 'Waiting for your fingerprint' >&2; echo $$ > " .. pid_file .. "; exec sleep 1000")
      has(failure(hanging).message, "within 60 seconds; it says: Waiting for your fingerprint")
    end)

    it("kills it when the call's time is over", function()
      has(failure(hanging, nil, context.monotonic() + 50).message, "was killed: the time of the call was over")
    end)
  end)

  it("waits in small steps by the host's own sleep, and never blocks", function()
    local steps, waited = 0, 0
    local child = {
      step = function(_, timeout)
        steps, waited = steps + 1, waited + timeout
        return steps > 12
      end,
      result = function() return { status = 0, stdout = answer(), stderr = "" } end,
    }
    context.spawn = function() return child end
    context.sleep = function(seconds) context.slept[#context.slept + 1] = seconds end
    assert(get("tool"))
    assert.equal(0, waited)
    assert.equal(12, #context.slept)
    for index, seconds in ipairs(context.slept) do
      assert.is_true(seconds > 0 and seconds <= 0.1)
      assert.is_true(index == 1 or seconds >= context.slept[index - 1])
    end
  end)

  it("yields where the host's sleep does", function()
    local yields, found = 0, nil
    context.sleep = coroutine.yield
    local host = coroutine.wrap(function()
      found = assert(get("sh -c 'sleep 0.02; cat " .. place:write("answer.json", answer()) .. "'"))
    end)
    repeat
      host()
      yields = yields + 1
      core.sleep(0.005)
    until found
    assert.is_true(yields > 1)
    assert.equal("ASIAPROCESS", found.access_key_id)
  end)

  it("stops a program that floods its output", function()
    has(failure("cat /dev/zero").message, "cat was killed: it wrote more than 1048576 bytes")
  end)

  it("tells when the end of a program can't be known", function()
    context.spawn = function()
      return { step = function() return true end, result = function() return nil, "lost" end }
    end
    has(failure("tool").message, "tool came to no end that can be told: lost")
  end)
end)
