--- What STS answers, read from its XML: credentials, or an error (STS API reference, AssumeRole; query protocol).
--
-- A strict reader of the XML that such answers are made of, and no more. It knows elements in any order, text with
-- references, CDATA, comments and processing instructions; it checks attributes and forgets them, and namespace
-- prefixes with them. It refuses what is not well-formed, a DOCTYPE (the door to entities of an attacker's making), any
-- encoding but UTF-8, names beyond ASCII, and what is far longer or deeper than an answer of STS can be. Messages show
-- no text of the document: it holds keys.

local ascii = require "aws.backup.ascii"
local core = require "aws.backup.core"
local snapshot = require "aws.backup.credentials.snapshot"
local time = require "aws.backup.codec.time"
local visible = require "aws.backup.codec.visible"

local floor = math.floor

local sts_answer = {}

local MAX_BYTES = 64 * 1024
local MAX_DEPTH = 16

local BLANKS = "[ \t\n]*"
local NAME = "[A-Za-z_:][A-Za-z0-9_:.%-]*"
local ATTRIBUTE = "^[ \t\n]+(" .. NAME .. ")" .. BLANKS .. "=" .. BLANKS .. "([\"'])()"

local NAMED = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }

local DECLARED = { version = true, encoding = true, standalone = true }
local ENCODINGS = { ["utf-8"] = true, ["us-ascii"] = true }

local function is_character(code)
  return code == 9 or code == 10 or code == 13 or (code >= 32 and code < 0xD800)
    or (code >= 0xE000 and code <= 0xFFFD) or (code >= 0x10000 and code <= 0x10FFFF)
end

local function utf8_bytes(code)
  if code < 0x80 then return string.char(code) end
  local bytes, lead, limit = "", 0xC0, 0x20
  repeat
    bytes = string.char(0x80 + code % 64) .. bytes
    code = floor(code / 64)
    local fits = code < limit
    if not fits then lead, limit = lead + limit, limit / 2 end
  until fits
  return string.char(lead + code) .. bytes
end

-- What stands for a reference like #233 or #xE9; nil if there is no such character.
local function numbered(reference)
  local digits, base = reference:match("^#([0-9]+)$"), 10
  if not digits then digits, base = reference:match("^#x([0-9A-Fa-f]+)$"), 16 end
  digits = digits and digits:gsub("^0+", "")
  if digits == "" then return nil end
  local code = digits and #digits <= 7 and tonumber(digits, base)
  return code and is_character(code) and utf8_bytes(code) or nil
end

-- A text with its references replaced, or nil if one of them has no meaning.
local function decoded(text)
  local sound = true
  text = text:gsub("&([^;&]*)(;?)", function(reference, ending)
    local value = ending == ";" and (NAMED[reference] or numbered(reference))
    sound = sound and value
    return value or nil
  end)
  return sound and text or nil
end

-- Reads attributes from `position`, which is behind a name. Returns them and the position behind them, or nil.
local function attributes_at(text, position)
  local found = {}
  while true do
    local name, quote, start = text:match(ATTRIBUTE, position)
    if not name then return found, position end
    local ending = text:find(quote, start, true)
    local value = ending and decoded(text:sub(start, ending - 1))
    if not value or found[name] or text:sub(start, ending):find("<", 1, true) then return nil end
    found[name], position = value, ending + 1
  end
end

-- Each of the following takes the reader's state, whose position is at a "<", and returns the position behind the
-- piece of markup, or nil and what is wrong.

local function read_comment(state)
  local at = state.text:find("--", state.position + 4, true)
  if at and state.text:sub(at, at + 2) == "-->" then return at + 3 end
  return nil, "a comment is not closed"
end

