-- The grammar of the shared files, a row for each form: text, and what becomes of it.

local ini = require "aws.backup.ini"

local function profile(text) return "[profile a]\n" .. text end

-- Checks rows { text, kind =, profiles =, sso_sessions =, services =, warned = { lines } } or
-- { text, kind =, fails = line, because = part of the message }. What a row does not name must be empty.
local function check(rows)
  for _, row in ipairs(rows) do
    local label = ("%q"):format(row[1])
    local parsed, message = ini.parse(row[1], row.kind or "config")
    if row.fails then
      assert.is_nil(parsed, label)
      assert.equal(("line %d: "):format(row.fails), message:match("^line %d+: "), label)
      assert.truthy(message:find(row.because, 1, true), label .. " " .. message)
    else
      assert(parsed, label .. " " .. tostring(message))
      assert.same(row.profiles or {}, parsed.profiles, label)
      assert.same(row.sso_sessions or {}, parsed.sso_sessions, label)
      assert.same(row.services or {}, parsed.services, label)
      local warned = {}
      for index, warning in ipairs(parsed.warnings) do warned[index] = tonumber(warning:match("^line (%d+): .")) end
      assert.same(row.warned or {}, warned, label)
    end
  end
end

local NO_EQUALS, NO_KEY = "there is no =", "no key before the ="
local UNCLOSED, NOTHING_ABOVE = "no closing ]", "none above it"

