local command_line = require "aws.backup.credentials.command_line"

-- What a POSIX shell makes of a command line: each word on a line of its own.
local function by_shell(text)
  local pipe = assert(io.popen("printf '%s\\n' " .. text))
  local words = {}
  for line in pipe:lines() do words[#words + 1] = line end
  pipe:close()
  return words
end

describe("command_line.split", function()
  it("splits at blanks and honours quotes and backslashes", function()
    for text, words in pairs {
      ["tool"] = { "tool" },
      ["  /path/tool --arg  x\ty "] = { "/path/tool", "--arg", "x", "y" },
      ['tool --arg "a b"'] = { "tool", "--arg", "a b" },
      ["tool 'a b' 'it''s'"] = { "tool", "a b", "its" },
      [ [["/path with blank/tool" x]] ] = { "/path with blank/tool", "x" },
      [ [[tool a\ b \"c\' \\]] ] = { "tool", "a b", "\"c'", "\\" },
      [ [[tool "a\"b" "c\\d" "e\f" "\$HOME \`x\`"]] ] = { "tool", 'a"b', "c\\d", "e\\f", "$HOME `x`" },
      [ [[tool 'a\b' "it's" '"']] ] = { "tool", "a\\b", "it's", '"' },
      [ [[tool --name="a b"'c d'e]] ] = { "tool", "--name=a bc de" },
      ['tool "" \'\' x'] = { "tool", "", "", "x" },
      ["tool #not-a-comment é"] = { "tool", "#not-a-comment", "é" },
      [""] = {},
      [" \t"] = {},
    } do
      assert.same(words, command_line.split(text), text)
    end
  end)

  it("agrees with the shell where nothing is left to a shell alone", function()
    for _, text in ipairs {
      [[a "b c" 'd e' f\ g]], [["\a\b\"\\\$\`"]], [['\a' "'" '"' \' \"]], [[a""b ''c"" "" '']],
      "\"a\tb\" c\td", [[\a\b\\]],
    } do
      assert.same(by_shell(text), command_line.split(text), text)
    end
  end)

  it("expands nothing", function()
    assert.same({ "~/tool", "$HOME", "*", "|", "cat", ";", "`x`", "$(y)" },
      command_line.split("~/tool $HOME * | cat ; `x` $(y)"))
  end)

  it("refuses what a shell would wait for more of, and does not show it", function()
    for text, expected in pairs {
      ['tool "SECRET'] = "a double quote is not closed",
      ['tool "SECRET\\"'] = "a double quote is not closed",
      ["tool 'SECRET"] = "a single quote is not closed",
      ["tool 'SECRET\\' x'"] = "a single quote is not closed",
      ["tool SECRET\\"] = "it ends with a backslash that nothing follows",
      ["tool \0SECRET"] = "it holds a zero byte",
    } do
      local words, message = command_line.split(text)
      assert.is_nil(words, text)
      assert.equal(expected, message)
    end
  end)

  it("tells what only a shell would act on", function()
    for _, text in ipairs { "a | b", "$HOME/tool", "~/tool", "a; b", "a && b", "a > f", "`a`" } do
      assert.is_true(command_line.expects_shell(text), text)
    end
    assert.is_false(command_line.expects_shell([[/opt/tool --arg "a b" --url=https://h/x?y=1]]))
  end)
end)