local function read_cdata(state)
  local start = state.position + 9
  local ending = state.text:find("]]>", start, true)
  local open = state.open[#state.open]
  if not ending or not open then return nil, "a CDATA section is not closed, or outside all elements" end
  open.pieces[#open.pieces + 1] = state.text:sub(start, ending - 1)
  return ending + 3
end

local function read_instruction(state)
  local target, behind = state.text:match("^<%?(" .. NAME .. ")()", state.position)
  local ending = target and state.text:find("?>", behind, true)
  local apart = ending and (ending == behind or state.text:find("^[ \t\n]", behind))
  -- The declaration may stand at the beginning alone, where it has been read already.
  if not apart or ascii.lower(target) == "xml" then
    return nil, "a processing instruction is malformed or out of place"
  end
  return ending + 2
end

local function read_end_tag(state)
  local name, behind = state.text:match("^</(" .. NAME .. ")" .. BLANKS .. ">()", state.position)
  local open = table.remove(state.open)
  if not name or not open or open.full_name ~= name then return nil, "an end tag closes nothing" end
  return behind
end

local function read_start_tag(state)
  local full_name, behind = state.text:match("^<(" .. NAME .. ")()", state.position)
  local attributes
  if full_name then attributes, behind = attributes_at(state.text, behind) end
  local slash, next_position
  if attributes then slash, next_position = state.text:match("^" .. BLANKS .. "(/?)>()", behind) end
  if not slash then return nil, "a tag is malformed" end

  local element = { full_name = full_name, name = full_name:match("^.*:(.*)$") or full_name,
    pieces = {}, children = {} }
  local parent = state.open[#state.open]
  if parent then
    parent.children[#parent.children + 1] = element
  elseif state.root then
    return nil, "a second element stands beside the outermost"
  else
    state.root = element
  end
  if slash == "" then state.open[#state.open + 1] = element end
  if #state.open > MAX_DEPTH then return nil, ("elements are nested deeper than %d levels"):format(MAX_DEPTH) end
  return next_position
end

local function refuse_declaration()
  return nil, "a DOCTYPE or another declaration is not taken"
end

-- By how the markup begins, the longest first.
local MARKUP = {
  { "<!--", read_comment }, { "<![CDATA[", read_cdata }, { "<!", refuse_declaration }, { "<?", read_instruction },
  { "</", read_end_tag }, { "<", read_start_tag },
}

local function reader_at(text, position)
  for _, entry in ipairs(MARKUP) do
    if text:sub(position, position + #entry[1] - 1) == entry[1] then return entry[2] end
  end
end

-- Adds the text between two pieces of markup to the element that is open.
local function add_text(state, raw)
  local open = state.open[#state.open]
  if not open then
    return not raw:find("[^ \t\n]"), "there is text outside the outermost element"
  end
  local text = not raw:find("]]>", 1, true) and decoded(raw)
  if not text then return false, "a text holds a reference without a meaning, or ]]>" end
  open.pieces[#open.pieces + 1] = text
  return true
end

-- The text without a byte order mark and with its lines ended as XML has them; nil if it can't be XML in UTF-8.
local function normalized(text)
  if #text > MAX_BYTES then return nil, ("more than %d bytes"):format(MAX_BYTES) end
  local _, wrong = core.utf8_length(text)
  if wrong then return nil, ("no UTF-8 at byte %d"):format(wrong) end
  -- A complement, because patterns of Lua 5.1 cannot hold a zero byte; and the two that end the first plane.
  if text:find("[^\9\10\13\32-\255]") or text:find("\239\191[\190\191]") then return nil, "a forbidden character" end
  return (text:gsub("^\239\187\191", ""):gsub("\r\n?", "\n"))
end

-- The position behind the XML declaration, which may be absent.
local function behind_declaration(text)
  if not text:find("^<%?xml[ \t\n]") then return 1 end
  local attributes, position = attributes_at(text, #"<?xml" + 1)
  local behind = attributes and text:match("^" .. BLANKS .. "%?>()", position)
  for name in pairs(attributes or {}) do behind = DECLARED[name] and behind end
  if not behind or attributes.version ~= "1.0" then return nil, "the XML declaration is not one of XML 1.0" end
  if not ENCODINGS[ascii.lower(attributes.encoding or "utf-8")] then return nil, "the encoding is not UTF-8" end
  return behind
end

-- Reads a document. Returns the outermost element, {name, pieces of its text, children}, or nil and what is wrong.
local function read(document)
  local text, message = normalized(document)
  if not text then return nil, message end
  local state = { text = text, open = {} }
  state.position, message = behind_declaration(text)
  while state.position do
    local at = text:find("<", state.position, true)
    local fine, fault = add_text(state, text:sub(state.position, (at or 0) - 1))
    if not fine then return nil, fault end
    if not at then break end
    state.position = at
    state.position, message = reader_at(text, at)(state)
  end
  if message then return nil, message end
  if not state.root or #state.open > 0 then return nil, "an element is not closed, or there is none" end
  return state.root
end

-- The child of that name; nil and why if there is not exactly one.
local function only_child(element, name)
  local found
  for _, child in ipairs(element.children) do
    if child.name == name then
      if found then return nil, "the element " .. name .. " is there twice" end
      found = child
    end
  end
  if not found then return nil, "the element " .. name .. " is missing" end
  return found
end

-- The text at the end of a path of names, without the blanks around it; nil and why if there is none.
local function text_at(element, ...)
  local message
  for index = 1, select("#", ...) do
    element, message = only_child(element, (select(index, ...)))
    if not element then return nil, message end
  end
  local text = ascii.trim(table.concat(element.pieces))
  if #element.children > 0 or text == "" then return nil, "the element " .. element.name .. " holds no text" end
  return text
end

local function document_named(body, name)
  local root, message = read(body)
  if not root then return nil, "it is not the XML that STS writes: " .. message end
  if root.name ~= name then return nil, ("it is <%s>, not <%s>"):format(visible.text(root.name, 60), name) end
  return root
end

local KEYS = { access_key_id = "AccessKeyId", secret_access_key = "SecretAccessKey", session_token = "SessionToken" }

--- The credentials that a call was answered with.
---@param body string
---@param action string  "AssumeRole" or "AssumeRoleWithWebIdentity"
---@return { access_key_id: string, secret_access_key: string, session_token: string, expiration: number,
---  account_id: string? }? found  expiration in epoch seconds by the clock of STS
---@return string? message  without anything of what the body holds
function sts_answer.credentials(body, action)
  local root, message = document_named(body, action .. "Response")
  if not root then return nil, message end
  local result
  result, message = only_child(root, action .. "Result")
  if not result then return nil, message end
  local found = {}
  for field, name in pairs(KEYS) do
    local value
    value, message = text_at(result, "Credentials", name)
    if not value then return nil, message end
    found[field] = value
  end
  local expiration
  expiration, message = text_at(result, "Credentials", "Expiration")
  found.expiration = expiration and time.parse(expiration)
  if not found.expiration then return nil, message or "the element Expiration holds no time" end
  local arn = text_at(result, "AssumedRoleUser", "Arn")
  found.account_id = arn and arn:match("^[^:]*:[^:]*:[^:]*:[^:]*:([0-9]+):")
  local checked, err = snapshot.check(found, "its answer", KEYS)
  return checked, err and err.message
end

--- The error that a call was answered with.
---@param body string
---@return { code: string, message: string, request_id: string? }? failure  nil if the body is no error of STS
function sts_answer.failure(body)
  local root = document_named(body, "ErrorResponse")
  local code = root and text_at(root, "Error", "Code")
  if not code then return nil end
  return { code = code, message = text_at(root, "Error", "Message") or "", request_id = text_at(root, "RequestId") }
end

return sts_answer