describe("ini.parse", function()
  it("ends lines at LF, drops one CR before it, and skips blank lines", function()
    check {
      { "", profiles = {} },
      { "\n\r\n \t\n \t\r\n", profiles = {} },
      { profile("k = v"), profiles = { a = { k = "v" } } },
      { "[profile a]\r\nk = v\r\n", profiles = { a = { k = "v" } } },
      { "[profile a]\r\nk = v \r", profiles = { a = { k = "v" } } },
      { "[profile a]\r\nk = v\r\r\n", profiles = { a = { k = "v\r" } } },
      { " \t \n[profile a]\n\t\n \nk = v\n \t", profiles = { a = { k = "v" } } },
      { profile("k = v\rl = w"), profiles = { a = { k = "v\rl = w" } } },
      { profile("k = \195\188\226\130\172\240\159\152\130"),
        profiles = { a = { k = "\195\188\226\130\172\240\159\152\130" } } },
      { "[profile a]\r\n\r\r\n", fails = 2, because = NO_EQUALS },
    }
  end)

  it("takes a line that begins with # or ; for a comment", function()
    check {
      { "# one\n; two\n#\n;\n" .. profile("#k = v\n;k = v\n# [profile b]"), profiles = { a = {} } },
      { profile("k = v\n# between\n  more"), profiles = { a = { k = "v\nmore" } } },
    }
  end)

  it("takes an indented comment for the continuation that it is, and warns", function()
    check {
      { profile("k = v\n  # no comment\n\t; nor this"), profiles = { a = { k = "v\n# no comment\n; nor this" } },
        warned = { 3, 4 } },
      { profile("  # comment\nk = v"), fails = 2, because = "begins in the first column" },
      { " ; comment", fails = 1, because = NOTHING_ABOVE },
      { profile("s3 =\n  # comment"), fails = 3, because = "a comment begins in the first column" },
    }
  end)

  it("reads a section between brackets, with blanks and a comment around", function()
    check {
      { "[profile a] # b]\n[profile c]; d\n[profile e]#\n[ profile f ]\n[profile\tg]\n[\tprofile \t h\t] \t",
        profiles = { a = {}, c = {}, e = {}, f = {}, g = {}, h = {} } },
      { "[ default ]", profiles = { default = {} } },
      { "[ a ]", kind = "credentials", profiles = { a = {} } },
    }
  end)

  it("refuses a section that is not closed, or with text after it", function()
    check {
      { "[profile a", fails = 1, because = UNCLOSED },
      { "\n\n[default \nk = v", fails = 3, because = UNCLOSED },
      { "[", fails = 1, because = UNCLOSED },
      { "[ \t", fails = 1, because = UNCLOSED },
      { "[profile", fails = 1, because = UNCLOSED },
      { "[profile ", fails = 1, because = UNCLOSED },
      { "[profile a # b]", fails = 1, because = UNCLOSED },
      { "[profile a;b]", fails = 1, because = UNCLOSED },
      { "[#]", fails = 1, because = UNCLOSED },
      { "[profile #]", fails = 1, because = UNCLOSED },
      { "[profile 'a b'", fails = 1, because = UNCLOSED },
      { "[a", kind = "credentials", fails = 1, because = UNCLOSED },
      { "[profile a] b", fails = 1, because = "only a comment" },
      { "[profile a]]", fails = 1, because = "only a comment" },
      { "[profile a] [profile b]", fails = 1, because = "only a comment" },
    }
  end)

  it("knows default, profile, sso-session and services sections in the config file", function()
    check {
      { "[default]\na = 1\n[profile p]\nb = 2\n[sso-session s]\nc = 3\n[services v]\nd = 4",
        profiles = { default = { a = "1" }, p = { b = "2" } }, sso_sessions = { s = { c = "3" } },
        services = { v = { d = "4" } } },
      { "[profile x]\n[sso-session x]\n[services x]\n", profiles = { x = {} }, sso_sessions = { x = {} },
        services = { x = {} } },
      { "[sso-session default]\n[services default]", sso_sessions = { default = {} }, services = { default = {} } },
    }
  end)

  it("ignores other sections of the config file, and warns", function()
    for _, section in ipairs { "[foo]", "[profilefoo]", "[profile]", "[profile ]", "[sso-session]", "[services\t]",
      "[sso-sesion foo]", "[plugins cli]", "[preview]", "[Profile foo]", "[DEFAULT]", "[]", "[ ]", "[default x]" } do
      check { { section .. "\nk = v\n[profile b]\nl = w", profiles = { b = { l = "w" } }, warned = { 1 } } }
    end
  end)

  it("knows bare names alone in the credentials file", function()
    check {
      { "[default]\nk = v\n[foo]\nl = w\n[profile]\n[DEFAULT]\n[sso-sessionfoo]", kind = "credentials",
        profiles = { default = { k = "v" }, foo = { l = "w" }, profile = {}, DEFAULT = {}, ["sso-sessionfoo"] = {} } },
      { "[profile foo]\nk = v\n[in valid]\nk = v\n[sso-session s]\nk = v\n[services s]\nk = v\n[profile default]",
        kind = "credentials", warned = { 1, 3, 5, 7, 9 } },
      { "[]\n['foo']\n[\"foo bar\"]\n[f\252]\n", kind = "credentials", warned = { 1, 2, 3, 4 } },
    }
  end)

  it("takes names of letters, digits and _ - / . % @ : +, and ignores sections with others", function()
    local all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-/.%@:+"
    check {
      { "[profile " .. all .. "]", profiles = { [all] = {} } },
      { "[" .. all .. "]", kind = "credentials", profiles = { [all] = {} } },
    }
    for code = 0, 255 do
      local character = string.char(code)
      -- A line's end, blanks, the closing bracket and comment marks have a meaning of their own; \r is part of a name.
      if not all:find(character, 1, true) and not ("\n\t ];#"):find(character, 1, true) then
        check { { "[profile a" .. character .. "b]\nk = v", warned = { 1 } } }
      end
    end
    check { { "[profile in valid]\nk = v\n[sso-session a!]\n[services b*]\nk = v", warned = { 1, 3, 4 } } }
  end)

  it("lets [profile default] replace [default] with all its keys, whichever comes first", function()
    check {
      { "[default]\nk = v\nl = w\n[profile default]\nk = x", profiles = { default = { k = "x" } }, warned = { 1 } },
      { "[profile default]\nk = x\n[default]\nk = v\nl = w", profiles = { default = { k = "x" } }, warned = { 3 } },
      { "[profile default]\nk = x\n[default]\nl = w\n[profile default]\nm = y\n[default]\nn = z",
        profiles = { default = { k = "x", m = "y" } }, warned = { 3 } },
      { "[default]\nk = v\n[profile default]", profiles = { default = {} }, warned = { 1 } },
      { "[default]\nk = v\n[profile 'default']", profiles = { default = {} }, warned = { 1 } },
    }
  end)

  it("splits a property at the first =, trims both sides, and lowers the key", function()
    check {
      { profile("k=v\nL \t=  \tw x \t\nm = a=b==\nAWS_Access_Key_ID = X"),
        profiles = { a = { k = "v", l = "w x", m = "a=b==", aws_access_key_id = "X" } } },
      { profile("_-/.%@:+0 = v"), profiles = { a = { ["_-/.%@:+0"] = "v" } } },
    }
  end)

  it("ignores a property whose key has other characters, and warns", function()
    check {
      { profile("in valid = v\nk! = v\n\195\164 = v\nk\0 = v\nok = w"), profiles = { a = { ok = "w" } },
        warned = { 2, 3, 4, 5 } },
      { profile("in valid = v\n  more\nok = w"), profiles = { a = { ok = "w" } }, warned = { 2 } },
      { profile("in valid =\n  k = v\nok = w"), profiles = { a = { ok = "w" } }, warned = { 2 } },
      { profile("in valid =\n  junk"), fails = 3, because = NO_EQUALS },
    }
  end)

  it("refuses a property without =, without a key, or above every section", function()
    check {
      { profile("junk"), fails = 2, because = NO_EQUALS },
      { profile("key : value"), fails = 2, because = NO_EQUALS },
      { profile("key # = value"), fails = 2, because = NO_EQUALS },
      { profile("= v"), fails = 2, because = NO_KEY },
      { profile("k = v\n\n="), fails = 4, because = NO_KEY },
      { "k = v\n[default]", fails = 1, because = "must stand below a section" },
      { "\239\187\191k = v", fails = 1, because = "must stand below a section" },
      { "junk", kind = "credentials", fails = 1, because = NO_EQUALS },
    }
  end)

  it("takes an empty value for one", function()
    check {
      { profile("k =\nl = \t\nm=\n[profile b]\nk ="), profiles = { a = { k = "", l = "", m = "" }, b = { k = "" } } },
    }
  end)

  it("ends a value at a comment mark that follows a blank, and nowhere else", function()
    check {
      { profile("a = v # c\nb = v ;c\nc = v\t#c # d\nd = v # c ; d\ne = v ;"),
        profiles = { a = { a = "v", b = "v", c = "v", d = "v", e = "v" } } },
      { profile("a = v#c\nb = v; c\nc =#c\nd = a;b#c"),
        profiles = { a = { a = "v#c", b = "v; c", c = "#c", d = "a;b#c" } } },
      { profile("a = # c\nb =\t;"), profiles = { a = { a = "", b = "" } } },
      { profile("a = # c\n  k = v"), profiles = { a = { a = { k = "v" } } } },
    }
  end)

  it("leaves quotes, escapes and % in a value as they are", function()
    check {
      { profile([[a = "q"]] .. "\n" .. [[b = 'x y']] .. "\n" .. [[c = \n\t\\]] .. "\n" .. [[d = %(home)s %d ${HOME}]]),
        profiles = { a = { a = [["q"]], b = [['x y']], c = [[\n\t\\]], d = "%(home)s %d ${HOME}" } } },
    }
  end)

  it("appends an indented line, trimmed, to the value above", function()
    check {
      { profile("k = v\n -x\n \t -y \t \nl = w"), profiles = { a = { k = "v\n-x\n-y", l = "w" } } },
      { profile("k = v # c\n\n \n  more\r\n"), profiles = { a = { k = "v\nmore" } } },
      { profile("k = v\n [profile b]\n  x = y"), profiles = { a = { k = "v\n[profile b]\nx = y" } } },
      { "[a]\nk = v\n w", kind = "credentials", profiles = { a = { k = "v\nw" } } },
    }
  end)

  it("refuses an indented line with no property above", function()
    check {
      { " -continued", fails = 1, because = NOTHING_ABOVE },
      { profile("\tk = v"), fails = 2, because = NOTHING_ABOVE },
      { profile("k = v\n[profile a]\n -continued"), fails = 4, because = NOTHING_ABOVE },
      { "  [default]\nk = v", fails = 1, because = NOTHING_ABOVE },
    }
  end)

  it("reads indented lines below an empty value as properties of their own", function()
    check {
      { "[profile dev]\nservices = local\n[services local]\nbackup =\n  endpoint_url = http://localhost:4566\nsts =\n"
        .. "  endpoint_url = http://localhost:4567\n", profiles = { dev = { services = "local" } },
        services = { ["local"] = { backup = { endpoint_url = "http://localhost:4566" },
          sts = { endpoint_url = "http://localhost:4567" } } } },
      { profile("s3 =\n\n  A = b=c\n \t \n# comment\n  d =\n  A = e"),
        profiles = { a = { s3 = { a = "e", d = "" } } } },
      { profile("s3 =\n  k = v # kept\n  in valid = w"), profiles = { a = { s3 = { k = "v # kept" } } },
        warned = { 4 } },
      { profile("s3 =\n  in valid = w"), profiles = { a = { s3 = {} } }, warned = { 3 } },
    }
  end)

  it("refuses a nested line without = or without a key", function()
    check {
      { profile("s3 =\n  invalid"), fails = 3, because = NO_EQUALS },
      { profile("s3 =\n  k = v\n  = w"), fails = 4, because = NO_KEY },
      { "[services a]\nbackup =\n\n  endpoint_url", fails = 4, because = NO_EQUALS },
    }
  end)

  it("merges sections of one name, and lets the last of two values stand", function()
    check {
      { "[profile a]\nk = v\n[profile b]\n[profile a]\nl = w\nK = x\nl = y",
        profiles = { a = { k = "x", l = "y" }, b = {} } },
      { "[a]\nk = v\n[a]\nk = w", kind = "credentials", profiles = { a = { k = "w" } } },
      { profile("k = v\n  more\nk = w"), profiles = { a = { k = "w" } } },
      { profile("k =\n  m = 1\nk =\n  n = 2"), profiles = { a = { k = { n = "2" } } } },
      { profile("k =\n  m = 1\nk = v"), profiles = { a = { k = "v" } } },
      { "[sso-session s]\nk = v\n[sso-session s]\nl = w", sso_sessions = { s = { k = "v", l = "w" } } },
    }
  end)

  it("lets an empty section make its profile exist", function()
    check {
      { "[profile a]\n[default]\n[sso-session s]\n[services v]", profiles = { a = {}, default = {} },
        sso_sessions = { s = {} }, services = { v = {} } },
      { "[a]\n[b]", kind = "credentials", profiles = { a = {}, b = {} } },
    }
  end)

  it("refuses what is malformed in an ignored section too", function()
    check {
      { "[foo]\nk = v\n  more\ns3 =\n  a = b", warned = { 1 } },
      { "[foo]\njunk", fails = 2, because = NO_EQUALS },
      { "[foo]\n= v", fails = 2, because = NO_KEY },
      { "[foo]\n  k = v", fails = 2, because = NOTHING_ABOVE },
      { "[foo]\ns3 =\n  junk", fails = 3, because = NO_EQUALS },
      { "[profile foo]\njunk", kind = "credentials", fails = 2, because = NO_EQUALS },
    }
  end)

  -- Where the SDKs do not agree, rows that are not above already.
  it("keeps none of a comment after a region, so that it stays a region", function()
    check { { profile("region = us-east-1 # home"), profiles = { a = { region = "us-east-1" } } } }
  end)

  it("takes a colon for a letter of a key, not for a separator", function()
    check {
      { profile("key: value"), fails = 2, because = NO_EQUALS },
      { profile("key:x = value"), profiles = { a = { ["key:x"] = "value" } } },
      { profile("key: x = value"), profiles = { a = {} }, warned = { 2 } },
    }
  end)

  it("does not make the keys of [DEFAULT] defaults of other sections", function()
    check { { "[DEFAULT]\nregion = eu-west-1\n[profile a]", profiles = { a = {} }, warned = { 1 } } }
  end)

  it("skips a byte order mark at the start, and only there", function()
    check {
      { "\239\187\191[profile a]\nk = v", profiles = { a = { k = "v" } } },
      { "\239\187\191", profiles = {} },
      { "\239\187\191\239\187\191[profile a]", fails = 1, because = NO_EQUALS },
      { "[profile a]\n\239\187\191k = v", profiles = { a = {} }, warned = { 2 } },
    }
  end)

  it("says that a UTF-16 file must be saved as UTF-8", function()
    check {
      { "\255\254[\0d\0e\0", fails = 1, because = "save the file as UTF-8" },
      { "\254\255\0[\0d\0e", fails = 1, because = "save the file as UTF-8" },
    }
  end)

  it("takes a name in double or single quotes in the config file, also with blanks", function()
    check {
      { '[profile "foo bar"]\nk = v\n[profile \'x\']\n[ profile \t"c d" ] # e', profiles = { ["foo bar"] = { k = "v" },
        x = {}, ["c d"] = {} } },
      { '[sso-session "a b"]\n[services \'c d\']', sso_sessions = { ["a b"] = {} }, services = { ["c d"] = {} } },
      { '[profile "a]b#c"]\n[profile \'; d\'];', profiles = { ["a]b#c"] = {}, ["; d"] = {} } },
      { [=[[profile 'it'"'"'s mine']]=], profiles = { ["it's mine"] = {} } },
      { [=[[profile "a \"b\" \\ \c"]]=], profiles = { [ [[a "b" \ \c]] ] = {} } },
      { '[profile "foo"]\nk = v\n[profile foo]\nl = w', profiles = { foo = { k = "v", l = "w" } } },
    }
  end)

  it("ignores a section whose name is not wholly in quotes, or is empty", function()
    check {
      { "[profile foo's]\nk = v\n[profile 'a' b]\n[profile a 'b']\n[profile \"a]\n[profile '']\n[profile \"\\\"]",
        warned = { 1, 3, 4, 5, 6, 7 } },
      { "['default']\n[profile\"a b\"]\n[\"profile a\"]\n['profile' a]", warned = { 1, 2, 3, 4 } },
      { "[profile 'a'b]\nk = v", warned = { 1 } },
    }
  end)

  it("takes bytes that are no UTF-8, and zero bytes, as they are", function()
    check {
      { profile("k = \255\192\0x\0"), profiles = { a = { k = "\255\192\0x\0" } } },
      { "# \255\0\n[profile '\255\0']", profiles = { ["\255\0"] = {} } },
      { "\0", fails = 1, because = NO_EQUALS },
      { "[profile \0]", warned = { 1 } },
    }
  end)

  it("says what is wrong without showing the line", function()
    for _, text in ipairs {
      "SECRET", "=SECRET", "[SECRET", "[default] SECRET", "[default]\nSECRET", "[default]\n=SECRET",
      "[default]\n SECRET", "[default]\nk =\n SECRET", "[default]\nk =\n =SECRET", "SECRET=v", "[SECRET!]",
      "[profile 'SECRET' x]", "[default]\nSECRET! = SECRET", "[default]\nk =\n SECRET! = x",
      "[default]\n[profile default]\n[SECRET !]", "[default]\nSECRET = SECRET\n # SECRET",
    } do
      for _, kind in ipairs { "config", "credentials" } do
        local parsed, message = ini.parse(text, kind)
        local said = parsed and table.concat(parsed.warnings, "\n") or message
        assert.truthy(said:find("^line %d: %l"))
        assert.is_nil(said:find("SECRET", 1, true))
      end
    end
  end)

  it("warns a hundred times and then once more", function()
    local parsed = assert(ini.parse(("[x]\n"):rep(5000), "config"))
    assert.equal(101, #parsed.warnings)
    assert.truthy(parsed.warnings[100]:find("^line 100: "))
    assert.truthy(parsed.warnings[101]:find("more was ignored", 1, true))
  end)
end)

describe("the time of ini.parse", function()
  -- The least of some runs, so that what else the machine does counts for little.
  local function seconds(text)
    local least = math.huge
    for _ = 1, 3 do
      local start = os.clock()
      ini.parse(text, "config")
      least = math.min(least, os.clock() - start)
    end
    return least
  end

  -- Sixteen times the text takes about sixteen times as long if the time is linear, and 256 times if it is quadratic.
  local function check_growth(head, piece, bytes)
    local function text(length) return head .. piece:rep(math.floor(length / #piece)) .. "." end
    local ratio = seconds(text(bytes)) / math.max(seconds(text(bytes / 16)), 1e-5)
    assert.is_true(ratio < 100, ("%q and many of %q: %.0f times the time"):format(head, piece, ratio))
  end

  it("is linear for a line of a mebibyte", function()
    check_growth("", " ", 2 ^ 20)
    check_growth("", "[", 2 ^ 20)
  end)

  it("is linear whatever the text is made of", function()
    local property = "[profile a]\nk = v"
    for _, form in ipairs {
      { "", "]" }, { "", "\n" }, { "[", " " }, { "[", "a" }, { "[a", " " }, { "[profile ", "a " }, { "[profile ", "'" },
      { "[profile ", '"' }, { '[profile "', "\\" }, { "[profile '", "a" }, { "[profile a]", " " }, { property, " " },
      { property, " x" }, { property, " =" }, { property, "\t;" }, { property, "#" }, { property, "\n " },
      { property, "\n x" }, { property, "\nk=v" }, { "[profile a]\nk =", "\n a=b" }, { "[profile a]\n", "x " },
      { "", "[x]\n" }, { "", "[profile x]\n" }, { "[default]\n", "! = x\n" },
    } do
      check_growth(form[1], form[2], 2 ^ 17)
    end
  end)
end)
