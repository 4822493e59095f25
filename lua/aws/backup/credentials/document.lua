--- Small JSON objects that hold credentials or tokens: read by the members that are wanted, and changed member by
--- member with everything else left as it is, byte by byte, because other programs keep members of their own there.
---
--- No message shows a value: the text is a secret.

local json = require "aws.backup.codec.json"
local number = require "aws.backup.codec.number"
local sorted_keys = require "aws.backup.sorted_keys"
local time = require "aws.backup.codec.time"

local document = {}

local function is_text(value)
  return type(value) == "string" and not json.wrapped_number(value)
end

-- Members that stand for "nothing here".
local EMPTY = { ["null"] = true, ['""'] = true }

-- What a member can be. Each reader returns the value, or nil and what the member should be.
local KINDS = {}

--- A key or a token. It may end up in a header, where a blank or a control character has no place.
function KINDS.token(value)
  if is_text(value) and not value:find("[^\33-\126]") then return value end
  return nil, "a text without blanks"
end

function KINDS.text(value)
  if is_text(value) then return value end
  return nil, "a text"
end

function KINDS.time(value)
  local seconds = is_text(value) and time.parse(value)
  if seconds then return seconds end
  return nil, "a time such as 2026-01-02T03:04:05Z"
end

function KINDS.number(value)
  local digits = json.wrapped_number(value)
  if digits then return number.parse(digits) end
  if type(value) == "number" then return value end
  return nil, "a number"
end

--- The text with everything inside its strings blanked out: what is left of quotes, brackets and commas is structure.
--- Every byte keeps its place.
local function outline(text)
  return (text:gsub("\\.", "__"):gsub('"[^"]*"', function(quoted)
    return '"' .. ("_"):rep(#quoted - 2) .. '"'
  end))
end

local function value_end(plain, first)
  return plain:match("^%b{}()", first) or plain:match("^%b[]()", first) or plain:match('^"[^"]*"()', first)
    or plain:match("^[^,}%s]+()", first)
end

--- Where the members of an object are in its text, which is known to be JSON.
---@return table<string, { first: integer, last: integer }>? spans  of the values, by name
---@return integer|string ending  where another member can be put; or why there are no spans
local function spans_of(text)
  local plain, spans = outline(text), {}
  local ending = plain:find("{", 1, true) + 1
  local from, to = plain:match('^%s*()"[^"]*"()', ending)
  while from do
    local name = json.decode("[" .. text:sub(from, to - 1) .. "]")[1]
    -- Of two values each program may take another.
    if spans[name] then return nil, "has a member twice" end
    local first = plain:match("^%s*:%s*()", to)
    ending = value_end(plain, first)
    spans[name] = { first = first, last = ending - 1 }
    from, to = plain:match('^%s*,%s*()"[^"]*"()', ending)
  end
  return spans, ending
end

local read_object

local function read_member(kind, raw, path)
  if type(kind) == "table" then
    if raw:sub(1, 1) ~= "{" then return nil, ("has no %s that is an object"):format(path) end
    return read_object(raw, kind, path .. ".")
  end
  local value, wanted = KINDS[kind:match("^%a+")](json.decode("[" .. raw .. "]")[1])
  if value == nil then return nil, ("has no %s that is %s"):format(path, wanted) end
  return value
end

local function is_optional(kind)
  return type(kind) == "string" and kind:sub(-1) == "?"
end

function read_object(text, members, prefix)
  local spans, fault = spans_of(text)
  if not spans then return nil, fault end
  local result, missing = {}, {}
  for _, name in ipairs(sorted_keys(members)) do
    local span = spans[name]
    local raw = span and text:sub(span.first, span.last) or "null"
    if not EMPTY[raw] then
      result[name], fault = read_member(members[name], raw, prefix .. name)
      if result[name] == nil then return nil, fault end
    elseif not is_optional(members[name]) then
      missing[#missing + 1] = prefix .. name
    end
  end
  if #missing > 0 then return nil, "has no " .. table.concat(missing, ", no ") end
  return result
end

--- Reads the members of an object that are asked for; others may be there. null and "" count as absent.
---@param text string
---@param members table<string, string|table>  by name "token" (printable ASCII), "text", "time" (ISO 8601, comes as
---  epoch seconds) or "number", with a "?" behind if it may be absent; or, for an object, its members
---@return table? values  by name
---@return string? message  what is wrong, to be put behind what the text is: "has no accessToken"
function document.read(text, members)
  local decoded, fault = json.decode(text)
  if decoded == nil then return nil, "is not valid JSON: " .. fault end
  if not text:find("^%s*{") then return nil, "is not a JSON object" end
  return read_object(text, members, "")
end

--- The text of one member's value as it stands.
---@param text string  an object that `read` took
---@param name string  a member that is there
---@return string
function document.raw(text, name)
  local span = spans_of(text)[name]
  return text:sub(span.first, span.last)
end

local function append(text, ending, name, value)
  local separator = text:find("^%s*{%s*}") and "" or ", "
  return text:sub(1, ending - 1) .. separator .. json.quote(name) .. ": " .. value .. text:sub(ending)
end

--- The object with some members set, in place where they are there, at the end where not.
---@param text string  an object that `read` took
---@param values table<string, string>  JSON texts by name
---@return string
function document.change(text, values)
  for _, name in ipairs(sorted_keys(values)) do
    local spans, ending = spans_of(text)
    local span = spans[name]
    if span then
      text = text:sub(1, span.first - 1) .. values[name] .. text:sub(span.last + 1)
    else
      text = append(text, ending, name, values[name])
    end
  end
  return text
end

--- An object of strings.
---@param strings table<string, string>
---@return string
function document.write(strings)
  local values = {}
  for name, value in pairs(strings) do values[name] = json.quote(value) end
  return document.change("{}", values)
end

return document
