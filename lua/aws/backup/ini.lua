--- The text of a shared config or credentials file, taken apart.
--
-- The grammar is the one that the AWS SDKs share ("AWS SDKs and Tools Reference Guide", Shared config and credentials
-- files), read strictly, as the SDKs for Rust and C read it. Beyond it, a byte order mark is skipped, and a name may
-- stand in quotes, because the AWS CLI writes a name with blanks that way.
--
-- No message holds text of the file: what could not be understood may be a secret. And no search here repeats a
-- class, so none goes back over what it has seen: the time is linear in the text, whatever the text.

local ascii = require "aws.backup.ascii"

local ini = {}

local BYTE_ORDER_MARK = "\239\187\191"
local UTF16_MARKS = { ["\255\254"] = true, ["\254\255"] = true }

-- So that a large file that is no shared file at all does not give more warnings than text.
local MAX_WARNINGS = 100

local KINDS = { profile = "profiles", ["sso-session"] = "sso_sessions", services = "services" }

local NAME_RULE = "letters, digits and _ - / . % @ : +"
local UNCLOSED = "the section has no closing ]"
local CONFIG_SECTIONS = "the config file has [default], [profile NAME], [sso-session NAME] and [services NAME], where "
  .. "NAME consists of " .. NAME_RULE .. " or stands in quotes"
local CREDENTIALS_SECTIONS = "the credentials file has [NAME], without the word profile, where NAME consists of "
  .. NAME_RULE .. "; a profile with another name belongs in the config file"

local function is_blank(byte)
  return byte == 32 or byte == 9
end

-- What stands from first to last, without the blanks around it.
local function trimmed(text, first, last)
  first = text:find("[^ \t]", first)
  if not first or first > last then return "" end
  while is_blank(text:byte(last)) do last = last - 1 end
  return text:sub(first, last)
end

local function is_name(text)
  return text ~= "" and not text:find("[^A-Za-z0-9_/.%%@:+-]")
end

-- A blank must stand before the mark: a#b is a value.
local function without_comment(line)
  local blank = line:find("[ \t][#;]")
  return blank and line:sub(1, blank - 1) or line
end

local function character_at(line, position)
  return position and line:sub(position, position) or ""
end

local function is_comment_mark(character)
  return character == "#" or character == ";"
end

