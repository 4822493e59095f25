-- The parser of the shared files against texts that nobody wrote by hand: the seeds of others' fuzzers, noise, seeds
-- with noise in them, and well-formed files made at random.

local cjson = require("cjson").new()

local base64 = require "aws.backup.codec.base64"
local ini = require "aws.backup.ini"
local sorted_keys = require "aws.backup.sorted_keys"

local KINDS = { "config", "credentials" }
local SECRET = "wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY"

-- The generator of Park and Miller: its numbers fit into a double, so that every Lua draws the same.
local function new_random(seed)
  local state = seed
  local random = {}
  function random.upto(limit)
    state = state * 16807 % 2147483647
    return state % limit + 1
  end
  function random.of(list) return list[random.upto(#list)] end
  return random
end

local function corpus(kind)
  local file = assert(io.open("spec/fixtures/vectors/profile-corpus.json", "rb"))
  local texts = cjson.decode(file:read("*a"))[kind]
  file:close()
  for index, text in ipairs(texts) do texts[index] = assert(base64.decode(text)) end
  return texts
end

local function is_name(text)
  return text ~= "" and not text:find("[^A-Za-z0-9_/.%%@:+-]")
end

local function check_keys(keys, text)
  for key, value in pairs(keys) do
    assert(is_name(key) and not key:find("[A-Z]"), text)
    if type(value) == "table" then
      check_keys(value, text)
    else
      assert(type(value) == "string", text)
    end
  end
end

local function check_message(message, lines, text)
  local line = tonumber(message:match("^line (%d+): .")) or message:find("^more was ignored") and 1
  assert(line and line >= 1 and line <= lines, text)
  assert(not message:find(SECRET, 1, true), text)
end

-- Checks what holds for every text, and tells whether it could be parsed.
local function check_invariants(text, kind)
  local label = ("%s %q"):format(kind, text)
  local raised, parsed, message = pcall(ini.parse, text, kind)
  assert(raised, label)
  local _, lines = text:gsub("\n", "")
  if parsed == nil then
    check_message(message, lines + 1, label)
    return false
  end
  assert(message == nil, label)
  for _, warning in ipairs(parsed.warnings) do check_message(warning, lines + 1, label) end
  local quoted = kind == "config" and text:find("['\"]")
  for _, group in ipairs { "profiles", "sso_sessions", "services" } do
    for name, keys in pairs(parsed[group]) do
      assert(is_name(name) or (quoted and name ~= ""), label)
      check_keys(keys, label)
    end
  end
  return true
end

-- What became of a text, on one line: where it failed, or the profiles with their keys.
local function outcome(text, kind)
  local parsed, message = ini.parse(text, kind)
  if not parsed then return message:match("^line %d+") end
  local profiles = {}
  for index, name in ipairs(sorted_keys(parsed.profiles)) do
    profiles[index] = name .. "(" .. table.concat(sorted_keys(parsed.profiles[name]), " ") .. ")"
  end
  return table.concat(profiles, " ")
end

-- What the texts of the corpus give: as a config file, as a credentials file. Sections without their prefix in the one
-- and with it in the other give nothing.
local OUTCOMES = {
  { "line 1", "line 1" }, { "line 1", "line 1" }, { "line 1", "line 1" }, { "line 1", "line 1" },
  { "bar() foo()", "" }, { "bar() foo(name)", "" }, { "line 4", "line 4" }, { "", "bar(name)" },
  { "", "bar(name2) foo(name)" }, { "", "foo(name)" }, { "default(name)", "default(name2)" }, { "", "foo(name name2)" },
  { "", "foo(name name2)" }, { "line 1", "line 1" }, { "line 1", "line 1" }, { "foo(name)", "" },
  { "foo()", "" }, { "foo()", "" }, { "foobar(name)", "" }, { "default(s3)", "default(s3)" },
  { "foo(name)", "" }, { "line 3", "line 3" }, { "line 3", "line 3" }, { "line 3", "line 3" },
  { "line 2", "line 2" }, { "line 1", "line 1" }, { "line 2", "line 2" }, { "foo(name)", "" },
  { "default(s3)", "" }, { "", "baz(name)" }, { "bar() baz() foo()", "" }, { "bar(name2) foo(name)", "" },
  { "foo(name name2)", "" }, { "foo(name)", "" }, { "foo(name)", "" }, { "foo(name)", "" },
  { "foo(s3)", "" }, { "foo()", "" }, { "foo(name)", "" }, { "", "foo(name name2)" },
}

describe("ini.parse with others' fuzzing seeds", function()
  it("takes no key from a malformed section of theirs", function()
    for column, kind in ipairs(KINDS) do
      local texts = corpus(kind)
      assert.equal(#OUTCOMES, #texts)
      for index, text in ipairs(texts) do
        assert.equal(OUTCOMES[index][column], outcome(text, kind), ("%s %q"):format(kind, text))
      end
    end
  end)

  it("holds what holds for every text with them cut at every place", function()
    for _, kind in ipairs(KINDS) do
      for _, text in ipairs(corpus(kind)) do
        for length = 0, #text do check_invariants(text:sub(1, length), kind) end
      end
    end
  end)
end)

local PIECES = {
  "[", "]", "=", "#", ";", ":", "'", '"', "\\", " ", "\t", "  ", "\n", "\n", "\n", "\r\n", "\r", "\n ", " #", "\t;",
  "[default]\n", "[default]\n", "[profile ", "[profile a]\n", "[sso-session ", "[services s]\n", "[b]\n", "default",
  "profile", "a", "B", "aws_secret_access_key = " .. SECRET, SECRET, SECRET .. "\n", "k = v\n", "s3 =\n", "  k = v\n",
  "  v\n", "[" .. SECRET, "\0", "\255", "\239\187\191", "\255\254", "\226\130\172", "!", "%s", "%",
}

-- A text of random pieces; every other begins like a file.
local function noise(random)
  local parts = { random.of { "", "[default]\nk = " } }
  for index = 2, random.upto(20) do parts[index] = random.of(PIECES) end
  return table.concat(parts)
end

-- A seed with pieces put in, bytes taken out, and parts of another seed.
local function mutated(random, seeds)
  local text = random.of(seeds)
  for _ = 1, random.upto(4) do
    local from = random.upto(#text + 1)
    local to = math.min(#text + 1, from + random.upto(4) - 1)
    local other = random.of(seeds)
    local put = random.of { random.of(PIECES), "", other:sub(random.upto(#other + 1)) }
    text = text:sub(1, from - 1) .. put .. text:sub(to)
  end
  return text
end

describe("ini.parse with texts made at random", function()
  it("never raises, names a line, keeps to the alphabet and shows no secret", function()
    local random = new_random(20261122)
    local parsed = 0
    for _ = 1, 4000 do
      if check_invariants(noise(random), random.of(KINDS)) then parsed = parsed + 1 end
    end
    assert.is_true(parsed > 400 and parsed < 3600, parsed .. " could be parsed")
  end)

  it("does so with mutated seeds too", function()
    local random = new_random(7)
    local seeds = corpus("config")
    local parsed = 0
    for _ = 1, 4000 do
      if check_invariants(mutated(random, seeds), random.of(KINDS)) then parsed = parsed + 1 end
    end
    assert.is_true(parsed > 400 and parsed < 3600, parsed .. " could be parsed")
  end)

  it("draws the same texts on every Lua", function()
    local random = new_random(20261122)
    local last
    for _ = 1, 10000 do last = random.upto(1000000) end
    assert.equal(697775, last)
  end)
end)

-- Makes lines of a well-formed file and, in `expected`, what they say.
local Writer = {}
Writer.__index = Writer

function Writer:line(text)
  local random = self.random
  self.lines[#self.lines + 1] = text .. random.of { "\n", "\r\n", " \n", "\t \n" }
  if random.upto(4) == 1 then
    self.lines[#self.lines + 1] = random.of { "\n", " \t\n", "# c\n", ";[profile z]\n", "\r\n" }
  end
end

function Writer:blanks() return self.random.of { "", "", " ", "\t", "  \t" } end

local LETTERS = { "a", "b", "C", "-", "_", "/", ".", "%", "@", ":", "+", "9" }

function Writer:name()
  local letters = {}
  for index = 1, self.random.upto(3) do letters[index] = self.random.of(LETTERS) end
  return table.concat(letters)
end

function Writer:value()
  return self.random.of { "v", "a b", "x#y", "a=b", "%(x)s", '"q"', "'", "[c]", "\195\164", "x;", "1 = 2", "\\n" }
end

-- A property with what may follow its value.
function Writer:property(keys)
  local random = self.random
  local name = self:name()
  local before = name .. self:blanks() .. "=" .. self:blanks()
  local form = random.upto(4)
  if form == 1 then
    local nested, value = self:name(), self:value()
    self:line(before)
    self:line(" " .. self:blanks() .. nested .. self:blanks() .. "=" .. value)
    keys[name:lower()] = { [nested:lower()] = value }
  elseif form == 2 then
    local value, more = self:value(), self:value() .. " # more"
    self:line(before .. value)
    self:line("\t" .. self:blanks() .. more)
    keys[name:lower()] = value .. "\n" .. more
  else
    local value = self:value()
    self:line(before .. value .. random.of { "", " # c", "\t;", " ;# c = d" })
    keys[name:lower()] = value
  end
end

function Writer:section()
  local kind = self.random.of { "profile", "profile", "sso-session", "services" }
  local group = self.expected[kind]
  local name = self:name()
  group[name] = group[name] or {}
  local quote = self.random.of { "", "", "'", '"' }
  self:line("[" .. self:blanks() .. kind .. self.random.of { " ", "\t", "  " } .. quote .. name .. quote
    .. self:blanks() .. "]" .. self.random.of { "", "# c", " ; c]" })
  for _ = 1, self.random.upto(4) - 1 do self:property(group[name]) end
end

describe("ini.parse with well-formed files made at random", function()
  it("gives back what they were made of", function()
    local random = new_random(42)
    for _ = 1, 1500 do
      local expected = { profile = {}, ["sso-session"] = {}, services = {} }
      local writer = setmetatable({ random = random, lines = {}, expected = expected }, Writer)
      for _ = 1, random.upto(5) do writer:section() end
      local text = random.of { "", "\239\187\191" } .. table.concat(writer.lines)
      local parsed, message = ini.parse(text, "config")
      assert(parsed, ("%q: %s"):format(text, tostring(message)))
      assert.same(expected, { profile = parsed.profiles, ["sso-session"] = parsed.sso_sessions,
        services = parsed.services }, text)
      assert.same({}, parsed.warnings, text)
    end
  end)
end)
