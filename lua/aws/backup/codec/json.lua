--- JSON texts: reading with lua-cjson without its pitfalls, and the escaping of strings.
---
--- lua-cjson turns every number into a double, so long integers would be rounded, and it reads numbers by the
--- locale of the C library, so under a decimal comma `[1,5]` can come out as one number. Where either can happen
--- the numbers of the text are wrapped into strings before it is decoded. A wrapped number begins with a byte
--- that UTF-8 never has, so no string of the document is taken for one.

local cjson = require "cjson"

local core = require "aws.backup.core"
local interrupt = require "aws.backup.interrupt"

local json = {}

-- The service's deepest answer has 8 levels; what is deeper than this is an attack or an accident.
local MAX_DEPTH = 128

local WRAPPER = "\255"

-- This many digits can be more than a double holds.
local LONG_DIGITS = 16

--- An instance of our own: nobody's settings change ours, nor ours theirs.
local function private_instance()
  local instance = cjson.new()
  instance.decode_invalid_numbers(false)
  instance.decode_max_depth(MAX_DEPTH)
  return instance
end

--- JSON null as decoded values hold it. (In nginx `ngx.null` is the same value.)
json.null = cjson.null

--- True for what stands for "no value": nil and null.
---@param value any
---@return boolean
function json.is_null(value)
  return value == nil or value == json.null
end

--- The text of a number that was wrapped to keep it exact, or nil if the value is anything else.
---@param value any
---@return string?
function json.wrapped_number(value)
  if type(value) == "string" and value:byte() == 255 then return value:sub(2) end
  return nil
end

--- The position of the quote that ends the string begun before `position`, or nil.
local function string_end(text, position)
  while true do
    local at = text:find('["\\]', position)
    if not at then return nil end
    if text:byte(at) == 34 then return at end
    position = at + 2
  end
end

--- True for a number as JSON writes it. (lua-cjson takes some others too, and would round them.)
local function is_number(token)
  local rest = token:match("^%-?0([^%d].*)$") or token:match("^%-?0$") and "" or token:match("^%-?[1-9]%d*(.*)$")
  if not rest then return false end
  rest = rest:gsub("^%.%d+", "")
  return rest == "" or rest:find("^[eE][+-]?%d+$") ~= nil
end

--- Wraps the numbers of a JSON text: all of them, or only those with many digits. Strings stay untouched.
--- Returns nil, message if one of them is no number.
local function wrap_numbers(text, all)
  local out, count, copied, position = {}, 0, 1, 1
  while true do
    local at = text:find('["%d-]', position)
    if not at then break end
    if text:byte(at) == 34 then
      position = (string_end(text, at + 1) or #text) + 1
    else
      local token = text:match("^[%d%.eE+-]+", at)
      position = at + #token
      if all or core.has_digit_run(token, LONG_DIGITS) then
        -- Wrapped, a number before a colon would pass for a key.
        if not is_number(token) or text:find("^%s*:", position) then
          return nil, ("invalid number at byte %d"):format(at)
        end
        out[count + 1] = text:sub(copied, at - 1)
        out[count + 2] = '"' .. WRAPPER .. token .. '"'
        count, copied = count + 2, position
      end
    end
  end
  out[count + 1] = text:sub(copied)
  return table.concat(out)
end

--- A decoder over an instance of lua-cjson. Specs hand in one that behaves as under another locale.
---@param instance table  # has `decode(text)`
---@return fun(text: string): any, string?
function json.decoder(instance)
  local decode = instance.decode

  -- Tried anew for each text: the locale, and what lua-cjson took from it, are anybody's to change. Whoever takes a
  -- comma for a decimal point does not get past this dot.
  local function reads_fractions()
    local ok, half = pcall(decode, "0.5")
    if not ok then interrupt.pass_on(half) end
    return ok and half == 0.5
  end

  return function(text)
    local _, wrong = core.utf8_length(text)
    if wrong then return nil, ("invalid UTF-8 at byte %d"):format(wrong) end
    local all = not reads_fractions()
    if all or core.has_digit_run(text, LONG_DIGITS) then
      local wrapped, message = wrap_numbers(text, all)
      if not wrapped then return nil, message end
      text = wrapped
    end
    local ok, value = pcall(decode, text)
    if not ok then
      interrupt.pass_on(value)
      return nil, tostring(value)
    end
    return value
  end
end

--- Decodes a JSON text. Numbers that a double may not hold come wrapped: see `wrapped_number`.
---@param text string
---@return any value  # `json.null` for null
---@return string? message  # if the text is not JSON: value is nil then
json.decode = json.decoder(private_instance())

--- Writes a string as JSON does, with its quotes.
---@type fun(text: string): string  # of UTF-8: whether it is that is not checked
json.quote = core.json_quote

return json