-- The inside of a string whose quote stands before `position`; nil if it is never closed.
local function read_string(line, quote, position)
  if quote == "'" then
    local close = line:find("'", position, true)
    if not close then return nil end
    return line:sub(position, close - 1), close + 1
  end
  local parts = {}
  while true do
    local found = line:find('["\\]', position)
    if not found then return nil end
    parts[#parts + 1] = line:sub(position, found - 1)
    if character_at(line, found) == '"' then return table.concat(parts), found + 1 end
    local escaped = character_at(line, found + 1)
    parts[#parts + 1] = (escaped == '"' or escaped == "\\") and escaped or "\\" .. escaped
    position = found + 2
  end
end

-- A name in quotes and the position of its ]; nil if there is none here. Strings side by side are one, as in a shell:
-- the CLI writes the name it's as 'it'"'"'s'.
local function read_quoted_name(line, position)
  local parts, quote = {}, character_at(line, position)
  while quote == "'" or quote == '"' do
    local text
    text, position = read_string(line, quote, position + 1)
    if not text then return nil end
    parts[#parts + 1] = text
    quote = character_at(line, position)
  end
  local close = line:find("[^ \t]", position)
  if #parts == 0 or character_at(line, close) ~= "]" then return nil end
  return table.concat(parts), close
end

-- Takes `[name]` or `[kind name]` apart. Everything from the second word on is the name, so that one with blanks is
-- seen to be none.
local function split_section(line)
  local first = line:find("[^ \t]", 2)
  local word_end = first and line:find("[%] \t#;]", first)
  local second = word_end and line:find("[^ \t]", word_end)
  if not second then return nil, UNCLOSED end
  local word = line:sub(first, word_end - 1)
  if character_at(line, second) == "]" then return { name = word }, second end

  local name, close = read_quoted_name(line, second)
  if name then return { kind = word, name = name, quoted = true }, close end
  close = line:find("[%]#;]", second)
  if character_at(line, close) ~= "]" then return nil, UNCLOSED end
  return { kind = word, name = trimmed(line, second, close - 1) }, close
end

local function read_section(line)
  local section, close = split_section(line)
  if not section then return nil, close end
  local rest = line:find("[^ \t]", close + 1)
  if rest and not is_comment_mark(character_at(line, rest)) then
    return nil, "after the ] of a section only a comment may follow"
  end
  section.valid = section.quoted and section.name ~= "" or is_name(section.name)
  return section
end

-- Sections of one name are one section.
local function keys_of(group, name)
  group[name] = group[name] or {}
  return group[name]
end

-- Where the properties of a section go; nil and the rule if the section does not count.
local FIND_KEYS = {
  config = function(parser, section)
    if not section.kind and section.name == "default" then
      parser.bare_default_line = parser.bare_default_line or parser.line
      return parser.bare_default
    end
    local group = section.kind and parser.parsed[KINDS[section.kind]]
    if not group or not section.valid then return nil, CONFIG_SECTIONS end
    return keys_of(group, section.name)
  end,
  credentials = function(parser, section)
    if section.kind or not section.valid then return nil, CREDENTIALS_SECTIONS end
    return keys_of(parser.parsed.profiles, section.name)
  end,
}

local function warn(parser, line, text)
  local warnings = parser.parsed.warnings
  if #warnings < MAX_WARNINGS then
    warnings[#warnings + 1] = ("line %d: %s"):format(line, text)
  elseif #warnings == MAX_WARNINGS then
    warnings[#warnings + 1] = "more was ignored in the lines that follow"
  end
end

-- Stores the property that the lines so far make up. Its parts are joined here, once, because joining them one by one
-- would take time quadratic in their number.
local function finish_property(parser)
  local property = parser.property
  if not property then return end
  property.keys[property.name] = property.nested or table.concat(property.parts, "\n")
  parser.property = nil
end

local function open_section(parser, line)
  finish_property(parser)
  local section, fault = read_section(line)
  if not section then return nil, fault end
  local keys, rule = parser.find_keys(parser, section)
  if not keys then warn(parser, parser.line, "the section is ignored: " .. rule) end
  -- What is ignored must be well formed all the same, so it is read into a table that nobody keeps.
  parser.keys = keys or {}
  return true
end

local function split_property(text)
  local equals = text:find("=", 1, true)
  if not equals then return nil, "there is no =" end
  local name = trimmed(text, 1, equals - 1)
  if name == "" then return nil, "there is no key before the =" end
  return ascii.lower(name), trimmed(text, equals + 1, #text)
end

-- The table that a property goes into.
local function keys_for(parser, name, keys)
  if is_name(name) then return keys end
  warn(parser, parser.line, "the property is ignored: a key consists of " .. NAME_RULE)
  return {}
end

local function open_property(parser, line)
  finish_property(parser)
  local name, value = split_property(without_comment(line))
  if not name then
    return nil, value .. "; a line is [SECTION], KEY = VALUE, or a comment that begins with # or ;"
  end
  if not parser.keys then return nil, "a property must stand below a section, such as [default]" end
  parser.property = { keys = keys_for(parser, name, parser.keys), name = name, parts = { value } }
  return true
end

local function add_nested(parser, property, text)
  local name, value = split_property(text)
  if not name then
    return nil, value .. "; an indented line below a property without a value is KEY = VALUE, and a comment begins in "
      .. "the first column"
  end
  property.nested = property.nested or {}
  keys_for(parser, name, property.nested)[name] = value
  return true
end

local function continue_property(parser, text)
  local property = parser.property
  if not property then
    return nil, "an indented line continues a property, and there is none above it; a section, a property or a comment "
      .. "begins in the first column"
  end
  if property.parts[1] == "" then return add_nested(parser, property, text) end
  if is_comment_mark(text:sub(1, 1)) then
    warn(parser, parser.line, "what looks like a comment belongs to the value above it, because it is indented")
  end
  property.parts[#property.parts + 1] = text
  return true
end

local function take_line(parser, line)
  local first = line:find("[^ \t]")
  local character = character_at(line, first)
  if not first then return true end
  if first > 1 then return continue_property(parser, trimmed(line, first, #line)) end
  if is_comment_mark(character) then return true end
  if character == "[" then return open_section(parser, line) end
  return open_property(parser, line)
end

local function take_lines(parser, text)
  local position = text:sub(1, #BYTE_ORDER_MARK) == BYTE_ORDER_MARK and #BYTE_ORDER_MARK + 1 or 1
  while position <= #text do
    local newline = text:find("\n", position, true) or #text + 1
    local last = newline - 1
    if last >= position and text:sub(last, last) == "\r" then last = last - 1 end
    parser.line = parser.line + 1
    local fine, fault = take_line(parser, text:sub(position, last))
    if not fine then return nil, ("line %d: %s"):format(parser.line, fault) end
    position = newline + 1
  end
  finish_property(parser)
  return true
end

-- `[profile default]` replaces `[default]` and all that is in it, whichever comes first.
local function settle_default(parser)
  local profiles = parser.parsed.profiles
  if not parser.bare_default_line then return end
  if profiles.default then
    warn(parser, parser.bare_default_line, "the section [default] is ignored, because there is [profile default]")
  else
    profiles.default = parser.bare_default
  end
end

---@class aws.backup.ini.Parsed
---@field profiles table<string, table<string, string|table<string, string>>>  # a nested property's value is a table
---@field sso_sessions table<string, table>
---@field services table<string, table>
---@field warnings string[]  # what was ignored, each with the number of its line

--- Parses the text of a shared file. Keys are in lower case.
---@param text string  # UTF-8; what is not is taken byte for byte
---@param kind "config"|"credentials"  # which of the two files it is: their sections are written differently
---@return aws.backup.ini.Parsed? parsed
---@return string? message  # the number of the line and the rule, never text of the file
function ini.parse(text, kind)
  if UTF16_MARKS[text:sub(1, 2)] then return nil, "line 1: the text is UTF-16; save the file as UTF-8" end
  local parser = {
    find_keys = FIND_KEYS[kind], line = 0, bare_default = {},
    parsed = { profiles = {}, sso_sessions = {}, services = {}, warnings = {} },
  }
  local fine, message = take_lines(parser, text)
  if not fine then return nil, message end
  settle_default(parser)
  return parser.parsed
end

return ini
